"""Text as cc_net hands it to its language models (Wenzek et al. 2020, and the published code of text_normalizer and perplexity).

The rules are cc_net's, effects that look unintended included: line breaks are control characters and are deleted, so words fuse across lines.
``spaced=True`` is the same but for that. Its cut-offs between head, middle and tail are here too.
"""

import csv
import unicodedata
from functools import cache
from importlib.resources import files

PUNCTUATION = dict(
    zip("，。、„”“«»」「《》´∶：？！（）；–’～━〈〉【】％►", ',.,"""""""""\'::?!();-\'~-<>[]%-', strict=True),
    **{"１": '"', "—": " - ", "．": ". ", "…": "..."},
)
"""What stands for what. cc_net lists the full-width 1 as a quotation mark; digits become 0 before that, so it has no effect."""


class _Characters(dict[int, str]):
    """Each character of a decomposed, lower-case text as it comes out."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = unicodedata.category(char)
        if kind == "Mn" or code < 32 or 127 <= code < 160:
            out = ""
        elif kind == "Nd":
            out = "0"
        else:
            out = PUNCTUATION.get(char, char)
        self[code] = out
        return out


_characters = _Characters()


def normalise(text: str, *, spaced: bool = False) -> str:
    """Lower case, no accents, digits as 0, plain punctuation, no control characters. ``spaced``: white space between words stays, as spaces."""
    text = " ".join(text.split()) if spaced else text.strip()
    text = text.lower()
    return (text if text.isascii() else unicodedata.normalize("NFD", text)).translate(_characters)


def content(text: str, *, title: bool = False) -> str:
    """A document as cc_net reads it: lines stripped, blank ones left out. ``title``: without the first, which in WET files is the title."""
    lines = [s for line in text.split("\n") if (s := line.strip())]
    return "\n".join(lines[1:] if title else lines)


@cache
def cutoffs() -> dict[str, tuple[float, float]]:
    """language -> (head below, tail from): the 30th and 60th percentiles that cc_net published for its own models."""
    with (files("winnow.tasks.models.ngram") / "cc_net_cutoffs.csv").open(encoding="utf-8") as f:
        return {row["language"]: (float(row["head_below"]), float(row["tail_from"])) for row in csv.DictReader(f)}
