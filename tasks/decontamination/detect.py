"""Finding items in a document: clusters of n-grams, proved and scored word by word."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import Match as Block
from difflib import SequenceMatcher
from typing import NamedTuple

import numpy as np

from winnow.tasks.decontamination.index import EvalIndex, Part, Table
from winnow.tasks.decontamination.words import Words, WordsOfTexts, formula

CHARS_AT_ONCE = 1 << 17
MARGIN_WORDS = 4
ANSWER_NEAR_WORDS = 50
LOOSE_WORDS = 2  # so few words, further from the rest of a match than they are many, are chance
PASSAGE_NEAR_WORDS = 100
PASSAGE_QUESTION_SHARE = 0.5
FORMULA_WORDS = 50  # a longer item is told by its words
FORMULA_SHARE = 0.9


class Hit(NamedTuple):
    """An item in a document: characters ``start`` to ``end`` match its ``part`` with ``score``; ``answer`` tells whether its answer is near.

    ``words`` are the places in the part whose words were found.
    """

    item: int
    part: str
    start: int
    end: int
    score: float
    answer: bool
    words: tuple[int, ...]


@dataclass(frozen=True)
class _Match:
    """A cluster after it was proved: words ``first`` to ``last`` (exclusive) of the text, and the places matched in the part."""

    part: Part
    first: int
    last: int
    matched: tuple[int, ...]
    score: float


def detect(text: str, index: EvalIndex) -> list[Hit]:
    """The items that a text holds, by their place; of hits on the same words the best, and those as good. Total."""
    return detect_all([text], index)[0]


def detect_all(texts: Sequence[str], index: EvalIndex) -> list[list[Hit]]:
    """The same of many texts, which is faster; a list per text."""
    return [hits for batch in _batches(texts) for hits in _detected_together(batch, index)]


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    """As many texts as the processor's cache can hold the words of, at least one."""
    batch: list[str] = []
    chars = 0
    for text in texts:
        if batch and chars + len(text) > CHARS_AT_ONCE:
            yield batch
            batch, chars = [], 0
        batch.append(text)
        chars += len(text)
    if batch:
        yield batch


def _detected_together(texts: Sequence[str], index: EvalIndex) -> list[list[Hit]]:
    spoken = WordsOfTexts(texts)
    rows: dict[int, list[list[int]]] = defaultdict(list)
    for table in index.tables:
        for text, *row in _clusters(spoken, table, index.mode.gap):
            rows[text].append(row)
    return [_detected(spoken.of(text), rows[text], index) if text in rows else [] for text in range(len(texts))]


def _detected(spoken: Words, rows: Iterable[Sequence[int]], index: EvalIndex) -> list[Hit]:
    matches = [match for row in rows if (match := _proved(spoken, row, index))]
    return _best([hit for match in matches if (hit := _judged(spoken, match, matches, index))])


def _clusters(spoken: WordsOfTexts, table: Table, gap: int) -> list[list[int]]:
    from winnow.tasks.decontamination.word_kernels import candidates

    found = np.empty((256, 7), np.int64)
    while True:
        tables = (table.keys, table.slots, table.bits, table.offsets, table.parts, table.places, table.gates)
        rows = int(candidates(spoken.hashes, spoken.borders, table.n, gap, *tables, found, table.seen, table.state))
        if rows >= 0:
            return [list(map(int, row)) for row in found[:rows]]
        found = np.empty((-rows, 7), np.int64)


