"""Telephone and fax numbers, checked against the numbering plans of all countries (Google's libphonenumber, the package phonenumbers).

A candidate is a run of 7 to 15 digits. It is a number if it has a country code (``+49 30 1234567``), if a word before or after it says so, or if
it is written as only telephone numbers are: the North American shape, or an area code in brackets or with its trunk prefix. The plan then has
to know the number: of the country that its code names, of North America, or of a country where it is written so. Dates, times, prices, ISBN,
ranges of years and coordinates are left alone, and so are the fictional numbers 555-01xx.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers

from winnow.tasks.corpus.pii.kind import Kind, words

DASH = r"\-\u2010-\u2013"
RUN = re.compile(rf"[+(\d](?<![A-Za-z0-9_].)(?:[\d() \xa0{DASH}/+]|\.(?![ \xa0])){{5,64}}")
APART = re.compile(rf"[ \xa0]{{2,}}|[ \xa0]?/[ \xa0]?|[ \xa0](?=[+(])|(?<=\d)(?=\+)|[ \xa0][{DASH}][ \xa0]")
EXTENSION = re.compile(r"[ \xa0,]{0,2}(?:x|ext\.?|extension|#)[ \xa0.:]{0,2}\d{1,5}(?![A-Za-z0-9])", re.IGNORECASE)
LABEL = words(
    r"t[eé]l(?:[eéè]?[fp]h?[oó]n[oaei]?s?|s)?\.?",
    r"tel(?:efon)?(?:nummer|szám|nr|ní)\.?",
    r"(?:tele)?fax(?:e|nummer|szám)?",
    "faks",
    "fono",
    "fone",
    "fon",
    r"(?:tele)?ph(?:one)?s?\.?",
    r"cell(?:ular|phone)?",
    r"celular(?:e|es)?",
    "cel",
    r"mob(?:iles?|iel|il|iltelefon)?\.?",
    "m[oó]vil",
    "handy(?:nummer)?",
    "gsm",
    "whats ?app",
    "viber",
    "hotline",
    "helpline",
    "toll[ -]?free",
    "freephone",
    "landline",
    "pager",
    "sms",
    r"(?:contact|tele?ph\w*) n(?:umber|o|r)\.?",
    r"tlf\.?",
    r"tfno?\.?",
    "tf",
    r"puh(?:elin)?\.?",
    "tālr",
    "rufnummer",
    "durchwahl",
    r"тел\.?",
    r"телефон\w*",
    r"факс\w*",
    r"моб\.?",
    "мобильный",
    r"τηλ\.?",
    "τηλέφωνο",
    "φαξ",
    r"κιν\.?",
    "sđt",
    "đt",
    "điện thoại",
)
HINT = words(
    r"call\w*",
    "dial",
    "ring",
    "switchboard",
    "office",
    "desk",
    "main",
    "direct",
    "voice",
    "reservations?",
    "contact",
    "text",
    "answering",
    "anrufen",
    "ruf",
    r"appel\w*",
    r"ll[aá]m\w*",
    "ligue",
    r"chiam\w*",
    "bel",
    "bellen",
    r"z?adzwoń",
    "volat",
    "arayın",
    "portable",
    "emergency",
    "enquiries",
    "international",
    r"т\.",
    r"звон\w+",
)
LETTER_LABEL = re.compile(
    r"(?:(?<![A-Za-z0-9.\u00c0-\u024f\u1e00-\u1eff])[TPFMCtpfm][.:)]|(?:\A|[\n|•·,;(])[ \xa0]?[TPFMtpfm][ \xa0])[ \xa0\n]{0,2}\Z"
)
UNSPACED_LABEL = re.compile(
    "电话|電話|手机|手機|传真|傳真|热线|熱線|联系方式|座机|携帯|ファックス|ファクス|전화|팩스|휴대폰|هاتف|تليفون|فاكس|تلفن|تماس|טלפון|טל|פקס|โทร|फोन|फ़ोन|दूरभाष|मोबाइल|ফোন"
)
LABEL_AFTER = re.compile(
    rf"[ \xa0]?[{DASH},(\[|]?[ \xa0]?(?:fax|tel|phone|office|mobile|cell|toll[ -]?free|direct|voice|tty|tdd|international|local)\b(?![ \xa0]?[.:]|[ \xa0]*[\d(+])",
    re.IGNORECASE,
)
OTHER_NUMBER = words(
    *r"isbn(?:-1[03])? issn doi ean upc sku asin part art\. order invoice account acct serial model item ref id zip iban swift vat hrb patent rfc pmid gtin lot".split(),
    *r"pages? pp? years? born version passport licen[cs]e ticket tracking case docket tax konto\w* kunden\w* artikel\w* bestell\w* rechnung\w* инн огрн кпп бик".split(),
    *r"revision commit bug cve hash md5 code codes? population coordinates latitude longitude lat lon utm grid".split(),
)
DATE = re.compile(
    r"(?<!\d)(?:(?:1[0-9]|20)\d\d[-./][01]?\d[-./][0-3]?\d|(?:[0-3]?\d[-./][01]?\d|[01]?\d[-./][0-3]?\d)[-./](?:\d{4}|\d{2})"
    rf"|(?:1[0-9]|20)\d\d ?[{DASH}/] ?(?:1[0-9]|20)\d\d|\((?:1[0-9]|20)\d\d\))(?![-./]?\d)"
)
NANP = re.compile(
    rf"(?:1[ .{DASH}]{{0,2}}|\(1\)[ ]?)?(?:\([2-9]\d\d\)[ .{DASH}]{{0,3}}[2-9]\d\d[ .{DASH}]?|[2-9]\d\d[ .{DASH}/]{{1,3}}[2-9]\d\d[ .{DASH}])\d{{4}}"
)
ZIP = re.compile(r"\d{5}-\d{4}")
COUNTED = re.compile(r"\d{1,3}(?:[ .]000)+|(?:\d[ .,-]){4,}\d|\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?\Z")  # 10 000 000; pages 1 2 3 4 5; a network
AMOUNT = re.compile(r"\d{1,3}(?:[. \xa0]\d{3})+\Z")
TRUNK = re.compile(rf"(?:\(0\d{{1,5}}\)[ ]?[{DASH}/]?[ ]?|0\d{{1,5}}[ .{DASH}/]+)\d[\d .{DASH}/]+")
SERVICE = re.compile(rf"1[389]00[ {DASH}]\d{{3}}[ {DASH}]?\d{{3,4}}")
FICTIONAL = re.compile(r"(?:\A|\D)555-01\d\d\Z")
# Countries whose numbers are written with the trunk prefix 0, and those whose numbers a label announces.
TRUNK_REGIONS = tuple("GB DE FR AU NL JP CN IN CH AT BE SE NZ ZA TR UA IE KR TW ID IL FI VN TH MY EG".split())
LABELLED_REGIONS = ("US", *TRUNK_REGIONS, *"ES IT PL PT DK NO CZ RU BR GR HU RO SG HK MX SK BG AR CL CO".split())
SERVICE_REGIONS = ("AU", "IN", "MY", "NZ", "PH")
WINDOW_CHARS = 32
ANNOUNCED_CHARS = 9  # between a label and its number: ". (Zentrale)" is longer, ": +" is not
MIN_DIGITS, MAX_DIGITS = 7, 15


def _find(text: str) -> Iterator[tuple[int, int]]:
    last = -1
    for run in RUN.finditer(text):
        for start, end in _pieces(text, run.start(), run.end()):
            follows = 0 < start - last <= 6 and not any(c.isalnum() for c in text[last:start].replace("or", "").replace("and", ""))
            if _is_phone(text, start, end, follows and last > 0):
                if extension := EXTENSION.match(text, end):
                    end = extension.end()
                yield start, end
                last = end


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The numbers in a run: it is cut where people separate numbers, if what is left and right of the cut is long enough to be one."""
    cuts = [start]
    for gap in APART.finditer(text, start, end):
        if _digits(text[cuts[-1] : gap.start()]) >= MIN_DIGITS and _digits(text[gap.end() : end]) >= MIN_DIGITS:
            cuts.append(gap.end())
    for begin, stop in zip(cuts, [*cuts[1:], end], strict=True):
        piece = text[begin:stop].rstrip(" \xa0.-\u2010\u2011\u2012\u2013/+(")
        lead = len(piece) - len(piece.lstrip(" \xa0.-\u2010\u2011\u2012\u2013/)"))
        piece = piece[lead:]
        if piece.count("(") < piece.count(")"):  # "1234567)" of a bracket that began before
            piece = piece[: piece.rindex(")")].rstrip(" \xa0")
        if piece.count("(") > piece.count(")"):
            opened = piece.rindex("(")
            piece, lead = (piece[1:], lead + 1) if opened == 0 else (piece[:opened].rstrip(" \xa0.-"), lead)
        if MIN_DIGITS <= _digits(piece) <= MAX_DIGITS + 3:
            yield begin + lead, begin + lead + len(piece)


