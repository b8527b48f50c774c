"""International bank account numbers (ISO 13616): a country's own length and shape, and two check digits modulo 97.

One string in 97 of the right shape passes by chance, and the shape begins with a country's letters, so no word near by is needed.
"""

import re
from collections.abc import Iterator

from stdnum import iban

from winnow.tasks.corpus.pii.kind import Kind, compact

# It begins at the check digits and looks back for the country: a search that begins at letters stops at every word.
NUMBER = re.compile(
    r"\d{2}(?<=(?<![A-Za-z0-9_])[A-Za-z]{2}\d{2})(?:[ \xa0-]?[A-Za-z0-9]{2,4}){2,7}[ \xa0-]?[A-Za-z0-9]{1,4}(?![A-Za-z0-9])"
)
SHORTEST, LONGEST = 15, 34


def _find(text: str) -> Iterator[tuple[int, int]]:
    for match in NUMBER.finditer(text):
        begin = match.start() - 2
        value = text[begin : match.end()]
        while len(compact(value)) >= SHORTEST:  # the pattern may have taken the next word along
            if len(compact(value)) <= LONGEST and sum(map(str.isdigit, value)) >= 8 and iban.is_valid(compact(value), check_country=False):
                yield begin, begin + len(value)
                break
            shorter = re.sub(r"[ \xa0-][A-Za-z0-9]+\Z", "", value)
            if shorter == value:
                break
            value = shorter


KIND = Kind("iban", "international bank account numbers", _find, compact, rank=30, libraries=("python-stdnum",))
