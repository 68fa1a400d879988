#!/usr/bin/env python3
"""A header as Doxygen reads it (its INPUT_FILTER): doxygen_filter.py HEADER

Headers here have plain comments. The first one of a file becomes what is said of the file, one
above a declaration the description of that declaration, and one behind a declaration that of what
stands before it. Lines that are indented within a comment are code or formulas, and words between
backticks are code. Characters that Doxygen would take for commands, elements or emphasis are
escaped.
"""

import re
import sys


def escaped(text: str) -> str:
    text = re.sub(r"([\\@<>&#*~|$%\"])", r"\\\1", text)
    return re.sub(r"`([^`]+)`", r"<tt>\1</tt>", text)


def comment(block: list[str], margin: str) -> list[str]:
    """A comment that stands alone, its lines without the slashes."""
    found, code = [], False
    for line in block:
        if line and line.startswith("  ") != code:  # empty lines belong to either
            code = not code
            found.append(f"{margin}/// @{'code{.text}' if code else 'endcode'}")
        found.append(f"{margin}///{line if code else escaped(line)}")
    if code:
        found.append(f"{margin}/// @endcode")
    return found


def filtered(lines: list[str]) -> list[str]:
    found: list[str] = []
    block: list[str] = []  # the comment that is being read
    behind = None  # the column of a comment behind a declaration, which the next lines may continue
    for line in lines:
        alone = re.fullmatch(r"(\s*)//(.*)", line)
        if alone and behind == len(alone[1]):
            found.append(f"{alone[1]}///< {escaped(alone[2].strip())}")
            continue
        behind = None
        if alone:
            margin = alone[1]
            block.append(alone[2])
            continue
        if block:
            found += [] if found else ["/// @file", "///"]
            found += comment(block, margin)
            block = []
        trailing = re.fullmatch(r"(.*\S)\s+// (.*)", line)
        if trailing and not trailing[1].startswith("}"):  # "}  // namespace" describes nothing
            behind = line.index(" // ", len(trailing[1])) + 1
            line = f"{trailing[1]}  ///< {escaped(trailing[2])}"
        found.append(line)
    return found


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as header:
        print("\n".join(filtered(header.read().split("\n"))))
