"""Refine: a second, costlier pass over the pages that are kept. A cheap extractor is enough to measure and to decide; of what is left the records are read again
from their archives, by offset, and written with care.

After MegaMath (Zhou et al. 2025, arXiv:2504.02807, section 2.1: a fast extraction to filter and deduplicate, a faithful one of what is left) and SWEb (Norlund et al.
2024, arXiv:2410.04456: a filter on WET, then the WARC records of what passed). What was measured and decided stays that of the first text.
"""

import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.media_type import PLAIN
from winnow.tasks.archives.record import Record
from winnow.tasks.archives.warc import read_records
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.edit.correct import Correct
from winnow.tasks.edit.corrections import LineRules
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.plugins import named_classes
from winnow.tasks.engine.rows import table_of_columns
from winnow.tasks.engine.sections import Draft, Phase, Section
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.extract.capture import WANTED, NoPage, payload_of, text_of
from winnow.tasks.extract.documents import clean
from winnow.tasks.extract.extract import KIB, MIB
from winnow.tasks.extract.extractors.base import STRUCTURES, Extractor
from winnow.tasks.extract.losses import FILE_MISSING, is_fatal
from winnow.tasks.extract.page import PageText
from winnow.tasks.extract.pages.spans import SCHEMA as SPANS
from winnow.tasks.extract.pages.spans import SpanRows
from winnow.tasks.extract.sections import COMPONENT, GROUP, PACKAGE
from winnow.tasks.transport.politeness import NotFound
from winnow.tasks.transport.ranges import Ranges

COLUMN = "text_pass"
FIRST, SECOND = 1, 2
REFINED = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("corrected_text", pa.string()),
        pa.field(COLUMN, pa.int8()),
        pa.field("not_refined", pa.string()),
    ]
)
"""One row per document: its text after this pass (null where it is the extracted one), the pass that made it, and of a kept document whose text is still the first
one the reason why."""
PLACE = ("id", "url", "source_file", "offset", "length", "record_id", "payload_digest")
GAP_BYTES = 1 << 20  # of what is not wanted between two records of one request: a request costs more
MOST_BYTES = 16 << 20  # of one request; a longer record is read alone
NOT_AT_ITS_OFFSET, CHANGED, SEGMENTED, PLAIN_TEXT = "not_at_its_offset", "changed", "segmented", "plain_text"
EMPTY = "correct:empty"


@stable("step/refine")
@dataclass(frozen=True)
class Refine(ShardStep):
    """Documents, texts and decisions in; texts out (schema REFINED), those of kept documents by ``extractor`` from their records.

    A kept document keeps its first text where its record cannot be read again: there is none at its offset (``not_at_its_offset``: a member of gzip holds several
    records, or a record runs over several members), it is another one (``changed``), it came in several segments, its file is not there (``file:missing``, unless
    it is the only one or the run is strict), it is plain text, or the extractor makes nothing of it (``extract:...``). Each is counted in the notes.
    ``rules`` are applied to the second texts. With ``wanted``, the table ``spans`` has the blocks of the second texts. The account of rows is that of
    all documents, for none is dropped here.
    """

    name: ClassVar[str] = "refine"
    title: ClassVar[str] = "refine"
    about: ClassVar[str] = "reads the kept pages again and writes them with care"

    text: TextColumn
    decisions: Decisions
    extractor: Extractor
    rules: LineRules | None = None
    wanted: tuple[str, ...] | None = None
    max_record_bytes: int = 32 * MIB
    max_header_bytes: int = MIB

    @property
    def tables(self) -> Mapping[str, pa.Schema]:
        return {"spans": SPANS} if self.wanted else {}

    def check(self) -> None:
        self.extractor.check()

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.text.documents, shard, ["text", *PLACE])
        first = self.text.of(documents, shard, context).to_pylist()
        kept = context.read(self.decisions, shard, ["kept"])["kept"].to_pylist()
        places = documents.select(PLACE).to_pylist()
        extracted = documents["text"].to_pylist()
        texts: list[str | None] = [None if text == whole else text for text, whole in zip(first, extracted, strict=True)]
        passes = [FIRST] * len(texts)
        why: list[str | None] = [None] * len(texts)
        found: dict[int, PageText] = {}
        not_refined: Counter[str] = Counter()
        notes: Counter[str] = Counter(bytes_read=0, refined=0, chars_before=0, chars_after=0)
        wanted = [row for row in range(len(texts)) if kept[row]]
        for row, page in self._again(wanted, places, context, notes):
            if isinstance(page, str):
                why[row] = page
                not_refined[page] += 1
                continue
            notes["refined"] += 1
            notes["chars_before"] += len(first[row])
            notes["chars_after"] += len(page.text)
            texts[row], passes[row] = None if page.text == extracted[row] else page.text, SECOND
            if self.wanted:
                found[row] = page
        columns = ([place["id"] for place in places], texts, passes, why)
        table = table_of_columns(columns, REFINED)
        spans = SpanRows()
        for row, page in sorted(found.items(), key=lambda item: item[0]):
            spans.add(places[row]["id"], page.spans)
        account = {"kept": len(wanted), **notes, "not_refined": dict(sorted(not_refined.items()))}
        return StepResult(table, len(texts), len(texts), notes=account, tables={"spans": spans.table()} if self.wanted else {})

    def _again(
        self, wanted: Sequence[int], places: Sequence[Mapping[str, Any]], context: ShardContext, notes: Counter[str]
    ) -> Iterator[tuple[int, PageText | str]]:
        """Of each wanted row the page as the second pass has it, or why there is none."""
        by_file: dict[str, list[int]] = {}
        for row in wanted:
            by_file.setdefault(places[row]["source_file"], []).append(row)
        for path, rows in by_file.items():
            rows.sort(key=lambda row: places[row]["offset"])
            done = 0
            try:
                with context.source.open_ranges(path) as file:
                    for row, data in records_at(file, [(row, places[row]["offset"], places[row]["length"]) for row in rows]):
                        notes["bytes_read"] += len(data)
                        yield row, self._page(data, places[row])
                        done += 1
            except NotFound:
                if is_fatal(context):
                    raise
                yield from ((row, FILE_MISSING) for row in rows[done:])

    def _page(self, data: bytes, place: Mapping[str, Any]) -> PageText | str:
        """The page of the one record in these bytes, or why there is none."""
        reader = read_records(
            io.BytesIO(data), max_block_bytes=self.max_record_bytes, max_header_bytes=self.max_header_bytes, wanted=WANTED
        )
        try:
            record = next(iter(reader), None)
        except NotAnArchive:
            record = None
        if record is None or record.type == "damaged":
            return NOT_AT_ITS_OFFSET
        if not _is_same(record, place):
            return CHANGED
        if "warc-segment-number" in record.headers:
            return SEGMENTED
        try:
            http, mime, _ = payload_of(record, self.max_record_bytes)
            if mime == PLAIN:
                return PLAIN_TEXT
            page = text_of(http, mime, self.extractor)
        except NoPage as e:
            return str(e)
        if self.rules is None:
            return page
        text = self.rules.apply(page.text).text
        return page._replace(text=text, spans=()) if text.strip() else EMPTY


