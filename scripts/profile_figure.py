#!/usr/bin/env python3
"""The picture of the README: adjusted loss against the noise level of the prompt.

    gramian eval DIR eval.profile='[0, 0.5, 1, ..., 6]'
    scripts/profile_figure.py DIR/eval.json > docs/images/profile.svg
"""

import json
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 800, 400, 64, 190, 24, 52
TOP_LOSS = 0.2
TRAINED = 5  # the largest sigma of training, shaded
SERIES = [  # key, label, colour, dashes
    ("constrr", "ridge, one constant", "#9a9a9a", "2 3"),
    ("adarr", "ridge, σ estimated", "#d08a2e", "6 3"),
    ("tunedrr", "ridge, σ estimated, tuned", "#b5533c", "6 3"),
    ("bayes", "Bayes (the bound)", "#222222", ""),
    ("model", "linear transformer", "#1f6fb4", ""),
]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1]) as file:
        points = json.load(file).get("profile") or sys.exit(
            "no profile in this file: run eval with eval.profile"
        )
    sigma_max = points[-1]["sigma"]

    def x(sigma):
        return LEFT + (WIDTH - LEFT - RIGHT) * sigma / sigma_max

    def y(loss):
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * loss / TOP_LOSS

    out = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            ' font-family="Helvetica, Arial, sans-serif" font-size="13">'
        ),
        (
            '<title>Adjusted loss of a trained linear transformer and of ridge regression, by noise'
            ' level</title>'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        (
            f'<rect x="{x(0)}" y="{y(TOP_LOSS)}" width="{x(TRAINED) - x(0):.1f}"'
            f' height="{y(0) - y(TOP_LOSS):.1f}" fill="#f0f2f5"/>'
        ),
        (
            f'<clipPath id="plot"><rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}"'
            f' height="{HEIGHT - TOP - BOTTOM + 2}"/></clipPath>'
        ),
    ]
    for k in range(5):
        loss = TOP_LOSS * k / 4
        out.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(loss):.1f}" y2="{y(loss):.1f}"'
            ' stroke="#d9dde2"/>'
        )
        out.append(
            f'<text x="{LEFT - 8}" y="{y(loss) + 4:.1f}" text-anchor="end"'
            f' fill="#444">{loss:.2f}</text>'
        )
    for sigma in range(int(sigma_max) + 1):
        out.append(
            f'<text x="{x(sigma):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle"'
            f' fill="#444">{sigma}</text>'
        )
    out.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 10}" text-anchor="middle"'
        ' fill="#222">noise level σ of the prompt (shaded: as in training)</text>'
    )
    out.append(
        f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"'
        ' text-anchor="middle" fill="#222">loss above ridge that knows σ</text>'
    )
    for key, _, colour, dashes in SERIES:
        line = [(x(p["sigma"]), y(p["adjusted"][key]["mean"])) for p in points]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in line)
        width = 3 if key == "model" else 2
        out.append(
            f'<polyline clip-path="url(#plot)" points="{path}" fill="none" stroke="{colour}"'
            f' stroke-width="{width}" stroke-dasharray="{dashes}"/>'
        )
        if key == "model":
            out += [
                f'<circle clip-path="url(#plot)" cx="{px:.1f}" cy="{py:.1f}" r="4"'
                f' fill="{colour}"/>'
                for px, py in line
            ]
    for row, (_, label, colour, dashes) in enumerate(reversed(SERIES)):
        top = TOP + 20 + 24 * row
        out.append(
            f'<line x1="{WIDTH - RIGHT + 8}" x2="{WIDTH - RIGHT + 30}" y1="{top - 4}"'
            f' y2="{top - 4}" stroke="{colour}" stroke-width="3" stroke-dasharray="{dashes}"/>'
        )
        out.append(
            f'<text x="{WIDTH - RIGHT + 35}" y="{top}" fill="#222" font-size="11">{label}</text>'
        )
    out.append("</svg>")
    print("\n".join(out))


if __name__ == "__main__":
    main()