def _digits(value: str) -> int:
    return sum(map(str.isdigit, value))


def _is_phone(text: str, start: int, end: int, follows: bool) -> bool:
    value = text[start:end]
    before, after = text[max(0, start - WINDOW_CHARS) : start], text[end : end + 16]
    if _is_inside(before, after) or DATE.search(value.lstrip("(")) or COUNTED.match(value) or FICTIONAL.search(value):
        return False
    if "+" in value[:2]:
        announced = follows or _label(before, after) > 1
        return _digits(value) <= MAX_DIGITS and (_is_valid(value, ("ZZ",)) or (announced and _digits(value) >= 8 and _has_country(value)))
    label = 2 if follows else _label(before, after)
    if label < 2 and OTHER_NUMBER.search(before, max(0, len(before) - 20)):
        return False
    if label > 1:
        return _digits(value) <= MAX_DIGITS
    if NANP.fullmatch(value):
        return _is_valid(value, ("US",))
    if TRUNK.fullmatch(value) and not ZIP.fullmatch(value):
        return 9 <= _digits(value) <= 12 and _is_valid(value, TRUNK_REGIONS)
    if SERVICE.fullmatch(value):
        return _is_valid(value, SERVICE_REGIONS)
    return (
        label > 0
        and not AMOUNT.match(value)
        and _digits(value) >= 8
        and len(re.findall(r"\d+", value)) > 1
        and _is_valid(value, LABELLED_REGIONS)
    )


