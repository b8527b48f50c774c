"""Documents out of Debian's documentation packages: which packages, at which version, and the prose inside their HTML.

Only packages whose licence allows shipping changed copies without further duties than notices; nothing under the GPL, so that no source
must travel along. Wrapping the documents as web pages is tests/data/build_sample.py.
"""

import hashlib
import html
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import lxml.html
from lxml.html import HtmlElement

MIRROR = "https://deb.debian.org/debian/"
ARCHIVE = "https://snapshot.debian.org/package/"


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    sha256: str
    source: str
    licence: str
    root: str
    content: str  # XPath of the elements with the document's own content
    notice: str


PACKAGES = (
    Package(
        "apache2-doc", "2.4.71-1~deb12u1", "a7b3d1131c1c63dbf9999b28e75f9a133d30f70492b419936bd51759ac77a01f", "apache2", "Apache-2.0",
        "usr/share/doc/apache2-doc/manual", '//div[@id="preamble"] | //div[@id="page-content"]/div[@class="section" or @class="directive-section"]',
        "Apache HTTP Server documentation. Copyright The Apache Software Foundation. This product includes software developed at The Apache Software Foundation (https://www.apache.org/).",
    ),
    Package(
        "debian-handbook", "11.20220922", "3d5dbeac1f1afc9c094eab9d0f701f6ecff99c4927d5a4794cf6c85678134faa", "debian-handbook",
        "CC-BY-SA-3.0 (chosen; also under GPL-2.0+)", "usr/share/doc/debian-handbook/html",
        '//body/div[@class="section" or @class="chapter" or @class="preface"]',
        "The Debian Administrator's Handbook. Copyright 2003-2015 Raphaël Hertzog, 2006-2015 Roland Mas, 2013-2015 Freexian SARL, and the translators. https://debian-handbook.info/",
    ),
    Package(
        "debmake-doc", "1.17-7", "f562cf744d906b9255c60d659873609ed5f40d657d99c4a6f3f5c194c24507cf", "debmake-doc", "MIT (Expat)",
        "usr/share/doc/debmake-doc/html", '//body/div[@class="chapter" or @class="preface"]',
        "Guide for Debian Maintainers. Copyright 2015 Osamu Aoki, Stéphane Blondon, and the translators.",
    ),
    Package(
        "postgresql-doc-15", "15.20-0+deb12u1", "4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7", "postgresql-15", "PostgreSQL",
        "usr/share/doc/postgresql-doc-15/html", '//body/div[@class="sect1" or @class="chapter" or @class="preface"]',
        "PostgreSQL documentation. Portions Copyright 1996-2019 PostgreSQL Global Development Group; Portions Copyright 1994 The Regents of the University of California.",
    ),
    Package(
        "python3.11-doc", "3.11.2-6+deb12u9", "5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be", "python3.11", "PSF-2.0",
        "usr/share/doc/python3.11/html", '//div[@role="main"] | //div[@class="body"]',
        "Python documentation. Copyright 2001-2023 Python Software Foundation; Copyright 2000 BeOpen.com; Copyright 1995-2001 Corporation for National Research Initiatives; Copyright 1991-1995 Stichting Mathematisch Centrum. All rights reserved.",
    ),
    Package(
        "sqlite3-doc", "3.40.1-2+deb12u2", "466e30d7066e2641fa13e56bc662a2ad521b8cc9c17dde9c9dac3d4f105e32f2", "sqlite3", "public domain",
        "usr/share/doc/sqlite3", "//body", "SQLite documentation, by D. Richard Hipp and others.",
    ),
)  # fmt: skip

