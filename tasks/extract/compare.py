"""Several extractors on the same pages of one's own: a sample of a source, what each makes of it, and which words another leaves out.

For ``winnow extractors compare``; how it looks is in ``tasks/report/comparison.py``. The same source and seed give the same sample and the same answer.
"""

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.media_type import HTML, PLAIN, XHTML
from winnow.tasks.archives.warc import read_records
from winnow.tasks.engine.crawl import drawn
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.capture import WANTED, NoPage, content_type_of, payload_of
from winnow.tasks.extract.documents import clean
from winnow.tasks.extract.extract import MIB
from winnow.tasks.extract.extractors.base import ExtractionFailed, Extractor
from winnow.tasks.extract.page import page_text
from winnow.tasks.sources.resolve import resolve
from winnow.tasks.transport.politeness import Transport

MOST_CANDIDATES = 2000
"""So many pages are looked at, and the sample is drawn among them: a crawl has billions."""
MOST_RECORD_BYTES = 32 * MIB
PAGE_FILES = (".html", ".htm", ".xhtml")
RUN_WORDS = 3
# A word, or one character of a script without spaces.
WORD = re.compile(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\W_\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)


@dataclass(frozen=True)
class Candidate:
    """A page as it was captured. ``place`` says where it lies, in words that are the same wherever the source is kept."""

    place: str
    url: str
    payload: bytes
    mime: str
    content_type: str


@dataclass(frozen=True)
class PageResult:
    """What an extractor made of a page: a text, or the reason why there is none. ``others``: of each word of the text how many of the other extractors have it,
    ``words`` where the words stand. A word counts as had if a run of ``RUN_WORDS`` words with it is in the other text."""

    text: str
    problem: str
    words: tuple[tuple[int, int], ...] = ()
    others: tuple[int, ...] = ()

    def pieces(self, of: int) -> Iterator[tuple[str, str]]:
        """The text in pieces: each with ``""`` where all ``of`` other extractors have it, ``some``, or ``none``."""
        begin, kind = 0, ""
        for (start, _), had in zip(self.words, self.others, strict=True):
            own = "" if had == of else "some" if had else "none"
            if own != kind:
                # Between two words of different kinds the mark ends behind the word before, so that no white space is marked.
                cut = self._behind(start) if kind else start
                if cut > begin:
                    yield self.text[begin:cut], kind
                if start > cut:
                    yield self.text[cut:start], ""
                begin, kind = start, own
        cut = self.words[-1][1] if kind else len(self.text)
        yield self.text[begin:cut], kind
        if cut < len(self.text):
            yield self.text[cut:], ""

    def _behind(self, start: int) -> int:
        end = start
        while end and self.text[end - 1].isspace():
            end -= 1
        return end


@dataclass(frozen=True)
class Compared:
    """One page, and what each extractor made of it. ``shares``: of the words of one extractor (first key) the share that another (second key) has, too."""

    candidate: Candidate
    made: dict[str, PageResult]
    shares: dict[str, dict[str, float]]


def compare(
    source: str, extractors: Sequence[Extractor], sample: int, seed: int, transport: Transport, snapshot: str = ""
) -> list[Compared]:
    """The sampled pages of a source, in the order in which they were drawn, with what each extractor made of them.

    Raises:
        BadInput: fewer than two extractors, no such source, or no page of HTML in it.
        Transient: throttled or unreachable.
    """
    names = names_of(extractors)
    if len(names) < 2 or len(set(names)) < len(names):
        raise BadInput("A comparison needs at least two different extractors; name each once with --extractor.")
    found = drawn_pages(candidates(source, seed, transport, snapshot), sample, seed)
    if not found:
        raise BadInput(f"{source} holds no page of HTML. Give WARC files, a crawl, or pages that end in {', '.join(PAGE_FILES)}.")
    return [compared(page, dict(zip(names, extractors, strict=True))) for page in found]


def names_of(extractors: Sequence[Extractor]) -> list[str]:
    """What each is called, its structure behind it where it writes another than plain text."""
    return [type(e).__name__ + (" (Markdown)" if getattr(e, "structure", "") == "markdown" else "") for e in extractors]


def drawn_pages(pages: Iterable[Candidate], sample: int, seed: int) -> list[Candidate]:
    """A sample at random, by ``seed`` and the places of the pages only. Holds no more than the sample."""
    held: list[tuple[float, int, Candidate]] = []
    for number, page in enumerate(pages):
        entry = (-drawn(seed, page.place), -number, page)
        if len(held) < sample:
            heapq.heappush(held, entry)
        elif entry > held[0]:
            heapq.heapreplace(held, entry)
    return [page for _, _, page in sorted(held, reverse=True)]


