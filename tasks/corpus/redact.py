"""Redact: the kept documents with personal data replaced or marked, as the corpus will hold them.

What counts as personal data, and what it is replaced by, is in ``tasks/corpus/pii/``.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.corpus.buckets import bucket_column
from winnow.tasks.corpus.pii.find import find, redact
from winnow.tasks.corpus.pii.redaction import Redaction
from winnow.tasks.corpus.refine import COLUMN as TEXT_PASS
from winnow.tasks.corpus.refine import Refine
from winnow.tasks.corpus.rehydrate import COLUMN as REPEATS
from winnow.tasks.corpus.rehydrate import Rehydrate
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.rows import table_of_columns
from winnow.tasks.engine.step import ShardStep, StepResult
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.measure import Signals

CARRIED = ("url", "date", "language", "language_score", "source_file", "offset", "length", "record_id")
TAGS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32()), ("kind", pa.string())]))
SPANS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("kind", pa.string()),
        pa.field("action", pa.string()),
    ]
)
PERSONAL_DATA = "personal_data"
BUCKET = "~"  # between language and bucket in the name of a partition; in neither of them
PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


def partition_of(language: str | None) -> str:
    """The value of ``lang=`` in the corpus's paths: the language, or ``und`` where it is unknown or could not be a folder's name."""
    return language if language and PLAIN_NAME.fullmatch(language) else "und"


def folder_of(partition: str) -> str:
    """The Hive folders of a partition: ``lang=en``, or ``lang=en/bucket=head``."""
    language, _, bucket = partition.partition(BUCKET)
    return f"lang={language}/bucket={bucket}" if bucket else f"lang={language}"


@stable("step/redact")
@dataclass(frozen=True)
class Redact(ShardStep):
    """Documents and decisions in; the kept rows in their final columns out, grouped by partition, in crawl order within a partition.

    ``redaction`` says which kinds of personal data are replaced, and which are marked in the column ``personal_data`` (type TAGS; offsets are
    characters of the final text). The table ``personal_data`` (schema SPANS) has the places of both: of what was replaced in the text as it
    was before, of what was tagged in the final text. ``carried_signals`` are the columns of the signals or of the decisions that the corpus carries
    along; ``rehydrate`` adds the column ``repeats``, a second pass over the kept pages the column ``text_pass``. A partition is a language, and a
    bucket where decisions have one.
    """

    name: ClassVar[str] = "redact"
    title: ClassVar[str] = "redact"
    about: ClassVar[str] = "replaces personal data"
    version: ClassVar[str] = "2"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"personal_data": SPANS}

    text: TextColumn
    decisions: Decisions
    signals: Signals
    redaction: Redaction
    carried_signals: tuple[str, ...] = ()
    rehydrate: Rehydrate | None = None

    @property
    def own_columns(self) -> Mapping[str, str]:
        """The columns that it adds behind those of the documents and the carried signals, in their order, with what they mean."""
        bucket = bucket_column(self.decisions)
        return {
            **({REPEATS: "how often to repeat the document in training, by the size of its cluster of copies"} if self.rehydrate else {}),
            **(
                {
                    TEXT_PASS: "2 where the text is of the second pass, 1 where it is still of the first, on which limits and copies were decided"
                }
                if isinstance(self.text.edit, Refine)
                else {}
            ),
            **(
                {bucket: "head, middle or tail of that signal among the documents of the language; all where there is no value"}
                if bucket
                else {}
            ),
            **(
                {PERSONAL_DATA: "where personal data stands in the text that was marked, not replaced: start, end, kind"}
                if self.redaction.tag
                else {}
            ),
        }

    def run(self, shard: str, context: ShardContext) -> StepResult:
        bucket = bucket_column(self.decisions)
        decisions = context.read(self.decisions, shard)
        documents = context.read(self.text.documents, shard, ["id", "text", *CARRIED])
        documents = documents.set_column(1, "text", self.text.of(documents, shard, context))
        for name in self.carried_signals:
            decided = name in decisions.column_names
            documents = documents.append_column(name, decisions[name] if decided else context.read(self.signals, shard, [name])[name])
        if self.rehydrate:
            documents = documents.append_column(REPEATS, self.rehydrate.repeats(decisions[self.rehydrate.sizes]))
        if isinstance(self.text.edit, Refine):
            documents = documents.append_column(TEXT_PASS, context.read(self.text.edit, shard, [TEXT_PASS])[TEXT_PASS])
        if bucket:
            documents = documents.append_column(bucket, decisions[bucket])
        kept = documents.filter(decisions["kept"])
        found: Counter[str] = Counter()
        tagged: Counter[str] = Counter()
        redacted, tags = [], []
        key = self.redaction.key_bytes()
        places: list[tuple[str, int, int, str, str]] = []
        for id_, text in zip(kept["id"].to_pylist(), kept["text"].to_pylist(), strict=True):
            result = redact(text, self.redaction.replace, key)
            found.update(result.counts)
            redacted.append(result.text)
            spans = find(result.text, self.redaction.tag)
            tagged.update(span.kind for span in spans)
            places += [(id_, *span, "replaced") for span in result.spans] + [(id_, *span, "tagged") for span in spans]
            tags.append([span._asdict() for span in spans])
        kept = kept.set_column(1, "text", pa.array(redacted, pa.string()))
        if self.redaction.tag:
            kept = kept.append_column(PERSONAL_DATA, pa.array(tags, TAGS))
        names = [partition_of(x) for x in kept["language"].to_pylist()]
        if bucket:
            names = [f"{name}{BUCKET}{b}" for name, b in zip(names, kept[bucket].to_pylist(), strict=True)]
        partition = pa.array(names, pa.string())
        kept = kept.append_column("partition", partition)
        order = pc.sort_indices(
            pa.table({"partition": partition, "row": pa.array(range(len(partition)), pa.int64())}),
            [("partition", "ascending"), ("row", "ascending")],
        )
        partitions = Counter(names)
        notes = {
            "languages": dict(sorted(partitions.items())),
            "personal_data": dict(sorted(found.items())),
            "personal_data_tagged": dict(sorted(tagged.items())),
            "text_chars": pc.sum(pc.utf8_length(kept["text"])).as_py() or 0,
        }
        rows_in = pc.sum(decisions["kept"]).as_py() or 0
        row_groups = [n for _, n in sorted(partitions.items())]
        columns = list(zip(*places, strict=True)) if places else [()] * len(SPANS)
        spans_table = table_of_columns(columns, SPANS)
        tables = {"personal_data": spans_table}
        return StepResult(kept.take(order), rows_in, kept.num_rows, {}, notes, tables, row_groups)