# (package, files below its root, language): what is looked for, in this order
SHELVES = (
    ("python3.11-doc", "tutorial/*.html", "en"),
    ("python3.11-doc", "howto/*.html", "en"),
    ("python3.11-doc", "faq/*.html", "en"),
    ("python3.11-doc", "extending/*.html", "en"),
    ("postgresql-doc-15", "*.html", "en"),
    ("sqlite3-doc", "*.html", "en"),
    ("apache2-doc", "en/*.html", "en"),
    ("apache2-doc", "en/howto/*.html", "en"),
    ("debmake-doc", "*.en.html", "en"),
    ("debian-handbook", "en-US/*.html", "en"),
    ("debian-handbook", "de-DE/*.html", "de"),
    ("apache2-doc", "de/*.html", "de"),
    ("debmake-doc", "*.de.html", "de"),
    ("debian-handbook", "fr-FR/*.html", "fr"),
    ("apache2-doc", "fr/**/*.html", "fr"),
    ("debian-handbook", "es-ES/*.html", "es"),
    ("debian-handbook", "it-IT/*.html", "it"),
    ("debian-handbook", "pt-BR/*.html", "pt"),
    ("debian-handbook", "ja-JP/*.html", "ja"),
    ("apache2-doc", "ja/*.html", "ja"),
    ("debian-handbook", "zh-CN/*.html", "zh"),
    ("debmake-doc", "*.zh-cn.html", "zh"),
    ("debian-handbook", "ru-RU/*.html", "ru"),
    ("debian-handbook", "pl-PL/*.html", "pl"),
    ("debian-handbook", "ar-MA/*.html", "ar"),
    ("debian-handbook", "fa-IR/*.html", "fa"),
    ("apache2-doc", "ko/**/*.html", "ko"),
    ("debian-handbook", "cs-CZ/*.html", "cs"),
    ("debian-handbook", "nl-NL/*.html", "nl"),
    ("debian-handbook", "sv-SE/*.html", "sv"),
    ("debian-handbook", "nb-NO/*.html", "no"),
    ("debian-handbook", "id-ID/*.html", "id"),
    ("apache2-doc", "tr/**/*.html", "tr"),
)

_OTHER_SCRIPT = frozenset({"ja", "zh", "ko", "ru", "ar", "fa"})
_DENSE = frozenset({"ja", "zh", "ko"})  # a character says more
_SKIP = frozenset("script style table nav form svg img select button object video head title iframe".split())
_SKIP_CLASS = frozenset(
    "nosearch headerlink toc contents toctree-wrapper sphinxsidebar related indexterm navheader navfooter toplang top docnav fancy_toc startsearch topic bottomlang figure table example-title".split()
)
_SKIP_ID = frozenset("quickview comments_section toc_sub banner title footer path up preamble-lang".split())
_BLOCK = frozenset("p div ul ol li dl dt dd pre h1 h2 h3 h4 h5 h6 blockquote section article main body center hr fieldset details".split())
_INLINE = {"em": "em", "i": "em", "strong": "strong", "b": "strong", "code": "code", "tt": "code", "kbd": "code", "samp": "code"}
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NUMBERING = re.compile(r"^(?:(?:Chapter|Appendix)\s+)?(?:\d+|[A-Z])(?:\.\d+)*\.\s+")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Block:
    """``kind``: h (heading), p, pre, ul, ol. ``items`` are HTML; one item unless it is a list."""

    kind: str
    items: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(html.unescape(re.sub(r"<[^>]+>", "", item)) for item in self.items)

    @property
    def html(self) -> str:
        if self.kind in ("ul", "ol"):
            return f"<{self.kind}>\n" + "".join(f"<li>{item}</li>\n" for item in self.items) + f"</{self.kind}>"
        tag = {"h": "h2"}.get(self.kind, self.kind)
        return f"<{tag}>{self.items[0]}</{tag}>"


@dataclass(frozen=True)
class Doc:
    """A part of a document that makes one web page."""

    package: str
    lang: str
    slug: str
    title: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        return "\n".join(b.text for b in self.blocks)

    @property
    def prose_share(self) -> float:
        """Share of the characters in paragraphs; lists count half, code not at all."""
        weight = {"p": 1.0, "ul": 0.5, "ol": 0.5}
        return sum(weight.get(b.kind, 0.0) * len(b.text) for b in self.blocks) / max(1, len(self.text))


