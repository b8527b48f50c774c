"""Profile: typed counts per shard that the report adds up, so that no report ever reads the documents again.

Here is what is counted; how shards are added up is in ``tasks/report/tallies.py``, and how it is drawn in ``tasks/report/sections/``.
Nothing here decides anything or enters a corpus.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from winnow.tasks.corpus.adult import LEAST, may_be_adult
from winnow.tasks.corpus.pii.find import redact
from winnow.tasks.corpus.pii.registry import kinds
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.signals.measure import Signals
from winnow.tasks.sources.domains import registered_domain, top_level

LABEL, UNSURE = ".label", "(unsure)"
"""How the names of columns of labels end, and what a null in them is called."""
NAMES_PER_SHARD = 2000
PAIRS_PER_SHARD = 500
REASONS_PAIRED = 40
LARGEST = 10
SAMPLES = 3
SAMPLE_CHARS = 400
TEXT_CHARS = 160
BINS_PER_UNIT = 50
BINS_PER_OCTAVE = 2
FINE_BINS_PER_OCTAVE = 8
TEXT_LENGTH = "text_chars"

_text, _count, _number = pa.string(), pa.int64(), pa.float64()
TABLES: Mapping[str, pa.Schema] = {
    "groups": pa.schema(
        {"dimension": _text, "name": _text, "documents": _count, "kept": _count, "chars": _count, "chars_kept": _count}
    ),
    "signals": pa.schema({"signal": _text, "lower_edge": _number, "documents": _count, "kept": _count, "alone": _count}),
    "limits": pa.schema({"reason": _text, "documents": _count, "alone": _count}),
    "overlaps": pa.schema({"one": _text, "other": _text, "documents": _count}),
    "step_languages": pa.schema({"step": _text, "language": _text, "documents": _count, "kept": _count}),
    "step_lengths": pa.schema({"step": _text, "lower_edge": _number, "documents": _count, "kept": _count}),
    "step_domains": pa.schema(
        {"step": _text, "documents": _count, "kept": _count, "entropy_bits": _number, "entropy_bits_kept": _number}
    ),
    "cluster_sizes": pa.schema({"by": _text, "size_from": _count, "clusters": _count, "members": _count}),
    "largest_clusters": pa.schema({"by": _text, "members": _count, "url": _text, "text": _text, "adult": pa.bool_()}),
    "copies": pa.schema({"dimension": _text, "name": _text, "documents": _count, "kept": _count}),
    "perplexity": pa.schema({"language": _text, "lower_edge": _number, "documents": _count, "kept": _count}),
    "samples": pa.schema(
        {
            "reason": _text, "draw": _text, "id": _text, "url": _text, "text": _text,
            "value": _number, "limit": _number, "adult": pa.bool_(),
        }
    ),
}  # fmt: skip
"""The tables of a profile by name; what they hold is said at ``Profile``."""
PROFILE = pa.schema([pa.field(name, pa.list_(pa.struct(list(schema)))) for name, schema in TABLES.items()])
"""One row per shard, and in it one column per table: a list of structs. So a shard has one object in the store, not one per table."""

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Row = dict[str, Any]


@stable("step/profile")
@dataclass(frozen=True)
class Profile(ShardStep):
    """Documents, signals and decisions in; the counts of one shard out (schema PROFILE). All are in documents unless the name says otherwise.

    ``groups``: documents and kept documents, and their characters, by the ``dimension`` ``language``, ``domain`` (registered), ``tld``, ``hour``
    or ``truncated`` (why a crawler cut the page; ``no`` if it did not), and by every signal whose name ends with ``.label``. Of a shard's domains only the most frequent are named; the row whose
    ``name`` is null has the rest.

    ``signals``: a histogram of every numeric signal, and of the length under the name ``text_chars``. ``lower_edge`` is that of the bin, 1/50
    wide between -1 and 1 and half an octave wide elsewhere; null holds documents without a value. ``alone``: documents that no *other* limit
    drops, from which follows what would be kept with any other bound.

    ``limits``: documents that cross a limit, and those that cross nothing else. ``overlaps``: documents that cross both of two.

    ``step_languages``, ``step_lengths``, ``step_domains``: what each deciding step found (documents) and left (kept). The last has the Shannon
    entropy in bits of the registered domains of this shard before and after the step.

    ``cluster_sizes``: clusters and their members by the power of two that their size reaches, each counted where the member lies that stays.
    ``largest_clusters`` shows that member. ``copies``: documents that met no limit, and those that no deduplication dropped either.

    ``perplexity``: by language, in bins an eighth of an octave wide.

    ``samples``: a few documents per ``reason`` (null: kept), drawn by a hash of their ids. Personal data in shown texts is replaced; ``adult``
    says that a page may be pornographic (``tasks/corpus/adult.py``).
    """

    version: ClassVar[str] = "7"

    name: ClassVar[str] = "profile"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "counts for this report"
    kind: ClassVar[Kind] = "aggregate"

    documents: Step
    signals: Signals
    decisions: Decisions

    def run(self, shard: str, context: ShardContext) -> StepResult:
        read = _Read.of(self, shard, context)
        tables: dict[str, list[Row]] = {
            "groups": list(_groups(read)),
            "signals": list(_histograms(read)),
            **_limits(read.decisions),
            **_steps(read, {step.label: _flags(context.read(step, shard, ["kept"])) for step in deciding(self.decisions)}),
            **_clusters(read),
            "copies": list(_copies(read)),
            "perplexity": list(_perplexity(read)),
            "samples": list(_samples(read)),
        }
        return StepResult(pa.Table.from_pylist([tables], schema=PROFILE), read.documents.num_rows, 1)


def deciding(decisions: Decisions) -> list[Step]:
    """The steps that decide, first to last."""
    chain: list[Step] = []
    step: Step | None = decisions
    while step is not None:
        chain.append(step)
        step = getattr(step, "decisions", None)
    return chain[::-1]


@dataclass(frozen=True)
class _Read:
    """What a shard is counted from, and the columns that several counts need. ``texts`` are read only for the few documents that are shown."""

    documents: pa.Table
    signals: pa.Table
    decisions: pa.Table
    kept: Flags
    languages: list[str]
    domains: list[str]
    text_chars: npt.NDArray[np.int64]
    step: Profile
    shard: str
    context: ShardContext

    @classmethod
    def of(cls, step: Profile, shard: str, context: ShardContext) -> "_Read":
        documents = context.read(step.documents, shard, ["id", "url", "host", "language", "date", "text_chars", "truncated"])
        decisions = context.read(step.decisions, shard)
        return cls(
            documents,
            context.read(step.signals, shard),
            decisions,
            _flags(decisions),
            [language or "unknown" for language in documents["language"].to_pylist()],
            [registered_domain(host or "") or "unknown" for host in documents["host"].to_pylist()],
            documents["text_chars"].to_numpy(),
            step,
            shard,
            context,
        )

    def texts(self, rows: Sequence[int]) -> list[str]:
        column = self.context.read(self.step.documents, self.shard, ["text"])["text"] if rows else None
        return [] if column is None else column.take(pa.array(rows)).to_pylist()

    def is_adult(self, row: int, url: str, text: str) -> bool:
        measured = {name: self.signals[name][row].as_py() for name in LEAST if name in self.signals.column_names}
        return may_be_adult(url, text, measured)


# ------------------------------------------------------------------ groups and signals


def _groups(read: _Read) -> Iterator[Row]:
    by = {
        "language": read.languages,
        "domain": read.domains,
        "tld": [top_level(d) for d in read.domains],
        "hour": [(d or "")[:13] or "unknown" for d in read.documents["date"].to_pylist()],
        "truncated": [t or "no" for t in read.documents["truncated"].to_pylist()],
        **{name: [x or UNSURE for x in read.signals[name].to_pylist()] for name in read.signals.column_names if name.endswith(LABEL)},
    }
    for dimension, names in by.items():
        rows = [{"dimension": dimension, **row} for row in _grouped(names, read.kept, read.text_chars)]
        yield from rows[:NAMES_PER_SHARD]
        if rest := rows[NAMES_PER_SHARD:]:
            counts = ("documents", "kept", "chars", "chars_kept")
            yield {"dimension": dimension, "name": None, **{count: sum(row[count] for row in rest) for count in counts}}


def _grouped(names: Sequence[str], kept: Flags, chars: npt.NDArray[np.int64]) -> list[Row]:
    """Counts by name, the most frequent first."""
    known, index = np.unique(np.array(names, object), return_inverse=True)
    size = len(known)
    sums = [np.bincount(index, weights, minlength=size) for weights in (None, kept, chars, chars * kept)]
    columns = [known.tolist(), *(np.asarray(s).astype(np.int64).tolist() for s in sums)]
    rows = [dict(zip(("name", "documents", "kept", "chars", "chars_kept"), row, strict=True)) for row in zip(*columns, strict=True)]
    return sorted(rows, key=lambda row: (-row["documents"], row["name"]))


def _histograms(read: _Read) -> Iterator[Row]:
    yield from _histogram(TEXT_LENGTH, read.documents["text_chars"], read.kept, read.kept)
    alone = _alone(read.decisions)
    for name in read.signals.column_names:
        kind = read.signals.schema.field(name).type
        if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
            yield from _histogram(name, read.signals[name], read.kept, read.kept | alone.get(name, read.kept))


def _histogram(signal: str, column: pa.ChunkedArray, kept: Flags, alone: Flags) -> Iterator[Row]:
    bins, inverse = np.unique(lower_edges(_floats(column)), return_inverse=True, equal_nan=True)
    every, stayed, free = (np.bincount(inverse, weights, minlength=len(bins)).astype(np.int64) for weights in (None, kept, alone))
    for edge, documents, n, m in zip(bins.tolist(), every.tolist(), stayed.tolist(), free.tolist(), strict=True):
        yield {"signal": signal, "lower_edge": None if np.isnan(edge) else edge, "documents": documents, "kept": n, "alone": m}


def lower_edges(values: Floats) -> Floats:
    """The lower edge of the bin of each value; NaN stays NaN."""
    small = np.abs(values) <= 1
    with np.errstate(invalid="ignore", divide="ignore"):
        linear = np.floor(values * BINS_PER_UNIT + 1e-9) / BINS_PER_UNIT
        octave = np.exp2(np.floor(np.log2(np.abs(values)) * BINS_PER_OCTAVE) / BINS_PER_OCTAVE) * np.sign(values)
    return np.where(np.isnan(values), np.nan, np.where(small, linear, octave))


def _perplexity(read: _Read) -> Iterator[Row]:
    if "perplexity" not in read.signals.column_names:
        return
    values, names = _floats(read.signals["perplexity"]), np.array(read.languages, object)
    for language in sorted(set(read.languages)):
        mine = (names == language) & np.isfinite(values) & (values > 0)
        edges = np.exp2(np.floor(np.log2(values[mine]) * FINE_BINS_PER_OCTAVE) / FINE_BINS_PER_OCTAVE)
        for edge in np.unique(edges):
            here = edges == edge
            yield {"language": language, "lower_edge": float(edge), "documents": int(here.sum()), "kept": int(read.kept[mine][here].sum())}


# ------------------------------------------------------------------ limits and steps


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


def _limits(decisions: pa.Table) -> dict[str, list[Row]]:
    every, alone, pairs = Counter[str](), Counter[str](), Counter[tuple[str, str]]()
    for crossed in decisions["crossed"].to_pylist():
        names = sorted({c["reason"] for c in crossed})
        every.update(names)
        alone.update(names if len(names) == 1 else ())
        pairs.update(combinations(names[:REASONS_PAIRED], 2))
    frequent = sorted(pairs.items(), key=lambda kv: (-kv[1], kv[0]))[:PAIRS_PER_SHARD]
    return {
        "limits": [{"reason": name, "documents": n, "alone": alone[name]} for name, n in sorted(every.items())],
        "overlaps": [{"one": one, "other": other, "documents": n} for (one, other), n in frequent],
    }


def _steps(read: _Read, left_by: Mapping[str, Flags]) -> dict[str, list[Row]]:
    """``left_by`` has, for each deciding step in order, the documents that it left."""
    languages: list[Row] = []
    lengths: list[Row] = []
    domains: list[Row] = []
    edges = lower_edges(read.text_chars.astype(np.float64))
    names = np.array(read.languages, object)
    before = np.ones(read.documents.num_rows, bool)
    for label, after in left_by.items():
        for key, values, rows in (("language", names, languages), ("lower_edge", edges, lengths)):
            known, index = np.unique(values[before], return_inverse=True)
            every, stayed = (np.bincount(index, weights, minlength=len(known)).astype(np.int64) for weights in (None, after[before]))
            rows += [
                {"step": label, key: value, "documents": n, "kept": k}
                for value, n, k in zip(known.tolist(), every.tolist(), stayed.tolist(), strict=True)
            ]
        bits = [_entropy(Counter(d for d, flag in zip(read.domains, flags, strict=True) if flag)) for flags in (before, after)]
        counts = {"documents": int(before.sum()), "kept": int(after.sum())}
        domains.append({"step": label, **counts, "entropy_bits": bits[0], "entropy_bits_kept": bits[1]})
        before = after
    return {"step_languages": languages, "step_lengths": lengths, "step_domains": domains}


def _entropy(counts: Counter[str]) -> float:
    n = np.array(sorted(counts.values()), np.float64)  # sorted: a sum of floats must not depend on the order of the rows
    shares = n / n.sum() if len(n) else n
    return float(-(shares * np.log2(shares)).sum()) + 0.0 if len(n) else 0.0


# ------------------------------------------------------------------ copies and samples


def _cluster_kinds(decisions: pa.Table) -> list[str]:
    return [name.removesuffix("_cluster_size") for name in decisions.column_names if name.endswith("_cluster_size")]


def _clusters(read: _Read) -> dict[str, list[Row]]:
    sizes: list[Row] = []
    largest: list[Row] = []
    for by in _cluster_kinds(read.decisions):
        first = np.flatnonzero(read.decisions[f"{by}_cluster_rank"].to_numpy(zero_copy_only=False) == 0)
        members = read.decisions[f"{by}_cluster_size"].to_numpy(zero_copy_only=False)[first].astype(np.int64)
        power = 1 << np.floor(np.log2(members)).astype(np.int64)
        for low in np.unique(power):
            here = members[power == low]
            sizes.append({"by": by, "size_from": int(low), "clusters": len(here), "members": int(here.sum())})
        top = np.lexsort((first, -members))[:LARGEST]
        rows = first[top].tolist()
        for row, text, n in zip(rows, read.texts(rows), members[top].tolist(), strict=True):
            url = read.documents["url"][row].as_py() or ""
            shown = {"url": url, "text": _shown(text, TEXT_CHARS), "adult": read.is_adult(row, url, text)}
            largest.append({"by": by, "members": n, **shown})
    return {"cluster_sizes": sizes, "largest_clusters": largest}


def _copies(read: _Read) -> Iterator[Row]:
    reasons = read.decisions["reason"].to_pylist()
    by_copies = tuple(f"{by}_" for by in (*_cluster_kinds(read.decisions), "minhash", "paragraph", "substring"))
    if not any(r and r.startswith(by_copies) for r in reasons):
        return
    met = np.array([r is None or r.startswith(by_copies) for r in reasons])
    stayed = np.array([r is None for r in reasons])[met]
    for dimension, values in (("language", read.languages), ("domain", read.domains)):
        names = [v for v, m in zip(values, met, strict=True) if m]
        for row in _grouped(names, stayed, np.zeros(len(names), np.int64))[:NAMES_PER_SHARD]:
            yield {"dimension": dimension, **{k: row[k] for k in ("name", "documents", "kept")}}


def _samples(read: _Read) -> Iterator[Row]:
    identities = read.documents["id"].to_pylist()
    draws = [xxhash.xxh3_64_hexdigest(i) for i in identities]
    reasons = read.decisions["reason"].to_pylist()
    taken: Counter[str | None] = Counter()
    chosen: list[int] = []
    for i in sorted(range(len(draws)), key=draws.__getitem__):
        if taken[reasons[i]] < SAMPLES:
            taken[reasons[i]] += 1
            chosen.append(i)
    for i, text in zip(chosen, read.texts(chosen), strict=True):
        crossed = read.decisions["crossed"][i].as_py()
        entry: dict[str, Any] = next((c for c in crossed if c["reason"] == reasons[i]), {})
        url = read.documents["url"][i].as_py() or ""
        yield {
            "reason": reasons[i],
            "draw": draws[i],
            "id": identities[i],
            "url": url,
            "text": _shown(text, SAMPLE_CHARS),
            "value": entry.get("value"),
            "limit": entry.get("limit"),
            "adult": read.is_adult(i, url, text),
        }


def _shown(text: str, chars: int) -> str:
    """A bit of a text for people; reports are passed on, so personal data is replaced."""
    return redact(" ".join(text[: 2 * chars].split())[:chars], tuple(kinds())).text


def _flags(decisions: pa.Table) -> Flags:
    return np.asarray(decisions["kept"].to_numpy(zero_copy_only=False), bool)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
