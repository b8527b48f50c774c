"""Insight: what the profile of a run says of its rules together, of diversity, of perplexity, and a few documents per reason. Counts in, plain values
out; how they look is in ``tasks/report/templates/``."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

RULES_IN_MATRIX = 14
FINE = 2 ** (1 / 16)  # from the lower edge of a bin of perplexity to its middle


@dataclass(frozen=True)
class Rule:
    """One reason: documents that cross it, and those that cross nothing else: its unique effect."""

    name: str
    documents: int
    alone: int


@dataclass(frozen=True)
class Overlap:
    """Two rules: documents that cross both, as a share of those that cross the rarer of the two."""

    one: str
    other: str
    documents: int
    share: float


@dataclass(frozen=True)
class Rules:
    """Rules by documents, most first; of the first few ``matrix`` holds the overlaps, row by row below the diagonal; ``pairs`` the largest."""

    rules: tuple[Rule, ...]
    matrix: tuple[tuple[Overlap, ...], ...]
    pairs: tuple[Overlap, ...]


def rules(profile: Sequence[Mapping[str, Any]], pairs: int = 12) -> Rules:
    """Which limits fire, alone and together."""
    found = sorted(
        (Rule(r["bin"], r["documents"], r["kept"]) for r in profile if r["what"] == "crossed"), key=lambda r: (-r.documents, r.name)
    )
    counts = {r.name: r.documents for r in found}
    both = {tuple(r["bin"].split("\t", 1)): r["documents"] for r in profile if r["what"] == "together"}

    def overlap(one: str, other: str) -> Overlap:
        n = both.get((one, other), both.get((other, one), 0))
        return Overlap(one, other, n, n / max(1, min(counts.get(one, 0), counts.get(other, 0))))

    names = [r.name for r in found[:RULES_IN_MATRIX]]
    matrix = tuple(tuple(overlap(name, other) for other in names[:i]) for i, name in enumerate(names))
    largest = sorted((overlap(*pair) for pair in both if len(pair) == 2), key=lambda o: (-o.documents, o.one, o.other))
    return Rules(tuple(found), matrix, tuple(largest[:pairs]))


@dataclass(frozen=True)
class Diversity:
    """Entropy in bits of languages, registered domains (within a shard) and lengths, at one point of the funnel."""

    step: str
    documents: int
    language: float
    domain: float
    length: float


def diversity(profile: Sequence[Mapping[str, Any]], steps: Sequence[str]) -> list[Diversity]:
    """Before anything was decided, and after each step that dropped something. Empty where it was not counted."""
    by = {what: [r for r in profile if r["what"] == what] for what in {r["what"] for r in profile}}
    found: list[Diversity] = []
    for step in steps:
        [of] = by.get(f"entropy_of:{step}", [None])
        if of is None:
            continue
        [bits] = by[f"entropy:{step}"]
        for side, name in (("documents", "extracted"), ("kept", step)):
            if (side == "documents" and found) or (side == "kept" and of["kept"] == of["documents"]):
                continue
            language, length = (entropy(r[side] for r in by.get(f"step:{step}:{what}", [])) for what in ("language", "text_chars"))
            found.append(Diversity(name, of[side], language, bits[side] / 1e6 / of[side] if of[side] else 0.0, length))
    return found


def entropy(counts: Iterable[int]) -> float:
    """Shannon entropy in bits; 0 of nothing."""
    n = [c for c in counts if c]
    return sum(-c / sum(n) * math.log2(c / sum(n)) for c in n) + 0.0


@dataclass(frozen=True)
class Spread:
    """Quartiles of the perplexity of one language's documents."""

    language: str
    documents: int
    kept: int
    low: float
    median: float
    high: float


def perplexity(profile: Sequence[Mapping[str, Any]]) -> list[Spread]:
    """By language, most documents first; empty where no perplexity was measured."""
    bins: dict[str, list[tuple[float, int, int]]] = {}
    for r in profile:
        what, _, language = r["what"].partition(":")
        if what == "perplexity":
            bins.setdefault(language, []).append((float(r["bin"]) * FINE, r["documents"], r["kept"]))
    found = []
    for language, entries in bins.items():
        entries.sort()
        n, kept = sum(e[1] for e in entries), sum(e[2] for e in entries)
        found.append(Spread(language, n, kept, *(_quantile(entries, n * q) for q in (0.25, 0.5, 0.75))))
    return sorted(found, key=lambda s: (-s.documents, s.language))


def _quantile(entries: Sequence[tuple[float, int, int]], rank: float) -> float:
    for value, n, _ in entries:
        rank -= n
        if rank <= 0:
            return value
    return entries[-1][0]


@dataclass(frozen=True)
class Document:
    """A document shown as an example. ``value`` and ``limit`` where its reason has numbers."""

    id: str
    url: str
    text: str
    value: float | None
    limit: float | None


def samples(profile: Sequence[Mapping[str, Any]], most: int = 3) -> dict[str, list[Document]]:
    """Reason (empty: kept) -> a few documents, drawn by their ids."""
    found: dict[str, list[tuple[str, Document]]] = {}
    for r in profile:
        what, _, reason = r["what"].partition(":")
        if what == "sample":
            facts = json.loads(r["bin"])
            document = Document(facts["id"], facts["url"], facts["text"], facts["value"], facts["limit"])
            found.setdefault(reason, []).append((facts["draw"], document))
    return {reason: [d for _, d in sorted(drawn, key=lambda x: x[0])[:most]] for reason, drawn in found.items()}
