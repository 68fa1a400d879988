#!/usr/bin/env python3
"""Draws the pictures of README.md, each for a light and for a dark page.

    ./demo.sh && ./test.sh       # make the run, and the Python package
    PYTHONPATH=build/release/python/package build/python/bin/python scripts/readme_pictures.py

docs/images/profile*.svg     the loss of the demo's network by noise level (runs/demo, matplotlib)
docs/images/report*.png      a study in results/report.html (Chromium by Playwright)
"""

import argparse
import pathlib

import matplotlib
import matplotlib.pyplot as plt
from browser import Browser

import gramian as gm

ROOT = pathlib.Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SIGMAS = [0.5 * k for k in range(13)]
TOP = 0.2  # of the axis of losses; ridge regression with one constant leaves it
# Name, label, width, dashes, and the colour on a light and on a dark page.
PREDICTORS = [
    ("constrr", "ridge, one constant", 1.5, (1, 2), ("#777777", "#9a9a9a")),
    ("adarr", "ridge, σ estimated", 1.5, (5, 2), ("#b06a10", "#e0a050")),
    ("tunedrr", "ridge, σ estimated, tuned", 1.5, (5, 2), ("#a8412a", "#e08070")),
    ("bayes", "Bayes (the bound)", 2, (), ("#222222", "#dddddd")),
    ("model", "linear transformer", 2.5, (), ("#1f6fb4", "#6cb2f0")),
]
PAGE = {"light": ("#ffffff", "#222222", "#eef1f5"), "dark": ("#0d1117", "#d8dee6", "#1b222c")}


def profile(evaluation, theme):
    """gm.plot.profile with words of its own, and the noise levels of training shaded."""
    page, ink, shade = PAGE[theme]
    colours = {"axes.facecolor": page, "figure.facecolor": page, "text.color": ink,
               "axes.labelcolor": ink, "axes.edgecolor": ink, "xtick.color": ink,
               "ytick.color": ink, "font.size": 11, "svg.fonttype": "none",
               "svg.hashsalt": "gramian", "font.family": "sans-serif"}
    with matplotlib.rc_context(colours):
        figure, ax = plt.subplots(figsize=(8.4, 4))
        ax.axvspan(0, 5, color=shade, lw=0)
        gm.plot.profile(evaluation, ax, [name for name, *_ in PREDICTORS])
        lines = {line.get_label(): line for line in ax.lines}
        for band, (name, label, width, dashes, colour) in zip(ax.collections, PREDICTORS):
            colour = colour[theme == "dark"]
            band.set_color(colour)
            lines[name].set(label=label, lw=width, color=colour,
                            marker="o" if name == "model" else "")
            if dashes:
                lines[name].set_dashes(dashes)
        ax.set(xlim=(0, SIGMAS[-1]), ylim=(0, TOP), ylabel="loss above ridge that knows σ",
               xlabel="noise level σ of the prompt (shaded: as in training)")
        ax.spines[["top", "right"]].set_visible(False)
        handles, labels = ax.get_legend_handles_labels()
        ax.legend(handles[::-1], labels[::-1], frameon=False, loc="upper left",
                  bbox_to_anchor=(1, 1), labelcolor=ink, fontsize=10)
        name = "profile.svg" if theme == "light" else "profile-dark.svg"
        figure.savefig(IMAGES / name, bbox_inches="tight", metadata={"Date": None})
        plt.close(figure)
    print(f"-> {IMAGES / name}")


def report(browser, page, theme):
    opened = browser.open(page.resolve().as_uri(), width=1200, height=860, dark=theme == "dark")
    opened.evaluate("document.querySelector('#fig1 .claims').scrollIntoView(), scrollBy(0, -56)")
    name = "report.png" if theme == "light" else "report-dark.png"
    opened.tab.screenshot(path=IMAGES / name)
    opened.close()
    print(f"-> {IMAGES / name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--run", type=pathlib.Path, default=ROOT / "runs" / "demo")
    parser.add_argument("--page", type=pathlib.Path, default=ROOT / "results" / "report.html")
    arguments = parser.parse_args()
    run = gm.Run(arguments.run)
    evaluation = gm.evaluate(run.network, run.task, profile=SIGMAS)
    with Browser() as browser:
        for theme in ("light", "dark"):
            profile(evaluation, theme)
            report(browser, arguments.page, theme)


if __name__ == "__main__":
    main()
