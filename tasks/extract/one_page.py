"""One page's bytes -> what an extractor makes of it, without a run: for the command ``winnow extract``, and for whoever asks from Python.

The same bytes, decoded and extracted by the same code as in a run, and without its records: nothing here reads archives.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from winnow.tasks.archives.charset import decode
from winnow.tasks.archives.media_type import PAGES, declared_type, media_type
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.extract import extractors
from winnow.tasks.extract.extractors.base import STRUCTURES, ExtractionFailed, Extractor
from winnow.tasks.extract.page import html_of, page_text, visible

FORMATS = ("text", "markdown", "blocks", "json")
DEFAULT = "learned_blocks.LearnedBlocks"


def extractor(name: str, structure: str) -> Extractor:
    """The extractor of this name (``module.Class`` as in a recipe, or the class or module alone), writing ``plain`` or ``markdown``. Raises BadInput."""
    known = _extractors()
    for module, cls in known:
        if name in (f"{module}.{cls.__name__}", cls.__name__, module):
            break
    else:
        raise BadInput(f"There is no extractor {name}. There are {', '.join(f'{m}.{c.__name__}' for m, c in known)}.")
    return cls().writing(structure)


def several(names: Sequence[str], structure: str) -> list[Extractor]:
    """These extractors, or all that are installed if none is named; each writes ``structure`` if it can, else plain text. Raises BadInput."""
    if structure not in STRUCTURES:
        raise BadInput(f"There is no structure {structure!r} of a text; write {' or '.join(STRUCTURES)}.")
    made = []
    for name in names or [f"{module}.{cls.__name__}" for module, cls in _extractors()]:
        try:
            plain = extractor(name, "plain")
        except BadInput:
            if names:
                raise
            continue  # its library is an extra, and not installed
        made.append(plain.writing(structure) if plain.tells_blocks else plain)
    return made


def _extractors() -> list[tuple[str, type[Extractor]]]:
    found = []
    for module in sorted(m.name for m in pkgutil.iter_modules(extractors.__path__)):
        if module.endswith(("_text", "learned_blocks")):
            for value in vars(importlib.import_module(f"{extractors.__name__}.{module}")).values():
                if isinstance(value, type) and issubclass(value, Extractor) and value.__module__.endswith(module):
                    found.append((module, value))
    return found


def text_of(payload: bytes, content_type: str, by: Extractor) -> str:
    """The text of a page's bytes, as a document of a run has it. Raises ExtractionFailed and BadInput."""
    return page_text(payload, _mime(payload, content_type), content_type, by).text


def _mime(payload: bytes, content_type: str) -> str:
    """What the bytes are. Raises BadInput for what is no page."""
    mime = media_type(content_type, "", payload)
    if mime not in PAGES:
        raise BadInput(f"This is {mime or 'nothing known'}, not a page of HTML or text.")
    return mime


def as_json(payload: bytes, content_type: str, url: str, name: str) -> dict[str, Any]:
    """Text, Markdown, blocks and metadata of a page. Raises ExtractionFailed and BadInput."""
    from winnow.tasks.extract.blocks import markdown, plain
    from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
    from winnow.tasks.extract.extractors.resiliparse_text import parsed
    from winnow.tasks.extract.pages.metadata import metadata

    by = extractor(name, "plain")
    if not isinstance(by, LearnedBlocks):
        raise BadInput(f"The extractor {name} does not report blocks; use {DEFAULT}.")
    html = html_of(decode(payload, content_type).text, declared_type(content_type))
    blocks = by.blocks(html)
    tree = parsed(html)
    head, body = (part.html if part is not None else "" for part in (tree.head, tree.body))
    meta = metadata(head, body, html, url)
    return {
        "text": visible(plain.write(blocks)[0]),
        "markdown": visible(markdown.write(blocks)[0]),
        "blocks": [block_as_json(b) for b in blocks],
        "title": meta.pop("title"),
        "meta": {k: v for k, v in meta.items() if v},
    }


def block_as_json(block: Any) -> dict[str, Any]:
    """A block as plain data: kind and text, and level, language, number, rows and formulas where it has them."""
    from winnow.tasks.extract.blocks.plain import body_of
    from winnow.tasks.extract.blocks.plain import text_of as runs_text

    out: dict[str, Any] = {"kind": block.kind, "text": visible(body_of(block))}
    if block.level:
        out["level"] = block.level
    if block.number is not None:
        out["number"] = block.number
    if block.quotes:
        out["quotes"] = block.quotes
    if block.kind == "code":
        out["language"] = block.language
    if block.table is not None:
        out["rows"] = [[runs_text(cell) for cell in row] for row in block.table.rows]
        out["header_rows"] = block.table.header_rows
    inner = [{"kind": r.kind, "text": r.text} for r in block.runs if r.kind != "text"]
    if inner:
        out["inline"] = inner
    return out


def batch(lines: Iterable[str], form: str, name: str) -> Iterator[dict[str, Any]]:
    """Lines of JSON with ``id``, ``html`` and perhaps ``url`` -> ``id`` and ``text``, in order; ``problem`` where a page gives no text. Raises BadInput."""
    by = extractor(name, "markdown" if form == "markdown" else "plain")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = parsed(line)
            html = row["html"]
        except (ValueError, KeyError, TypeError):
            raise BadInput(f"Line {number} is not a JSON object with the keys id and html. Write one page a line.") from None
        if not isinstance(html, str):
            raise BadInput(f"Line {number}: html is {type(html).__name__}, not a string.")
        out: dict[str, Any] = {"id": row.get("id")}
        try:
            out["text"] = visible(by.extract(html_of(html)))
        except ExtractionFailed as e:
            out |= {"text": "", "problem": e.reason}
        yield out
