"""A page's metadata: title, author, dates, addresses, language, licences, and what it says to robots and to text and data miners.

Sources in the order of trust: the page's own elements and ``meta`` tags (HTML, Open Graph, Dublin Core), then schema.org in JSON-LD. Robots: https://www.rfc-editor.org/rfc/rfc9309
and the vendors' ``meta`` tags; text and data mining: https://www.w3.org/community/reports/tdmrep/CG-FINAL-tdmrep-20240202/.
"""

import html as entities
import json
import re
from typing import Any
from urllib.parse import urljoin

from winnow.tasks.extract.blocks.fallback import scripts
from winnow.tasks.extract.blocks.markup import attributes

MOST_CHARS = 1000
MOST_SCRIPT_CHARS = 1_000_000
TAG = re.compile(r'<(meta|link|a|time)((?:\s++[^\s=>/"]++="[^"]*+")++)')
TITLE = re.compile(r"<title(?:\s[^>]*)?>(.*?)</title>", re.DOTALL | re.IGNORECASE)
HTML_LANGUAGE = re.compile(r"<html\b[^>]*?\s(?:xml:)?lang\s*=\s*[\"']?([A-Za-z][\w-]{1,34})", re.IGNORECASE)
TITLES = ("og:title", "twitter:title", "dc.title", "citation_title")
AUTHORS = ("author", "article:author", "dc.creator", "citation_author", "parsely-author", "sailthru.author", "byl")
PUBLISHED = (
    "article:published_time",
    "date",
    "datepublished",
    "dc.date",
    "dc.date.issued",
    "citation_publication_date",
    "pubdate",
    "publishdate",
    "parsely-pub-date",
)
MODIFIED = ("article:modified_time", "last-modified", "datemodified", "og:updated_time", "dcterms.modified")
ROBOTS = frozenset(
    "robots googlebot googlebot-news bingbot gptbot ccbot google-extended applebot-extended anthropic-ai claudebot oai-searchbot perplexitybot meta-externalagent".split()
)
TDM = frozenset({"tdm-reservation", "tdm-policy"})
LICENCES = ("dc.rights", "dcterms.license", "dcterms.rights", "copyright", "rights")
URL = re.compile(r"https?://", re.IGNORECASE)


def metadata(head: str, body: str, source: str, url: str) -> dict[str, Any]:
    """Keys: title, author, published, modified, description, site, canonical, language, licences (list), robots and tdm (name -> content), kind. Empty where
    the page says nothing. ``head`` and ``body`` are written out again, ``source`` is the page as it came (only its first element is read)."""
    named: dict[str, str] = {}
    robots: dict[str, str] = {}
    tdm: dict[str, str] = {}
    licences: list[str] = []
    canonical = author = published = ""
    for part in (head, body):
        for match in TAG.finditer(part):
            found = attributes(match[2])
            if match[1] == "meta":
                name = (found.get("name") or found.get("property") or found.get("itemprop") or found.get("http-equiv") or "").lower()
                content = found.get("content", "").strip()
                if not name or not content:
                    continue
                if name in ROBOTS:
                    robots.setdefault(name, content[:MOST_CHARS])
                elif name in TDM:
                    tdm.setdefault(name, content[:MOST_CHARS])
                else:
                    named.setdefault(name, content[:MOST_CHARS])
            elif match[1] == "time":
                if not published and ("pubdate" in found or found.get("itemprop") == "datePublished"):
                    published = found.get("datetime", "")
            else:
                relations = found.get("rel", "").lower().split()
                href = found.get("href", "").strip()
                if href and "canonical" in relations and match[1] == "link":
                    canonical = canonical or href
                if href and ("license" in relations or "licence" in relations) and href not in licences:
                    licences.append(href)
    title = TITLE.search(head)
    schema = _schema(head + body)
    licences += [named[name] for name in LICENCES if name in named and named[name] not in licences]
    if schema.get("license") and schema["license"] not in licences:
        licences.append(schema["license"])
    language = HTML_LANGUAGE.search(source[:20_000])
    return {
        "title": " ".join(entities.unescape(title[1]).split())[:MOST_CHARS]
        if title and title[1].strip()
        else _first(named, TITLES) or schema.get("headline", ""),
        "author": _first(named, AUTHORS) or author or schema.get("author", ""),
        "published": _first(named, PUBLISHED) or published or schema.get("datePublished", ""),
        "modified": _first(named, MODIFIED) or schema.get("dateModified", ""),
        "description": _first(named, ("description", "og:description", "dc.description")),
        "site": named.get("og:site_name", ""),
        "canonical": _joined(url, canonical),
        "language": language[1] if language else named.get("content-language", ""),
        "kind": named.get("og:type", "") or schema.get("@type", ""),
        "licences": [_joined(url, licence) if "/" in licence and " " not in licence else licence for licence in licences[:20]],
        "robots": robots,
        "tdm": tdm,
    }


def _first(named: dict[str, str], names: tuple[str, ...]) -> str:
    # Facebook's article:author is often an address, which is no name.
    return next((named[name] for name in names if named.get(name) and not (name == "article:author" and URL.match(named[name]))), "")


def _joined(url: str, href: str) -> str:
    try:
        return urljoin(url, href) if href else ""
    except ValueError:
        return href


def _schema(markup: str) -> dict[str, str]:
    """What the first article of the page's JSON-LD says of itself."""
    for written, content in scripts(markup):
        if "ld+json" not in written or len(content) > MOST_SCRIPT_CHARS:
            continue
        try:
            data = json.loads(content, strict=False)
        except (ValueError, RecursionError):
            continue
        for thing in data if isinstance(data, list) else data.get("@graph", [data]) if isinstance(data, dict) else []:
            if isinstance(thing, dict) and ("headline" in thing or "datePublished" in thing or "license" in thing):
                out = {
                    k: str(thing[k])[:MOST_CHARS]
                    for k in ("headline", "datePublished", "dateModified", "license", "@type")
                    if isinstance(thing.get(k), str)
                }
                authors = thing.get("author")
                names = [a.get("name") if isinstance(a, dict) else a for a in (authors if isinstance(authors, list) else [authors])]
                out["author"] = ", ".join(n for n in names if isinstance(n, str))[:MOST_CHARS]
                return out
    return {}
