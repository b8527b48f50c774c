"""Split view: the same URL at two times, as two runs have it. Whoever names a data set by its URLs trusts that the second fetch is like the first.

A URL that both runs have is *equal* (the same text, case and white space apart), *near* (Jaccard similarity of its n-grams of at least ``NEAR``), *changed*, or
*replaced* (below ``REPLACED``: next to nothing is left). Rates are per registered domain. Three things are flagged, each of which has been used to poison sets of URLs
(Carlini et al. 2024, "Poisoning Web-Scale Training Datasets is Practical"): a domain most of whose pages were replaced; one whose replaced pages have one and the same text, as a
parked domain has; and pages on both sides of the day on which the registration of their domain lapsed, which the user knows.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import xxhash

from winnow.tasks.dedup.exact import text_key, url_key
from winnow.tasks.dedup.minhash import PRESETS
from winnow.tasks.dedup.verified import jaccard
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.text_column import EDITED_TEXT
from winnow.tasks.ledger.find import Finished
from winnow.tasks.sources.domains import registered_domain

NEAR, REPLACED = 0.9, 0.1
KINDS = ("equal", "near", "changed", "replaced")
LEAST_PAGES, MOST_REPLACED = 10, 0.5
DOCUMENTS_PER_PIECE = 500_000
SAMPLES = 20
OWN = PRESETS["verified"]


@dataclass(frozen=True)
class Moved:
    """A page that is not what it was: its similarity, and when it was captured."""

    url: str
    similarity: float
    date_a: str
    date_b: str


@dataclass
class DomainView:
    """The pages of one registered domain that both runs have. ``one_text`` is how many of the replaced pages share the most frequent new text; ``lapsed`` how many pages were captured
    on both sides of the day on which the domain's registration lapsed. ``flags`` says in words what is wrong."""

    domain: str
    pages: int = 0
    equal: int = 0
    near: int = 0
    changed: int = 0
    replaced: int = 0
    one_text: int = 0
    lapsed: int = 0
    flags: tuple[str, ...] = ()


@dataclass
class SplitView:
    """Two runs side by side. ``only_a`` and ``only_b`` are URLs that one of them has; ``domains`` those that are flagged, and those with most replaced pages."""

    a: str
    b: str
    pages: int = 0
    equal: int = 0
    near: int = 0
    changed: int = 0
    replaced: int = 0
    only_a: int = 0
    only_b: int = 0
    domains: list[DomainView] = field(default_factory=list)
    replaced_pages: list[Moved] = field(default_factory=list)


@dataclass(frozen=True)
class _Capture:
    """One document: its text's key and n-grams, and its day."""

    url: str
    host: str
    date: str
    text: str


