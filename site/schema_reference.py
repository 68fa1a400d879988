"""A page of the site with the JSON Schemas of docs/schemas as tables: keys, types, meanings."""

import json
import pathlib
import shutil

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "docs" / "schemas"
HEAD = """# Files of JSON, key by key

Made from the JSON Schemas of the project, which a test holds files against. A key in *italics* may
be missing. Each schema can be downloaded below its title, for a validator in any language.
"""


def kind_of(schema: dict, anchor: str) -> str:
    """The type of a value in words, as Markdown."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{anchor}-{name})"
    if "anyOf" in schema:
        return " or ".join(kind_of(part, anchor) for part in schema["anyOf"])
    if "enum" in schema:
        return " or ".join("null" if word is None else f"`{word}`" for word in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kinds = schema.get("type", "anything")
    text = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    if "prefixItems" in schema:
        return f"{text} of {', '.join(kind_of(part, anchor) for part in schema['prefixItems'])}"
    if isinstance(schema.get("items"), dict):
        return f"{text} of {kind_of(schema['items'], anchor)}"
    rest = schema.get("additionalProperties")
    return f"{text} of {kind_of(rest, anchor)}" if isinstance(rest, dict) else text


def rows_of(schema: dict, anchor: str, prefix: str = "") -> list[str]:
    """A row for each key; those of an object within the object, or within its list, follow it."""
    rows = []
    for key, value in schema.get("properties", {}).items():
        name = f"`{prefix}{key}`"
        if key not in schema.get("required", []):
            name = f"*{name}*"
        rows.append(f"| {name} | {kind_of(value, anchor)} | {value.get('description', '')} |")
        items = value.get("items")
        within = items if isinstance(items, dict) and "properties" in items else value
        rows += rows_of(within, anchor, f"{prefix}{key}{'' if within is value else '[]'}.")
    return rows


def section(schema: dict, anchor: str) -> str:
    rows = rows_of(schema, anchor)
    text = f"{schema['description']}\n\n" if schema.get("description") else ""
    if not rows:
        return text + kind_of(schema, anchor) + "\n"
    return text + "\n".join(["| key | type | meaning |", "| --- | --- | --- |", *rows]) + "\n"


def write_page(folder: pathlib.Path) -> None:
    text = HEAD
    for path in sorted(FOLDER.glob("*.schema.json")):
        shutil.copy(path, folder)
        schema, anchor = json.loads(path.read_text()), path.name.split(".")[0]
        text += f"\n({anchor})=\n## {schema['title']}\n\n{{download}}`{path.name}`\n\n"
        text += section(schema, anchor)
        for name, part in schema.get("$defs", {}).items():
            text += f"\n({anchor}-{name})=\n### {name}\n\n{section(part, anchor)}"
    (folder / "schemas.md").write_text(text)
