#!/usr/bin/env python3
"""Builds the site into build/site/html: pages of its own, the pages of docs/ and of the papers,
references made from the program's own help, from the headers (Doxygen) and from the JSON Schemas,
and five notebooks, which are run.

    build/python/bin/python site/build.py PROGRAM        PROGRAM: build/release/gramian

Needs the Python package on the path (PYTHONPATH=build/release/python/package), the packages of
site/requirements.txt and Doxygen, and no network. A link that leads nowhere, a notebook that fails
and every warning of Sphinx end it with an exit status other than 0.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

import cpp_reference
import schema_reference

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCE = ROOT / "build" / "site" / "source"
HTML = ROOT / "build" / "site" / "html"

# Where a page of the project is on the site.
PAGES = {f"docs/{path.name}": f"pages/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))}
PAGES |= {f"gramian/papers/{path.parent.name}/README.md": f"papers/{path.parent.name}.md"
          for path in sorted((ROOT / "gramian" / "papers").glob("*/README.md"))}
PAGES |= {"HACKING.md": "develop/hacking.md", "CONTRIBUTING.md": "develop/contributing.md",
          "CHANGELOG.md": "develop/changelog.md", "results/README.md": "pages/results_files.md"}

PAGES |= {f"site/{folder}/{path.name}": ("" if folder == "pages" else "notebooks/") + path.name
          for folder in ("pages", "notebooks")
          for path in sorted((ROOT / "site" / folder).glob("*.md"))}

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def relinked(text: str, page: str, target: str) -> str:
    """Links between pages of the project lead to their places on the site; pictures are copied;
    other files of the project, such as headers, become code, with their path."""
    def replace(match):
        picture, words, link = match.groups()
        if re.match(r"[a-z]+:", link) or link.startswith("#"):
            return match.group(0)
        path, _, anchor = link.partition("#")
        found = os.path.normpath(os.path.join(os.path.dirname(page), path))
        if not (ROOT / found).exists():
            raise SystemExit(f"{page}: the link {link} leads nowhere")
        here = os.path.dirname(target)
        if found in PAGES:
            there = os.path.relpath(PAGES[found], here or ".")
            return f"{picture}[{words}]({there}{'#' + anchor if anchor else ''})"
        if picture:
            copy = SOURCE / here / os.path.basename(found)
            shutil.copy(ROOT / found, copy)
            return f"![{words}]({os.path.basename(found)})"
        return words if found in words else f"{words} (`{found}`)"

    # Not within code.
    parts = re.split(r"(```.*?```)", text, flags=re.S)
    return "".join(part if part.startswith("```") else LINK.sub(replace, part) for part in parts)


def stage_pages() -> None:
    for page, target in PAGES.items():
        place = SOURCE / target
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(relinked((ROOT / page).read_text(), page, target))


def other_pages() -> str:
    """The pages of docs/ that no list of the site names, a line each: numbers of papers, mostly."""
    named = "".join(path.read_text() for path in (ROOT / "site" / "pages").glob("*.md"))
    pages = [target.removesuffix(".md") for page, target in PAGES.items()
             if page.startswith("docs/")]
    return "\n".join(page for page in pages if not re.search(rf"^{page}$", named, flags=re.M))


def command_reference(program: str) -> str:
    """--help of the program and of each command."""
    def help_of(*command):
        done = subprocess.run([program, *command, "--help"], capture_output=True, text=True,
                              check=True)
        return "```text\n" + done.stdout.rstrip() + "\n```\n"

    text = "# Commands\n\nMade from the help of the program.\n\n" + help_of()
    listed = text.split("SUBCOMMANDS:" if "SUBCOMMANDS:" in text else "Subcommands:")[-1]
    commands = re.findall(r"^  ([a-z]+)  ", listed, flags=re.M)
    if len(commands) < 10:
        raise SystemExit(f"the help of the program lists only {commands}")
    for command in commands:
        text += f"\n## gramian {command}\n\n" + help_of(command)
    return text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("program", type=pathlib.Path)
    program = str(parser.parse_args().program.resolve())
    shutil.rmtree(SOURCE, ignore_errors=True)
    SOURCE.mkdir(parents=True)
    shutil.copy(ROOT / "site" / "conf.py", SOURCE)
    stage_pages()
    papers = SOURCE / "papers.md"
    papers.write_text(papers.read_text().replace("@OTHER_PAGES@", other_pages()))
    (SOURCE / "pages" / "commands.md").write_text(command_reference(program))
    schema_reference.write_page(SOURCE / "pages")
    cpp_reference.write_pages(SOURCE / "pages")
    return subprocess.run([sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n", "-E",
                           "-b", "html", str(SOURCE), str(HTML)]).returncode


if __name__ == "__main__":
    sys.exit(main())
