"""Personal data in texts: e-mail addresses, public IP addresses, telephone numbers, each replaced by a value that stands for nobody.

A replacement is a function of the value replaced and of nothing else, so equal addresses stay equal and the output never depends on the order
of documents (datatrove's PII block takes turns, see docs/design.md). Replacements are reserved for documentation (RFC 2606, 5737, 3849; the
fictional numbers 555-01xx) and are not themselves replaced, so redacting twice is redacting once. Precision goes before recall: a number is
a telephone number only with a country code, an area code in brackets, the shape of a North American number, or a word that says so.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

import xxhash

KINDS = ("email", "ip", "phone")
MAX_PASSES = 8

# The bounded repetitions keep the search linear on any input.
EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])")
STAND_IN = re.compile(r"@example\.(?:com|org|net)$", re.IGNORECASE)
IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
NUMBERED = re.compile(
    r"(?:section|sect?\.|chapter|version|ver\.|release|figure|fig\.|table|appendix|clause|part|build|§|\bv)[ \xa0]?$", re.IGNORECASE
)
IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:]{4,39}(?![\w:-]|\.\d)")
DIGITS = r"\d(?:[ .\-/]?\d){5,13}"
# Each pattern begins with a set of characters, and looks behind only after it: the search skips along the text instead of trying every place.
NOT_INSIDE, NOT_BEFORE = r"(?<![\w+.,/-].)", r"(?![\w@-]|[.,]\d|:[\w:])"
PHONE = re.compile(
    rf"[+(2-9]{NOT_INSIDE}(?:"
    rf"(?<=\+)[1-9]\d{{0,2}}[ .\-]?(?:\(\d{{1,4}}\)[ .\-]?)?{DIGITS}"  # +49 30 1234567, +44 (20) 7946 0958
    rf"|(?<=\()\d{{2,5}}\)[ .\-]?\d(?:[ .\-]?\d){{4,9}}"  # (030) 1234567
    rf"|(?<=[2-9])\d{{2}}([ .\-])[2-9]\d{{2}}\1\d{{4}}"  # 212-555-1234
    rf"){NOT_BEFORE}"
)
NAMED_PHONE = re.compile(
    rf"[tTfFpPmM](?<![^\W\d_].)(?:el(?:ephone|efon)?|ax|hone|obile?)[.:]{{0,2}}[ \u00a0](?:\(0\)|\(\d{{2,5}}\)|0)?[ ]?{DIGITS}{NOT_BEFORE}",
    re.IGNORECASE,
)


class Redacted(NamedTuple):
    """``counts`` maps a kind to the values replaced, without zeros."""

    text: str
    counts: dict[str, int]


def redact(text: str, kinds: Sequence[str]) -> Redacted:
    """Replace what is found of ``kinds``. Total, idempotent, and near linear on any input."""
    counts: Counter[str] = Counter()

    def replacing(kind: str, stand_in: Callable[[str], str | None]) -> Callable[[re.Match[str]], str]:
        def replace(match: re.Match[str]) -> str:
            new = None if kind == "ip" and _is_numbering(match) else stand_in(match.group())
            if new is None:
                return match.group()
            counts[kind] += 1
            return new

        return replace

    for _ in range(MAX_PASSES):  # a replacement can complete an address with what stands around it
        before = text
        if "email" in kinds and "@" in text:
            text = EMAIL.sub(replacing("email", _email), text)
        if "ip" in kinds:
            if "." in text:
                text = IPV4.sub(replacing("ip", _ipv4), text)
            if ":" in text:
                text = IPV6.sub(replacing("ip", _ipv6), text)
        if "phone" in kinds:
            text = PHONE.sub(replacing("phone", _phone), text)
            text = NAMED_PHONE.sub(replacing("phone", _phone), text)
        if text == before:
            break
    return Redacted(text, dict(counts))


def _number(value: str) -> int:
    return int(xxhash.xxh3_64_intdigest(value.encode("utf-8", "surrogatepass")))


def _email(value: str) -> str | None:
    if STAND_IN.search(value):
        return None
    n = _number(value.lower())
    return f"user{n % 100_000:05d}@example.{('com', 'org', 'net')[n // 100_000 % 3]}"


def _is_numbering(match: re.Match[str]) -> bool:
    """Whether dotted numbers count sections or versions: a word before says so, or they are small and begin a line as in headings."""
    before = match.string[max(0, match.start() - 20) : match.start()]
    return bool(NUMBERED.search(before)) or (
        (not before or before.rstrip(" \t#*").endswith("\n"))
        and all(part.isdigit() and int(part) < 100 for part in match.group().split("."))
    )


def _ipv4(value: str) -> str | None:
    try:
        if not ipaddress.IPv4Address(value).is_global:
            return None
    except ValueError:
        return None
    n = _number(value)
    return f"{('192.0.2', '198.51.100', '203.0.113')[n % 3]}.{n // 3 % 254 + 1}"


def _ipv6(value: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(value)
    except ValueError:
        return None
    return f"2001:db8::{_number(str(address)) % 0xFFFF + 1:x}" if address.is_global else None


def _phone(value: str) -> str | None:
    lead = re.match(r"[^\d+(]*", value).group()  # type: ignore[union-attr]
    digits = sum(c.isdigit() for c in value)
    if not 7 <= digits <= 15 or re.fullmatch(r"555-01\d\d", value[len(lead) :]):
        return None
    return f"{lead}555-01{_number(''.join(c for c in value if c.isdigit())) % 100:02d}"
