"""The program gramian: python -m gramian, and the console script of the package."""

import sys

from ._core import run_program


def main() -> int:
    return run_program(["gramian", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
