"""What the linear student sees of a document: hashed n-grams of its text, its URL or both, as rows of numbers. The loops are in ``student_kernels.py``."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from winnow.tasks.engine.arrays import Ints
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import check_ranges
from winnow.tasks.models.texts import Text

INPUTS = ("text", "url+text", "url")
PART_CHARS = 2000
URL_CHARS = 1000
OF_TEXT, OF_URL = np.uint64(0), np.uint64(0x5851F42D4C957F2D)


def sampled(text: str, part_chars: int = PART_CHARS) -> str:
    """The beginning, the middle and the end of a long text, each of ``part_chars`` characters; a shorter one whole. What is said of a page must not take longer
    the longer it is."""
    if len(text) <= 3 * part_chars:
        return text
    middle = (len(text) - part_chars) // 2
    return f"{text[:part_chars]}\n{text[middle : middle + part_chars]}\n{text[-part_chars:]}"


def seen_of(document: Text, of: str) -> str:
    """What a student with the input ``of`` sees, as one text; empty if there is nothing for it to see."""
    url = document.url[:URL_CHARS] if of != "text" else ""
    text = sampled(document.text) if of != "url" else ""
    return f"{url}\n{text}".strip()


@stable("option/student-features")
@dataclass(frozen=True)
class Features:
    """``input`` is one of ``text``, ``url+text`` and ``url``. ``words`` is the longest n-gram of words (1 or 2), ``chars`` the length of runs of characters inside
    of words (0: none), ``bits`` the logarithm of the number of buckets.

    Raises:
        BadInput: an option out of its range.
    """

    input: str = "text"
    words: int = 2
    chars: int = 4
    bits: int = 18

    def __post_init__(self) -> None:
        if self.input not in INPUTS:
            raise BadInput(f"input is {self.input!r}; it is one of: {', '.join(INPUTS)}.")
        check_ranges(self, {"words": (1, 2), "chars": (0, 8), "bits": (10, 24)})


class Hasher:
    """Finds the features of documents, one after the other, with the memory that it holds."""

    def __init__(self, features: Features) -> None:
        from winnow.tasks.models.classify import student_kernels

        self._features, self._kernels = features, student_kernels
        self._seen = np.zeros(1 << features.bits, np.int32)
        self._serial = 0
        self._found = np.empty(1 << 15, np.int64)

    def of(self, document: Text) -> tuple[Ints, int]:
        """The buckets, in an array that the next call writes over, and how many of its elements count."""
        options = self._features
        self._serial += 1
        if self._serial == np.iinfo(np.int32).max:
            self._seen[:] = 0
            self._serial = 1
        parts = []
        if options.input != "text" and document.url:
            parts.append((document.url[:URL_CHARS], OF_URL))
        if options.input != "url" and document.text:
            parts.append((sampled(document.text), OF_TEXT))
        count = 0
        for text, salt in parts:
            data = np.frombuffer(text.lower().encode("utf-8", "replace"), np.uint8)
            room = count + 3 * len(data) + 3
            if room > len(self._found):
                self._found = np.concatenate([self._found[:count], np.empty(2 * room - count, np.int64)])
            count = self._kernels.collect(data, salt, options.words, options.chars, self._seen, self._serial, self._found, count)
        return self._found, count


@dataclass(frozen=True)
class Rows:
    """Features of documents, one row behind the other: those of row i are ``features[borders[i] : borders[i + 1]]``."""

    borders: Ints
    features: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.borders) - 1

    def take(self, numbers: Ints) -> "Rows":
        """Some of the rows, in this order."""
        lengths = np.diff(self.borders)[numbers]
        borders = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        places = np.repeat(self.borders[numbers] - borders[:-1], lengths) + np.arange(borders[-1])
        return Rows(borders, self.features[places])


def rows_of(documents: Iterable[Text], features: Features) -> Rows:
    """The rows of some documents: 4 bytes for each feature."""
    hasher = Hasher(features)
    found: list[Any] = []
    for document in documents:
        buckets, count = hasher.of(document)
        found.append(np.sort(buckets[:count]).astype(np.int32))
    borders = np.concatenate([[0], np.cumsum([len(f) for f in found])]).astype(np.int64)
    return Rows(borders, np.concatenate(found) if found else np.empty(0, np.int32))
