"""OpenWebMath's last filters: URLs that it throws out, LibreTexts pages of other subjects, accented letters, length (Paster et al. 2023, section 3.5,
and ``filtering/filter_dataset.py`` of its code).

Two differences from the code: three of its URL strings are one there, for want of commas (/authors/, /serials/, read.dukeupress.edu), and so never
met; and formulas are those that our extraction writes, not what stands between dollar signs.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import ClassVar

from winnow.tasks.engine.identity import stable
from winnow.tasks.extract.math.delimiters import split
from winnow.tasks.signals.filter import Filter, Signal, Value
from winnow.tasks.signals.filters.mathematics import DELIMITERS
from winnow.tasks.signals.text import Document

SOURCE = "Paster et al. 2023 (OpenWebMath), 3.5"
ACCENTED = re.compile("[üïöêäâîûôèéàÜÏÖÊÄÂÎÛÔÈÉÀ]")
LIBRETEXTS = "libretexts"
LIBRETEXTS_OF_MATHEMATICS = ("math", "phys", "stats")


@stable("filter/openwebmath")
@dataclass(frozen=True)
class OpenWebMath(Filter):
    """What its published code asks of a page besides MathScore and perplexity."""

    signals: ClassVar = (
        Signal("openwebmath_url_listed", "bool", "yes/no", "the URL holds a string of OpenWebMath's list, or is that of a search", SOURCE),
        Signal(
            "openwebmath_libretexts_without_formula", "bool", "yes/no", "a LibreTexts page of another subject without a formula", SOURCE
        ),
        Signal("openwebmath_accented_char_share", "float", "share", "the letters ü ï ö ê ä â î û ô è é à, among all characters", SOURCE),
        Signal("openwebmath_char_count", "int", "characters", "length of the text", SOURCE),
    )

    def measure(self, doc: Document) -> dict[str, Value]:
        text, url = doc.text, doc.url
        search = "/search" in url and "//search" not in url
        other = LIBRETEXTS in url and not any(subject in url for subject in LIBRETEXTS_OF_MATHEMATICS)
        return {
            "openwebmath_url_listed": search or listed().search(url) is not None,
            "openwebmath_libretexts_without_formula": other and all(_is_number(part) for part in split(text, DELIMITERS)),
            "openwebmath_accented_char_share": len(ACCENTED.findall(text)) / max(1, len(text)),
            "openwebmath_char_count": len(text),
        }


def _is_number(part: object) -> bool:
    """Text, or the formula in which LibreTexts writes the number of a figure or an example."""
    return isinstance(part, str) or getattr(part, "latex", "").startswith("\\PageIndex")


@cache
def listed() -> re.Pattern[str]:
    """The strings of the list, any of which may stand anywhere in a URL."""
    lines = (files("winnow.tasks.signals.filters") / "data" / "openwebmath_urls.txt").read_text(encoding="utf-8").splitlines()
    return re.compile("|".join(re.escape(line) for line in lines if line and not line.startswith("#")))
