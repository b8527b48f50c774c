"""What ``winnow inspect`` says of a file: every record the reader gets out of it, and every damage."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from winnow.tasks.archives.diagnose import NotAnArchive
from winnow.tasks.archives.warc import read_records


def inspect(stream: BinaryIO) -> Iterator[dict[str, Any]]:
    """The objects of ``winnow inspect --json``: one per record, then the totals; ``problem`` of the totals says why there is no record."""
    reader = read_records(stream)
    records = intact = 0
    problem = None
    try:
        for r in reader:
            records += 1
            intact += r.problem is None
            yield {"offset": r.offset, "length": r.length, "type": r.type, "record_id": r.record_id, "uri": r.uri, "problem": r.problem}
    except NotAnArchive as e:
        problem = str(e)
    totals = {"records": records, "intact": intact, "damaged": records - intact, "skipped_bytes": reader.skipped_bytes}
    yield totals | ({"problem": problem} if problem else {})
