"""Payment cards: the number of an issuer (ISO/IEC 7812), Luhn's check digit, and a word near by that says it is a card.

One number in ten passes Luhn's test, so without the word an order number would be one.
"""

import re
from collections.abc import Iterator

from stdnum import luhn

from winnow.tasks.corpus.pii.kind import Kind, around, compact, words

NUMBER = re.compile(
    r"[2-6]\d{3}(?<![A-Za-z0-9_.,\-].{4})(?:[ \xa0-]?\d){7,15}(?![A-Za-z0-9_]|[.,-]\d)|1800(?<![A-Za-z0-9_.,\-].{4})\d{11}(?!\d)"
)
ISSUER = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11,16}"
    r"|6(?:011|5\d\d|4[4-9]\d|22\d)\d{12,15}|62\d{14,17}|35\d{14}|(?:2131|1800)\d{11}|(?:50|5[6-9]|6\d)\d{10,17}"
)
CARD = words(
    r"(?:credit|debit|bank|payment)?\s?cards?",
    "cc",
    "visa",
    "master ?card",
    "amex",
    "american express",
    "maestro",
    "diners",
    "discover",
    "jcb",
    "unionpay",
    "pan",
    r"tarjetas?",
    r"cart(?:e|ão|a)",
    r"cartes?",
    r"(?:kredit|debit|bank)?karten?(?:nummer)?",
    r"karta|karty|kartę",
    r"kort(?:nummer)?",
    r"kortti\w*",
    r"kártya\w*",
    r"kart[ıi]?\w*",
    "κάρτα",
    r"карт[аыуеой]+",
    r"thẻ",
    "cvv",
    "cvc",
)
CARD_UNSPACED = re.compile(r"信用卡|银行卡|銀行卡|卡号|卡號|カード|카드|بطاقة|کارت|כרטיס|कार्ड|บัตร")


def _find(text: str) -> Iterator[tuple[int, int]]:
    for match in NUMBER.finditer(text):
        digits = compact(match.group())
        if ISSUER.fullmatch(digits) and luhn.is_valid(digits) and len(set(digits)) > 1:
            near = around(text, *match.span())
            if CARD.search(near) or CARD_UNSPACED.search(near):
                yield match.span()


KIND = Kind("card", "payment cards", _find, compact, rank=32, libraries=("python-stdnum",))
