"""Builds tests/data/sample, the shipped mock snapshot in Common Crawl's layout, out of Debian's documentation packages.

    python -m tests.data.build_sample --debs FOLDER

Run it only to change the sample: it needs Debian's apt-get and dpkg, and a network unless FOLDER holds the packages (pinned by sha256 in
sample_sources.py). The same packages and the same zlib give the same bytes. What is put in on purpose (duplicates, damage, encodings ...)
is written to expected.json, by record id. Layout: https://commoncrawl.org/get-started; WARC/1.0, ISO 28500:2009; one gzip member per record.
"""

import argparse
import base64
import collections
import gzip
import hashlib
import html
import json
import random
import re
import shutil
import tempfile
import uuid
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from tests.data.sample_sources import ARCHIVE, PACKAGES, Block, Doc, read_all, unpack
from tests.data.sample_words import BROWSER_LINES, ISO3, LABELS, LOREM, NAMES, PII, REPEATED, ROBOTS, SHORT

SNAPSHOT = "CC-MAIN-2026-43"
HERE = Path(__file__).parent / "sample"
SEGMENTS = ("1792292511204.18", "1792303318871.63")
STARTS = (datetime(2026, 10, 18, 3, 15, 2, tzinfo=UTC), datetime(2026, 10, 18, 6, 15, 2, tzinfo=UTC))
WARCS_PER_SEGMENT = 3
CDX_LINES_PER_MEMBER = 300

# pages of ordinary content per shelf of sample_sources.SHELVES
PAGES = {
    "python3.11-doc/en": 36, "postgresql-doc-15/en": 44, "sqlite3-doc/en": 42, "apache2-doc/en": 20, "debmake-doc/en": 6, "debian-handbook/en": 34,
    "debian-handbook/de": 18, "apache2-doc/de": 4, "debmake-doc/de": 2, "debian-handbook/fr": 14, "apache2-doc/fr": 10, "debian-handbook/es": 18,
    "debian-handbook/it": 10, "debian-handbook/pt": 12, "debian-handbook/ja": 13, "apache2-doc/ja": 9, "debian-handbook/zh": 14,
    "debmake-doc/zh": 6, "debian-handbook/ru": 20, "debian-handbook/pl": 10, "debian-handbook/ar": 8, "debian-handbook/fa": 8, "apache2-doc/ko": 14,
    "debian-handbook/cs": 6, "debian-handbook/nl": 6, "debian-handbook/sv": 6, "debian-handbook/no": 6, "debian-handbook/id": 6, "apache2-doc/tr": 6,
}  # fmt: skip

# (language, encoding, what the HTTP header says, what the page says, how many)
LEGACY = (
    ("ja", "shift_jis", "Shift_JIS", None, 2),
    ("ja", "shift_jis", None, "Shift_JIS", 1),
    ("ja", "euc_jp", None, "EUC-JP", 2),
    ("ja", "euc_jp", None, None, 1),
    ("ru", "windows-1251", "windows-1251", "windows-1251", 2),
    ("ru", "windows-1251", None, "windows-1251", 2),
    ("ru", "windows-1251", None, None, 1),
    ("ru", "windows-1251", "utf-8", None, 1),
    ("ru", "koi8-r", "koi8-r", None, 1),
    ("pl", "iso-8859-2", "iso-8859-2", None, 2),
    ("pl", "iso-8859-2", None, "iso-8859-2", 1),
    ("cs", "windows-1250", "windows-1250", None, 1),
    ("zh", "gb18030", "gb2312", "gb2312", 2),
    ("zh", "gb18030", None, "gb18030", 2),
    ("ko", "euc_kr", "euc-kr", "euc-kr", 3),
    ("tr", "iso-8859-9", "iso-8859-9", None, 1),
    ("fr", "windows-1252", "utf-8", "utf-8", 2),
    ("de", "utf-8", "iso-8859-1", None, 2),
    ("es", "utf-8", "windows-1252", "utf-8", 1),
    ("en", "utf-16", None, None, 1),
    ("en", "utf-8-sig", None, None, 1),
)

SITES = {
    "python3.11-doc/en": ("www.harbour-notes.example", "blog"),
    "postgresql-doc-15/en": ("docs.tallship.example", "docs"),
    "sqlite3-doc/en": ("daily.ferngate.example", "news"),
    "apache2-doc/en": ("www.oldmill.example", "old"),
    "debmake-doc/en": ("wiki.stonecrop.example", "docs"),
    "debian-handbook/en": ("reader.kettlebrook.example", "blog"),
}
FORUM = "forum.lanternquay.example"
MIRRORS = ("mirror.papermoth.example", "www.second-reading.example", "cache.bluegannet.example")


@dataclass
class Capture:
    """One visit of the crawler. ``body`` is stored as it is; ``payload`` is what the digest is taken of, the body unless given."""

    url: str
    body: bytes
    lang: str = ""
    encoding: str = "utf-8"
    case: str = "clean"
    source: str = ""
    status: str = "200 OK"
    mime: str = "text/html"
    charset: str | None = "UTF-8"
    fields: tuple[tuple[str, str], ...] = ()
    warc_fields: tuple[tuple[str, str], ...] = ()
    head: bytes | None = None
    payload: bytes | None = None
    text: str = ""
    damage: str = ""
    group: str = ""
    type: str = "response"
    record_id: str = ""
    date: datetime = STARTS[0]


@dataclass
class Archive:
    """One file being written: members with their kind, so that damage can be told apart afterwards."""

    path: str
    members: list[bytes] = field(default_factory=list)
    entries: list[dict[str, object]] = field(default_factory=list)

    def add(self, member: bytes, kind: str, record_id: str, **more: object) -> int:
        offset = sum(map(len, self.members))
        self.members.append(member)
        self.entries.append({"type": kind, "record_id": record_id, "offset": offset, "length": len(member), "problem": None, **more})
        return offset


# -- pages


