"""Tables of names as the kernels of ``page_kernels.py`` look them up, and which tags of a page may tell something."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from winnow.tasks.extract.extractors import page_kernels


def table_of(names: Iterable[str]) -> tuple[npt.NDArray[np.uint64], dict[str, int]]:
    """Packed names where a kernel looks for them, and where each is. Of names longer than a kernel reads there is none."""
    from winnow.tasks.extract.extractors.page_kernels import TABLE_BITS, place_of

    packed = np.zeros((2, 1 << TABLE_BITS), np.uint64)
    places = {}
    for name in names:
        high, low = divmod(int.from_bytes(name.encode()), 1 << 64)
        place = int(place_of(np.uint64(low), np.uint64(high)))
        while packed[0, place]:
            place = (place + 1) % packed.shape[1]
        packed[:, place] = low, high
        places[name] = place
    return packed, places


def words_of(bits: Mapping[str, int]) -> "page_kernels.WordTable":
    """A table of words with the bits of each."""
    from winnow.tasks.extract.extractors.page_kernels import WordTable

    names, place = table_of(bits)
    values = np.zeros(names.shape[1], np.int32)
    for word, value in bits.items():
        values[place[word]] = value
    return WordTable(names[0], names[1], values)


def telling_tags(html: bytes, names: "page_kernels.WordTable") -> list[tuple[int, int, int]]:
    """The start tags that may be of formulas by their names, which are in the table, or their attributes: where each stands, where its name ends, and where it
    ends itself."""
    from winnow.tasks.extract.extractors import page_kernels

    found = np.empty((3, html.count(b"<")), np.int32)
    count = page_kernels.telling_tags(np.frombuffer(html, np.uint8), names, found)
    return list(zip(*found[:, :count].tolist(), strict=True))
