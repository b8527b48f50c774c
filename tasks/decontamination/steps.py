"""Decontamination in a run: items are found shard by shard, what the run shows to be common is set aside, and what stands is tagged, cut or dropped.

An n-gram of an item may be common language, a quotation or a template of a site. Which are is found from the run itself, at two levels: n-grams that
stand in many documents of one host, and in many of the run. Documents that hold an item whole do not count there: a widely copied benchmark stays one.
A hit most of whose n-grams are common is no evidence, and is set aside.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import pyarrow as pa

from winnow.tasks.decontamination.detect import detect_all
from winnow.tasks.decontamination.evals import Item, read_items
from winnow.tasks.decontamination.index import EvalIndex, present
from winnow.tasks.decontamination.modes import mode
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.edit.edits import Edit
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.rows import table_of_rows
from winnow.tasks.engine.step import ShardStep, StepResult, WholeStep
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.signals.limit import CROSSED
from winnow.tasks.signals.select import DecidedLimit, add_crossed, decision_result
from winnow.tasks.sources.domains import registered_domain

TEXTS_AT_ONCE = 512
SHOWN_CHARS = 500
COMMON_SHARE = 0.5
REASON = "contaminated"
DOCUMENTS = pa.schema([pa.field("id", pa.string()), pa.field("items", pa.int32())])
HITS = pa.schema(
    [
        pa.field("id", pa.string()),
        pa.field("row", pa.int32()),
        pa.field("host", pa.string()),
        pa.field("suite", pa.string()),
        pa.field("instance", pa.string()),
        pa.field("part", pa.string()),
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("score", pa.float64()),
        pa.field("threshold", pa.float64()),
        pa.field("answer", pa.bool_()),
        pa.field("text", pa.string()),
        pa.field("item_text", pa.string()),
        pa.field("ngrams", pa.list_(pa.field("element", pa.uint64()))),
    ]
)
COUNTS = pa.schema([pa.field("host", pa.string()), pa.field("ngram", pa.uint64()), pa.field("documents", pa.int64())])
COLUMNS = {"contaminated_suite": pa.string(), "contaminated_instance": pa.string(), "contamination_score": pa.float64()}
ITEMS, SCORE = "contamination_items", "contamination_score"


@stable("option/benchmark-file")
@dataclass(frozen=True)
class BenchmarkFile:
    """A file of items. Its name stands for the suite where items name none; where it lies does not enter any address."""

    name: str
    sha256: str
    location: str = field(default="", metadata={"identity": False})


@stable("step/find-items")
@dataclass(frozen=True)
class FindItems(ShardStep):
    """Texts in; how many items each holds out (schema DOCUMENTS). The table ``hits`` (HITS) has every hit with both sides and its n-grams; ``ngrams`` (COUNTS) in how many documents of each registered domain (``host``), of those
    that hold no item, an n-gram of some item stands."""

    name: ClassVar[str] = "find-items"
    about: ClassVar[str] = "finds items of benchmarks in texts"
    tables: ClassVar[Mapping[str, pa.Schema]] = {"hits": HITS, "ngrams": COUNTS}

    text: TextColumn
    benchmarks: tuple[BenchmarkFile, ...]
    mode: str = "winnow"

    def check(self) -> None:
        """Raises BadInput if a file is missing or is no longer what it was."""
        index_of(self.benchmarks, self.mode)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        index = index_of(self.benchmarks, self.mode)
        documents = context.read(self.text.documents, shard, ["id", "host", "text"])
        texts = self.text.of(documents, shard, context).to_pylist()
        ids, hosts = documents["id"].to_pylist(), [registered_domain(host or "") for host in documents["host"].to_pylist()]
        hits: list[tuple[Any, ...]] = []
        items = [0] * len(texts)
        counts: Counter[tuple[str, int]] = Counter()
        for begin in range(0, len(texts), TEXTS_AT_ONCE):
            batch = texts[begin : begin + TEXTS_AT_ONCE]
            found = detect_all(batch, index)
            for row, here in enumerate(found, begin):
                items[row] = len(here)
                for hit in here:
                    item, part = index.items[hit.item], index.part(hit.item, hit.part)
                    shown = texts[row][hit.start : hit.end][:SHOWN_CHARS]
                    where = (ids[row], row, hosts[row], item.suite, str(item.instance), hit.part, hit.start, hit.end)
                    asked = index.mode.threshold(part.length) if index.mode.measure != "any" else 1.0
                    ngrams = [int(part.ngrams[i]) for i in hit.words if i < len(part.ngrams)]
                    hits.append((*where, hit.score, round(asked, 4), hit.answer, shown, getattr(item, hit.part)[:SHOWN_CHARS], ngrams))
            for row, ngrams in enumerate(present(batch, index), begin):
                if not items[row]:
                    counts.update((hosts[row], ngram) for ngram in ngrams)
        table = pa.table([pa.array(ids, pa.string()), pa.array(items, pa.int32())], schema=DOCUMENTS)
        ordered = [(host, ngram, n) for (host, ngram), n in sorted(counts.items())]
        tables = {"hits": table_of_rows(hits, HITS), "ngrams": table_of_rows(ordered, COUNTS)}
        notes = {"documents_with_items": sum(map(bool, items)), "suites": dict(sorted(Counter(hit[3] for hit in hits).items()))}
        return StepResult(table, len(ids), len(ids), notes=notes, tables=tables)


@stable("step/common-ngrams")
@dataclass(frozen=True)
class CommonNgrams(WholeStep):
    """The n-grams of hits that are common in the run: schema COUNTS, with ``host`` null for those common in the whole run.

    An n-gram is common in a host from ``in_host`` documents, in the run from ``in_run`` documents or ``in_run_share`` of all, whichever is more; 0 sets nothing aside.
    """

    name: ClassVar[str] = "common-ngrams"
    about: ClassVar[str] = "finds the n-grams that too many texts have"

    items: FindItems
    in_host: int = 10
    in_run: int = 100
    in_run_share: float = 0.0005

    def shards(self, context: ShardContext) -> tuple[str, ...]:
        return ("all",)

    def run(self, shard: str, context: ShardContext) -> StepResult:
        wanted: set[int] = set()
        documents = sum(report["rows_out"] for report in context.store.reports_of(self.items, context.shard_keys))
        for key in context.shard_keys:
            for ngrams in context.read(self.items, key, ["ngrams"], table="hits")["ngrams"].to_pylist():
                wanted.update(ngrams)
        hosts: Counter[tuple[str, int]] = Counter()
        every: Counter[int] = Counter()
        for key in context.shard_keys if wanted else ():
            counted = context.read(self.items, key, table="ngrams")
            for host, ngram, n in zip(*(counted[c].to_pylist() for c in COUNTS.names), strict=True):
                if ngram in wanted:
                    hosts[host, ngram] += n
                    every[ngram] += n
        least = max(self.in_run, self.in_run_share * documents)
        rows: list[tuple[Any, ...]] = [(None, g, n) for g, n in sorted(every.items()) if self.in_run and n >= least]
        rows += [(host, g, n) for (host, g), n in sorted(hosts.items()) if self.in_host and n >= self.in_host]
        return StepResult(table_of_rows(rows, COUNTS), documents, len(rows), notes={"ngrams_of_hits": len(wanted)})


class _Standing:
    """The hits of a shard that are evidence."""

    def __init__(self, items: FindItems, common: CommonNgrams, shard: str, context: ShardContext) -> None:
        table = context.read(common, "all")
        self.run: set[int] = set()
        self.hosts: dict[str, set[int]] = defaultdict(set)
        for host, ngram in zip(table["host"].to_pylist(), table["ngram"].to_pylist(), strict=True):
            (self.run if host is None else self.hosts[host]).add(ngram)
        hits = context.read(items, shard, table="hits").to_pylist()
        self.rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self.set_aside = 0
        for hit in hits:
            if self._is_common(hit):
                self.set_aside += 1
            else:
                self.rows[hit["row"]].append(hit)

    def _is_common(self, hit: Mapping[str, Any]) -> bool:
        here = self.hosts.get(hit["host"], set())
        common = sum(ngram in self.run or ngram in here for ngram in hit["ngrams"])
        return common > COMMON_SHARE * len(hit["ngrams"])


@stable("step/cut-items")
@dataclass(frozen=True)
class CutItems(Edit):
    """Items, and as many characters around them as the mode says, cut out of the documents kept so far."""

    name: ClassVar[str] = "cut-items"
    about: ClassVar[str] = "cuts items of benchmarks out"
    cuts: ClassVar[str] = "the items of benchmarks"

    items: FindItems
    common: CommonNgrams

    @property
    def by(self) -> str:
        return "decontaminate"

    def spans(self, texts: list[str | None], shard: str, context: ShardContext) -> list[Sequence[tuple[int, int]]]:
        standing = _Standing(self.items, self.common, shard, context).rows
        around = mode(self.items.mode).cut_chars
        return [
            _joined([(h["start"], h["end"]) for h in standing.get(i, ())], around, text) if text else [] for i, text in enumerate(texts)
        ]


@stable("step/decontaminate")
@dataclass(frozen=True)
class Decontaminate(ShardStep):
    """Decisions and items in, decisions out: ``contaminated_suite``, ``contaminated_instance`` and ``contamination_score`` of the best hit of each document, and
    ``contamination_items``, how many hits stand.

    A document goes, for the reason ``contaminated``, if its best score is above ``max_score`` or it has more than ``max_items``; None lifts a bound. A document
    without a hit has the score 0 by this rule."""

    name: ClassVar[str] = "decontaminate"
    about: ClassVar[str] = "drops or tags documents that hold items of benchmarks"
    reasons: ClassVar[Mapping[str, str]] = {REASON: "the text holds an item of a benchmark"}
    version: ClassVar[str] = "2"

    decisions: Decisions
    items: FindItems
    common: CommonNgrams
    max_score: float | None = 0.0
    max_items: int | None = None
    entry: str | None = None

    @property
    def label(self) -> str:
        return self.entry or self.name

    @property
    def decided_limits(self) -> tuple[DecidedLimit, ...]:
        """The limits on its columns, for ``winnow what-if``."""
        return (DecidedLimit(SCORE, self.max_score, REASON), DecidedLimit(ITEMS, self.max_items, REASON))

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        standing = _Standing(self.items, self.common, shard, context)
        best: list[dict[str, Any] | None] = [None] * before.num_rows
        crossed: list[list[dict[str, Any]]] = [[] for _ in best]
        for row, hits in standing.rows.items():
            hit = best[row] = max(hits, key=lambda h: h["score"])
            too_similar = self.max_score is not None and hit["score"] > self.max_score
            if too_similar or (self.max_items is not None and len(hits) > self.max_items):
                detail = f"{hit['suite']} {hit['instance']}, {hit['part']}, characters {hit['start']} to {hit['end']}"
                asked = max(hit["threshold"], self.max_score or 0.0)
                given = {"reason": REASON, "value": hit["score"], "limit": asked, "margin": round(hit["score"] - asked, 4)}
                crossed[row].append(given | {"detail": detail, "step": self.label})
        reasons = pa.chunked_array([pa.array([REASON if c else None for c in crossed], pa.string())])
        after = add_crossed(before, pa.chunked_array([pa.array(crossed, CROSSED)]), reasons)
        for (name, kind), key in zip(COLUMNS.items(), ("suite", "instance", "score"), strict=True):
            after = after.append_column(name, pa.array([hit and hit[key] for hit in best], kind))
        after = after.append_column(ITEMS, pa.array([len(standing.rows.get(i, ())) for i in range(len(best))], pa.int32()))
        result = decision_result(after, before["kept"])
        result.notes.update(hits_set_aside=standing.set_aside, hits=sum(map(len, standing.rows.values())))
        return result


@lru_cache(maxsize=2)
def index_of(benchmarks: tuple[BenchmarkFile, ...], mode_name: str) -> EvalIndex:
    """The index of these files, built once per process. Raises BadInput if a file is missing or another than when the run was planned."""
    return EvalIndex(items_of(benchmarks), mode(mode_name))


def items_of(benchmarks: Iterable[BenchmarkFile]) -> list[Item]:
    """Their items. Raises BadInput, as ``index_of`` does."""
    return read_items((file.location, file.sha256) for file in benchmarks)


def _joined(spans: Iterable[tuple[int, int]], around: int, text: str) -> list[tuple[int, int]]:
    """Spans with ``around`` more characters on both sides, to the ends of words; those that meet are one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        start, end = max(0, start - around), min(len(text), end + around)
        while around and start and text[start - 1].isalnum() and text[start].isalnum():
            start -= 1
        while around and end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
            end += 1
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
