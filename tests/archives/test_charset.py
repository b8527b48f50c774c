"""Charsets: declarations are believed where the bytes allow it, everything decodes, and labelled legacy files come out right."""

import codecs
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shared import DATA
from winnow.tasks.archives.charset import codec_of, decode

LABELLED = DATA / "labels" / "encoding.tar.xz"

RUSSIAN = "Урожай собран до начала дождя, и мельница работает день и ночь, как это было при наших отцах. " * 4
JAPANESE = "雨が降り始める前に収穫が終わり、水車小屋では昼も夜も粉をひいていました。" * 4
GREEK = "Ο μύλος δουλεύει μέρα και νύχτα, όπως έκαναν πάντα οι πατέρες μας στο χωριό. " * 4
POLISH = "Młyn pracuje dzień i noc, jak było za naszych ojców, zażółć gęślą jaźń, świeżo. " * 4
CHINESE = "磨坊位于下游河畔，由两兄弟建造，头三个冬天都睡在水车房的地板上。" * 4
ARABIC = "بنيت الطاحونة على النهر السفلي قبل زمن طويل، وهي تعمل ليلا ونهارا كما كانت. " * 4
GERMAN = "Die Mühle läuft Tag und Nacht, wie es schon unsere Väter gewöhnt waren. " * 4

CASES = {
    "declared by the server": (RUSSIAN, "windows-1251", "text/html; charset=windows-1251", b"", "cp1251", "http"),
    "declared by the page": (RUSSIAN, "koi8-r", "text/html", b"<meta charset='koi8-r'>", "koi8-r", "meta"),
    "declared as in old pages": (
        JAPANESE,
        "shift_jis",
        "text/html",
        b'<meta http-equiv="Content-Type" content="text/html; charset=Shift_JIS">',
        "cp932",
        "meta",
    ),
    "declared utf-8 and not": (RUSSIAN, "windows-1251", "text/html; charset=utf-8", b"", "cp1251", "detected"),
    "declared latin-1 and utf-8": (GERMAN, "utf-8", "text/html; charset=iso-8859-1", b"", "utf-8", "utf-8"),
    "latin-1 is read as browsers do": ("“" + GERMAN, "windows-1252", "text/html; charset=ISO-8859-1", b"", "cp1252", "http"),
    "nothing said": (JAPANESE, "euc-jp", "", b"", "euc_jp", "detected"),
    "nonsense said": (GERMAN, "utf-8", "text/html; charset=nonsense-8", b"", "utf-8", "utf-8"),
    "a mark beats all": (GERMAN, "utf-16", "text/html; charset=iso-8859-1", b"", "utf-16-le", "bom"),
    "wide without a mark": ("<html>" + GERMAN, "utf-16-be", "", b"", "utf-16-be", "detected"),
    "a comment declares nothing": (
        RUSSIAN,
        "windows-1251",
        "text/html",
        b"<!-- <meta charset=koi8-r> --><meta charset=windows-1251>",
        "cp1251",
        "meta",
    ),
    "an open comment neither": (
        RUSSIAN,
        "windows-1251",
        "text/html",
        b"<meta charset=windows-1251><!-- <meta charset=koi8-r>",
        "cp1251",
        "meta",
    ),
    "a script declares nothing": (
        RUSSIAN,
        "koi8-r",
        "text/html",
        b"<script>w('<meta charset=big5>')</script><meta charset=koi8-r>",
        "koi8-r",
        "meta",
    ),
    "a description declares nothing": (
        GERMAN,
        "windows-1252",
        "text/html",
        b"<meta name=description content='what charset=koi8-r is'><meta charset=windows-1252>",
        "cp1252",
        "meta",
    ),
    "an attribute for content": (
        GERMAN,
        "windows-1252",
        "",
        b"<meta http-equiv=content-type value='text/html; charset=iso-8859-1'>",
        "cp1252",
        "meta",
    ),
    "a server's default Latin-1, Cyrillic": (
        RUSSIAN,
        "windows-1251",
        "text/html; charset=ISO-8859-1",
        b"<meta charset=windows-1251>",
        "cp1251",
        "meta",
    ),
    "a server's default Latin-1, Greek": (
        GREEK,
        "iso-8859-7",
        "text/html; charset=ISO-8859-1",
        b"<meta charset=iso-8859-7>",
        "iso8859-7",
        "meta",
    ),
    "a server's default Latin-1, Polish": (
        POLISH,
        "iso-8859-2",
        "text/html; charset=ISO-8859-1",
        b"<meta charset=iso-8859-2>",
        "iso8859-2",
        "meta",
    ),
    "a server's default Latin-1, Japanese": (JAPANESE, "euc-jp", "text/html; charset=latin1", b"<meta charset=euc-jp>", "euc_jp", "meta"),
    "Latin-1 everywhere and Cyrillic": (
        RUSSIAN,
        "windows-1251",
        "text/html; charset=ISO-8859-1",
        b"<meta charset=iso-8859-1>",
        "cp1251",
        "detected",
    ),
    "the page is wrong": (GERMAN, "windows-1252", "text/html; charset=ISO-8859-1", b"<meta charset=windows-1251>", "cp1252", "http"),
    "the server is wrong": (RUSSIAN, "koi8-r", "text/html; charset=windows-1251", b"<meta charset=koi8-r>", "koi8-r", "meta"),
    "the server is right": (RUSSIAN, "windows-1251", "text/html; charset=windows-1251", b"<meta charset=koi8-r>", "cp1251", "http"),
    "wide without a mark, Cyrillic": (RUSSIAN, "utf-16-le", "", b"", "utf-16-le", "detected"),
    "wide without a mark, big end first": (RUSSIAN, "utf-16-be", "text/html", b"", "utf-16-be", "detected"),
    "wide without a mark, Chinese with markup": ("<p>" + CHINESE, "utf-16-le", "text/html", b"", "utf-16-le", "detected"),
    "wide, declared, no zero at all": (CHINESE, "utf-16-be", "text/plain; charset=utf-16", b"", "utf-16-be", "http"),
    "wide, declared, Arabic": (ARABIC, "utf-16-le", "text/plain; charset=utf-16le", b"", "utf-16-le", "detected"),
    "four bytes each": (RUSSIAN, "utf-32-le", "", b"", "utf-32-le", "detected"),
    "said to be wide and is not": (GERMAN, "windows-1252", "text/html; charset=utf-16", b"<p>", "cp1252", "detected"),
    "escapes in ASCII": (JAPANESE, "iso-2022-jp", "text/html; charset=iso-2022-jp", b"", "iso2022_jp", "http"),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case):
    text, written, header, meta, encoding, evidence = CASES[case]
    found = decode(meta + text.encode(written), header)
    assert found.text.endswith(text)
    assert codecs.lookup(found.encoding) == codecs.lookup(encoding)
    assert found.evidence == evidence