def records_at(file: Ranges, wanted: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, bytes]]:
    """The bytes of each wanted record, given as its name, offset and length, in the order of their offsets. Records that lie near each other are read in one request."""
    waiting = list(wanted)
    while waiting:
        begin, end, count = waiting[0][1], waiting[0][1] + waiting[0][2], 1
        while count < len(waiting):
            _, offset, length = waiting[count]
            if offset - end > GAP_BYTES or max(end, offset + length) - begin > MOST_BYTES:
                break
            end, count = max(end, offset + length), count + 1
        data = file.read(begin, end)
        for name, offset, length in waiting[:count]:
            yield name, data[offset - begin : offset - begin + length]
        del waiting[:count], data


def _is_same(record: Record, place: Mapping[str, Any]) -> bool:
    """Whether a record is the one that a document was made of."""
    return (clean(record.record_id), clean(record.uri), clean(record.payload_digest) or None) == (
        place["record_id"],
        place["url"],
        place["payload_digest"],
    )


@stable("option/refine")
@dataclass(frozen=True)
class Refining:
    """``extractor`` and ``structure`` of the second pass; what is not said is that of the first. ``correct``: whether the recipe's line rules are applied to the
    second texts, too, as they are to the first ones."""

    extractor: Extractor | None = None
    structure: str | None = None
    correct: bool = True


class RefineSection(Section):
    key = "refine"
    phase: ClassVar[Phase] = "corpus"
    order = 30
    about = "A second pass over the kept pages: their records are read again, and written by another extractor or with another structure."
    options = Refining
    needs = ("extractor", "tables", "max_record_mib", "max_header_kib")

    def read(self, value: Any, reader: Reader) -> Refining:
        options = reader.mapping(value, self.key)
        if "extractor" in options:
            known = named_classes(GROUP, Extractor, reader.plugins)
            options["extractor"] = reader.component(options["extractor"], PACKAGE, Extractor, known)
        read = reader.options(Refining, options, self.key)
        if read.structure not in (None, *STRUCTURES):
            raise reader.error(f"refine.structure is {read.structure!r}; it must be {' or '.join(STRUCTURES)}.")
        return read

    def amend(self, options: dict[str, Any], reader: Reader) -> None:
        said, first = options[self.key], options["extractor"]
        extractor = said.extractor or first
        if said.structure:
            extractor = extractor.writing(said.structure)
        if extractor == first:
            raise reader.error(
                "refine would make every text as the first pass has made it. Give it another `extractor` or `structure`, or leave it out."
            )
        options[self.key] = replace(said, extractor=extractor)

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        edit, rules = draft.text.edit, None
        if edit is not None and not (isinstance(edit, Correct) and edit.text.edit is None):
            raise BadInput(
                f"Recipe {draft.recipe}: passages are cut out of the first texts (repeated ones, or benchmark items), and would be in the second ones again. Lift "
                "`refine`, or what cuts: drop documents instead."
            )
        if draft.crawl.kind != "warc":
            raise BadInput(
                f"Recipe {draft.recipe}: `refine` reads pages again from WARC or ARC files, and this source has none ({draft.crawl.kind}). Run it on the crawl's pages, or lift it with `refine: null`."
            )
        if isinstance(edit, Correct) and options.correct:
            rules = edit.rules
        spans = "spans" in draft.options["tables"] and options.extractor.tells_blocks and rules is None
        largest = draft.options["max_record_mib"] * MIB, draft.options["max_header_kib"] * KIB
        wanted = ("spans",) if spans else None
        draft.edit(Refine(draft.text, draft.decisions, options.extractor, rules, wanted, *largest))

    def written(self, options: Any, said: Any) -> Any:
        return said

    def schema(self) -> dict[str, Any]:
        properties = {"extractor": COMPONENT, "structure": {"enum": list(STRUCTURES)}, "correct": {"type": "boolean"}}
        return {"type": "object", "properties": properties, "additionalProperties": False}
