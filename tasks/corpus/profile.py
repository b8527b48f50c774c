"""Profile: counts per shard that the report adds up, so that no report ever reads the documents again.

Here is what is counted; how it is drawn is in ``tasks/report/release.py``. Nothing here decides or enters a corpus.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from winnow.tasks.corpus.pii.find import redact
from winnow.tasks.corpus.pii.registry import kinds
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.signals.measure import Signals

MOST_PER_SHARD = 2000
PAIRS_PER_SHARD = 500
LARGEST = 10
SAMPLES = 3
SAMPLE_CHARS = 400
TEXT_CHARS = 160
BINS_PER_UNIT = 50
BINS_PER_OCTAVE = 2
FINE_BINS_PER_OCTAVE = 8
MICRO = 1e6
FEW: dict[str, int] = {"largest": LARGEST, "sample": SAMPLES}
PROFILE = pa.schema(
    [pa.field("what", pa.string()), pa.field("bin", pa.string()), pa.field("documents", pa.int64()), pa.field("kept", pa.int64())]
)
Flags = npt.NDArray[np.bool_]
Row = dict[str, Any]


@stable("step/profile")
@dataclass(frozen=True)
class Profile(ShardStep):
    """Documents, signals and decisions in; (what, bin, documents, kept) out (schema PROFILE). Rows of the same ``what`` and ``bin`` add up.

    ``what`` is ``language``, ``domain`` (registered; the most frequent of a shard), ``tld``, ``hour``, ``truncated`` (why a crawler cut the page),
    ``text_chars`` or ``signal:<name>``. The bin of a number is the lower edge of its interval: 1/50 wide between 0 and 1, half an octave wide
    elsewhere; ``missing`` for null. ``chars``: characters by language instead of documents. ``domains_left_out``: documents of the domains that
    were not counted.

    Of limits: ``crossed`` counts by reason the documents that cross it, and those that cross nothing else (kept); ``together`` by two reasons, split
    by a tab, the documents that cross both. ``alone:<signal>`` has the documents that no *other* limit drops: from it follows what is kept with any
    other bound.

    Of steps: ``step:<label>:<what>`` counts what each deciding step found (documents) and left (kept) by language and by length;
    ``entropy:<label>`` has the entropy in bits of the domains of a shard before (documents) and after (kept), times documents, times a million,
    with the documents before and after in ``entropy_of:<label>``.

    Of deduplication: ``copies:<by>``: clusters (documents) and their members (kept) by the power of two their size reaches, each counted where
    the member lies that stays; ``largest:<by>``: the size (documents) of the largest of a shard, as URL and a bit of text of that member;
    ``copies_language`` and ``copies_domain``: documents that met no limit, and those that no deduplication dropped either (kept).

    ``sample:<reason>`` (empty: kept) has a few documents as JSON, drawn by their ids; personal data is replaced. ``perplexity:<language>``: as a
    signal, with bins an eighth of an octave wide.
    """

    version: ClassVar[str] = "5"

    name: ClassVar[str] = "profile"
    kind: ClassVar[Kind] = "aggregate"

    documents: Step
    signals: Signals
    decisions: Decisions

    def run(self, shard: str, context: ShardContext) -> StepResult:
        documents = context.read(self.documents, shard, ["id", "url", "host", "language", "date", "text_chars", "truncated"])
        signals = context.read(self.signals, shard)
        decisions = context.read(self.decisions, shard)
        kept = _flags(decisions)
        languages = [v or "unknown" for v in documents["language"].to_pylist()]
        domains = [registered_domain(h or "") or "unknown" for h in documents["host"].to_pylist()]
        rows = [*_counted("language", languages, kept), *_most("domain", domains, kept)]
        rows += _counted("tld", [top_level(d) for d in domains], kept)
        rows += _counted("hour", [(d or "")[:13] or "unknown" for d in documents["date"].to_pylist()], kept)
        rows += _counted("truncated", [t or "no" for t in documents["truncated"].to_pylist()], kept)
        rows += _weighted("chars", languages, kept, documents["text_chars"].to_numpy())
        rows += _histogram("text_chars", documents["text_chars"], kept)
        alone = _alone(decisions)
        for name in signals.column_names:
            kind = signals.schema.field(name).type
            if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
                rows += _histogram(f"signal:{name}", signals[name], kept)
                free = kept | alone.get(name, kept)
                rows += _histogram(f"alone:{name}", signals[name].filter(pa.array(free)), kept[free])
        if "perplexity" in signals.column_names:
            rows += _perplexity(languages, signals["perplexity"], kept)
        rows += _together(decisions)
        rows += self._steps(documents, languages, domains, shard, context)
        rows += self._copies(documents, decisions, languages, domains, shard, context)
        rows += self._samples(documents, decisions, shard, context)
        return StepResult(pa.Table.from_pylist(rows, schema=PROFILE), len(kept), len(rows))

    def _steps(self, documents: pa.Table, languages: list[str], domains: list[str], shard: str, context: ShardContext) -> Iterator[Row]:
        lengths = [f"{e:.6g}" for e in lower_edges(documents["text_chars"].to_numpy().astype(np.float64))]
        before = np.ones(documents.num_rows, bool)
        for step in deciding(self.decisions):
            after = _flags(context.read(step, shard, ["kept"]))
            for what, values in (("language", languages), ("text_chars", lengths)):
                yield from _counted(f"step:{step.label}:{what}", [v for v, b in zip(values, before, strict=True) if b], after[before])
            bits = [_entropy(Counter(d for d, k in zip(domains, flags, strict=True) if k)) for flags in (before, after)]
            n = [int(before.sum()), int(after.sum())]
            yield _row(f"entropy:{step.label}", "", *(round(b * MICRO) * k for b, k in zip(bits, n, strict=True)))
            yield _row(f"entropy_of:{step.label}", "", *n)
            before = after

    def _copies(
        self, documents: pa.Table, decisions: pa.Table, languages: list[str], domains: list[str], shard: str, context: ShardContext
    ) -> Iterator[Row]:
        kinds = [name.removesuffix("_cluster_size") for name in decisions.column_names if name.endswith("_cluster_size")]
        for by in kinds:
            sizes = decisions[f"{by}_cluster_size"].to_numpy(zero_copy_only=False)
            first = np.flatnonzero(decisions[f"{by}_cluster_rank"].to_numpy(zero_copy_only=False) == 0)
            size = sizes[first].astype(np.int64)
            power = 1 << np.floor(np.log2(size)).astype(np.int64)
            for low in np.unique(power):
                members = size[power == low]
                yield _row(f"copies:{by}", str(low), len(members), int(members.sum()))
            top = np.lexsort((first, -size))[:LARGEST]
            shown = context.read(self.documents, shard, ["url", "text"]).take(pa.array(first[top])).to_pylist() if len(top) else []
            for n, doc in zip(size[top], shown, strict=True):
                yield _row(f"largest:{by}", f"{doc['url'] or ''}\n{_shown(doc['text'], TEXT_CHARS)}", int(n), 1)
        reasons = decisions["reason"].to_pylist()
        copies = tuple(f"{by}_" for by in (*kinds, "minhash", "paragraph", "substring"))
        if any(r and r.startswith(copies) for r in reasons):
            met = np.array([r is None or r.startswith(copies) for r in reasons])
            stayed = np.array([r is None for r in reasons])[met]
            for what, values in (("language", languages), ("domain", domains)):
                yield from _most(f"copies_{what}", [v for v, m in zip(values, met, strict=True) if m], stayed)

    def _samples(self, documents: pa.Table, decisions: pa.Table, shard: str, context: ShardContext) -> Iterator[Row]:
        draws = [xxhash.xxh3_64_hexdigest(i) for i in documents["id"].to_pylist()]
        order = sorted(range(len(draws)), key=draws.__getitem__)
        left: Counter[str] = Counter()
        chosen: list[tuple[int, str]] = []
        reasons = decisions["reason"].to_pylist()
        for i in order:
            if left[reason := reasons[i] or ""] < SAMPLES:
                left[reason] += 1
                chosen.append((i, reason))
        texts = context.read(self.documents, shard, ["text"])["text"] if chosen else None
        for i, reason in chosen:
            assert texts is not None
            entry: dict[str, Any] = next((c for c in decisions["crossed"][i].as_py() if c["reason"] == reason), {})
            facts = {
                "draw": draws[i],  # first, so that the order of the JSON is that of the draw
                "id": documents["id"][i].as_py(),
                "url": documents["url"][i].as_py() or "",
                "value": entry.get("value"),
                "limit": entry.get("limit"),
                "text": _shown(texts[i].as_py(), SAMPLE_CHARS),
            }
            yield _row(f"sample:{reason}", json.dumps(facts, ensure_ascii=False), 1, int(not reason))


def added(rows: Iterable[Mapping[str, Any]], total: dict[tuple[str, str], list[int]]) -> None:
    """Add the rows of one shard's profile to ``total``, (what, bin) -> [documents, kept]. Of samples and the largest clusters few are kept, so that
    it does not grow with the crawl."""
    few: dict[str, int] = {}
    for row in rows:
        counts = total.setdefault((row["what"], row["bin"]), [0, 0])
        counts[0] += row["documents"]
        counts[1] += row["kept"]
        if most := FEW.get(row["what"].split(":", 1)[0]):
            few[row["what"]] = most
    for what, most in few.items():
        mine = sorted(((b, n) for (w, b), n in total.items() if w == what), key=lambda bn: (-bn[1][0], bn[0]))
        for name, _ in mine[most:]:
            del total[what, name]


def deciding(decisions: Decisions) -> list[Step]:
    """The steps that decide, first to last."""
    chain: list[Step] = []
    step: Step | None = decisions
    while step is not None:
        chain.append(step)
        step = getattr(step, "decisions", None)
    return chain[::-1]


@cache
def _suffixes() -> Any:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # the list in the package: no network, the same everywhere


@lru_cache(1 << 16)
def registered_domain(host: str) -> str:
    """The registered domain of a host (``bbc.co.uk`` of ``news.bbc.co.uk``), by the Public Suffix List; the host itself where it has none."""
    found = _suffixes().extract_str(host)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else host


def top_level(host: str) -> str:
    """The last label of a host; ``unknown`` for addresses and what has no dot."""
    last = host.rpartition(".")[2]
    return last if last and "." in host and not last.isdigit() and last.isprintable() and "]" not in last else "unknown"


def _row(what: str, name: str, documents: int, kept: int) -> Row:
    return {"what": what, "bin": name, "documents": documents, "kept": kept}


def _flags(decisions: pa.Table) -> Flags:
    return np.asarray(decisions["kept"].to_numpy(zero_copy_only=False), bool)


def _shown(text: str, chars: int) -> str:
    """A bit of a text for people; reports are passed on, so personal data is replaced."""
    return redact(" ".join(text[: 2 * chars].split())[:chars], tuple(kinds())).text


def _counted(what: str, values: list[str], kept: Flags) -> list[Row]:
    every = Counter(values)
    stayed = Counter(v for v, k in zip(values, kept, strict=True) if k)
    return [_row(what, name, n, stayed[name]) for name, n in sorted(every.items(), key=lambda kv: (-kv[1], kv[0]))]


def _most(what: str, values: list[str], kept: Flags) -> list[Row]:
    rows = _counted(what, values, kept)
    left = rows[MOST_PER_SHARD:]
    rest = [_row(f"{what}s_left_out", "", sum(r["documents"] for r in left), sum(r["kept"] for r in left))] if left else []
    return rows[:MOST_PER_SHARD] + rest


def _weighted(what: str, values: list[str], kept: Flags, weights: npt.NDArray[Any]) -> list[Row]:
    every, stayed = Counter[str](), Counter[str]()
    for value, k, weight in zip(values, kept, weights.tolist(), strict=True):
        every[value] += weight
        stayed[value] += weight if k else 0
    return [_row(what, name, n, stayed[name]) for name, n in sorted(every.items())]


def _alone(decisions: pa.Table) -> dict[str, Flags]:
    """Signal -> the documents that its limit alone drops, and no other."""
    lengths = pc.list_value_length(decisions["crossed"]).to_numpy(zero_copy_only=False)
    crossed = decisions["crossed"].to_pylist()
    found: dict[str, Flags] = {}
    for i in np.flatnonzero(lengths > 0):
        names = {c["reason"].split(":", 1)[0] for c in crossed[i]}
        for name in names:
            flags = found.setdefault(name, np.zeros(len(lengths), bool))
            flags[i] = len(names) == 1
    return found


def _together(decisions: pa.Table) -> Iterator[Row]:
    every, alone, pairs = Counter[str](), Counter[str](), Counter[str]()
    for crossed in decisions["crossed"].to_pylist():
        names = sorted({c["reason"] for c in crossed})
        every.update(names)
        alone.update(names if len(names) == 1 else ())
        pairs.update(f"{a}\t{b}" for a, b in combinations(names[:40], 2))
    for name, n in sorted(every.items()):
        yield _row("crossed", name, n, alone[name])
    for pair, n in sorted(pairs.items(), key=lambda kv: (-kv[1], kv[0]))[:PAIRS_PER_SHARD]:
        yield _row("together", pair, n, 0)


def _perplexity(languages: list[str], column: pa.ChunkedArray, kept: Flags) -> Iterator[Row]:
    values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    names = np.array(languages, object)
    for language in sorted(set(languages)):
        mine = (names == language) & np.isfinite(values) & (values > 0)
        edges = np.exp2(np.floor(np.log2(values[mine]) * FINE_BINS_PER_OCTAVE) / FINE_BINS_PER_OCTAVE)
        for edge in np.unique(edges):
            yield _row(f"perplexity:{language}", f"{edge:.6g}", int((edges == edge).sum()), int(kept[mine][edges == edge].sum()))


def _entropy(counts: Counter[str]) -> float:
    n = np.array(list(counts.values()), np.float64)
    shares = n / n.sum() if len(n) else n
    return float(-(shares * np.log2(shares)).sum()) if len(n) else 0.0


def _histogram(what: str, column: pa.ChunkedArray, kept: Flags) -> list[Row]:
    values = pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
    edges = lower_edges(values)
    bins, inverse = np.unique(edges, return_inverse=True, equal_nan=True)
    every = np.bincount(inverse, minlength=len(bins))
    stayed = np.bincount(inverse, weights=kept, minlength=len(bins)).astype(int)
    names = ["missing" if np.isnan(b) else f"{b:.6g}" for b in bins]
    return [_row(what, name, int(n), int(k)) for name, n, k in zip(names, every, stayed, strict=True)]


def lower_edges(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Lower edge of the bin of each value; NaN stays NaN."""
    small = np.abs(values) <= 1
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = np.floor(values * BINS_PER_UNIT + 1e-9) / BINS_PER_UNIT
        octave = np.exp2(np.floor(np.log2(np.abs(values)) * BINS_PER_OCTAVE) / BINS_PER_OCTAVE) * np.sign(values)
    return np.where(np.isnan(values), np.nan, np.where(small, linear, octave))
