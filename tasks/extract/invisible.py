"""Characters that nobody sees and that no script needs: they leave a text once, when it is extracted.

A soft hyphen within a word, or a byte order mark before one, makes it another word for search, word lists, deduplication and tokenizers
(Unicode Standard, 23.2 and 23.8).
"""

import re

# Soft hyphen, zero-width space, word joiner and its invisible kin, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060-\u2064\ufeff]+")
# Thai, Lao, Tibetan, Myanmar, Khmer, Tai scripts and Javanese are written without spaces: a zero-width space may part their words.
_NO_SPACES = re.compile("[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u1950-\u19df\u1a20-\u1aaf\ua980-\ua9df\uaa60-\uaadf]")
_ZERO_WIDTH_SPACE = "\u200b"


def without_invisible(text: str) -> str:
    """The text without characters that show nothing. Between two letters of a script that has no spaces a zero-width space stays. Joiners stay:
    Persian, the scripts of India and emoji need them."""
    return text if text.isascii() or not _INVISIBLE.search(text) else _INVISIBLE.sub(_replacement, text)


def _replacement(found: re.Match[str]) -> str:
    text, begin, end = found.string, found.start(), found.end()
    if _ZERO_WIDTH_SPACE in found[0] and _NO_SPACES.match(text, max(0, begin - 1)) and begin and _NO_SPACES.match(text, end):
        return _ZERO_WIDTH_SPACE
    return ""
