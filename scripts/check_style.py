#!/usr/bin/env python3
"""Checks the rules of HACKING.md that a program can check, and prints each place that breaks one.

    scripts/check_style.py [--root FOLDER] [--counts] [PATH ...]

PATH: files or folders, relative to the root; without one the whole tree is checked. --counts adds
the number of faults in each folder. Exit status: 0 if nothing was found, 1 otherwise.

- A line of code (C++, CMake, Python, shell, TypeScript) has at most 100 columns. Text inside a C++
  raw string is exempt: it is a template of a file in another language.
- A file of code has at most 600 lines, and a C++ function at most 60, signature included.
- A file of a room (a folder of gramian/) includes headers of its own room and of rooms to the left
  of it in ROOMS only. A paper includes no other paper, and only papers.cpp includes papers.
- A header begins with a comment that says what it is for.
- No line ends with a space, and none is marked for later ("TO" "DO").
- A link of a Markdown page to a file of the tree leads to a file, and to a heading that is there.
"""
import argparse
import collections
import pathlib
import re
import sys

MAX_COLUMNS = 100
MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 60

# In the order in which data flows; docs/design.md says what lives in each.
ROOMS = """base lanes random parallel sequence tape tasks models theory solvers training evaluation
           figures io runs studies papers explain exporting tabular report bench api cli""".split()

CPP = {".h", ".cpp"}
CODE = CPP | {".py", ".sh", ".ts", ".cmake"}
TEXT = CODE | {".md", ".toml", ".txt"}
FOLDERS = """gramian python site tests cmake cluster scripts bench configs docs examples results
             web/report/src .ci""".split()
SKIPPED = {"__pycache__", "node_modules", ".venv"}

# Files that a rule does not hold for: path -> {rule: reason}.
ALLOWED = {}


class Fault(collections.namedtuple("Fault", "path line rule text")):
    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


def kind_of(path):
    """The suffix that says what language a file is in."""
    if path.name == "CMakeLists.txt":
        return ".cmake"
    if path.name.startswith("."):
        return ""  # .clang-tidy and the like
    return path.suffix or ".sh"  # .ci/run and bench/compare are programs without a suffix


def files_of(root, paths):
    """All files to check, relative to the root, in order."""
    if not paths:
        paths = [root / name for name in FOLDERS if (root / name).exists()]
        paths += [path for path in root.iterdir() if path.is_file()]
    found = set()
    for path in paths:
        for file in path.rglob("*") if path.is_dir() else [path]:
            relative = file.relative_to(root)
            if file.is_file() and not SKIPPED & set(relative.parts) and kind_of(file) in TEXT:
                found.add(relative)
    return sorted(found)


# What may hide a brace or a quotation mark. A number comes first, since 1'000 has a quotation mark.
TOKENS = re.compile(r"""
    (?P<number>\b\d(?:[\w.]|'\w)*)
  | (?P<raw>\bu?8?R"(?P<mark>[^()\s\\]{0,16})\((?s:.*?)\)(?P=mark)")
  | (?P<string>"(?:\\.|[^"\\\n])*")
  | (?P<char>'(?:\\.|[^'\\\n])*')
  | (?P<block>/\*(?s:.*?)\*/)
  | (?P<line>//(?:\\\n|[^\n])*)
  | (?P<directive>^[ \t]*\#(?:\\\n|[^\n])*)
""", re.VERBOSE | re.MULTILINE)


def blank(text):
    """The same number of line ends, and nothing else."""
    return "\n" * text.count("\n")


def bare_cpp(text):
    """C++ without comments, directives and the insides of strings; every line stays on its line."""

    def replace(match):
        group, found = match.lastgroup, match.group()
        if group in ("raw", "mark", "string"):
            return '""' + blank(found)
        return {"number": found, "char": "''"}.get(group, " " + blank(found))

    return TOKENS.sub(replace, text)


def raw_lines(text):
    """Numbers of the lines that lie inside a raw string or begin or end one."""
    lines = set()
    for match in TOKENS.finditer(text):
        if match.group("raw") is not None:
            first = text.count("\n", 0, match.start()) + 1
            lines.update(range(first, first + match.group().count("\n") + 1))
    return lines


TYPE = re.compile(r"\b(class|struct|union|enum)\b")
MEMBER_LIST = re.compile(r"\)[^()]*?(?<!:):(?!:)")  # ) : of a constructor's list of members


def scope_of(header, inside):
    """What a brace after `header` opens, inside a scope of kind `inside`."""
    if inside in ("function", "block", "member"):
        return "block"
    outside_angles = header
    while (fewer := re.sub(r"<[^<>;]*>", "", outside_angles)) != outside_angles:
        outside_angles = fewer
    if re.search(r"\bnamespace\b", header) or header.strip() == 'extern ""':
        return "namespace"
    if re.search(r"=\s*$", header) or ("=" in outside_angles and "(" not in header):
        return "block"
    if MEMBER_LIST.search(header) and re.search(r"[\w>]\s*$", header):
        words = re.split(r"[,:]", header)[-1]
        if not words.strip() in ("const", "noexcept", "override", "final", "try"):
            return "member"  # a_{a}: a member that is initialised by braces
    if TYPE.search(outside_angles) and not re.search(r"\)\s*(const|noexcept|override|->.*)*\s*$",
                                                    outside_angles):
        return "type"
    return "function" if "(" in header else "block"


