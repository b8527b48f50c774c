"""A few documents for each reason of a drop, and of those that were kept."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import xxhash

from winnow.tasks.corpus.profile.read import Read, shown
from winnow.tasks.corpus.profile.tables import Row

SAMPLES = 3
SAMPLE_CHARS = 400


def samples(read: Read) -> Iterator[Row]:
    identities = read.documents["id"].to_pylist()
    draws = [xxhash.xxh3_64_hexdigest(i) for i in identities]
    reasons = read.decisions["reason"].to_pylist()
    taken: Counter[str | None] = Counter()
    chosen: list[int] = []
    for i in sorted(range(len(draws)), key=draws.__getitem__):
        if taken[reasons[i]] < SAMPLES:
            taken[reasons[i]] += 1
            chosen.append(i)
    for i, text in zip(chosen, read.texts(chosen), strict=True):
        crossed = read.decisions["crossed"][i].as_py()
        entry: dict[str, Any] = next((c for c in crossed if c["reason"] == reasons[i]), {})
        url = read.documents["url"][i].as_py() or ""
        yield {
            "reason": reasons[i],
            "draw": draws[i],
            "id": identities[i],
            "url": url,
            "text": shown(text, SAMPLE_CHARS),
            "value": entry.get("value"),
            "limit": entry.get("limit"),
            "adult": read.is_adult(i, url, text),
        }
