"""National bank account numbers, by their check digits and a word near by that says what they are. The international ones are ``iban.py``."""

import re
from collections.abc import Iterator

from stdnum.ar import cbu
from stdnum.cz import bankaccount
from stdnum.es import ccc
from stdnum.no import kontonr
from stdnum.nz import bankaccount as nz_bankaccount

from winnow.tasks.corpus.pii.kind import Kind, around, compact, words

NUMBER = re.compile(r"\d{2,6}(?<![A-Za-z0-9_.,+\-/].{2})(?:[ \xa0.\-/]?\d{1,12}){1,6}(?![A-Za-z0-9_]|[.,-]\d)")
SCHEMES = (
    (ccc, frozenset((20,)), words("ccc", r"cuenta\w*", "conta bancaria", "compte")),
    (cbu, frozenset((22,)), words("cbu", r"cuenta\w*")),
    (kontonr, frozenset((11,)), words("kontonummer", r"konto(?:nr)?\.?", "bankkonto")),
    (nz_bankaccount, frozenset((15, 16)), words("bank account", "account number", "account no")),
    (bankaccount, frozenset(range(6, 21)), words("číslo účtu", "bankovní spojení", r"č\. ?ú\.?")),
)


def _find(text: str) -> Iterator[tuple[int, int]]:
    for match in NUMBER.finditer(text):
        value = match.group()
        digits = sum(map(str.isdigit, value))
        fitting = [(scheme, word) for scheme, lengths, word in SCHEMES if digits in lengths]
        if fitting and len(set(compact(value))) > 3:
            near = around(text, *match.span())
            if any(word.search(near) and scheme.is_valid(value if scheme is bankaccount else compact(value)) for scheme, word in fitting):
                yield match.span()


KIND = Kind("bank_account", "national bank account numbers", _find, compact, rank=34, libraries=("python-stdnum",))
