"""Serial numbers of devices: MAC addresses and IMEI (Luhn's check digit), where a word near by says what they are."""

import re
from collections.abc import Iterator

from stdnum import luhn

from winnow.tasks.corpus.pii.kind import Kind, around, compact, words

MAC = re.compile(r"([:-])(?<=(?<![A-Za-z0-9:.\-])[0-9A-Fa-f]{2}.)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![A-Za-z0-9:.\-])")
MAC_WORD = words("mac", "hwaddr", "ether(?:net)?", "physical address", r"hardware(?: address)?", "bluetooth", "bssid", "lladdr")
IMEI = re.compile(r"(?<![A-Za-z0-9_.,\-])\d{2}[ -]?\d{6}[ -]?\d{6}[ -]?\d(?![A-Za-z0-9_]|[.,-]\d)")
IMEI_WORD = words("imei")


def _find(text: str) -> Iterator[tuple[int, int]]:
    found = []
    if ":" in text or "-" in text:
        spans = [(m.start() - 2, m.end()) for m in MAC.finditer(text)]
        found += [s for s in spans if MAC_WORD.search(around(text, *s)) and _is_one_card(compact(text[slice(*s)]))]
    if "imei" in text or "IMEI" in text:
        found += [m.span() for m in IMEI.finditer(text) if IMEI_WORD.search(around(text, *m.span())) and luhn.is_valid(compact(m.group()))]
    yield from sorted(found)


def _is_one_card(value: str) -> bool:
    return len(set(value)) > 2 and not int(value[:2], 16) & 1  # neither all zeros or ones, nor an address of a group


KIND = Kind("device", "serial numbers of devices (MAC, IMEI)", _find, compact, rank=38, libraries=("python-stdnum",))
