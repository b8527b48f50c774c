"""Pages whose lines are judged, from files, and the common words of languages: what a model of lines is trained from. Training itself is in ``train_lines.py``."""

import gzip
import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.models.classify.line_model import MOST_WORDS, looked, words

CLEAN = {"1", "1.0", "clean", "true", "yes"}
FEWEST_PAGES, MOST_PAGES = 20, 300
"""Pages of a language from which its common words are told."""


@dataclass(frozen=True)
class Page:
    """The lines of a page, and of each whether it is content; None where nobody judged."""

    lines: tuple[str, ...]
    clean: tuple[bool | None, ...]
    language: str = ""


def pages(path: Path) -> Iterator[Page]:
    """The pages of a JSONL file: ``text``, a list of lines or a text with line feeds, ``labels``, as many of them (1 or clean for content, anything else for noise, null for neither),
    and ``lang`` or ``language``.

    Raises:
        BadInput: a file that cannot be read, or a page with another number of labels than lines.
    """
    try:
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    row = parsed(line)
                    lines = row["text"].split("\n") if isinstance(row["text"], str) else [x.replace("\n", " ") for x in row["text"]]
                    labels = row["labels"]
                    if len(lines) != len(labels):
                        raise BadInput(
                            f"{path}, line {number}: {len(lines)} lines and {len(labels)} labels. Give a label for every line, null for a blank one."
                        )
                    for odd in (x for x in labels if _number(x) not in (None, 0, 1)):
                        raise BadInput(
                            f"{path}, line {number}, has the label {odd!r}. Two kinds of lines are learnt: write 1 or clean for content, 0 or the name of a kind of noise, null for neither."
                        )
                    clean = tuple(None if x is None else str(x).strip().casefold() in CLEAN for x in labels)
                    yield Page(tuple(lines), clean, str(row.get("language") or row.get("lang") or ""))
    except FileNotFoundError:
        raise BadInput(f"There is no file {path}. Give JSONL with text, labels and lang in each row.") from None
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as e:
        raise BadInput(f"{path} cannot be read ({type(e).__name__}: {e}). Give JSONL with text, labels and lang in each row.") from None


def _number(label: Any) -> float | None:
    """A label as a number; None for one that is none."""
    try:
        return None if label is None else float(label)
    except (TypeError, ValueError):
        return None


def merged(given: Iterable[Page]) -> tuple[list[tuple[int, Page]], int]:
    """The pages, each once with a hash of its text, in the order of these, whatever that of the files; and how many lines are judged as content and as noise: those count as not judged."""
    found: dict[int, Page] = {}
    said: dict[int, list[set[bool]]] = {}
    for page in given:
        key = xxhash.xxh3_64_intdigest("\n".join(page.lines).encode("utf-8", "replace"))
        if key not in found or page.language < found[key].language:
            found[key] = page
        for line, clean in zip(said.setdefault(key, [set() for _ in page.lines]), page.clean, strict=True):
            if clean is not None:
                line.add(clean)
    both = sum(len(line) == 2 for lines in said.values() for line in lines)
    ordered = sorted(found.items(), key=lambda kv: kv[0])
    return [
        (key, replace(page, clean=tuple(line == {True} if len(line) == 1 else None for line in said[key]))) for key, page in ordered
    ], both


def common_words(texts: Iterable[tuple[str, str]]) -> dict[str, tuple[int, ...]]:
    """Hashes of the words of each language (``folded``) that stand in most texts, given language and text. No label is needed. Of a language with many texts a sample is looked at that does
    not depend on their order; one with fewer than ``FEWEST_PAGES`` has none."""
    held: dict[str, list[tuple[int, npt.NDArray[np.uint64]]]] = defaultdict(list)  # heaps by hashes of texts, the largest first
    seen: dict[str, set[int]] = defaultdict(set)
    for language, text in texts:
        code = folded(language)
        key = -xxhash.xxh3_64_intdigest(text.encode("utf-8", "replace"))
        heap, mine = held[code], seen[code]
        if not code or key in mine or (len(heap) == MOST_PAGES and key < heap[0][0]):
            continue
        mine.add(key)
        entry = (key, np.unique(words(looked(text))))
        if len(heap) < MOST_PAGES:
            heapq.heappush(heap, entry)
        else:
            mine.discard(heapq.heapreplace(heap, entry)[0])
    return {code: _commonest([w for _, w in heap]) for code, heap in sorted(held.items()) if len(heap) >= FEWEST_PAGES}


def _commonest(each: list[npt.NDArray[np.uint64]]) -> tuple[int, ...]:
    values, counts = np.unique(np.concatenate(each), return_counts=True)
    return tuple(values[np.lexsort((values, -counts))][:MOST_WORDS].tolist())
