#!/usr/bin/env python3
"""Writes every figure of a report as an SVG file for a paper.

    scripts/export_svg.py report.html results/     -> results/fig1.svg, results/fig2.svg, ...

Needs Chromium (Debian: chromium; or its path in CHROMIUM) and the Python package playwright, which
build/python has after ./test.sh. The files are those of the buttons "Download SVG" of the page.
"""

import argparse
import os
import pathlib
import sys
import tempfile

from browser import Browser


def write(path, text):
    """Under a temporary name first: a file is there whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def export(browser, report, folder):
    """The figures of a page as files in `folder`; returns their paths. Errors: RuntimeError."""
    page = browser.open(report.resolve().as_uri())
    figures = page.evaluate("window.gramian ? window.gramian.figures() : null")
    page.close()
    if figures is None:
        raise RuntimeError(f"{report} is not a page of gramian report with results in it")
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{figure['name']}.svg" for figure in figures]
    for path, figure in zip(paths, figures):
        write(path, figure["svg"])
    return paths


def main():
    parser = argparse.ArgumentParser(description="Writes every figure of a report as an SVG file.")
    parser.add_argument("report", type=pathlib.Path, help="page of gramian report")
    parser.add_argument("folder", type=pathlib.Path, help="where the SVG files go; made if missing")
    arguments = parser.parse_args()
    if not arguments.report.is_file():
        sys.exit(f"export_svg.py: there is no file {arguments.report}")
    try:
        with Browser() as browser:
            for path in export(browser, arguments.report, arguments.folder):
                print(f"-> {path}")
    except (RuntimeError, OSError) as error:
        sys.exit(f"export_svg.py: {error}")


if __name__ == "__main__":
    main()
