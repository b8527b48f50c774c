"""The table ``spans``: where each block of a page stands in its text, so that later steps address headings, tables or code and need not guess.

Unlike the other side tables it costs no further look at the page: a writer knows the places of the blocks that it writes.
"""

from collections.abc import Iterable

import pyarrow as pa

from winnow.tasks.engine.rows import table_of_columns
from winnow.tasks.extract.blocks.block import Span

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("block", pa.int32()),
        pa.field("kind", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("level", pa.int8()),
        pa.field("language", pa.string()),
    ]
)
"""One row per block. ``block`` counts the blocks of a document from 0. ``kind`` is heading, paragraph, item, table, code, formula, quotation, caption, term or
definition. ``start`` and ``end`` are characters (Unicode code points, as Python and ``text_chars`` count them) of ``text`` of the documents table of the same step,
the marks of Markdown included; between two blocks stand line feeds only. ``level``: of a heading 1 to 6, of an item its depth from 1, else null. ``language``: of
code, where the page names it. Edits make other texts, which these places know nothing of."""
MOST_LEVEL = 127


class SpanRows:
    """The rows of the spans of one shard, kept by column."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._columns: tuple[list[int], list[str], list[int], list[int], list[int | None], list[str | None]] = ([], [], [], [], [], [])

    def add(self, identity: str, spans: Iterable[Span]) -> None:
        """The blocks of one document, in order."""
        blocks, kinds, starts, ends, levels, languages = self._columns
        for number, (start, end, kind, level, language) in enumerate(spans):
            blocks.append(number)
            kinds.append(kind)
            starts.append(start)
            ends.append(end)
            levels.append(min(level, MOST_LEVEL) or None)
            languages.append(language)
        self._ids += [identity] * (len(blocks) - len(self._ids))

    def table(self) -> pa.Table:
        """The table of what was added."""
        columns = (self._ids, *self._columns)
        return table_of_columns(columns, SCHEMA)
