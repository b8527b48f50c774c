"""``winnow what-if``: other limits on a finished run, without extracting or measuring anything again.

Limits are those on signals, and those that links of the chain put on what they found out (``DecidedLimit``): the score of a benchmark item, say. The answer is exact for the limits. Deduplication is not done again: what it dropped stays dropped, and a document that enters is counted although it
may be a copy; ``copies`` counts those that are known to have one. A run with the changed recipe gives the exact corpus.
"""

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import Finished
from winnow.tasks.signals.condition import REASON
from winnow.tasks.signals.limit import Limit, apply_limits, columns_of
from winnow.tasks.signals.select import DecidedLimit
from winnow.tasks.sources.domains import registered_domain

SAMPLES = 10
Rows = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass
class Side:
    """Documents of one fate. ``chars`` are characters of text as extracted, ``tokens`` are estimated from them (tasks/corpus/tokens.py)."""

    documents: int = 0
    chars: int = 0
    tokens: int = 0

    def add(self, rows: Rows, chars: Rows, languages: Sequence[str | None]) -> None:
        self.documents += len(rows)
        self.chars += int(chars[rows].sum())
        self.tokens += round(float(estimated_tokens(chars[rows], [languages[i] for i in rows]).sum()))


@dataclass(frozen=True, order=True)
class FlippedDocument:
    """A document that changes sides, and the reason why it is dropped on one of them."""

    id: str
    url: str
    reason: str


@dataclass
class Flipped(Side):
    """Documents that change sides. ``domains`` are registered ones; ``samples`` are those with the smallest ids: a random sample that stays the
    same."""

    languages: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    samples: list[FlippedDocument] = field(default_factory=list)


@dataclass
class Change:
    """What other limits would change. ``copies`` is how many of the documents that enter are known to have a copy."""

    documents: int = 0
    kept: Side = field(default_factory=Side)
    enter: Flipped = field(default_factory=Flipped)
    leave: Flipped = field(default_factory=Flipped)
    copies: int = 0


@dataclass(frozen=True)
class Swept:
    """A bound on one signal: the shares of documents at or above it and at or below it, and the shares of all documents that a corpus would keep with
    it as the only lower, or the only upper, bound on the signal, with everything else as it was."""

    bound: float
    at_or_above: float
    at_or_below: float
    kept_as_low: float
    kept_as_high: float


def changed(limits: Sequence[Limit], settings: Sequence[str], known: Sequence[str]) -> tuple[Limit, ...]:
    """The limits after settings such as ``word_count.low=30``, ``word_count.high=none`` (lift that bound) or ``language.one_of=en,de``.

    Raises:
        BadInput: a setting that cannot be read, or a signal that was not measured.
    """
    found = {limit.signal: limit for limit in limits}
    for setting in settings:
        name, _, value = setting.partition("=")
        signal, _, side = name.strip().rpartition(".")
        value = value.strip()
        if side not in ("low", "high", "one_of") or not signal or not value:
            raise BadInput(
                f"--set {setting}: write SIGNAL.low=NUMBER, SIGNAL.high=NUMBER, SIGNAL.one_of=WORD,WORD, or =none to lift a bound."
            )
        if signal not in known:
            alike = difflib.get_close_matches(signal, known, n=2)
            hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
            raise BadInput(
                f"--set {setting}: the run has no signal {signal}.{hint} It has: {', '.join(known)}. `winnow signals` says what each is."
            )
        try:
            parsed: Any = None if value.lower() == "none" else tuple(value.split(",")) if side == "one_of" else float(value)
        except ValueError:
            raise BadInput(f"--set {setting}: {value} is not a number.") from None
        old = found.get(signal)
        bounds = {k: getattr(old, k) if old else None for k in ("low", "high", "one_of", "empty", "by_language")} | {side: parsed}
        if all(b is None for b in bounds.values()):
            found.pop(signal, None)
        else:
            found[signal] = replace(old, **{side: parsed}) if old else Limit(signal, **bounds)
    return tuple(found.values())


def what_if(run: Finished, limits: Sequence[Limit]) -> Change:
    """Hold every document against other limits, shard by shard: in memory are the signals of one shard. Raises DamagedArtifact."""
    change = Change()
    wanted, decided = columns_of(limits), {limit.signal: limit for limit in run.decided_limits}
    bounds = {limit.signal: limit for limit in limits}
    mine = {limit.signal for limit in run.limits} | {limit.reason.split(":")[0] for limit in run.decided_limits}
    for shard in run.entry["shards"]:
        decisions = run.read(run.entry["tables"]["decisions"], shard)
        measured = [name for name in wanted if name not in decided]
        signals = run.signals(shard, ["id", *measured], bounded=measured)
        for name in (name for name in wanted if name in decided):
            signals = signals.append_column(name, _bounded(decisions, decided[name], bounds[name]))
        documents = run.read(run.entry["tables"]["documents"], shard, ["id", "url", "host", "language", "text_chars"])
        chars, languages = documents["text_chars"].to_numpy(), documents["language"].to_pylist()
        before = decisions["kept"].to_numpy(zero_copy_only=False).astype(bool)
        _, reason = apply_limits({name: signals[name] for name in wanted}, limits, signals.num_rows)
        # What was dropped for another reason than a limit (a copy, the recipe's SQL) stays dropped.
        after = reason.is_null().to_numpy(zero_copy_only=False) & ~_crossed(decisions, lambda r: r == REASON or r.split(":")[0] not in mine)
        for limit in run.decided_limits:
            after &= ~_nothing_left(decisions, limit)
        enter, leave = np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)
        change.documents += len(before)
        change.kept.add(np.flatnonzero(before), chars, languages)
        change.copies += _with_copies(decisions, enter)
        for side, rows, why in ((change.enter, enter, decisions["reason"]), (change.leave, leave, reason)):
            if len(rows):
                side.add(rows, chars, languages)
                _describe(side, documents, rows, why)
    return change


