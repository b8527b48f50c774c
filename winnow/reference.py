"""The reference of the commands and of the Python API, made from their signatures and docstrings: ``python -m winnow.reference`` writes docs/reference/.

A test holds the pages against what is made here, so they are never older than the code.
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEAD = "<!-- Made by `python -m winnow.reference` (`make reference`); a test keeps it current. -->\n\n"
SECTIONS = ("Args", "Raises", "Returns")
PLACES = re.compile(r"\b(?:winnow|typing|collections\.abc|pathlib|pyarrow\.lib|pandas)\.(?:\w+\.)*(?=\w)")


def pages() -> dict[str, str]:
    """Name of a page below docs/reference -> its Markdown."""
    return {"commands.md": HEAD + _commands(), "api.md": HEAD + _api()}


def _commands() -> str:
    from winnow.cli.main import app

    # cyclopts writes into each usage how this process was started.
    return re.sub(r"^(winnow[\w -]*?) -m \S+", r"\1", app().generate_docs(), flags=re.MULTILINE).rstrip() + "\n"


def _api() -> str:
    import winnow

    names = sorted((n for n in winnow.__all__ if not n.startswith("__")), key=lambda n: (inspect.isclass(getattr(winnow, n)), n.lower()))
    body = "".join(_entry(name, getattr(winnow, name)) for name in names)
    return f"# The Python API\n\n{_prose(winnow)}{body}"


def _entry(name: str, value: Any) -> str:
    """Heading, signature and docstring of a function or class; of a class its own public members, too."""
    text = f"\n## `winnow.{name}`\n\n{_signature(name, value)}{_prose(value)}"
    if inspect.isclass(value) and not issubclass(value, Exception):
        for member, each in _members(value):
            shown = f"`{member}`" if isinstance(each, property) or not callable(each) else f"`{member}{_plain(inspect.signature(each))}`"
            text += f"\n### {shown}\n\n{_prose(each)}"
    return text


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    for name, value in vars(cls).items():
        plain = inspect.isfunction(value) or isinstance(value, property) or type(value).__name__ == "cached_property"
        if not name.startswith("_") and plain and _doc(value):
            yield name, value


def _signature(name: str, value: Any) -> str:
    if inspect.isclass(value) and issubclass(value, Exception):
        return ""
    try:
        return f"```python\nwinnow.{name}{_plain(inspect.signature(value))}\n```\n\n"
    except (TypeError, ValueError):
        return ""


def _plain(signature: inspect.Signature) -> str:
    """As it is written in the source, without the constraints of parameters, which stand in their descriptions, and without the modules of types."""
    parts, kinds = [], [p.kind for p in signature.parameters.values()]
    for n, (name, p) in enumerate(signature.parameters.items()):
        if p.kind is p.KEYWORD_ONLY and p.KEYWORD_ONLY not in kinds[:n] and p.VAR_POSITIONAL not in kinds:
            parts.append("*")
        if name != "self":
            star = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
            parts.append(star + name + _typed(p.annotation) + (f" = {p.default!r}" if p.default is not p.empty else ""))
        if p.kind is p.POSITIONAL_ONLY and p.POSITIONAL_ONLY not in kinds[n + 1 :]:
            parts.append("/")
    returned = _typed(signature.return_annotation).replace(": ", " -> ", 1)
    line = f"({', '.join(parts)}){returned}"
    return line if len(line) < 120 else "(\n" + "".join(f"    {part},\n" for part in parts) + f"){returned}"


def _typed(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return ""
    if hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    said = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return ": " + PLACES.sub("", said).strip("'")


def _doc(value: Any) -> str:
    return inspect.getdoc(value.func if type(value).__name__ == "cached_property" else value) or ""


def _prose(value: Any) -> str:
    """A docstring as Markdown: sections become lists, examples become blocks."""
    lines: list[str] = []
    section = ""
    code = False
    for line in _doc(value).splitlines():
        example = line.startswith((">>>", "...")) or (code and bool(line.strip()))
        if example != code:
            lines += ["```python" if example else "```"]
            code = example
        if not example and line.strip().rstrip(":") in SECTIONS and line.endswith(":"):
            section = line.strip().rstrip(":")
            lines += [f"*{section}*", ""]
        elif not example and section and line.startswith("    ") and not line.startswith("     "):
            name, _, words = line.strip().partition(": ")
            lines.append(f"- `{name}`: {words}" if words else f"- {name}")
        else:
            lines.append(re.sub(r"``([^`]+)``|:\w+:`([^`]+)`", lambda m: f"`{m[1] or m[2]}`", line) if not example else line)
    return "\n".join([*lines, *(["```"] if code else [])]).strip() + "\n"


if __name__ == "__main__":
    folder = Path(__file__).parents[1] / "docs" / "reference"
    folder.mkdir(exist_ok=True)
    for page, text in pages().items():
        (folder / page).write_text(text, encoding="utf-8")
