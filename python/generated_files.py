"""Files that a script of this folder makes: written, or compared with what they should be."""

import sys


def write_or_check(texts, source):
    """Writes the text of each path, or with the argument --check compares. Returns the exit status:
    1 where a file differs. `source` is what the texts follow from, in words."""
    failed = 0
    for path, text in texts.items():
        if sys.argv[1:] != ["--check"]:
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            print(f"{path} is not what {source}: run python/{sys.argv[0].rpartition('/')[2]}",
                  file=sys.stderr)
            failed = 1
    return failed