def _is_inside(before: str, after: str) -> bool:
    """Whether a candidate is part of something longer: a price, a time, a path, a decimal number, an address of a site."""
    last, following = before[-1:], after[:1]
    if last and (last in "@#$€£¥%&=_/\\" or (last.isascii() and last.isalnum()) or (last in ".,:-+" and before[-2:-1].isdigit())):
        return True
    if last == "-" and before[-2:-1].isalnum():
        return True
    if following in ("@", "_", "%", "°", "′", "=") and following:
        return True
    if following.isascii() and following.isalnum() and not EXTENSION.match(after):
        return True
    return following in (".", ",", ":", "-", "/") and bool(following) and after[1:2].isdigit()


def _label(before: str, after: str) -> int:
    """2: a label announces the number; 1: a word near by says that there is one; 0: nothing does."""
    above, _, line = before.rpartition("\n")
    if not line.strip() and above:  # the label stands on the line above
        line = above.rpartition("\n")[2]
    if LETTER_LABEL.search(before) or UNSPACED_LABEL.search(line):
        return 2
    if found := list(LABEL.finditer(line)):
        return 2 if len(line) - found[-1].end() <= ANNOUNCED_CHARS else 1
    return 2 if LABEL_AFTER.match(after) else 1 if HINT.search(line) else 0


@lru_cache(1 << 14)
def _is_valid(value: str, regions: tuple[str, ...]) -> bool:
    """Whether the numbering plan of one of the regions has this number (``ZZ``: of the country that its code names;
    ``US``: of North America)."""
    value = value.replace("(0)", "").replace("+ ", "+") if "+" in value[:2] else value
    for region in regions:
        try:
            number = phonenumbers.parse(value.lstrip("("), region if region != "ZZ" else None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number) if region in ("ZZ", "US") else phonenumbers.is_valid_number_for_region(number, region):
            return True
    return False


def _has_country(value: str) -> bool:
    try:
        phonenumbers.parse(value.lstrip("("), None)
    except phonenumbers.NumberParseException:
        return False
    return True


def _normal(value: str) -> str:
    return "".join(c for c in value if c.isdigit())


def _stand_in(value: str, code: int) -> str:
    return f"555-01{code % 100:02d}"


KIND = Kind("phone", "telephone and fax numbers", _find, _normal, _stand_in, rank=70, libraries=("phonenumbers",))
