"""Records that a writer cut in segments, joined again: WARC 1.1, section 5.20 and annex A.8.

The first segment is a record of the usual type with ``WARC-Segment-Number: 1``; the rest are of the type ``continuation``, name the first in
``WARC-Segment-Origin-ID``, and the last of them states ``WARC-Segment-Total-Length``.
"""

from collections.abc import Iterable, Iterator

from winnow.tasks.archives.record import Record

CONTINUATION = "continuation"
INCOMPLETE = "segments missing"
"""In ``warc-truncated`` of a record of which not all segments were there."""


def joined(records: Iterable[Record], max_block_bytes: int) -> Iterator[Record]:
    """The records, each segmented one with the whole block, when its last segment was read; its continuations follow it with empty blocks, so that
    every record of the file is seen once.

    A record whose segments do not follow in the same file keeps those that did, and says so in its ``warc-truncated``. At most
    ``max_block_bytes`` wait for their rest; what is longer is marked ``oversized``.
    """
    waiting: dict[str, Record] = {}
    following: dict[str, int] = {}
    for record in records:
        if record.problem is None and record.type != CONTINUATION and record.headers.get("warc-segment-number") == "1" and record.record_id:
            for earlier in [k for k in waiting if k == record.record_id or _held(waiting) + len(record.block) > max_block_bytes]:
                yield _cut(waiting.pop(earlier))
            waiting[record.record_id], following[record.record_id] = record, 2
            continue
        if record.type != CONTINUATION:
            yield record
            continue
        origin = record.headers.get("warc-segment-origin-id", "").strip("<> ")
        first = waiting.get(origin)
        if first is not None and record.problem is None and record.headers.get("warc-segment-number") == str(following[origin]):
            following[origin] += 1
            first.block += record.block
            if len(first.block) > max_block_bytes:
                first.block, first.problem = first.block[:max_block_bytes], "oversized"
            if first.problem or "warc-segment-total-length" in record.headers:
                yield waiting.pop(origin)
        record.block = b""
        yield record
    for first in waiting.values():
        yield _cut(first)


def _held(waiting: dict[str, Record]) -> int:
    return sum(len(r.block) for r in waiting.values())


def _cut(record: Record) -> Record:
    record.headers.setdefault("warc-truncated", INCOMPLETE)
    return record
