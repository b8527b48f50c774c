"""The rules by which a document counts as contaminated: Winnow's own and published ones, by name.

Published rules were made for their authors' tokens; here all count words (``words.py``), which is said in docs/decontamination.md.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from winnow.tasks.engine.errors import BadInput

Measure = Literal["weighted", "covered", "jaccard", "any"]


def _winnow(words: float) -> float:
    """Whole for eight words, .7 of twenty-five, .6 of sixty and more."""
    if words <= 25:
        return min(1.0, 1.0 - 0.3 * (words - 8) / 17)
    return max(0.6, 0.7 - 0.1 * (words - 25) / 35)


def _decon(words: float) -> float:
    """A perfect match to twenty words, .8 from fifty, exponentially between."""
    if words <= 20:
        return 1.0
    return 0.8 if words >= 50 else 1.0 - 0.2 * (1 - math.exp(-3 * (words - 20) / 30)) / (1 - math.exp(-3))


@dataclass(frozen=True)
class Mode:
    """``measure`` is what a part's score is: the share of its words that the text has in order, each ``weighted`` by how few items share it, or plainly
    ``covered``; the ``jaccard`` of n-grams of item and matched text; or ``any`` n-gram. It must reach ``threshold`` of the part's length in words.
    ``gap`` words may stand between matching n-grams.

    A question of fewer than ``alone_words`` counts only with its answer near, where it has one. ``cut_chars`` are cut on both sides of a hit when hits
    are cut; a document that would be cut into more than ``most_pieces`` goes. ``common_items`` is how many items may share an n-gram that counts.
    """

    name: str
    about: str
    ngram: int = 5
    measure: Measure = "weighted"
    threshold: Callable[[float], float] = _winnow
    gap: int = 11
    alone_words: float = 12
    cut_chars: int = 0
    most_pieces: int = 0
    common_items: int = 64
    parts: tuple[str, ...] = ("question", "passage", "answer")


MODES = {
    mode.name: mode
    for mode in (
        Mode("winnow", "Chains of 5-grams with gaps, weighted by how few items share a word, and thresholds that fall with length."),
        Mode(
            "gpt-3",
            "Any common 13-gram; 200 characters around it are cut, and documents cut into more than ten pieces go (Brown et al. 2020, appendix C).",
            ngram=13,
            measure="any",
            gap=0,
            alone_words=0,
            cut_chars=200,
            most_pieces=10,
            common_items=10,
            parts=("question",),
        ),
        Mode(
            "llama-3",
            "The share of an item's words inside common 8-grams; the paper sets a threshold per benchmark, here .7 (Llama Team 2024, section 5.1.4).",
            ngram=8,
            measure="covered",
            threshold=lambda words: 0.7,
            gap=24,
            alone_words=0,
            common_items=1 << 30,
            parts=("question",),
        ),
        Mode(
            "decon",
            "5-grams with up to 11 misses, weighted by rarity; .8 from 50 words, a perfect match up to 20; short questions with the answer near (allenai/decon).",
            threshold=_decon,
            alone_words=20,
        ),
        Mode(
            "mathcoder2",
            "An exact match, or common 13-grams whose Jaccard similarity is above .6 (Lu et al. 2024, section 2.1).",
            ngram=13,
            measure="jaccard",
            threshold=lambda words: 0.6,
            gap=26,
            alone_words=0,
            common_items=1 << 30,
            parts=("question",),
        ),
    )
}


def mode(name: str) -> Mode:
    """A mode by its name. Raises BadInput."""
    if name not in MODES:
        raise BadInput(f"There is no mode of decontamination {name!r}. There are {', '.join(MODES)}.")
    return MODES[name]