TURKISH = "Değirmen gece gündüz çalışıyor, tıpkı babalarımızın zamanında olduğu gibi. " * 4


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (POLISH, "windows-1250"),
        (POLISH, "iso-8859-2"),
        (TURKISH, "windows-1254"),
        (TURKISH, "iso-8859-9"),
        (GREEK, "iso-8859-7"),
        (JAPANESE, "iso-2022-jp"),
    ],
)
@pytest.mark.parametrize("default", ["ISO-8859-1", "windows-1252", "latin1"])
def test_what_a_page_says_of_itself_comes_before_a_servers_default(text, encoding, default):
    payload = f"<meta charset='{encoding}'><p>{text}".encode(encoding)
    found = decode(payload, f"text/html; charset={default}")
    assert found.text.endswith(text)
    assert found.evidence == "meta"


def test_a_page_that_is_wrong_about_itself_is_not_believed():
    payload = "<meta charset=windows-1251><p>Le moulin fut bâti près de l'écluse, où l'eau était très élevée. ".encode("windows-1252")
    assert "bâti près" in decode(payload, "text/html; charset=iso-8859-1").text


@pytest.mark.parametrize(
    "content_type", ["text/html", "text/html; charset=utf-8", "text/html; charset=windows-1251", "text/html; charset=iso-8859-1"]
)
@pytest.mark.parametrize("text", [RUSSIAN, JAPANESE, GREEK, ARABIC, GERMAN])
def test_a_broken_part_of_a_page_in_utf8_does_not_change_the_encoding(text, content_type):
    found = decode(b"<p>caf\xe9 du monde</p><p>" + text.encode(), content_type)
    assert found.encoding == "utf-8"
    assert found.text.endswith(text)


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "iso-8859-5"])
def test_other_encodings_are_not_nearly_utf8(encoding):
    assert decode(RUSSIAN.encode(encoding), "text/html; charset=utf-8").encoding != "utf-8"


def test_one_wrong_byte_does_not_change_the_encoding():
    page = (GERMAN * 20).encode()
    broken = page[:700] + b"\xff" + page[700:]
    assert decode(broken, "text/html; charset=utf-8").encoding == "utf-8"
    assert decode(page[:-1] if page[-1] > 127 else "ü".encode()[:1] + page, "text/html; charset=utf-8").encoding == "utf-8"


@given(st.binary(max_size=300), st.text(max_size=40))
def test_total(payload, header):
    found = decode(payload, header)
    assert found.text.encode("utf-8", "strict") is not None
    codecs.lookup(found.encoding)


@pytest.mark.parametrize("label", ["rot13", "base64", "hex", "zlib", "undefined", "", "utf-8" * 20, "\x00"])
def test_only_text_encodings_count(label):
    assert codec_of(label) == ""


@pytest.mark.data
@pytest.mark.skipif(not LABELLED.exists(), reason="the shared data is absent")
def test_labelled_legacy_files():
    """Right means: the text that the label gives, or more (cp932 for Shift_JIS, gb18030 for GB2312 know characters that the label lacks)."""
    right = total = 0
    with tarfile.open(LABELLED) as tar:
        files = {m.name: tar.extractfile(m).read() for m in tar.getmembers() if m.isfile()}
    index = next(name for name in files if name.endswith("index.jsonl"))
    for row in map(json.loads, files[index].splitlines()):
        data = next(data for name, data in files.items() if name.endswith(row["file"]))
        try:
            wanted = data.decode(row["encoding"], "replace")
        except LookupError:
            continue
        found = decode(data, "").text
        same = sum(a == b for a, b in zip(plain(found), plain(wanted), strict=False)) / max(1, len(plain(wanted)))
        total += 1
        right += same > 0.99 and abs(len(plain(found)) - len(plain(wanted))) < 0.01 * len(wanted) + 2
    assert total >= 190
    assert right / total >= 0.95, f"{right} of {total}"


def plain(text):
    return text.replace("\ufeff", "").replace("\r", "")
