"""The C++ reference of the site: Doxygen reads the headers, and breathe puts them on two pages."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
XML = ROOT / "build" / "site" / "doxygen"  # site/conf.py tells breathe

SETTINGS = """
INPUT = {headers}
STRIP_FROM_PATH = {root}
INPUT_FILTER = "{python} {root}/site/doxygen_filter.py"
OUTPUT_DIRECTORY = {xml}
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
EXTRACT_ALL = YES
EXTRACT_STATIC = YES
SHOW_INCLUDE_FILES = NO
MACRO_EXPANSION = YES
INCLUDE_PATH = {root}
MARKDOWN_SUPPORT = YES
AUTOLINK_SUPPORT = NO
QUIET = YES
WARN_AS_ERROR = FAIL_ON_WARNINGS
"""

# The page, its title, the header whose list of includes it describes, and what is said first.
PAGES = [
    ("cpp_api", "C++ reference: the facade", "gramian/api.h",
     "Values and row-major arrays in and out; [Use it from C++](../cmake.md) has an example."),
    ("cpp_parts", "C++ reference: the parts", "gramian/gramian.h",
     "All parts, for programs that the [facade](cpp_api.md) does not serve; "
     "[design](design.md) says how they fit together."),
]


def headers_of(umbrella: str) -> list[str]:
    found = re.findall(r'#include "(.*?)"', (ROOT / umbrella).read_text())
    return [umbrella, *(header for header in found if (ROOT / header).is_file())]


def run_doxygen(headers: list[str]) -> None:
    XML.mkdir(parents=True, exist_ok=True)
    settings = SETTINGS.format(headers=" ".join(str(ROOT / header) for header in headers),
                               root=ROOT, python=sys.executable, xml=XML)
    try:
        done = subprocess.run(["doxygen", "-"], input=settings, text=True, capture_output=True)
    except FileNotFoundError:
        raise SystemExit("the C++ reference needs doxygen (Debian: apt-get install doxygen)")
    if done.returncode != 0 or done.stderr:
        raise SystemExit(f"doxygen: {done.stderr}")


def write_pages(folder: pathlib.Path) -> None:
    """Writes the pages of PAGES into `folder`. breathe finds a header by its name without the
    folder, so that names must differ."""
    listed = {page: headers_of(umbrella) for page, _, umbrella, _ in PAGES}
    shown: set[str] = set()
    for page, title, umbrella, words in PAGES:
        text = f"# {title}\n\n`#include <{umbrella}>`. {words}\n"
        for header in listed[page]:
            if header in shown:
                continue
            shown.add(header)
            text += f"\n## {header}\n\n```{{doxygenfile}} {pathlib.Path(header).name}\n```\n"
        (folder / f"{page}.md").write_text(text)
    names = [pathlib.Path(header).name for header in shown]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"the C++ reference has two headers of one name: {sorted(twice)}")
    run_doxygen(sorted(shown))
