"""Adult: whether a page that a report would show may be pornographic. The report hides such examples until a reader asks for them.

It decides what is *shown*, never what is kept, so it errs on the side of hiding: a page of a clinic may be hidden too. Evidence is what the recipe
measured about the URL (the blocklists and word lists of Penedo et al. 2023, appendix G.1), those English word lists looked up in the URL and in the
text, and the beginnings of the plainest words of other languages.
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
DISTINCT_HARD_WORDS, DISTINCT_WORDS, STEMS_IN_TEXT = 2, 3, 3
NOT_ALNUM = re.compile(r"[^a-z0-9]+")
STEMS = re.compile(
    r"(?<!\w)(?:porn|xxx|hentai|seks(?!t)|sexo|sexe|sesso|szex|sexgeschicht|sexkontakt|sexvideo|sexfilm|erotik|erotyk|erótic|erotiq|anal(?:n[eyao]|sex|e)?(?!\w)|"
    r"oralsex|порно|секс(?!т)|эроти|еротик|πορν|σεξ(?!τ)|سكس|إباحي|سکس|پورن|סקס|פורנו|सेक्स|पोर्न)"
    r"|色情|成人电影|成人影片|成人視頻|做爱|做愛|性交|エロ動画|エロ漫画|ポルノ|アダルト動画|セックス|섹스|야동|포르노|หนังโป๊|เซ็กส์"
)
"""Beginnings of words (whole words in scripts without spaces). Not ``sex`` alone: it is a number in Swedish and a field of every form."""


@cache
def _subwords() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(banned_words("banned_subwords")))))


def may_be_adult(url: str, text: str, signals: Mapping[str, Any]) -> bool:
    """Whether to hide this page in a report. ``signals`` are its measured values; only those in ``LEAST`` are looked at."""
    if any(float(signals.get(name) or 0) >= least for name, least in LEAST.items()):
        return True
    hard, soft = banned_words("banned_words"), banned_words("soft_banned_words")
    address = url.lower()
    words = set(NOT_ALNUM.split(address))
    if words & hard or len(words & soft) >= LEAST["url_soft_word_count"] or STEMS.search(address.replace("_", " ")):
        return True
    if _subwords().search("".join(NOT_ALNUM.split(address))):
        return True
    start = text[:TEXT_CHARS].lower()
    words = set(NOT_ALNUM.split(start))
    if len(words & hard) >= DISTINCT_HARD_WORDS or len(words & (hard | soft)) >= DISTINCT_WORDS:
        return True
    return sum(1 for _ in STEMS.finditer(start)) >= STEMS_IN_TEXT
