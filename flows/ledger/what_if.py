"""``winnow what-if``: other limits on a finished run, without extracting or measuring anything again.

Exact for the limits. Deduplication is not done anew: what its passes dropped stays dropped, and a document that enters is said to enter although it may
be a copy; ``copies`` counts those that are known to have one in the corpus. A run with the changed recipe gives the exact corpus.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.ledger.find import Finished
from tasks.core.condition import REASON
from tasks.core.errors import BadInput
from tasks.core.limit import Limit, columns_of, judge

SAMPLES = 10


@dataclass
class Change:
    """What other limits would change. ``chars`` are characters of text as extracted; samples are (id, URL, reason)."""

    documents: int = 0
    kept: int = 0
    kept_chars: int = 0
    enter: int = 0
    enter_chars: int = 0
    leave: int = 0
    leave_chars: int = 0
    copies: int = 0
    languages: dict[str, Counter[str]] = field(default_factory=lambda: {"enter": Counter(), "leave": Counter()})
    hosts: dict[str, Counter[str]] = field(default_factory=lambda: {"enter": Counter(), "leave": Counter()})
    samples: dict[str, list[tuple[str, str, str]]] = field(default_factory=lambda: {"enter": [], "leave": []})


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
            raise BadInput(f"--set {setting}: the run has no signal {signal}. It has: {', '.join(known)}.")
        try:
            parsed: Any = None if value.lower() == "none" else tuple(value.split(",")) if side == "one_of" else float(value)
        except ValueError:
            raise BadInput(f"--set {setting}: {value} is no number.") from None
        old = found.get(signal)
        bounds = {k: getattr(old, k) if old else None for k in ("low", "high", "one_of", "empty", "by_language")} | {side: parsed}
        if all(b is None for b in bounds.values()):
            found.pop(signal, None)
        else:
            found[signal] = replace(old, **{side: parsed}) if old else Limit(signal, **bounds)
    return tuple(found.values())


def what_if(run: Finished, limits: Sequence[Limit]) -> Change:
    """Hold every document against other limits. Shard by shard: memory is a shard's signals. Raises DamagedArtifact."""
    change = Change()
    wanted = columns_of(limits)
    mine = {limit.signal for limit in run.limits}
    for shard in run.entry["shards"]:
        decisions = run.read(run.entry["tables"]["decisions"], shard)
        signals = run.read(run.entry["tables"]["signals"], shard, ["id", *wanted])
        before = decisions["kept"].to_numpy(zero_copy_only=False).astype(bool)
        _, reason = judge({name: signals[name] for name in wanted}, limits, signals.num_rows)
        passes = reason.is_null().to_numpy(zero_copy_only=False)
        # What was dropped for another reason than a limit (a copy, the recipe's SQL) stays dropped.
        facts = zip(decisions["reason"].to_pylist(), decisions["crossed"].to_pylist(), strict=True)
        other = np.array(
            [r is not None and (r.split(":")[0] not in mine or any(c["reason"] == REASON for c in met)) for r, met in facts], bool
        )
        after = passes & ~other
        chars = run.read(run.entry["tables"]["documents"], shard, ["text_chars"])["text_chars"].to_numpy()
        change.documents += len(before)
        change.kept += int(before.sum())
        change.kept_chars += int(chars[before].sum())
        enter, leave = np.flatnonzero(after & ~before), np.flatnonzero(before & ~after)
        change.enter, change.leave = change.enter + len(enter), change.leave + len(leave)
        change.enter_chars, change.leave_chars = change.enter_chars + int(chars[enter].sum()), change.leave_chars + int(chars[leave].sum())
        change.copies += _with_copies(decisions, enter)
        if len(enter) or len(leave):
            people = run.read(run.entry["tables"]["documents"], shard, ["id", "url", "language"])
            for side, rows, why in (("enter", enter, decisions["reason"]), ("leave", leave, reason)):
                picked = people.take(pa.array(rows)).to_pylist()
                change.languages[side].update(p["language"] or "unknown" for p in picked)
                change.hosts[side].update(_host(p["url"]) for p in picked)
                room = SAMPLES - len(change.samples[side])
                change.samples[side] += [
                    (p["id"], p["url"] or "", why[int(r)].as_py() or "") for p, r in zip(picked[:room], rows, strict=False)
                ]
    return change


def _host(url: str | None) -> str:
    try:
        return urlsplit(url or "").hostname or "unknown"
    except ValueError:
        return "unknown"


def _with_copies(decisions: pa.Table, rows: np.ndarray[Any, Any]) -> int:
    sizes = [decisions[name] for name in decisions.column_names if name.endswith("_cluster_size")]
    if not sizes or not len(rows):
        return 0
    more = np.zeros(decisions.num_rows, bool)
    for column in sizes:
        more |= pc.fill_null(pc.greater(column, 1), False).to_numpy(zero_copy_only=False)
    return int(more[rows].sum())


def sweep(run: Finished, signal: str, steps: int = 24) -> list[tuple[float, float, float]]:
    """For bounds spread over a signal's own quantiles: (bound, share of documents at or above it, share at or below it). Raises BadInput for a
    signal that is not a number."""
    parts = []
    for table in run.shards("signals", [signal]):
        kind = table.schema.field(signal).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
            raise BadInput(f"{signal} is no number, so that there is nothing to sweep.")
        parts.append(pc.cast(table[signal], pa.float64()).to_numpy(zero_copy_only=False))
    values = np.sort(np.concatenate(parts)) if parts else np.zeros(0)
    values = values[np.isfinite(values)]
    if not len(values):
        raise BadInput(f"{signal} has no value in this run.")
    bounds = np.unique(np.quantile(values, np.linspace(0, 1, steps + 1)))
    above = 1 - np.searchsorted(values, bounds, side="left") / len(values)
    below = np.searchsorted(values, bounds, side="right") / len(values)
    return [(float(b), float(a), float(c)) for b, a, c in zip(bounds, above, below, strict=True)]
