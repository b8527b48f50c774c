"""Blocks -> Markdown (CommonMark with the tables of GitHub and formulas in the delimiters of LaTeX)."""

import html
import re
from collections.abc import Sequence

from winnow.tasks.extract.blocks.block import Block, Cell, Run, Runs, Span, Table
from winnow.tasks.extract.blocks.plain import text_of

MAX_INDENT = 8
BACKTICKS = re.compile(r"`+")


def write(blocks: Sequence[Block], *, keep_spans: bool = False) -> tuple[str, list[Span]]:
    """The Markdown of a page and where each block stands in it. With ``keep_spans`` a table of which a cell spans is HTML. Total."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for block in blocks:
        text = _block(block, keep_spans)
        if parts:
            gap = "\n" if block.tight else "\n\n"
            parts.append(gap)
            at += len(gap)
        parts.append(text)
        spans.append(Span(at, at + len(text), block.kind, block.level, block.language))
        at += len(text)
    return "".join(parts), spans


def _block(block: Block, keep_spans: bool) -> str:
    if block.kind == "code":
        text = _fenced(block.code, block.language)
    elif block.table is not None:
        text = html_table(block.table) if keep_spans and block.table.spanned else table(block.table)
    else:
        text = inline(block.runs)
    if block.kind == "heading":
        return "#" * block.level + " " + text.replace("\n", " ")
    if not (block.level or block.quotes):
        return text
    indent = ""
    if block.level:
        indent = "  " * (min(block.level, MAX_INDENT) - 1)
        if block.kind == "item" and block.opens:
            mark = "- " if block.number is None else f"{block.number}. "
            text = indent + mark + text.replace("\n", "\n" + indent + "  ")
        else:
            text = indent + "  " + text.replace("\n", "\n" + indent + "  ")
    if block.quotes and block.kind not in ("code", "table"):
        quote = "> " * min(block.quotes, MAX_INDENT)
        text = quote + text.replace("\n", "\n" + quote)
    return text


def inline(runs: Runs) -> str:
    """Runs of a paragraph; white space at the ends of an emphasis stands outside its marks."""
    if len(runs) == 1 and runs[0].kind == "text":
        return runs[0].text
    return "".join([_run(run) for run in runs])


def _run(run: Run) -> str:
    if run.kind == "text":
        return run.text
    if run.kind == "code":
        return _around(run.text, _ticks(run.text)) if run.text.strip() else run.text
    if run.kind == "formula" or run.kind == "display":
        return text_of((run,))
    return _around(run.text, "**" if run.kind == "strong" else "*")


def _around(text: str, mark: str) -> str:
    bare = text.strip()
    if not bare:
        return text
    before = text[: len(text) - len(text.lstrip())]
    after = text[len(text.rstrip()) :]
    inner = f" {bare} " if mark[0] == "`" and (bare[0] == "`" or bare[-1] == "`") else bare
    return before + mark + inner + mark[::-1] + after


def _ticks(text: str) -> str:
    if "`" not in text:
        return "`"
    longest = max(map(len, BACKTICKS.findall(text)))
    return "`" * (longest + 1)


def _fenced(code: str, language: str | None) -> str:
    fence = "```"
    if "```" in code:
        fence = "`" * (max(map(len, BACKTICKS.findall(code))) + 1)
    return f"{fence}{language or ''}\n{code}\n{fence}"


def table(of: Table) -> str:
    """A table of GitHub's Markdown: its first row is the header."""
    if not of.rows:
        return ""
    rows = ["| " + " | ".join(inline(cell).replace("|", "\\|") for cell in row) + " |" for row in of.rows]
    rows.insert(1, "|" + " --- |" * len(of.rows[0]))
    return "\n".join(rows)


def html_table(of: Table) -> str:
    """A table with its spans as HTML: a line for each row, and nothing but rows, cells, spans, and what Markdown would mark inside a cell."""
    rows = ("<tr>" + "".join(map(_html_cell, row)) + "</tr>" for row in of.spanned)
    return "\n".join(("<table>", *rows, "</table>"))


def _html_cell(cell: Cell) -> str:
    name = "th" if cell.header else "td"
    spans = (("colspan", cell.columns), ("rowspan", cell.rows))
    written = "".join(f' {span}="{number}"' for span, number in spans if number > 1)
    return f"<{name}{written}>{''.join(map(_html_run, cell.runs))}</{name}>"


def _html_run(run: Run) -> str:
    text = html.escape(text_of((run,)), quote=False)
    tag = {"code": "code", "strong": "strong", "emphasis": "em"}.get(run.kind)
    return f"<{tag}>{text}</{tag}>" if tag and text.strip() else text