def functions(text):
    """(first line, last line, name) of each function with a body, lambdas inside it included."""
    bare = bare_cpp(text)
    scopes, found = [], []
    start = depth = 0  # where the statement at hand begins; open parentheses in it
    for position, letter in enumerate(bare):
        if letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "{":
            inside = scopes[-1][0] if scopes else "namespace"
            header = bare[start:position]
            # A default argument or an argument is a part of its statement, as such a member is.
            kind = "member" if depth > 0 else scope_of(header, inside)
            scopes.append((kind, start, depth))
            start, depth = position + 1, 0
        elif letter == "}" and scopes:
            kind, begin, depth = scopes.pop()
            if kind == "function":
                header = bare[begin:].lstrip()
                first = bare.count("\n", 0, len(bare) - len(header)) + 1
                name = re.match(r"[^(]*", header.split("{")[0]).group().split()
                last = bare.count("\n", 0, position) + 1
                found.append((first, last, name[-1] if name else "a function"))
            start = begin if kind == "member" else position + 1
        elif letter == ";" and depth == 0:
            start = position + 1
        elif letter == ":" and bare[start:position].strip() in ("public", "private", "protected"):
            start = position + 1
    return found


def room_of(path):
    """The room of gramian/room/...; None for other files and for gramian/gramian.h."""
    parts = pathlib.PurePosixPath(path).parts
    return parts[1] if len(parts) > 2 and parts[0] == "gramian" else None


def paper_of(path):
    """The paper of gramian/papers/paper/file, or None."""
    parts = pathlib.PurePosixPath(path).parts
    return parts[2] if len(parts) > 3 and parts[:2] == ("gramian", "papers") else None


def include_faults(path, lines):
    room = room_of(path)
    if room is None:
        return
    if room not in ROOMS:
        yield 1, "includes", f"the room {room} has no place in ROOMS of scripts/check_style.py"
        return
    for number, line in enumerate(lines, 1):
        match = re.match(r'\s*#\s*include\s*"(gramian/[^"]+)"', line)
        other = room_of(match.group(1)) if match else None
        if other is None:
            continue
        if other not in ROOMS or ROOMS.index(other) > ROOMS.index(room):
            yield number, "includes", f"{room} must not include {match.group(1)}: to its right"
        paper = paper_of(match.group(1))
        if paper and paper != paper_of(path) and path.name != "papers.cpp":
            yield number, "includes", f"only papers.cpp and the paper itself include {paper}"


def cpp_faults(path, text, lines):
    yield from include_faults(path, lines)
    if path.suffix == ".h" and not lines[0].startswith("//"):
        yield 1, "header", "a header begins with a comment that says what it is for"
    for first, last, name in functions(text):
        length = last - first + 1
        if length > MAX_FUNCTION_LINES:
            yield first, "function", f"{name} has {length} lines, more than {MAX_FUNCTION_LINES}"


LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def anchors(text):
    """The anchors of the headings of a Markdown page, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def link_faults(root, path, lines):
    for number, line in enumerate(lines, 1):
        for target in LINK.findall(re.sub(r"`[^`]*`", "", line)):
            file, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue  # elsewhere
            page = root / path.parent / file if file else root / path
            if not page.exists():
                yield number, "link", f"there is no {target}"
            elif anchor and anchor not in anchors(page.read_text(encoding="utf-8")):
                yield number, "link", f"{page.name} has no heading for #{anchor}"


def faults_of(path, text, root=None):
    kind = kind_of(path)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not lines:
        return
    exempt = raw_lines(text) if kind in CPP else set()
    for number, line in enumerate(lines, 1):
        if kind in CODE and len(line) > MAX_COLUMNS and number not in exempt:
            yield number, "columns", f"{len(line)} columns, more than {MAX_COLUMNS}"
        if line != line.rstrip() and number not in exempt:
            yield number, "space", "a space at the end of the line"
        if re.search(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", line):
            yield number, "later", "finish it, or leave it out"
    if kind in CODE and len(lines) > MAX_FILE_LINES:
        yield 1, "file", f"{len(lines)} lines, more than {MAX_FILE_LINES}"
    if kind in CPP:
        yield from cpp_faults(path, text, lines)
    if kind == ".md" and root:
        yield from link_faults(root, path, lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument("--counts", action="store_true")
    parser.add_argument("paths", nargs="*")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    faults = []
    files = files_of(root, [root / path for path in arguments.paths])
    for path in files:
        allowed = ALLOWED.get(path.as_posix(), {})
        text = (root / path).read_text(encoding="utf-8")
        found = [Fault(path, *fault) for fault in faults_of(path, text, root)]
        faults += [fault for fault in found if fault.rule not in allowed]
    for fault in faults:
        print(fault)
    if arguments.counts:
        folders = collections.Counter("/".join(fault.path.parts[:2][:len(fault.path.parts) - 1])
                                      for fault in faults)
        for folder, count in sorted(folders.items()):
            print(f"{count:5d}  {folder or '.'}")
    print(f"{len(files)} files, {len(faults)} faults")
    return 1 if faults or not files else 0


if __name__ == "__main__":
    sys.exit(main())
