"""Agreement: how far two annotators say the same, and how much one head tells about another.

Cohen's kappa (Cohen 1960) counts agreement beyond chance; of scores the one with quadratic weights (Cohen 1968), for which neighbours nearly agree. The standard error is
the simple one of Fleiss, Cohen and Everitt (1969). Normalised mutual information, 2 I(X;Y) / (H(X) + H(Y)), says of each pair of heads how far one is determined by the
other (Essential-Web): 1 for two names of one thing, 0 for heads that have nothing to do with each other.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pyarrow as pa

from winnow.tasks.labels.judged import Judgement, judgements

Item = tuple[str, int]
"""A document's id and the number of a line, -1 for the whole."""


@dataclass(frozen=True)
class Agreement:
    """Of one head and two annotators: what both have judged, the share in which they agree, that which chance would give, and kappa (NaN where chance alone
    would always agree). ``overlap`` is the share in which they have a label in common, second choices included."""

    head: str
    first: str
    second: str
    items: int
    observed: float
    expected: float
    kappa: float
    standard_error: float
    overlap: float
    weighted: bool

    def described(self) -> dict[str, Any]:
        """For JSON; what is not a number is null."""
        return {
            k: None if isinstance(v, float) and math.isnan(v) else round(v, 4) if isinstance(v, float) else v
            for k, v in self.__dict__.items()
        }


def agreements(tables: Iterable[pa.Table]) -> list[Agreement]:
    """Of every head, each pair of annotators. Rows that are not valid are left out, and heads of another digest are other heads."""
    given: dict[tuple[str, str], dict[str, dict[Item, Judgement]]] = defaultdict(lambda: defaultdict(dict))
    for table in tables:
        for row in judgements(table):
            if row.valid:
                given[row.head, row.head_digest][row.annotator][row.id, -1 if row.line is None else row.line] = row
    found = []
    for (head, _), by in sorted(given.items()):
        for first, second in combinations(sorted(by), 2):
            both = sorted(by[first].keys() & by[second].keys())
            if both:
                found.append(_agreement(head, first, second, [(by[first][i], by[second][i]) for i in both]))
    return found


def _agreement(head: str, first: str, second: str, pairs: Sequence[tuple[Judgement, Judgement]]) -> Agreement:
    scored = all(a.score is not None and b.score is not None for a, b in pairs)
    values = [(a.score, b.score) if scored else (a.label, b.label) for a, b in pairs]
    observed, expected, kappa, error = weighted_kappa(values) if scored else cohens_kappa(values)
    overlap = sum(bool({*a.labels} & {*b.labels}) or (scored and a.score == b.score) for a, b in pairs) / len(pairs)
    return Agreement(head, first, second, len(pairs), observed, expected, kappa, error, overlap, scored)


def cohens_kappa(pairs: Sequence[tuple[Any, Any]]) -> tuple[float, float, float, float]:
    """Observed agreement, that of chance, kappa and its standard error."""
    n = len(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    observed = sum(a == b for a, b in pairs) / n
    expected = sum(count * right[value] for value, count in left.items()) / n**2
    return observed, expected, *_beyond(observed, expected, n)


def weighted_kappa(pairs: Sequence[tuple[Any, Any]]) -> tuple[float, float, float, float]:
    """The same of numbers, where agreement is 1 - d²/D², d being the distance of two scores and D the greatest that there is."""
    n = len(pairs)
    values = {v for pair in pairs for v in pair}
    widest = (max(values) - min(values)) ** 2
    if not widest:
        return cohens_kappa(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    observed = 1 - sum((a - b) ** 2 for a, b in pairs) / n / widest
    expected = 1 - sum(x * y * (a - b) ** 2 for a, x in left.items() for b, y in right.items()) / n**2 / widest
    return observed, expected, *_beyond(observed, expected, n)


def _beyond(observed: float, expected: float, n: int) -> tuple[float, float]:
    if expected >= 1:
        return math.nan, math.nan
    kappa = (observed - expected) / (1 - expected)
    return kappa, math.sqrt(max(0.0, observed * (1 - observed)) / n) / (1 - expected)


def mutual_information(tables: Iterable[pa.Table]) -> dict[str, dict[str, dict[str, float]]]:
    """Of every annotator the matrix of normalised mutual information over heads, each pair over the items that have both."""
    given: dict[str, dict[str, dict[Item, str]]] = defaultdict(lambda: defaultdict(dict))
    for table in tables:
        for row in judgements(table):
            if row.valid:
                value = row.label if row.score is None else f"{row.score:g}"
                given[row.annotator][row.head][row.id, -1 if row.line is None else row.line] = str(value)
    return {
        annotator: {a: {b: round(_nmi(heads[a], heads[b]), 4) for b in sorted(heads)} for a in sorted(heads)}
        for annotator, heads in sorted(given.items())
        if len(heads) > 1
    }


def _nmi(left: Mapping[Item, str], right: Mapping[Item, str]) -> float:
    both = left.keys() & right.keys()
    pairs = Counter((left[i], right[i]) for i in sorted(both))
    n = pairs.total()
    if not n:
        return 0.0
    a, b = Counter[str](), Counter[str]()
    for (x, y), count in pairs.items():
        a[x] += count
        b[y] += count
    entropies = _entropy(a, n) + _entropy(b, n)
    if not entropies:
        return 0.0  # one value each: neither tells anything
    information = math.fsum(c / n * math.log(c * n / (a[x] * b[y])) for (x, y), c in sorted(pairs.items()))
    return min(1.0, max(0.0, 2 * information / entropies))


def _entropy(counts: Counter[str], n: int) -> float:
    return -math.fsum(c / n * math.log(c / n) for c in counts.values())