def candidates(source: str, seed: int, transport: Transport, snapshot: str = "") -> Iterator[Candidate]:
    """Pages of HTML of a source, at most ``MOST_CANDIDATES``: of its files in an order drawn by ``seed``, or of pages that lie on this machine.

    Raises:
        BadInput: no such source, or one of documents that already are text.
    """
    if files := _page_files(Path(source)):
        for file in sorted(files, key=lambda f: drawn(seed, f.as_posix().removeprefix(Path(source).as_posix())))[:MOST_CANDIDATES]:
            payload = file.read_bytes()[:MOST_RECORD_BYTES]
            yield Candidate(
                file.relative_to(source).as_posix() if Path(source).is_dir() else file.name, "", payload, _declared(file), "text/html"
            )
        return
    crawl, where = resolve(source, snapshot=snapshot, transport=transport)
    if crawl.kind != "warc":
        raise BadInput(
            f"{source} holds documents that already are text, of which no extractor makes anything. Give WARC files, or pages of HTML."
        )
    left = MOST_CANDIDATES
    for item in sorted(crawl.files, key=lambda f: drawn(seed, f.path)):
        with where.open_ahead(item.path) as stream:
            records = read_records(stream, max_block_bytes=MOST_RECORD_BYTES, wanted=WANTED)
            try:
                for record in records:
                    try:
                        http, mime, _ = payload_of(record, MOST_RECORD_BYTES)
                    except NoPage:
                        continue
                    if mime == PLAIN:
                        continue
                    yield Candidate(f"{item.path} at {record.offset}", clean(record.uri), http.payload, mime, content_type_of(http, mime))
                    left -= 1
                    if not left:
                        return
            except NotAnArchive:
                continue


def _page_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path] if path.suffix.lower() in PAGE_FILES else []
    return sorted(p for p in path.rglob("*") if p.suffix.lower() in PAGE_FILES and p.is_file()) if path.is_dir() else []


def _declared(file: Path) -> str:
    return XHTML if file.suffix.lower() == ".xhtml" else HTML


def compared(page: Candidate, by: dict[str, Extractor]) -> Compared:
    """What each extractor makes of a page, and which words the others have."""
    texts = {name: _made(page, extractor) for name, extractor in by.items()}
    words = {name: [(m.start(), m.end()) for m in WORD.finditer(text)] for name, (text, _) in texts.items()}
    spelt = {name: [texts[name][0][start:end].lower() for start, end in places] for name, places in words.items()}
    made: dict[str, PageResult] = {}
    shares: dict[str, dict[str, float]] = {}
    for name, own in spelt.items():
        counts = [0] * len(own)
        shares[name] = {}
        for other, theirs in spelt.items():
            if other == name:
                continue
            had = had_by(own, theirs)
            counts = [count + there for count, there in zip(counts, had, strict=True)]
            shares[name][other] = sum(had) / len(own) if own else 0.0
        made[name] = PageResult(*texts[name], tuple(words[name]), tuple(counts))
    return Compared(page, made, shares)


def _made(page: Candidate, extractor: Extractor) -> tuple[str, str]:
    try:
        return page_text(page.payload, page.mime, page.content_type, extractor).text, ""
    except ExtractionFailed as e:
        return "", e.reason
    except MemoryError:
        raise
    except Exception as e:  # as in a run, a page that breaks a library is one page
        return "", f"error:{type(e).__name__}"


def had_by(own: Sequence[str], theirs: Sequence[str]) -> list[bool]:
    """Of each word whether it stands in a run of ``RUN_WORDS`` words that the other text has as well; in a shorter text the run is all of it. Linear."""
    n = max(1, min(RUN_WORDS, len(own), len(theirs)))
    runs = {tuple(theirs[i : i + n]) for i in range(len(theirs) - n + 1)}
    had = [False] * len(own)
    for i in range(len(own) - n + 1):
        if tuple(own[i : i + n]) in runs:
            had[i : i + n] = [True] * n
    return had


def as_json(pages: Iterable[Compared], names: Sequence[str], source: str, seed: int) -> dict[str, Any]:
    """The comparison as plain data: of each page the texts, how many words each has, and the share of them that each other one has."""
    return {
        "source": source,
        "seed": seed,
        "extractors": list(names),
        "pages": [
            {
                "place": p.candidate.place,
                "url": p.candidate.url,
                "extractors": {
                    name: {"text": made.text, "words": len(made.words), "problem": made.problem or None, "shared_with": p.shares[name]}
                    for name, made in p.made.items()
                },
            }
            for p in pages
        ],
    }
