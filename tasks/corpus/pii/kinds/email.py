"""E-mail addresses, plain and as people hide them from robots (``name [at] firm [dot] com``).

The last label must be a top-level domain of the Public Suffix List (the snapshot inside tldextract, no download), so ``logo@2x.png`` and
``react@18.2`` are none. ``git@host`` is an account of a program, not of a person. A domain stuck to the next word (``firm.comPhone``) ends
where its top-level domain does, if the next word begins with a capital or with another script.
"""

import re
from collections.abc import Iterator
from functools import cache

import tldextract

from winnow.tasks.corpus.pii.kind import Kind

# Latin letters with diacritics count (`müller@firma.de`); scripts that are written without spaces around an address do not.
LATIN = r"A-Za-z0-9\u00c0-\u024f\u1e00-\u1eff"
LABEL = rf"[{LATIN}](?:[{LATIN}-]{{0,61}}[{LATIN}])?"
LOCAL = rf"[{LATIN}_.%+'-]"
# The bounded repetitions keep the search linear on any input: it begins at the sign, and looks back at most 64 characters.
PLAIN = re.compile(rf"@((?:{LABEL}\.){{1,8}})(xn--[a-z0-9-]{{2,59}}|[A-Za-z]{{2,24}})")
BEFORE = re.compile(rf"{LOCAL}{{1,64}}\Z")
CYRILLIC = re.compile(
    r"(?<![\w.%+-])[\w.%+-]{1,64}@((?:[\u0400-\u04ff0-9](?:[\u0400-\u04ff0-9-]{0,61}[\u0400-\u04ff0-9])?\.){1,8})([\u0400-\u04ff]{2,24})(?![\w-])"
)
HIDING = re.compile(r"[\[({<] ?(?:at|@) ?[\])}>]", re.IGNORECASE)
BEFORE_HIDDEN = re.compile(rf"(?<![{LATIN}_.%+-])[{LATIN}_.%+-]{{1,64}}[ ]?\Z")
HIDDEN = re.compile(
    rf"(?<![{LATIN}_.%+-])[{LATIN}_.%+-]{{1,64}}[ ]?{HIDING.pattern}[ ]?"
    rf"((?:{LABEL}(?:[ ]?[\[({{<] ?(?:dot|\.) ?[\])}}>][ ]?| dot |\.)){{1,8}})([A-Za-z]{{2,24}})(?![{LATIN}@-])",
    re.IGNORECASE,
)
SPELLED = re.compile(
    rf"(?<![{LATIN}_.%+-])[{LATIN}_.%+-]{{1,64}} at ((?:{LABEL} dot ){{1,4}})([A-Za-z]{{2,24}})(?![{LATIN}@-])", re.IGNORECASE
)
SPACED = re.compile(rf"(?<![{LATIN}_.%+@-])[{LATIN}_.%+-]{{1,64}} @ ((?:{LABEL}\.){{1,4}})([A-Za-z]{{2,24}})(?![{LATIN}@-])")
# Of the words that are top-level domains too (at, in, is, party), none.
SPELLED_DOMAINS = frozenset("com org net edu gov mil info de uk fr nl es ch ca au br ru pl jp cz eu".split())
MAIL_WORD = re.compile(r"(?:e-?mail|mail|contact|kontakt|correo|courriel|почта)[^\w\n]{0,4}\Z", re.IGNORECASE)
RESERVED = re.compile(r"example\.(?:com|org|net)\Z", re.IGNORECASE)
PROGRAMS = frozenset(("git", "hg", "svn"))
FILE_SCALE = re.compile(r"\d(?:\.\d)?x\.", re.IGNORECASE)  # logo@2x.zip
SURROUNDINGS = re.compile(r"[ \[\](){}<>]")
NOT_DOMAIN = re.compile(r"[ \[\](){}<>]|\bdot\b")


@cache
def top_level_domains() -> frozenset[str]:
    """Every top-level domain of the snapshot of the Public Suffix List that tldextract ships."""
    suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None).tlds
    return frozenset(suffix.rpartition(".")[2].casefold() for suffix in suffixes)


def _domain_end(match: re.Match[str]) -> int | None:
    """Where the domain of a match ends: after its last label that is a top-level domain; None if no label is."""
    last = match.group(2)
    if last.casefold() in top_level_domains() or last[:4].casefold() == "xn--":
        return match.end()
    for length in range(len(last) - 1, 1, -1):  # comPhone
        if last[length].isupper() and last[length - 1].islower() and last[:length] in top_level_domains():
            return match.start(2) + length
    at = match.end(1) - 1
    labels = match.group(1)[:-1].split(".")
    for i in range(len(labels) - 1, 0, -1):  # firm.org.Next
        if labels[i].casefold() in top_level_domains():
            return at
        at -= len(labels[i]) + 1
    return None


def _plain(text: str) -> Iterator[tuple[int, int]]:
    at = text.find("@")
    while at >= 0:
        following = text.find("@", at + 1)
        if match := PLAIN.match(text, at):
            before = BEFORE.search(text, max(0, at - 65), at)
            end = _domain_end(match)
            if before and end is not None and not (text[end : end + 1] in ("-", "_") and text[end + 1 : end + 2].isalnum()):
                local = before.group().lstrip(".'%+-")
                start = at - len(local)
                around = text[start - 1 : start] if start else ""
                if (
                    local
                    and len(local) <= 64
                    and around not in ("@", "/")
                    and not local.endswith(".")
                    and local.casefold() not in PROGRAMS
                    and not FILE_SCALE.match(text, at + 1)
                    and not RESERVED.search(text[at + 1 : end])
                    and text[end : end + 1] != "@"
                ):
                    yield start, end
        at = following


def _spaced(text: str) -> Iterator[tuple[int, int]]:
    """``info @ firm.de``, where a word before says that it is an address."""
    for match in SPACED.finditer(text):
        if MAIL_WORD.search(text, max(0, match.start() - 16), match.start()):
            yield match.span()


def _find(text: str) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    if "@" in text:
        found += _plain(text)
        if " @ " in text:
            found += (span for span in _spaced(text))
        found += (m.span() for m in CYRILLIC.finditer(text) if m.group(2).casefold() in top_level_domains())
    hidden = []
    for sign in HIDING.finditer(text):
        local = BEFORE_HIDDEN.search(text, max(0, sign.start() - 66), sign.start())
        if local and (match := HIDDEN.match(text, local.start(), sign.end() + 512)):
            hidden.append(match)
    if " dot " in text:
        hidden += (m for m in SPELLED.finditer(text) if m.group(2).casefold() in SPELLED_DOMAINS and m.group(1)[:4].casefold() != "the ")
    for match in hidden:
        domain = NOT_DOMAIN.sub("", match.group(1).casefold().replace(" dot ", ".")) + match.group(2).casefold()
        if match.group(2).casefold() in top_level_domains() and not RESERVED.search(domain):
            found.append(match.span())
    found.sort()
    apart: list[tuple[int, int]] = []
    for start, end in found:
        if not apart or start >= apart[-1][1]:
            apart.append((start, end))
    return apart


def _normal(value: str) -> str:
    value = value.casefold()
    if "@" not in value:
        value = re.sub(r"\bdot\b", ".", re.sub(r"\bat\b", "@", value, count=1))
    return SURROUNDINGS.sub("", value)


def _stand_in(value: str, code: int) -> str:
    return f"user{code % 100_000:05d}@example.{('com', 'org', 'net')[code // 100_000 % 3]}"


KIND = Kind("email", "e-mail addresses", _find, _normal, _stand_in, rank=20, libraries=("tldextract",))