def _proved(spoken: Words, row: Sequence[int], index: EvalIndex) -> _Match | None:
    """Words are compared as words: no hit rests on a hash."""
    number, first_d, last_d, first_q, last_q, _ = row
    part = index.parts[number]
    n = min(index.mode.ngram, len(part.spelled))
    before, after = first_q, len(part.spelled) - last_q - n
    first = max(0, first_d - before - before // 5 - MARGIN_WORDS)
    last = min(len(spoken), last_d + n + after + after // 5 + MARGIN_WORDS)
    mine = spoken.spelled[first:last]
    blocks = [b for b in SequenceMatcher(None, mine, part.spelled, autojunk=False).get_matching_blocks() if b.size]
    while len(blocks) > 1 and _is_loose(blocks[0], blocks[1]):
        blocks.pop(0)
    while len(blocks) > 1 and _is_loose(blocks[-1], blocks[-2]):
        blocks.pop()
    if not blocks or max(b.size for b in blocks) < n:
        return None
    matched = tuple(i for b in blocks for i in range(b.b, b.b + b.size))
    begin, stop = first + blocks[0].a, first + blocks[-1].a + blocks[-1].size
    return _Match(part, begin, stop, matched, _score(spoken, part, begin, stop, matched, [b.size for b in blocks], index))


def _is_loose(outer: Block, inner: Block) -> bool:
    """Whether the outermost words of a match are like the item's by chance."""
    left, right = (outer, inner) if outer.a < inner.a else (inner, outer)
    distance = max(right.a - left.a - left.size, right.b - left.b - left.size)
    return outer.size <= LOOSE_WORDS and distance > outer.size


def _score(spoken: Words, part: Part, begin: int, stop: int, matched: Sequence[int], sizes: Sequence[int], index: EvalIndex) -> float:
    measure, n = index.mode.measure, min(index.mode.ngram, len(part.spelled))
    if measure == "any":
        return 1.0
    if measure == "jaccard":
        mine, theirs = set(_grams(spoken.spelled[begin:stop], n)), set(_grams(list(part.spelled), n))
        return len(mine & theirs) / len(mine | theirs)
    if measure == "covered":
        return sum(size for size in sizes if size >= n) / len(part.spelled)
    return float(part.weights[list(matched)].sum())


def _grams(spelled: Sequence[str], n: int) -> list[tuple[str, ...]]:
    return [tuple(spelled[i : i + n]) for i in range(len(spelled) - n + 1)]


def _judged(spoken: Words, match: _Match, others: Sequence[_Match], index: EvalIndex) -> Hit | None:
    """The hit that a match is, if it is one."""
    mode, part = index.mode, match.part
    answer = index.answers[part.item]
    near = _is_near(answer, spoken, match.first, match.last)
    if part.kind == "passage" and not _is_asked(spoken, match, others, near):
        return None  # a passage alone is what was quoted, not the item
    if match.score < mode.threshold(part.length) - 1e-9:
        return None
    if part.kind == "question" and part.length < mode.alone_words and not near:
        told = any(o.part.item == part.item and o.part.kind == "passage" and _gap(o, match) <= PASSAGE_NEAR_WORDS for o in others)
        if answer and not told:
            return None
    start, end = int(spoken.starts[match.first]), int(spoken.ends[match.last - 1])
    if part.formula and part.length < FORMULA_WORDS and not _same_formulas(spoken.text[start:end], index, part):
        return None
    return Hit(part.item, part.kind, start, end, round(min(1.0, match.score), 4), near, match.matched)


def _is_near(answer: Sequence[str], spoken: Words, first: int, last: int) -> bool:
    if not answer:
        return False
    window = max(ANSWER_NEAR_WORDS, 2 * len(answer))
    for begin, stop in ((last, last + window), (first - window, first)):
        place = spoken.spelled[max(0, begin) : max(0, stop)]
        if any(tuple(place[i : i + len(answer)]) == tuple(answer) for i in range(len(place) - len(answer) + 1)):
            return True
    return False


def _is_asked(spoken: Words, match: _Match, others: Sequence[_Match], near: bool) -> bool:
    """Whether the question, or the answer, stands near a passage."""
    return near or any(
        o.part.item == match.part.item
        and o.part.kind == "question"
        and o.score >= PASSAGE_QUESTION_SHARE
        and _gap(o, match) <= PASSAGE_NEAR_WORDS
        for o in others
    )


def _gap(a: _Match, b: _Match) -> int:
    return max(0, max(a.first, b.first) - min(a.last, b.last))


def _same_formulas(text: str, index: EvalIndex, part: Part) -> bool:
    """Whether the operators of a short item with formulas are the text's. Some may be missing, as punctuation is; others in their place are another item."""
    theirs, mine = ([s for s in formula(side) if not s.isalnum()] for side in (getattr(index.items[part.item], part.kind), text))
    if _is_within(mine, theirs) or _is_within(theirs, mine):
        return True
    return SequenceMatcher(None, mine, theirs, autojunk=False).ratio() >= FORMULA_SHARE


def _is_within(few: Sequence[str], many: Sequence[str]) -> bool:
    """Whether the symbols stand among the others in this order."""
    rest = iter(many)
    return all(symbol in rest for symbol in few)


def _best(hits: list[Hit]) -> list[Hit]:
    """Without hits whose place another item has with a higher score."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (-h.score, h.start - h.end, h.start, h.item)):
        rivals = [k for k in kept if k.start < hit.end and hit.start < k.end and k.item != hit.item]
        same = any(k.item == hit.item and k.start <= hit.start and hit.end <= k.end for k in kept)
        if not same and all(k.score == hit.score and (k.start, k.end) == (hit.start, hit.end) for k in rivals):
            kept.append(hit)
    return sorted(kept, key=lambda h: (h.start, h.end, h.item))