def split_view(
    a: Finished,
    b: Finished,
    lapsed: Mapping[str, date] | None = None,
    *,
    least_pages: int = LEAST_PAGES,
    most_replaced: float = MOST_REPLACED,
    documents_per_piece: int = DOCUMENTS_PER_PIECE,
    most: int = 50,
) -> SplitView:
    """Compare the texts of the URLs that both runs have; of several captures in one run the newest counts.

    ``lapsed`` has the day on which a registration lapsed, by registered domain. A domain with at least ``least_pages`` common pages is flagged if more than
    ``most_replaced`` of them were replaced. URLs are taken by ranges of their keys, so that in memory are the texts of one run's part of a range.

    Raises:
        DamagedArtifact: a table of a run is damaged.
    """
    view = SplitView(a.id, b.id)
    domains: dict[str, DomainView] = {}
    texts: dict[str, Counter[bytes]] = defaultdict(Counter)
    samples: list[tuple[int, Moved]] = []
    pieces = max(1, -(-_documents(a) // documents_per_piece))
    for piece in range(pieces):
        before, after = (_captures(run, piece, pieces) for run in (a, b))
        view.only_a += len(before.keys() - after.keys())
        view.only_b += len(after.keys() - before.keys())
        for key in before.keys() & after.keys():
            one, other = before[key], after[key]
            kind, similarity = compared(one.text, other.text)
            domain = registered_domain(one.host) or "unknown"
            each = domains.setdefault(domain, DomainView(domain))
            for counts in (view, each):
                counts.pages += 1
                setattr(counts, kind, getattr(counts, kind) + 1)
            if kind == "replaced":
                texts[domain][text_key(other.text)] += 1
                samples.append((xxhash.xxh3_64_intdigest(key), Moved(other.url, similarity, one.date, other.date)))
                if len(samples) > 4 * SAMPLES:
                    samples = sorted(samples, key=lambda s: s[0])[:SAMPLES]
            if (day := (lapsed or {}).get(domain)) and one.date[:10] < day.isoformat() <= other.date[:10]:
                each.lapsed += 1
    for domain, each in domains.items():
        each.one_text = max(texts[domain].values(), default=0) if domain in texts else 0
        each.flags = tuple(_flags(each, (lapsed or {}).get(domain), least_pages, most_replaced))
    view.domains = sorted((d for d in domains.values() if d.replaced or d.flags), key=lambda d: (not d.flags, -d.replaced, d.domain))[:most]
    view.replaced_pages = [moved for _, moved in sorted(samples, key=lambda s: s[0])[:SAMPLES]]
    return view


def compared(one: str, other: str) -> tuple[str, float]:
    """The kind of a pair of texts, and their similarity."""
    if text_key(one) == text_key(other):
        return "equal", 1.0
    found = OWN.shingles([one, other])
    sets = [np.unique(found.hashes[i:j]) for i, j in zip(found.starts[:-1], found.starts[1:], strict=True)]
    similarity = jaccard(sets[0], sets[1])
    return "near" if similarity >= NEAR else "replaced" if similarity < REPLACED else "changed", round(similarity, 6)


def read_lapsed(path: Path) -> dict[str, date]:
    """Days on which registrations lapsed: CSV, a registered domain and a day (YYYY-MM-DD) on each line; a first line of names is left out.

    Raises:
        BadInput: it cannot be read, or a line is something else.
    """
    found: dict[str, date] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if not row or (number == 1 and len(row) > 1 and not row[1].strip()[:1].isdigit()):
                    continue
                try:
                    domain, day = row[0].strip().lower(), date.fromisoformat(row[1].strip())
                except (ValueError, IndexError):
                    raise BadInput(f"{path}, line {number}: write a registered domain and a day, such as example.org,2026-03-01.") from None
                found[domain] = max(day, found.get(domain, day))
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise BadInput(f"{path} cannot be read ({e}). Give a CSV file with a registered domain and a day on each line.") from None
    return found


def _flags(each: DomainView, day: date | None, least_pages: int, most_replaced: float) -> Iterator[str]:
    together = each.pages >= least_pages and each.replaced > most_replaced * each.pages
    if together:
        yield f"{each.replaced} of {each.pages} pages replaced"
    if together and 2 * each.one_text > each.replaced:
        yield f"{each.one_text} of them by one and the same text"
    if each.lapsed:
        yield f"the registration lapsed on {day}, between the captures of {each.lapsed} pages"


def _documents(run: Finished) -> int:
    return sum(int(step["rows_in"]) for step in run.manifest["steps"] if step["address"] == run.entry["tables"]["signals"])


def _captures(run: Finished, piece: int, pieces: int) -> dict[bytes, _Capture]:
    """The newest capture of each URL whose key is in one range, by that key."""
    found: dict[bytes, _Capture] = {}
    for shard in run.entry["shards"]:
        address = run.entry["tables"]["documents"]
        names = run.read(address, shard, ["url", "host", "date"])
        keys = [url_key(url or "") for url in names["url"].to_pylist()]
        rows = [i for i, key in enumerate(keys) if key is not None and int.from_bytes(key[:8], "big") * pieces >> 64 == piece]
        if not rows:
            continue
        texts = run.read(address, shard, ["text"])["text"]
        edited = run.read(run.entry["edit"], shard, [EDITED_TEXT])[EDITED_TEXT] if run.entry.get("edit") else None
        for i in rows:
            key, day = keys[i], names["date"][i].as_py() or ""
            assert key is not None
            if key in found and found[key].date > day:
                continue
            text = (edited[i].as_py() if edited is not None else None) or texts[i].as_py() or ""
            found[key] = _Capture(names["url"][i].as_py(), names["host"][i].as_py() or "", day, text)
    return found