def fetch(package: Package, debs: Path) -> Path:
    """The .deb, downloaded if it is not there. Raises SystemExit with what to do if it cannot be had or is another one."""
    path = debs / f"{package.name}_{package.version}_all.deb"
    if not path.exists():
        done = subprocess.run(["apt-get", "download", f"{package.name}={package.version}"], cwd=debs, capture_output=True, text=True)
        if done.returncode or not path.exists():
            raise SystemExit(
                f"apt-get cannot download {package.name} {package.version}: {done.stderr.strip()[-200:]}. "
                f"Run apt-get update on Debian 12, or take the file from {ARCHIVE}{package.source}/ into {debs}."
            )
    if hashlib.sha256(path.read_bytes()).hexdigest() != package.sha256:
        raise SystemExit(
            f"{path.name} is not the file that the sample was built from (its sha256 differs). Take it from {ARCHIVE}{package.source}/."
        )
    return path


def unpack(packages: tuple[Package, ...], debs: Path, into: Path) -> None:
    for package in packages:
        target = into / package.name
        if not target.exists():
            subprocess.run(["dpkg", "-x", str(fetch(package, debs)), str(target)], check=True)


def read_all(unpacked: Path) -> dict[str, list[Doc]]:
    """Documents by ``package/language``, in the order of SHELVES and names."""
    packages = {p.name: p for p in PACKAGES}
    shelves: dict[str, list[Doc]] = {}
    english: set[str] = set()
    for name, pattern, lang in SHELVES:
        package = packages[name]
        root = unpacked / name / package.root
        docs = shelves.setdefault(f"{name}/{lang}", [])
        for path in sorted(root.glob(pattern)):
            for doc in _docs(path, package, lang, english):
                docs.append(doc)
                if lang == "en":
                    english.update(b.text for b in doc.blocks)
    return shelves


def _docs(path: Path, package: Package, lang: str, english: set[str]) -> Iterator[Doc]:
    if path.stem.startswith(("index", "genindex", "bookindex", "license", "copyright", "legalnotice", "sitemap")):
        return
    data = path.read_bytes()
    charset = re.search(rb"charset=[\"']?([\w-]+)", data[:3000])
    tree = lxml.html.fromstring(data, parser=lxml.html.HTMLParser(encoding=charset[1].decode() if charset else "utf-8"))
    if tree is None or (package.name == "apache2-doc" and not (tree.get("lang") or "").startswith(lang)):
        return
    blocks: list[Block] = []
    for node in tree.xpath(package.content):
        if not any(parent in tree.xpath(package.content) for parent in node.iterancestors()):
            blocks += _blocks(node)
    if lang != "en":  # translations are unfinished: what is still English goes
        blocks = [b for b in (_translated(b, lang) for b in blocks) if b.items and b.text not in english]
    heading = next((b.text for b in blocks if b.kind == "h"), "") or " ".join((tree.findtext(".//title") or path.stem).split())
    stem = re.sub(r"\.(en|de|zh-cn)$", "", path.stem).removeprefix("sect.")
    for number, part in enumerate(_parts(blocks, 0.45 if lang in _DENSE else 1.0)):
        own = next((b.text for b in part if b.kind == "h"), "")
        title = heading if number == 0 else (own or f"{heading} ({number + 1})")
        rest = tuple(b for b in part if b.text != title)
        slug = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-") + (f"-{number + 1}" if number else "")
        yield Doc(package.name, lang, slug, title, rest)


def _parts(blocks: list[Block], density: float) -> Iterator[list[Block]]:
    """Parts of a page's length, cut before headings where one is near."""
    part: list[Block] = []
    size = 0
    low, high = 1400 * density, 9000 * density
    for block in blocks:
        length = len(block.text)
        if length > high:
            continue
        if part and (size + length > high or (block.kind == "h" and size > 3200 * density)):
            if size >= low:
                yield part
            part, size = [], 0
        part.append(block)
        size += length
    if size >= low:
        yield part


