"""Blocks -> plain text: the same words as Markdown, without its marks."""

from collections.abc import Sequence

from winnow.tasks.extract.blocks.block import Block, Runs, Span


def text_of(runs: Runs) -> str:
    r"""Runs as text; a formula is LaTeX between ``\(`` and ``\)``, or between ``\[`` and ``\]`` if it stands alone."""
    if len(runs) == 1 and runs[0].kind == "text":
        return runs[0].text
    return "".join(rf"\({text}\)" if kind == "formula" else rf"\[{text}\]" if kind == "display" else text for kind, text in runs)


def body_of(block: Block) -> str:
    """The text of one block."""
    if block.kind == "code":
        return block.code
    if block.table is not None:
        return "\n".join("\t".join(text_of(cell) for cell in row) for row in block.table.rows)
    return text_of(block.runs)


def write(blocks: Sequence[Block]) -> tuple[str, list[Span]]:
    """The text of a page and where each block stands in it. Total."""
    parts: list[str] = []
    spans: list[Span] = []
    at = 0
    for block in blocks:
        text = body_of(block)
        if block.kind == "item" and block.opens:
            text = "• " + text
        if parts:
            gap = "\n" if block.tight else "\n\n"
            parts.append(gap)
            at += len(gap)
        parts.append(text)
        spans.append(Span(at, at + len(text), block.kind, block.level, block.language))
        at += len(text)
    return "".join(parts), spans
