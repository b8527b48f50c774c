"""Insight: what the tallies of a run say of its rules together, of diversity and of perplexity. Counts in, plain values out; how they look is said
in ``tasks/report/sections/``."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from winnow.tasks.report.tallies import Bin, LimitCount, Tallies

RULES_IN_MATRIX = 14
FINE = 2 ** (1 / 16)  # from the lower edge of a bin of perplexity to its middle


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

    rules: tuple[LimitCount, ...]
    matrix: tuple[tuple[Overlap, ...], ...]
    pairs: tuple[Overlap, ...]


def rules(tallies: Tallies, pairs: int = 12) -> Rules:
    """Which limits fire, alone and together."""
    counts = {r.reason: r.documents for r in tallies.limits}
    both = {frozenset((o.one, o.other)): o.documents for o in tallies.overlaps}

    def overlap(one: str, other: str, documents: int) -> Overlap:
        return Overlap(one, other, documents, documents / max(1, min(counts.get(one, 0), counts.get(other, 0))))

    names = [r.reason for r in tallies.limits[:RULES_IN_MATRIX]]
    matrix = tuple(
        tuple(overlap(name, other, both.get(frozenset((name, other)), 0)) for other in names[:i]) for i, name in enumerate(names)
    )
    return Rules(tallies.limits, matrix, tuple(overlap(o.one, o.other, o.documents) for o in tallies.overlaps[:pairs]))


@dataclass(frozen=True)
class Diversity:
    """Entropy in bits of languages, registered domains (within a shard) and lengths, at one point of the funnel."""

    step: str
    documents: int
    language: float
    domain: float
    length: float


def diversity(tallies: Tallies) -> list[Diversity]:
    """Before anything was decided, and after each step that dropped something. Empty where it was not counted."""
    found: list[Diversity] = []
    for step in tallies.steps:
        if not found:
            languages, lengths = ([c.documents for c in counted] for counted in (step.languages, step.lengths))
            found.append(Diversity("extracted", step.documents, entropy(languages), step.domain_bits, entropy(lengths)))
        if step.kept < step.documents:
            languages, lengths = ([c.kept for c in counted] for counted in (step.languages, step.lengths))
            found.append(Diversity(step.step, step.kept, entropy(languages), step.domain_bits_kept, entropy(lengths)))
    return found


def entropy(counts: Iterable[int]) -> float:
    """Shannon entropy in bits; 0 of nothing."""
    n = sorted(c for c in counts if c)
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


def perplexity(tallies: Tallies) -> list[Spread]:
    """By language, most documents first; empty where no perplexity was measured."""
    found = []
    for language, bins in tallies.perplexity.items():
        n, kept = sum(b.documents for b in bins), sum(b.kept for b in bins)
        found.append(Spread(language, n, kept, *(_quantile(bins, n * q) for q in (0.25, 0.5, 0.75))))
    return sorted(found, key=lambda s: (-s.documents, s.language))


def _quantile(bins: Sequence[Bin], rank: float) -> float:
    value = 0.0
    for b in bins:
        value = (b.lower_edge or 0.0) * FINE
        rank -= b.documents
        if rank <= 0:
            break
    return value
