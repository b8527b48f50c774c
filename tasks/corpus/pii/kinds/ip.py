"""Public IP addresses, version 4 and 6; not the networks that are written with the length of their prefix (``203.0.0.0/16``).

Only what could be somebody's machine is one: global unicast (RFC 6890; IPv6: 2000::/3, RFC 4291), neither private nor reserved. Dotted numbers
far more often count sections and versions: they stay where a word says so, where they begin a line as in headings, and where all four are
small, or two of them zero, and no word near by speaks of addresses. Array slices (``a[2001::10]``) and scopes of C++ and Perl (``DB::DB``) are no IPv6.
"""

import ipaddress
import re
from collections.abc import Iterator

from winnow.tasks.corpus.pii.kind import Kind, words

# Each begins with a set of characters and looks behind only after it: the search skips along the text instead of trying every place.
IPV4 = re.compile(
    r"\d(?<![A-Za-z0-9_.\-].)(?<![A-Za-z0-9]/.)(?<!:ffff:.)\d{0,2}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![A-Za-z0-9_]|\.\d|-\d{1,3}(?![\d.])|/(?:[1-9]|[12]\d|3[01])(?!\d))"
)
IPV6 = re.compile(
    r"[23](?<![A-Za-z0-9_:.].)(?<![A-Za-z0-9_\])]\[.)[0-9A-Fa-f]{3}:[0-9A-Fa-f:]{2,35}(?![A-Za-z0-9_:\-]|\.\d|/(?:\d\d?|1[01]\d|12[0-7])(?!\d))"
)
COUNTING = words(
    *r"sect(?:ions?|\.)? chapters? version ver\. v releases? rel\. builds? patch(?:es)? revision rev\. figures? fig\. tables? appendix clause parts? step".split(),
    *r"upgrad\w+ updat\w+ kernel firmware drivers? package sdk api plugin bios section(?:e|s)?".split(),
    *r"sezion[ei] capitol[oi] versione versión versão sección secciones secció capítol capítulo seção secção apartado abschnitt(?:e|s)? kapitel ausgabe".split(),
    *r"avsnitt kapitel utgåva afsnit seksjon hoofdstuk paragraaf versie chapitre partie rubrique rozdział(?:u|ach)? sekcja wersja wersji".split(),
    *r"kapitola sekce verze verzia fejezet szakasz verzió secțiunea capitolul versiunea bölüm sürüm luku osa versio jaotis peatükk".split(),
    *r"раздел[аеу]?х? глав[аеуы] верси[яию] пункт[аеу]? п\. розділ[іу]? версі[яії] глава ενότητα κεφάλαιο έκδοση bagian bab versi phần chương mục".split(),
)
COUNTING_UNSPACED = re.compile(
    r"(?:[§第版]|版本|章节?|小节|バージョン|セクション|章|節|버전|섹션|절|الإصدار|نسخه|अध्याय|संस्करण)[ \xa0:：]*\Z"
)
ADDRESSING = words(
    *r"ips? ipv[46] ip-?address\w* address\w* hosts? hostname servers? ping\w* dns nameservers? proxy proxies gateway router clients? from visitor".split(),
    *r"ban(?:ned)? block(?:ed)? user remote login logged ssh connect\w* inet subnet\w* network port whois traceroute resolver".split(),
    *r"adress\w* adres\w* dirección direcciones endereço indirizz[oi] adresse сервер\w* адрес\w* хост\w* айпи ип".split(),
)
ADDRESSING_UNSPACED = re.compile(r"IP|[Ii]p\b|地址|服务器|伺服器|位址|アドレス|サーバ|주소|서버|عنوان|पता")
WINDOW_CHARS = 28
SMALL = 30


def _ipv4(text: str) -> Iterator[tuple[int, int]]:
    for match in IPV4.finditer(text):
        value, start = match.group(), match.start()
        if _is_public(value) and not _is_numbering(text, start, match.end(), [int(part) for part in value.split(".")]):
            yield match.span()


def _is_public(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    if address.version == 6 and int(address) >> 125 != 1:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_numbering(text: str, start: int, end: int, parts: list[int]) -> bool:
    """Whether dotted numbers count sections or versions."""
    before = text[max(0, start - WINDOW_CHARS) : start]
    line = before[before.rfind("\n") + 1 :]
    says_address = ADDRESSING.search(line) or ADDRESSING_UNSPACED.search(line) or text[end : end + 1] == "/" or _has_port(text, end)
    last_word = line.replace("\xa0", " ").rstrip(" :=(\"'#-").rpartition(" ")[2]
    if COUNTING_UNSPACED.search(line) or COUNTING.search(last_word):
        return True
    if not line.strip(" \t#*") and max(parts) < 100 and (start == 0 or before != line or len(before) < WINDOW_CHARS):
        return True  # it begins a line, as headings do
    if max(parts) < SMALL or parts.count(0) > 1:
        return not says_address or bool(COUNTING.search(line))
    return bool(COUNTING.search(line)) and not says_address


def _has_port(text: str, end: int) -> bool:
    return text[end : end + 1] == ":" and text[end + 1 : end + 3].isdigit()


def _ipv6(text: str) -> Iterator[tuple[int, int]]:
    for match in IPV6.finditer(text):
        value = match.group()
        shortened = value.count("::") == 1
        if (shortened or value.count(":") == 7) and value.count(":") >= 3 and _is_public(value):
            yield match.span()


def _find(text: str) -> list[tuple[int, int]]:
    found = list(_ipv4(text)) if "." in text else []
    return sorted([*found, *_ipv6(text)]) if ":" in text else found


def _normal(value: str) -> str:
    return str(ipaddress.ip_address(value)) if _is_public(value) else value


def _stand_in(value: str, code: int) -> str:
    if ":" in value:
        return f"2001:db8::{code % 0xFFFF + 1:x}"
    return f"{('192.0.2', '198.51.100', '203.0.113')[code % 3]}.{code // 3 % 254 + 1}"


KIND = Kind("ip", "public IP addresses", _find, _normal, _stand_in, rank=60)
