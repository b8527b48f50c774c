"""``winnow extract``: one page's bytes to text, Markdown or blocks."""

import gzip
import sys
from pathlib import Path
from typing import IO

from winnow.tasks.engine.errors import BadInput

PANEL = "Curate"
FAILED = 1


def command(
    file: str = "",
    /,
    *,
    format: str = "text",
    url: str = "",
    content_type: str = "text/html",
    extractor: str = "learned_blocks.LearnedBlocks",
    batch: str = "",
) -> int:
    """Print what an extractor makes of one page. The exit status is 1 if the extractor gives up on it.

    Args:
        file: An HTML file; - reads standard input.
        format: text, markdown, blocks (a JSON object a line) or json (everything as one object).
        url: The address of the page.
        content_type: The content type that the server sent, with its charset.
        extractor: The extractor, as a recipe names it.
        batch: Instead of one page, a JSONL file of pages with the keys id and html; prints id and text, a line each.
    """
    from winnow.tasks.extract import one_page
    from winnow.tasks.extract.extractors.base import ExtractionFailed

    if format not in one_page.FORMATS:
        raise BadInput(f"There is no format {format}; write one of {', '.join(one_page.FORMATS)}.")
    if batch:
        if file:
            raise BadInput("Give one page or --batch FILE.jsonl, not both.")
        if format not in ("text", "markdown"):
            raise BadInput("A batch is printed as text or markdown.")
        with _lines(batch) as lines:
            for row in one_page.batch(lines, format, extractor):
                _print_json(row)
        return 0
    if not file:
        raise BadInput("Give an HTML file, - for standard input, or --batch FILE.jsonl.")
    payload = sys.stdin.buffer.read() if file == "-" else _existing(file).read_bytes()
    try:
        if format in ("text", "markdown"):
            by = one_page.extractor(extractor, "plain" if format == "text" else "markdown")
            text = one_page.text_of(payload, content_type, by)
            if text:
                sys.stdout.buffer.write(text.encode() + b"\n")
                sys.stdout.buffer.flush()
            return 0
        whole = one_page.as_json(payload, content_type, url, extractor)
    except ExtractionFailed as e:
        print(f"winnow: this page gives no text: {e.reason}.", file=sys.stderr)
        return FAILED
    if format == "json":
        _print_json(whole)
    else:
        for block in whole["blocks"]:
            _print_json(block)
    return 0


def _lines(name: str) -> IO[str]:
    """The lines of a file, compressed by gzip or not, or of standard input."""
    path = 0 if name == "-" else _existing(name)
    if isinstance(path, Path) and path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return open(path, encoding="utf-8-sig", errors="replace")


def _existing(name: str) -> Path:
    path = Path(name)
    if path.is_dir():
        raise BadInput(f"{name} is a folder. Give one page's file; `winnow run {name}` reads a folder of archives.")
    if not path.is_file():
        raise BadInput(f"There is no file {name}. Give the path of an HTML file, or - for standard input.")
    return path


def _print_json(value: object) -> None:
    import json

    sys.stdout.buffer.write(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