def page(doc: Doc, template: str, host: str, others: list[Doc], rng: random.Random, *, charset: str | None = "utf-8") -> str:
    """A document as a web page: navigation, cookie banner, sidebar and footer of a site around it."""
    words = LABELS[doc.lang]
    links = "".join(f'<li><a href="/{o.slug}">{html.escape(o.title)}</a></li>\n' for o in rng.sample(others, min(6, len(others))))
    menu = "".join(f'<li><a href="/{n}">{w}</a></li>' for n, w in zip(("", "archive", "about", "contact"), words[:4], strict=True))
    source = next(p for p in PACKAGES if p.name == doc.package)
    head = (
        (f'<meta charset="{charset}">\n' if charset else "")
        + f"<title>{html.escape(doc.title)} | {host}</title>\n"
        + f'<meta name="dcterms.source" content="{source.name} {source.version}; {source.licence}; adapted for a test">\n'
        + '<meta name="viewport" content="width=device-width">\n<link rel="stylesheet" href="/style.css">\n'
    )
    body = "\n".join(b.html for b in doc.blocks)
    cookies = f'<div class="cookie-banner" role="dialog"><p>{words.cookies}</p><button>{words.accept}</button></div>'
    share = f'<div class="share-buttons"><span>{words.share}</span> <a href="#">Facebook</a> <a href="#">Twitter</a> <a href="#">E-Mail</a></div>'
    footer = f"<footer><ul>{menu}</ul><p>&copy; 2026 {host}. {words.rights}.</p></footer>"
    direction = ' dir="rtl"' if doc.lang in ("ar", "fa") else ""
    opening = f'<!DOCTYPE html>\n<html lang="{doc.lang}"{direction}>\n<head>\n{head}</head>\n'
    title = html.escape(doc.title)
    when = f"{rng.randint(2015, 2026)}-{rng.randint(1, 9):02d}-{rng.randint(1, 28):02d}"
    if template == "blog":
        return (
            f'{opening}<body class="post">\n<header><a class="logo" href="/">{host}</a><nav><ul>{menu}</ul></nav></header>\n{cookies}\n'
            f'<main><article>\n<h1>{title}</h1>\n<div class="meta"><time datetime="{when}">{when}</time></div>\n{body}\n{share}</article></main>\n'
            f'<aside class="sidebar"><h3>{words.related}</h3>\n<ul>{links}</ul></aside>\n{footer}\n<script>window.dataLayer=[];dataLayer.push({{page:"post"}});</script>\n</body></html>\n'
        )
    if template == "docs":
        return (
            f'{opening}<body>\n<div class="navbar"><a href="/">{host}</a> <form action="/search"><input name="q" placeholder="{words.search}"></form></div>\n'
            f'<div class="layout"><nav class="sidenav"><h4>{words.articles}</h4>\n<ul>{links}</ul></nav>\n<div class="content" role="main">\n'
            f'<div class="breadcrumbs"><a href="/">{words.home}</a> &rsaquo; <a href="/archive">{words.articles}</a> &rsaquo; {title}</div>\n<h1>{title}</h1>\n{body}\n</div></div>\n{footer}\n</body></html>\n'
        )
    if template == "news":
        return (
            f'{opening}<body>\n{cookies}\n<div id="top"><ul class="menu">{menu}</ul></div>\n<div id="wrapper"><div class="story" itemprop="articleBody">\n<h1>{title}</h1>\n'
            f'<p class="byline">{when}</p>\n{share}\n{body}\n{share}\n<div class="newsletter"><form><input type="email"><button>OK</button></form></div></div>\n'
            f'<div class="related"><h3>{words.related}</h3>\n<ul>{links}</ul></div></div>\n{footer}\n<noscript><img src="/pixel.gif" alt=""></noscript>\n</body></html>\n'
        )
    if template == "old":
        old = (
            body.replace("</p>", "")
            .replace("</li>", "")
            .replace("<p>", "<P>")
            .replace("<h2>", "<H3><FONT COLOR=navy>")
            .replace("</h2>", "</FONT></H3>")
        )
        row = " | ".join(f'<A HREF="/{n}">{w}</A>' for n, w in zip(("", "archive.htm", "about.htm"), words[:3], strict=True))
        return (
            f'<HTML LANG="{doc.lang}"><HEAD>\n{head}</HEAD>\n<BODY BGCOLOR=#FFFFFF>\n<TABLE WIDTH=100% BORDER=0><TR><TD COLSPAN=2 ALIGN=center>{row}</TD></TR>\n'
            f"<TR><TD WIDTH=150 VALIGN=top><B>{words.articles}</B><UL>{links.replace('</li>', '')}</UL></TD><TD VALIGN=top>\n<H1>{title}</H1>\n{old}\n</TD></TR></TABLE>\n"
            f"<HR><CENTER><FONT SIZE=-1>{row}<BR>&copy; 2004 {host}</FONT></CENTER>\n</BODY></HTML>\n"
        )
    posts, step = [], max(2, len(doc.blocks) // 4)
    for n, start in enumerate(range(0, len(doc.blocks), step)):
        text = "\n".join(b.html for b in doc.blocks[start : start + step])
        posts.append(
            f'<div class="post" id="p{n}"><div class="author">{NAMES[n % len(NAMES)][0]}<br>{words.articles}: {rng.randint(3, 900)}</div>'
            f'<div class="postbody">{text}</div><div class="buttons"><a href="#p{n}">#{n + 1}</a> <a href="/report">!</a></div></div>'
        )
    return (
        f'{opening}<body>\n<div id="nav">{menu}</div>\n<h1>{title}</h1>\n'
        + "\n".join(posts)
        + f"\n<ul>{links}</ul>\n{footer}\n</body></html>\n"
    )


def index_page(docs: list[Doc], title: str, host: str) -> str:
    words = LABELS[docs[0].lang]
    items = "".join(f'<li><a href="/{d.slug}">{html.escape(d.title)}</a></li>\n' for d in docs)
    return (
        f'<!DOCTYPE html><html lang="{docs[0].lang}"><head><meta charset="utf-8"><title>{title}</title></head><body><nav><a href="/">{words.home}</a></nav>\n'
        f"<main><h1>{title}</h1>\n<ul>\n{items}</ul></main><footer>&copy; {host}</footer></body></html>\n"
    )


def visible_text(page_html: str) -> str:
    """All text of the page, block by block, as in a WET file: navigation and footer too."""
    text = re.sub(r"(?is)<(script|style|head|noscript)\b.*?</\1>", "", page_html)
    text = re.sub(
        r"(?i)<(?:/?(?:p|div|li|ul|ol|h[1-6]|pre|tr|td|table|article|main|aside|header|footer|nav|section)\b[^>]*|br[^>]*)>", "\n", text
    )
    text = html.unescape(re.sub(r"(?s)<[^>]*>", "", text))
    return "\n".join(line for line in (" ".join(part.split()) for part in text.splitlines()) if line)


def encode(text: str, encoding: str) -> bytes:
    """Characters that the encoding lacks become references, as authoring tools did it."""
    return text.encode(encoding, "xmlcharrefreplace")


def capture(url: str, text: str, doc: Doc, **more: object) -> Capture:
    known = {"lang": doc.lang, "source": doc.package, "text": text} | more
    encoding = str(known.get("encoding", "utf-8"))
    return Capture(url, encode(text, encoding), **known)  # type: ignore[arg-type]


def altered(doc: Doc, rng: random.Random, share: float) -> Doc:
    """Some words swapped with a neighbour, some left out: a near duplicate of the same length."""
    blocks = []
    for block in doc.blocks:
        words = block.items[0].split(" ") if block.kind == "p" and "<" not in block.items[0] else []
        for _ in range(int(len(words) * share)):
            i = rng.randrange(1, len(words) - 1) if len(words) > 3 else 0
            if rng.random() < 0.5:
                words[i], words[i - 1] = words[i - 1], words[i]
            else:
                words[i] = ""
        blocks.append(Block("p", (" ".join(w for w in words if w),)) if words else block)
    return replace(doc, blocks=tuple(blocks))


# -- what the crawler saw


class Content:
    """All captures of the snapshot, deterministic in the documents. Groups name captures that belong together as duplicates."""

    def __init__(self, shelves: dict[str, list[Doc]]) -> None:
        self.rng = random.Random(43)
        self.captures: list[Capture] = []
        self.diagnostics: list[Capture] = []
        self.pairs: list[tuple[str, Capture, Capture]] = []
        self.shelves = {k: self.choose(k, docs) for k, docs in shelves.items()}
        self.used: dict[str, int] = collections.Counter()
        self.legacy()
        self.injected()
        self.ordinary()
        self.repeats()
        self.other_responses()

    def choose(self, shelf: str, docs: list[Doc]) -> list[Doc]:
        """Evenly over the shelf, one per title, prose first."""
        floor = 0.75 if shelf.endswith("/en") else 0.6
        titles: set[str] = set()
        prose = [d for d in docs if d.prose_share >= floor and d.title not in titles and not titles.add(d.title)]  # type: ignore[func-returns-value]
        spare = 26 if shelf.endswith("/en") else 12
        want = min(len(prose), PAGES[shelf] + spare)
        picked = [prose[int(i * len(prose) / want)] for i in range(want)] if want else []
        random.Random(shelf).shuffle(picked)
        return picked

    def take(self, shelf: str) -> Doc | None:
        at = self.used[shelf]
        self.used[shelf] += 1
        return self.shelves[shelf][at] if at < len(self.shelves[shelf]) else None

    def take_lang(self, lang: str) -> Doc:
        names = [s for s in self.shelves if s.endswith("/" + lang)]
        for name in sorted(names, key=lambda s: self.used[s] / max(1, len(self.shelves[s]))):
            doc = self.take(name)
            if doc:
                return doc
        raise SystemExit(f"The packages hold too few documents in {lang!r}: ask for fewer in PAGES.")

    def site(self, doc: Doc, n: int) -> tuple[str, str]:
        shelf = f"{doc.package}/{doc.lang}"
        if doc.lang == "en":
            return (FORUM, "forum") if n % 9 == 4 else SITES[shelf]
        hosts = (
            (f"{doc.lang}.tallship.example", "docs"),
            (f"www.seabird-{doc.lang}.example", "blog"),
            (f"{doc.lang}.ferngate.example", "news"),
            (f"www.mill-{doc.lang}.example", "old"),
        )
        return hosts[n % 4]

    def url(self, host: str, template: str, doc: Doc, n: int) -> str:
        scheme = "http" if template == "old" else "https"
        path = {
            "blog": f"/{2015 + n % 12}/{1 + n % 12:02d}/{doc.slug}/",
            "docs": f"/{doc.lang}/guide/{doc.slug}.html",
            "news": f"/story/{doc.slug}-{10_000 + 37 * n}",
            "old": f"/texts/{doc.slug}.htm",
            "forum": f"/viewtopic.php?t={4000 + n}",
        }[template]
        return f"{scheme}://{host}{path}"

    def wrap(self, doc: Doc, n: int, site: tuple[str, str] | None = None, **more: object) -> Capture:
        host, template = site or self.site(doc, n)
        charset = more.pop("meta", "utf-8")
        others = self.shelves[f"{doc.package}/{doc.lang}"][:40]
        text = page(doc, template, host, others, random.Random(f"{host}{doc.slug}{n}"), charset=charset)  # type: ignore[arg-type]
        return capture(str(more.pop("url", "")) or self.url(host, template, doc, n), text, doc, **more)

    def add(self, *captures: Capture) -> None:
        self.captures += captures

    def ordinary(self) -> None:
        n = 0
        for shelf, pages in PAGES.items():
            for _ in range(pages):
                doc = self.take(shelf)
                n += 1
                if doc:
                    self.add(self.wrap(doc, n))

    def legacy(self) -> None:
        n = 500
        for lang, encoding, header, meta, pages in LEGACY:
            for _ in range(pages):
                n += 1
                told = {h.lower().replace("_", "-") for h in (header, meta) if h}
                right = encoding.replace("_", "-").removesuffix("-sig")
                wrong = bool(told) and not any(t in (right, "gb2312") for t in told)
                self.add(
                    self.wrap(
                        self.take_lang(lang),
                        n,
                        encoding=encoding,
                        charset=header,
                        meta=meta,
                        case="wrong_charset" if wrong else "legacy_charset" if told else "no_charset",
                    )
                )

    def repeats(self) -> None:
        """Duplicates of pages that are already there."""
        plain = [c for c in self.captures if c.case == "clean"]
        english = [c for c in plain if c.lang == "en"]
        picks = self.rng.sample(english, 26) + self.rng.sample([c for c in plain if c.lang != "en"], 14)
        self.rng.shuffle(picks)
        for n, c in enumerate(picks):
            host = MIRRORS[n % 3]
            path = urlsplit(c.url).path
            if n < 16:
                twin, kind = replace(c, url=f"https://{host}{path}", case="exact_copy"), "exact_copy"
            elif n < 24:
                twin, kind = replace(c, case="same_url"), "same_url"
            elif n < 28:
                changed = re.sub(r"(?i)</h1>", "</h1>\n<p>This page was last reviewed by its editors in October.</p>", c.text, count=1)
                twin, kind = replace(c, body=changed.encode(), text=changed, case="same_url_changed"), "same_url_changed"
            else:
                twin = replace(c, url=f"{c.url}{'&' if '?' in c.url else '?'}utm_source=newsletter&utm_medium=email", case="exact_copy")
                kind = "exact_copy"
            self.add(twin)
            self.pairs.append((kind, c, twin))

    def injected(self) -> None:
        rng = self.rng
        for n in range(22):  # near duplicates
            doc = self.take_lang("en" if n % 3 else ("de", "fr", "ru", "ja")[n // 3 % 4])
            first = self.wrap(doc, 600 + n)
            if n < 8:
                kind, second = (
                    "other_template",
                    self.wrap(doc, 620 + n, (MIRRORS[n % 3], ("news", "blog", "docs")[n % 3]), case="near_copy"),
                )
            elif n < 17:
                kind, second = (
                    "edited",
                    self.wrap(altered(doc, rng, (0.02, 0.05, 0.1)[n % 3]), 640 + n, (MIRRORS[n % 3], "blog"), case="near_copy"),
                )
            else:
                half = replace(doc, blocks=doc.blocks[: max(3, 2 * len(doc.blocks) // 3)])
                kind, second = "excerpt", self.wrap(half, 660 + n, (MIRRORS[n % 3], "blog"), case="near_copy")
            self.add(first, second)
            self.pairs.append((kind, first, second))
        english = self.take_lang("en")
        for n, text in enumerate(SHORT):
            doc = replace(english, title=f"Notice {n + 1}", slug=f"notice-{n + 1}", blocks=(Block("p", (text,)),) if text else ())
            self.add(self.wrap(doc, 700 + n, (MIRRORS[n % 3], "blog"), case="short", source="written"))
        for n, text in enumerate(REPEATED):
            doc = replace(english, title="Offers", slug=f"offers-{n}", blocks=(Block("p", (text,)),) * 60)
            self.add(self.wrap(doc, 710 + n, ("www.bargain-wharf.example", "news"), case="repeated_lines", source="written"))
        for n in range(3):
            blocks = tuple(Block("p", (" ".join(LOREM),)) for _ in range(4))
            doc = self.take_lang("en")
            doc = replace(doc, blocks=doc.blocks[: 4 * n] + blocks)
            self.add(self.wrap(doc, 720 + n, ("theme.draftloft.example", "blog"), case="lorem_ipsum"))
        for n in range(3):
            doc = self.take_lang("en")
            code = "function open() { return { page: 1 }; } The braces above belong to a script that was pasted into the text."
            self.add(self.wrap(replace(doc, blocks=(Block("p", (code,)), *doc.blocks)), 730 + n, case="curly_brackets"))
        for n in range(5):
            doc = self.take_lang("en")
            extra = tuple(Block("p", (line,)) for line in BROWSER_LINES)
            self.add(self.wrap(replace(doc, blocks=(*doc.blocks[:3], *extra, *doc.blocks[3:])), 740 + n, case="browser_lines"))
        for n in range(7):
            doc = self.take_lang("en" if n < 5 else ("de", "fr")[n - 5])
            name, family = NAMES[n % len(NAMES)]
            extra = tuple(Block("p", (t.format(name=name, family=family, host="tallship.example", n=4 + n, m=18 + 23 * n),)) for t in PII)
            self.add(self.wrap(replace(doc, blocks=(*doc.blocks, *extra)), 750 + n, case="pii"))
        for n, (host, path) in enumerate(
            (
                ("casino-lights.example", "cheap-viagra-shop"),
                ("webcam.pokerden.example", "lingerie-photos"),
                ("blog.kettlebrook.example", "casino-night-report"),
            )
        ):
            doc = self.take_lang("en")
            self.add(self.wrap(doc, 760 + n, (host, "blog"), url=f"https://{host}/{path}/{doc.slug}", case="blocklisted_url"))
        for n, shelf in enumerate((*SITES, "debian-handbook/de", "debian-handbook/ja", "debian-handbook/ru", "debian-handbook/fr")):
            docs = self.shelves[shelf]
            host = self.site(docs[0], n)[0]
            for part in range(2):
                some = docs[part::2]
                self.add(
                    capture(
                        f"https://{host}/archive/{part + 1}",
                        index_page(some, f"{LABELS[some[0].lang].articles} {part + 1}", host),
                        some[0],
                        case="index",
                    )
                )
        doc = self.take_lang("en")
        deep = (
            self.wrap(doc, 770)
            .text.replace("<article>", "<article>" + "<div>" * 6000)
            .replace('<div class="content"', "<div>" * 6000 + '<div class="content"')
        )
        deep = deep if "<div><div>" in deep else deep.replace("<h1>", "<div>" * 6000 + "<h1>", 1)
        self.add(capture("https://deep.draftloft.example/nested", deep, doc, case="deeply_nested"))

        doc = self.take_lang("en")
        whole = self.wrap(doc, 780)
        self.add(
            replace(whole, body=whole.body[: len(whole.body) * 2 // 3], warc_fields=(("WARC-Truncated", "length"),), case="warc_truncated")
        )
        chunked = self.wrap(self.take_lang("en"), 781, case="chunked")
        pieces = [chunked.body[i : i + 4096] for i in range(0, len(chunked.body), 4096)]
        wire = b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"
        self.add(replace(chunked, body=wire, payload=chunked.body, fields=(("Transfer-Encoding", "chunked"),)))
        packed = self.wrap(self.take_lang("en"), 782, case="gzip_encoded")
        wire = gzip.compress(packed.body, 9, mtime=0)
        self.add(replace(packed, body=wire, payload=wire, fields=(("Content-Encoding", "gzip"), ("Content-Length", str(len(wire))))))
        told = self.wrap(self.take_lang("en"), 783, case="encoding_undone_by_crawler")
        self.add(replace(told, fields=(("X-Crawl-Content-Encoding", "br"), ("X-Crawl-Transfer-Encoding", "chunked"))))
        stale = self.wrap(self.take_lang("en"), 784, case="stale_content_encoding")
        self.add(replace(stale, fields=(("Content-Encoding", "gzip"),)))
        for n, head in enumerate(
            (
                b"",
                b"HTTP/1.1 OK\r\nContent-Type: text/html\r\n\r\n",
                b"HTTP/1.1 200 OK\nContent-Type: text/html;\n charset=utf-8\nServer lighttpd\n\n",
            )
        ):
            case = ("no_http_head", "bad_status_line", "odd_http_head")[n]
            self.add(self.wrap(self.take_lang("en"), 785 + n, case=case, head=head))
        wrong = self.wrap(self.take_lang("en"), 790, case="wrong_payload_digest")
        self.add(replace(wrong, payload=b"something else"))
        self.add(self.wrap(self.take_lang("en"), 791, damage="flipped_byte", case="damaged"))
        self.add(self.wrap(self.take_lang("en"), 792, damage="wrong_block", case="damaged"))
        self.add(self.wrap(self.take_lang("en"), 793, damage="truncated", case="damaged"))

    def other_responses(self) -> None:
        doc = self.take_lang("en")
        pdf = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
        png = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
        feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Harbour notes</title><item><title>{html.escape(doc.title)}</title></item></channel></rss>'
        kinds = (
            ("application/pdf", "/files/leaflet.pdf", pdf),
            ("image/png", "/img/dot.png", png),
            ("application/json", "/api/posts?page=2", json.dumps({"posts": [doc.title], "next": 3}).encode()),
            ("text/css", "/style.css", b"body { margin: 0 } .cookie-banner { position: fixed }\n"),
            ("application/javascript", "/app.js", b"(function () { window.app = {}; })();\n"),
            ("application/rss+xml", "/feed.xml", feed.encode()),
            ("application/octet-stream", "/download/42", bytes(range(256)) * 4),
            ("text/plain", f"/raw/{doc.slug}.txt", doc.text.encode()),
        )
        for mime, path, body in kinds:
            lang = "en" if mime == "text/plain" else ""
            source = doc.package if lang or mime in ("application/json", "application/rss+xml") else "written"
            self.add(
                Capture(
                    f"https://www.harbour-notes.example{path}",
                    body,
                    lang,
                    case="not_html",
                    mime=mime,
                    charset=None,
                    source=source,
                    text=doc.text if lang else "",
                )
            )
        xhtml = self.wrap(self.take_lang("en"), 795, case="xhtml")
        self.add(replace(xhtml, mime="application/xhtml+xml"))
        hosts = ("www.harbour-notes.example", "docs.tallship.example", "daily.ferngate.example", "www.oldmill.example", FORUM, *MIRRORS)
        statuses = (
            "404 Not Found",
            "301 Moved Permanently",
            "302 Found",
            "404 Not Found",
            "403 Forbidden",
            "410 Gone",
            "500 Internal Server Error",
            "304 Not Modified",
        )
        for n, host in enumerate(h for h in hosts for _ in range(3)):
            status = statuses[n % len(statuses)]
            body = (
                b""
                if status.startswith("304")
                else f"<html><head><title>{status}</title></head><body><h1>{status}</h1><p>{host}</p></body></html>\n".encode()
            )
            fields = (("Location", f"https://{host}/moved/{n}"),) if status[0:3] in ("301", "302") else ()
            kind = "revisit" if status.startswith("304") else "response"
            profile = (("WARC-Profile", "http://netpreserve.org/warc/1.0/revisit/server-not-modified"),) if kind == "revisit" else ()
            self.diagnostics.append(
                Capture(
                    f"https://{host}/old/{n}.html",
                    body,
                    case="not_200",
                    status=status,
                    fields=fields,
                    warc_fields=profile,
                    source="written",
                    type=kind,
                )
            )


# -- WARC


def sha1(data: bytes) -> str:
    return base64.b32encode(hashlib.sha1(data).digest()).decode()


def urn(*parts: object) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, '/'.join(map(str, parts)))}"


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def member(kind: str, record_id: str, when: datetime, block: bytes, fields: Iterable[tuple[str, str]], content_type: str) -> bytes:
    head = [
        ("WARC-Type", kind),
        ("WARC-Date", stamp(when)),
        ("WARC-Record-ID", f"<{record_id}>"),
        ("Content-Length", str(len(block))),
        ("Content-Type", content_type),
    ]
    head += [*fields, ("WARC-Block-Digest", f"sha1:{sha1(block)}")]
    record = b"WARC/1.0\r\n" + "".join(f"{k}: {v}\r\n" for k, v in head).encode() + b"\r\n" + block + b"\r\n\r\n"
    return gzip.compress(record, 9, mtime=0)


def response_block(c: Capture) -> bytes:
    if c.head is not None:
        return c.head + c.body
    kind = c.mime + (f"; charset={c.charset}" if c.charset else "")
    own = {name for name, _ in c.fields}
    fields = [("Date", c.date.strftime("%a, %d %b %Y %H:%M:%S GMT")), ("Content-Type", kind), ("Server", "nginx")]
    if not own & {"Content-Length", "Transfer-Encoding"}:
        fields.append(("Content-Length", str(len(c.body))))
    return f"HTTP/1.1 {c.status}\r\n{''.join(f'{k}: {v}' + chr(13) + chr(10) for k, v in (*fields, *c.fields))}\r\n".encode() + c.body


def write_capture(archive: Archive, c: Capture, info: str, n: int) -> None:
    """Request, response and metadata."""
    parts = urlsplit(c.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request_id, c.record_id = urn(archive.path, n, "request"), urn(archive.path, n, c.type)
    address = ("WARC-IP-Address", f"192.0.2.{1 + zlib.crc32(parts.netloc.encode()) % 250}")
    common = [("WARC-Warcinfo-ID", f"<{info}>"), address, ("WARC-Target-URI", c.url)]
    ask = (
        f"GET {target} HTTP/1.1\r\nUser-Agent: CCBot/2.0 (https://commoncrawl.org/faq/)\r\nAccept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
        f"Accept-Encoding: br,gzip\r\nHost: {parts.netloc}\r\nConnection: Keep-Alive\r\n\r\n"
    ).encode()
    archive.add(member("request", request_id, c.date, ask, common, "application/http; msgtype=request"), "request", request_id)
    block = response_block(c)
    fields = [
        *common,
        ("WARC-Concurrent-To", f"<{request_id}>"),
        ("WARC-Payload-Digest", f"sha1:{sha1(c.body if c.payload is None else c.payload)}"),
    ]
    fields += [("WARC-Identified-Payload-Type", c.mime), *c.warc_fields]
    data = member(c.type, c.record_id, c.date, block, fields, "application/http; msgtype=response")
    archive.add(data, c.type, c.record_id, capture=c)
    notes = f"fetchTimeMs: {40 + zlib.crc32(c.url.encode()) % 900}\r\n".encode()
    meta_id = urn(archive.path, n, "metadata")
    fields = [("WARC-Warcinfo-ID", f"<{info}>"), ("WARC-Concurrent-To", f"<{c.record_id}>"), ("WARC-Target-URI", c.url)]
    archive.add(member("metadata", meta_id, c.date, notes, fields, "application/warc-fields"), "metadata", meta_id)


def begin(path: str, when: datetime, description: str) -> tuple[Archive, str]:
    archive, info = Archive(path), urn(path, "warcinfo")
    block = (
        f"isPartOf: {SNAPSHOT}\r\npublisher: Winnow sample (not Common Crawl)\r\ndescription: {description}\r\n"
        "software: tests/data/build_sample.py\r\nformat: WARC File Format 1.0\r\n"
    ).encode()
    archive.add(
        member("warcinfo", info, when, block, [("WARC-Filename", path.rsplit("/", 1)[1])], "application/warc-fields"), "warcinfo", info
    )
    return archive, info


def broken_how(data: bytes) -> str:
    """Whether the deflate stream of a member breaks, or only its check sum fails."""
    try:
        zlib.decompress(data, 31)
    except zlib.error as e:
        return "gzip_crc" if "check" in str(e) else "gzip_data"
    raise SystemExit("The flipped byte broke nothing: flip another one.")


def damage(archive: Archive) -> None:
    """Break members as their captures ask for; what is lost is noted in the entries. Offsets behind an insertion move."""
    for n, entry in enumerate(archive.entries):
        c = entry.get("capture")
        if not isinstance(c, Capture) or not c.damage:
            continue
        data = bytearray(archive.members[n])
        if c.damage == "flipped_byte":
            data[len(data) // 2] ^= 0x10
            entry["problem"] = broken_how(bytes(data))
        elif c.damage == "wrong_block":
            inflated = bytearray(gzip.decompress(data))
            at = inflated.index(b"</h1>") - 2
            inflated[at] ^= 0x01
            data = bytearray(gzip.compress(bytes(inflated), 9, mtime=0))
            entry["problem"] = "block_digest_mismatch"
        elif c.damage == "truncated":
            data = data[: len(data) * 3 // 5]
            entry["problem"] = "truncated"
            del archive.entries[n + 1 :], archive.members[n + 1 :]
        archive.members[n] = bytes(data)
    offset = 0
    for entry, data in zip(archive.entries, archive.members, strict=True):
        entry["offset"], entry["length"] = offset, len(data)
        offset += len(data)


# -- the snapshot


def warc_name(segment: int, number: int) -> str:
    start = STARTS[segment]
    return f"CC-MAIN-{start:%Y%m%d%H%M%S}-{start + timedelta(hours=3):%Y%m%d%H%M%S}-{number:05d}"


def segment_path(segment: int, kind: str, name: str) -> str:
    return f"crawl-data/{SNAPSHOT}/segments/{SEGMENTS[segment]}/{kind}/{name}"


def spread(captures: list[Capture]) -> list[list[Capture]]:
    """Captures over the WARCs: shuffled, but the damaged ones where they are wanted, and the truncated one last of all."""
    files: list[list[Capture]] = [[] for _ in range(len(SEGMENTS) * WARCS_PER_SEGMENT)]
    whole = [c for c in captures if not c.damage]
    random.Random(2026).shuffle(whole)
    for n, c in enumerate(whole):
        files[n % len(files)].append(c)
    for c in captures:
        if c.damage == "flipped_byte":
            files[2].insert(30, c)
        elif c.damage == "wrong_block":
            files[3].insert(40, c)
        elif c.damage == "truncated":
            files[-1].append(c)
    return files


def build(shelves: dict[str, list[Doc]], into: Path) -> None:
    content = Content(shelves)
    archives: dict[str, list[Archive]] = {"warc": [], "wet": [], "robotstxt": [], "crawldiagnostics": []}
    for number, captures in enumerate(spread(content.captures)):
        segment, n = divmod(number, WARCS_PER_SEGMENT)
        name = warc_name(segment, n)
        archive, info = begin(segment_path(segment, "warc", f"{name}.warc.gz"), STARTS[segment], "responses of the sample")
        for i, c in enumerate(captures):
            c.date = STARTS[segment] + timedelta(seconds=37 + 61 * i + 7 * n)
            write_capture(archive, c, info, i)
        if segment == 0:
            archives["wet"].append(wet(archive, segment, name, captures))
        if number == 4:
            garbage = bytes(random.Random(4).randrange(1, 256) for _ in range(700)).replace(b"\x1f\x8b", b"..")
            archive.entries.insert(61, {"type": "damaged", "record_id": "", "offset": 0, "length": len(garbage), "problem": "garbage"})
            archive.members.insert(61, garbage)
        damage(archive)
        archives["warc"].append(archive)
    hosts = sorted({urlsplit(c.url).netloc for c in content.captures})
    for segment in range(len(SEGMENTS)):
        robots = [robots_capture(h, n) for n, h in enumerate(hosts) if n % len(SEGMENTS) == segment]
        for kind, captures in (("robotstxt", robots), ("crawldiagnostics", content.diagnostics[segment :: len(SEGMENTS)])):
            archive, info = begin(segment_path(segment, kind, f"{warc_name(segment, 0)}.warc.gz"), STARTS[segment], kind)
            for i, c in enumerate(captures):
                c.date = STARTS[segment] + timedelta(seconds=11 + 19 * i)
                write_capture(archive, c, info, i)
            archives[kind].append(archive)
    for archive in (a for group in archives.values() for a in group):
        write(into / archive.path, b"".join(archive.members))
    write_index(into, archives)
    for listing, kind in (("warc", "warc"), ("wet", "wet"), ("robotstxt", "robotstxt"), ("non200responses", "crawldiagnostics")):
        write_listing(into, listing, [a.path for a in archives[kind]])
    write_listing(into, "segment", [f"crawl-data/{SNAPSHOT}/segments/{s}/" for s in SEGMENTS])
    write_listing(into, "cc-index", [f"cc-index/collections/{SNAPSHOT}/indexes/{n}" for n in ("cdx-00000.gz", "cluster.idx")])
    write(into / "expected.json", expected(content, archives).encode())
    write(into / "README.md", readme(content).encode())


def robots_capture(host: str, n: int) -> Capture:
    url = f"https://{host}/robots.txt"
    if n % 7 == 5:
        return Capture(url, b"<html><body><h1>404 Not Found</h1></body></html>\n", case="robots", status="404 Not Found", source="written")
    return Capture(
        url, ROBOTS[n % len(ROBOTS)].format(host=host).encode(), case="robots", mime="text/plain", charset=None, source="written"
    )


def wet(archive: Archive, segment: int, name: str, captures: list[Capture]) -> Archive:
    result, info = begin(segment_path(segment, "wet", f"{name}.warc.wet.gz"), STARTS[segment], "text of the whole page")
    for i, c in enumerate(captures):
        if not c.mime.endswith(("html", "html+xml")) or not c.text or c.head is not None:
            continue
        text = c.text if "WARC-Truncated" not in dict(c.warc_fields) else c.text[: len(c.text) * 2 // 3]
        block, record_id = visible_text(text).encode() + b"\n", urn(result.path, i, "conversion")
        fields = [("WARC-Warcinfo-ID", f"<{info}>"), ("WARC-Target-URI", c.url), ("WARC-Refers-To", f"<{c.record_id}>")]
        fields += [("WARC-Identified-Content-Language", ISO3[c.lang])] if c.lang else []
        result.add(member("conversion", record_id, c.date, block, fields, "text/plain"), "conversion", record_id)
    return result


def surt(url: str) -> str:
    parts = urlsplit(url)
    return (
        ",".join(reversed(parts.netloc.removeprefix("www.").split(".")))
        + ")"
        + (parts.path or "/").lower()
        + (f"?{parts.query}" if parts.query else "")
    )


def write_index(into: Path, archives: dict[str, list[Archive]]) -> None:
    """CDXJ as Common Crawl has it: sorted lines, some per gzip member, and the first line of every member in cluster.idx."""
    lines = []
    for kind in ("warc", "robotstxt", "crawldiagnostics"):
        for archive in archives[kind]:
            for entry in archive.entries:
                c = entry.get("capture")
                if isinstance(c, Capture):
                    value = {
                        "url": c.url,
                        "mime": "warc/revisit" if c.type == "revisit" else c.mime,
                        "mime-detected": c.mime,
                        "status": c.status[:3],
                        "digest": sha1(c.body if c.payload is None else c.payload),
                    }
                    value |= {"length": str(entry["length"]), "offset": str(entry["offset"]), "filename": archive.path}
                    value |= {"charset": c.encoding.upper().replace("_", "-"), "languages": ISO3[c.lang]} if c.lang else {}
                    value |= {"truncated": "length"} if "WARC-Truncated" in dict(c.warc_fields) else {}
                    lines.append(f"{surt(c.url)} {c.date:%Y%m%d%H%M%S} {json.dumps(value)}\n")
    lines.sort()
    data, cluster, folder = b"", "", into / "cc-index" / "collections" / SNAPSHOT / "indexes"
    for n, i in enumerate(range(0, len(lines), CDX_LINES_PER_MEMBER)):
        part = gzip.compress("".join(lines[i : i + CDX_LINES_PER_MEMBER]).encode(), 9, mtime=0)
        key = " ".join(lines[i].split(" ")[:2])
        cluster += f"{key}\tcdx-00000.gz\t{len(data)}\t{len(part)}\t{n + 1}\n"
        data += part
    write(folder / "cdx-00000.gz", data)
    write(folder / "cluster.idx", cluster.encode())


def write_listing(into: Path, name: str, paths: list[str]) -> None:
    write(into / "crawl-data" / SNAPSHOT / f"{name}.paths.gz", gzip.compress("".join(f"{p}\n" for p in paths).encode(), 9, mtime=0))


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def expected(content: Content, archives: dict[str, list[Archive]]) -> str:
    """What a reader must find, as JSON with one line per file, page and pair."""
    lost: set[str] = set()
    files, pages = {}, {}
    for archive in (a for group in archives.values() for a in group):
        intact = [e for e in archive.entries if e["problem"] is None]
        damaged = [{k: e[k] for k in ("type", "record_id", "offset", "length", "problem")} for e in archive.entries if e["problem"]]
        lost |= {str(d["record_id"]) for d in damaged}
        files[archive.path] = {
            "records": dict(sorted(collections.Counter(str(e["type"]) for e in intact).items())),
            "responses": [e["record_id"] for e in intact if e["type"] in ("response", "conversion")],
            "damaged": damaged,
        }
    for archive in archives["warc"]:
        for entry in archive.entries:
            c = entry.get("capture")
            if isinstance(c, Capture):
                pages[c.record_id] = {"case": c.case, "lang": c.lang or None, "encoding": c.encoding, "mime": c.mime, "source": c.source}
    html_pages = [p for i, p in pages.items() if p["mime"] != "text/plain" and p["lang"] and i not in lost]
    totals = {
        "languages": dict(collections.Counter(str(p["lang"]) for p in html_pages).most_common()),
        "encodings": dict(collections.Counter(str(p["encoding"]) for p in html_pages).most_common()),
        "cases": dict(collections.Counter(str(p["case"]) for p in pages.values()).most_common()),
    }
    pairs = [{"kind": k, "a": a.record_id, "b": b.record_id} for k, a, b in content.pairs]

    def rows(items: Iterable[str], brackets: str) -> str:
        return f"{brackets[0]}\n" + ",\n".join(items) + f"\n{brackets[1]}"

    def table(data: dict[str, dict[str, object]]) -> str:
        return rows((f"{json.dumps(k)}: {json.dumps(v)}" for k, v in data.items()), "{}")

    return (
        f'{{"snapshot": {json.dumps(SNAPSHOT)},\n"totals": {json.dumps(totals, indent=1)},\n"files": {table(files)},\n'
        f'"pages": {table(pages)},\n"duplicates": {rows((json.dumps(p) for p in pairs), "[]")}}}\n'
    )


def readme(content: Content) -> str:
    count = len(content.captures)
    return f"""# The sample snapshot

A mock Common Crawl snapshot, `{SNAPSHOT}`: {count} captures in {len(SEGMENTS) * WARCS_PER_SEGMENT} WARC files of {len(SEGMENTS)} segments, in Common Crawl's layout.
It is no data of Common Crawl. The texts are documentation packages of Debian (licences: [LICENCES.md](LICENCES.md)), cut to pages and wrapped
in invented web sites at reserved names (`*.example`). Duplicates, legacy encodings, broken records, personal data of invented people
and other trouble are put in on purpose; `expected.json` names each by record id:

- `files`: per file the intact records by type, the ids of intact responses, and what is damaged (`problem` as `winnow inspect` names it);
- `pages`: per response its `case`, language, real encoding, media type and package; `totals` counts them;
- `duplicates`: pairs of record ids, with how the second was made from the first.

Built by `python -m tests.data.build_sample` (see there); never built by `make`. Curate it with `winnow run tests/data/sample --recipe fineweb`.
"""


def licences(unpacked: Path, into: Path) -> None:
    """LICENCES.md, and the packages' own copyright files in full."""
    rows, notices = "", ""
    for p in PACKAGES:
        copying = (unpacked / p.name / "usr/share/doc" / p.name / "copyright").resolve()
        write(into / "licences" / f"{p.name}.txt", copying.read_bytes())
        rows += f"| {p.name} | {p.version} | {p.licence} | [{p.source}]({ARCHIVE}{p.source}/) | [text](licences/{p.name}.txt) |\n"
        notices += f"- **{p.name}**: {p.notice}\n"
    write(into / "licences" / "Apache-2.0.txt", Path("/usr/share/common-licenses/Apache-2.0").read_bytes())
    text = f"""# Licences of the sample

The pages of this sample are parts of the HTML documentation in these Debian packages. They are changed: cut to pages of a web page's length,
stripped of tables, pictures and e-mail addresses, wrapped in invented web sites, and some of them edited, shortened, repeated, re-encoded
or damaged on purpose. `expected.json` names the package of every page in `source`; most pages also do, in `<meta name="dcterms.source">`.

| package | version | licence | source | full notice |
|---|---|---|---|---|
{rows}
{notices}
Pages from debian-handbook are shipped under [CC BY-SA 3.0](https://creativecommons.org/licenses/by-sa/3.0/), in changed form too.
The text of the Apache licence is [here](licences/Apache-2.0.txt). No package under the GPL alone is used, so no source has to travel along.
Everything around the pages (templates, robots.txt, error pages, lorem ipsum, invented people) was written for Winnow and has its licence.
"""
    write(into / "LICENCES.md", text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description="Build tests/data/sample out of Debian packages.")
    parser.add_argument("--debs", type=Path, help="folder of .deb files; what is missing is downloaded into it (default: a temporary one)")
    parser.add_argument("--out", type=Path, default=HERE)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        debs = args.debs or Path(folder) / "debs"
        debs.mkdir(parents=True, exist_ok=True)
        unpacked = Path(folder) / "unpacked"
        unpacked.mkdir()
        unpack(PACKAGES, debs.resolve(), unpacked)
        if args.out.exists() and any(args.out.iterdir()) and not (args.out / "expected.json").exists():
            raise SystemExit(f"{args.out} is not empty and holds no sample. Name another folder with --out.")
        shutil.rmtree(args.out, ignore_errors=True)
        build(read_all(unpacked), args.out)
        licences(unpacked, args.out)


if __name__ == "__main__":
    main()
