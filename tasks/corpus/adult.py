"""Adult: whether a page that a report would show may be pornographic. The report hides such examples until a reader asks for them.

It decides what is *shown*, never what is kept, so it may err on the side of hiding. Evidence is, first, what the recipe measured about the URL
(the blocklists and word lists of Penedo et al. 2023, appendix G.1) and, second, the same word lists looked up in the URL and in the text. The
lists are English; a page in another language is found by its URL, its host or its loanwords only.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from winnow.tasks.signals.filters.url import banned_words

LEAST: Mapping[str, float] = {
    "url_blocked_domain": 1,
    "url_blocked_page": 1,
    "url_hard_word_count": 1,
    "url_soft_word_count": 2,
    "url_has_banned_subword": 1,
}
"""Signal -> the value from which it counts as evidence, as the recipe ``fineweb`` limits it."""
TEXT_CHARS = 20_000
DISTINCT_HARD_WORDS, DISTINCT_WORDS = 2, 3
NOT_ALNUM = re.compile(r"[^a-z0-9]+")


@cache
def _subwords() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(banned_words("banned_subwords")))))


def may_be_adult(url: str, text: str, signals: Mapping[str, Any]) -> bool:
    """Whether to hide this page in a report. ``signals`` are its measured values; only those in ``LEAST`` are looked at."""
    if any(float(signals.get(name) or 0) >= least for name, least in LEAST.items()):
        return True
    hard, soft = banned_words("banned_words"), banned_words("soft_banned_words")
    words = set(NOT_ALNUM.split(url.lower()))
    if words & hard or len(words & soft) >= LEAST["url_soft_word_count"] or _subwords().search("".join(NOT_ALNUM.split(url.lower()))):
        return True
    words = set(NOT_ALNUM.split(text[:TEXT_CHARS].lower()))
    return len(words & hard) >= DISTINCT_HARD_WORDS or len(words & (hard | soft)) >= DISTINCT_WORDS