def _bounded(decisions: pa.Table, decided: DecidedLimit, limit: Limit) -> pa.ChunkedArray:
    """The values of a decided column; a document that the limit does not mean has the bound itself."""
    values = pc.cast(pc.fill_null(decisions[decided.signal], 0), pa.float64())
    within = limit.low if limit.low is not None else limit.high
    return pc.if_else(pc.greater(decisions[decided.meant], 0), values, float(within or 0)) if decided.meant else values


def _nothing_left(decisions: pa.Table, decided: DecidedLimit) -> Bools:
    """Documents whose edited text is empty: no bound lets them in."""
    if not decided.left:
        return np.zeros(decisions.num_rows, bool)
    found: Bools = pc.equal(pc.fill_null(decisions[decided.signal], 1), 0).to_numpy(zero_copy_only=False).astype(bool)
    return found


def _describe(side: Flipped, documents: pa.Table, rows: Rows, why: pa.Array | pa.ChunkedArray) -> None:
    flipped = documents.take(pa.array(rows))
    side.languages.update(language or "unknown" for language in flipped["language"].to_pylist())
    for host, n in Counter(flipped["host"].to_pylist()).items():
        side.domains[registered_domain(host or "") or "unknown"] += n
    smallest = np.argsort(flipped["id"].to_numpy())[:SAMPLES]
    picked = zip(flipped.take(pa.array(smallest)).to_pylist(), rows[smallest].tolist(), strict=True)
    side.samples = sorted([*side.samples, *(FlippedDocument(d["id"], d["url"] or "", why[row].as_py() or "") for d, row in picked)])[
        :SAMPLES
    ]


def _crossed(decisions: pa.Table, which: Callable[[str], bool]) -> Bools:
    """Per document, whether any of its reasons, crossed or decisive, is one of these."""
    crossed = decisions["crossed"].combine_chunks()
    reasons = crossed.flatten().field("reason").dictionary_encode()
    named = np.array([which(r) for r in reasons.dictionary.to_pylist()], bool)
    hits = np.zeros(len(reasons) + 1, np.int64)
    np.cumsum(named[reasons.indices.to_numpy()], out=hits[1:])
    ends = np.cumsum(pc.fill_null(pc.list_value_length(crossed), 0).to_numpy(zero_copy_only=False))
    decisive = decisions["reason"].to_pylist()
    known = {r: r is not None and which(r) for r in set(decisive)}
    found: Bools = (np.diff(hits[ends], prepend=0) > 0) | np.array([known[r] for r in decisive], bool)
    return found


def _with_copies(decisions: pa.Table, rows: np.ndarray[Any, Any]) -> int:
    sizes = [decisions[name] for name in decisions.column_names if name.endswith("_cluster_size")]
    if not sizes or not len(rows):
        return 0
    more = np.zeros(decisions.num_rows, bool)
    for column in sizes:
        more |= pc.fill_null(pc.greater(column, 1), False).to_numpy(zero_copy_only=False)
    return int(more[rows].sum())


def sweep(run: Finished, signal: str, steps: int = 24) -> list[Swept]:
    """Bounds spread over the quantiles of a signal. A document without a value is dropped by every one of them.

    Raises:
        BadInput: the signal is not a number, or no document has a value.
    """
    values, free = [], []
    decided = {limit.signal: limit.reason.split(":")[0] for limit in run.decided_limits}
    for shard in run.entry["shards"]:
        table = run.read(run.entry["tables"]["decisions" if signal in decided else "signals"], shard, [signal])
        kind = table.schema.field(signal).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            raise BadInput(f"The signal {signal} is not a number, so it has no bounds to sweep.")
        values.append(pc.fill_null(pc.cast(table[signal], pa.float64()), 0.0 if signal in decided else np.nan).to_numpy())
        decisions = run.read(run.entry["tables"]["decisions"], shard, ["reason", "crossed"])
        free.append(~_crossed(decisions, lambda r: r.split(":")[0] != decided.get(signal, signal)))
    every = np.concatenate(values) if values else np.zeros(0)
    finite = np.isfinite(every)
    if not finite.any():
        raise BadInput(f"No document of this run has a value of the signal {signal}.")
    known, kept = np.sort(every[finite]), np.sort(every[finite & np.concatenate(free)])
    return [
        Swept(
            float(bound),
            float(1 - np.searchsorted(known, bound, side="left") / len(known)),
            float(np.searchsorted(known, bound, side="right") / len(known)),
            float(len(kept) - np.searchsorted(kept, bound, side="left")) / len(every),
            float(np.searchsorted(kept, bound, side="right")) / len(every),
        )
        for bound in np.unique(np.quantile(known, np.linspace(0, 1, steps + 1)))
    ]
