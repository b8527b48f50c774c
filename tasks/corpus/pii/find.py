"""Finding personal data in a text, and replacing it.

A replacement is a function of the value replaced and of a key, and of nothing else: equal addresses stay equal, and the output never depends on
the order of documents (datatrove's PII block takes turns, see docs/design.md). Redacting twice is redacting once: what stands for an address is
reserved for documentation (RFC 2606, 5737, 3849; the fictional numbers 555-01xx) or a typed token, and is not found again.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from winnow.tasks.corpus.pii.kind import Span
from winnow.tasks.corpus.pii.registry import kinds

MAX_PASSES = 8


class Redacted(NamedTuple):
    """``counts`` maps a kind to the values replaced, without zeros; ``spans`` are where they stood in the input, from left to right."""

    text: str
    counts: dict[str, int]
    spans: tuple[Span, ...]


def find(text: str, names: Sequence[str]) -> list[Span]:
    """Spans of the kinds named, from left to right, none overlapping another. Total, and near linear on any input."""
    found: list[Span] = []
    for rank, name in enumerate(n for n in kinds() if n in names):
        spans = [Span(start, end, name) for start, end in kinds()[name].find(text)]
        found = _apart(found, spans) if rank and spans else found or spans
    return found


def redact(text: str, names: Sequence[str], key: bytes = b"") -> Redacted:
    """Replace what is found of the kinds ``names``; with another ``key`` of up to 64 bytes the replacements are others. Total and idempotent."""
    spans = find(text, names)
    if not spans:
        return Redacted(text, {}, ())
    for _ in range(MAX_PASSES):  # a replacement can complete an address with what stands around it
        result, places = _replaced(text, spans, key)
        more = [_in_input(span, spans, places) for span in find(result, names)]
        if not more:
            break
        spans = _united(spans, more)
    result, _ = _replaced(text, spans, key)
    return Redacted(result, dict(sorted(Counter(span.kind for span in spans).items())), tuple(spans))


def code_of(normal: str, kind: str, key: bytes) -> int:
    """The number that stands for a value: a keyed hash of its normal form, 64 bits."""
    hashed = hashlib.blake2b(normal.encode("utf-8", "surrogatepass"), digest_size=8, key=key, person=kind.encode()[:16])
    return int.from_bytes(hashed.digest(), "big")


def _replaced(text: str, spans: Iterable[Span], key: bytes) -> tuple[str, list[tuple[int, int]]]:
    """The text with spans replaced, and where each replacement stands in it."""
    pieces: list[str] = []
    places = []
    done = length = 0
    for start, end, name in spans:
        kind, value = kinds()[name], text[start:end]
        new = kind.replacement(value, code_of(kind.normal(value), name, key))
        length += start - done
        places.append((length, length + len(new)))
        length += len(new)
        pieces += [text[done:start], new]
        done = end
    return "".join([*pieces, text[done:]]), places


def _in_input(found: Span, spans: Sequence[Span], places: Sequence[tuple[int, int]]) -> Span:
    """A span of the replaced text as one of the input; a replacement that it touches belongs to it whole."""
    start, end = found.start, found.end
    first = next((i for i, (_, stop) in enumerate(places) if stop > start), len(places))
    last = next((i for i in range(len(places) - 1, -1, -1) if places[i][0] < end), -1)
    shift_start = spans[first - 1].end - places[first - 1][1] if first else 0
    shift_end = spans[last].end - places[last][1] if last >= 0 else 0
    begins = spans[first].start if first < len(places) and places[first][0] <= start else start + shift_start
    stops = spans[last].end if last >= 0 and places[last][1] >= end else end + shift_end
    return Span(begins, stops, found.kind)


def _apart(kept: list[Span], others: Iterable[Span]) -> list[Span]:
    """Both, without those of ``others`` that overlap one kept."""
    result = list(kept)
    i = 0
    for span in others:
        while i < len(kept) and kept[i].end <= span.start:
            i += 1
        if i == len(kept) or kept[i].start >= span.end:
            result.append(span)
    return sorted(result)


def _united(spans: Iterable[Span], more: Iterable[Span]) -> list[Span]:
    """Both; those that overlap become one, of the kind that was found first."""
    result: list[Span] = []
    for span in sorted([*spans, *more], key=lambda s: (s.start, s.end)):
        if result and span.start < result[-1].end:
            last = result[-1]
            result[-1] = Span(last.start, max(last.end, span.end), last.kind)
        else:
            result.append(span)
    return result