def _translated(block: Block, lang: str) -> Block:
    """Without items that are still English, by their words or, in another script, by their letters."""
    if block.kind == "pre":
        return block
    items = [i for i in block.items if not _reads_english(i)]
    if lang in _OTHER_SCRIPT:
        items = [i for i in items if _ascii_share(i) < 0.75]
    return Block(block.kind, tuple(items))


def _ascii_share(item: str) -> float:
    letters = [c for c in re.sub(r"<[^>]+>|&\w+;", "", item) if c.isalpha()]
    return sum(c.isascii() for c in letters) / max(1, len(letters))


def _reads_english(text: str) -> bool:
    words = re.findall(r"[A-Za-z]+", text.lower())
    return len(words) > 5 and sum(w in {"the", "of", "and", "to", "is", "that", "which", "with"} for w in words) / len(words) > 0.1


def _blocks(root: HtmlElement) -> list[Block]:
    out: list[Block] = []
    line: list[str] = []

    def flush(kind: str = "p") -> None:
        text = _SPACES.sub(" ", "".join(line)).strip()
        line.clear()
        if kind == "h":
            text = _NUMBERING.sub("", re.sub(r"<[^>]+>", "", text))
        if re.search(r"\w", text):
            out.append(Block(kind, (text,)))

    def walk(node: HtmlElement) -> None:
        line.append(_escape(node.text))
        for child in node:
            if not isinstance(child.tag, str) or _skipped(child):
                pass
            elif child.tag in ("ul", "ol"):
                flush()
                items = tuple(t for li in child.iter("li") if re.search(r"\w", t := _inline_of_item(li)))
                if items:
                    out.append(Block(child.tag, items))
            elif child.tag == "pre":
                flush()
                text = _EMAIL.sub("someone@lists.tallship.example", child.text_content()).strip("\n")
                if text.strip():
                    out.append(Block("pre", (html.escape(text, quote=False),)))
            elif re.fullmatch("h[1-6]", child.tag) or (child.tag == "p" and "title" in (child.get("class") or "").split()):
                flush()
                line.append(_inline(child))
                flush("h")
            elif child.tag in _BLOCK or any(isinstance(d.tag, str) and d.tag in _BLOCK for d in child.iterdescendants()):
                flush()
                walk(child)
                flush()
            else:
                line.append(_inline_element(child))
            line.append(_escape(child.tail))

    walk(root)
    flush()
    return out


def _inline_of_item(li: HtmlElement) -> str:
    parts = [_escape(li.text)]
    for child in li:
        if isinstance(child.tag, str) and child.tag not in ("ul", "ol", "pre") and not _skipped(child):
            parts.append(" " + _inline_element(child) if child.tag in _BLOCK else _inline_element(child))
        parts.append(_escape(child.tail))
    return _SPACES.sub(" ", "".join(parts)).strip()


def _inline(node: HtmlElement) -> str:
    parts = [_escape(node.text)]
    for child in node:
        if isinstance(child.tag, str) and not _skipped(child) and child.tag not in ("ul", "ol", "pre"):
            parts.append((" " if child.tag in _BLOCK or child.tag == "br" else "") + _inline_element(child))
        parts.append(_escape(child.tail))
    return "".join(parts)


def _inline_element(node: HtmlElement) -> str:
    inner = _inline(node)
    if node.tag == "a" and node.get("href") and inner.strip():
        target = re.sub(r"[^a-z0-9]+", "-", Path(node.get("href").split("#")[0]).stem.lower()).strip("-")
        return f'<a href="/{target}">{inner}</a>' if target else inner
    tag = _INLINE.get(str(node.tag))
    return f"<{tag}>{inner}</{tag}>" if tag and inner.strip() else inner


def _skipped(node: HtmlElement) -> bool:
    return node.tag in _SKIP or bool(_SKIP_CLASS & set((node.get("class") or "").split())) or node.get("id") in _SKIP_ID


def _escape(text: str | None) -> str:
    return html.escape(_EMAIL.sub("someone@lists.tallship.example", text or "").replace("¶", ""), quote=False)
