"""Rows of a Parquet file, group by group, so that a damaged group costs its own rows."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.extract.read_rows import UnreadableFile
from winnow.tasks.extract.rows import Row

BATCH_ROWS = 1024
DAMAGED_GROUP = "damaged:row_group"


def open_parquet(stream: BinaryIO, path: str) -> pq.ParquetFile:
    """Raises UnreadableFile, which says what the file is instead."""
    try:
        return pq.ParquetFile(stream)
    except (pa.ArrowInvalid, OSError) as e:
        stream.seek(0)
        says = f"{path} is not a readable Parquet file: {_looks_like(stream.read(1024), str(e))}"
        raise UnreadableFile(says, "file:not_parquet") from None


def parquet_rows(file: pq.ParquetFile, columns: Sequence[str], begin: int = 0, end: int = 0) -> Iterator[Row]:
    """The rows from number ``begin`` to ``end`` (0: all of the rest), numbered in the file, with those of ``columns`` that there are."""
    first = 0
    names = [c for c in columns if c in file.schema_arrow.names]
    for group in range(file.metadata.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        low, high = max(begin, first), min(end or first + rows, first + rows)
        if low < high:
            yield from _group(file, group, names, first, low, high)
        first += rows


def parts_of(file: pq.ParquetFile, part_bytes: int) -> list[tuple[int, int]]:
    """Begin and end of parts of about this many inflated bytes: whole row groups where they are small, else equal shares of one."""
    parts: list[tuple[int, int]] = []
    begin = at = size = 0
    for group in range(file.metadata.num_row_groups):
        meta = file.metadata.row_group(group)
        if size and size + meta.total_byte_size > part_bytes:
            parts.append((begin, at))
            begin, size = at, 0
        shares = min(meta.num_rows, round(meta.total_byte_size / part_bytes))
        if shares > 1:
            cuts = [at + meta.num_rows * n // shares for n in range(shares + 1)]
            parts += pairwise(cuts)
            begin = at = cuts[-1]
            continue
        at += meta.num_rows
        size += meta.total_byte_size
    return [*parts, (begin, at)] if at > begin else parts


def _group(file: pq.ParquetFile, group: int, columns: list[str], first: int, low: int, high: int) -> Iterator[Row]:
    at = first
    try:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, row_groups=[group], columns=columns):
            if at + batch.num_rows > low and at < high:
                for number, values in enumerate(batch.to_pylist(), at):
                    if low <= number < high:
                        yield Row(number, values)
            at += batch.num_rows
            if at >= high:
                return
    except (pa.ArrowException, OSError, UnicodeDecodeError) as e:
        begin = max(at, low)
        if begin < high:
            yield Row(begin, {}, DAMAGED_GROUP, " ".join(str(e).split())[:200], high - begin)


def _looks_like(head: bytes, error: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"version https://git-lfs.github.com/spec"):
        return "it is a pointer of Git LFS, not the file itself. Fetch the files with `git lfs pull`, or download them from the place they are kept."
    if start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<error")):
        return "it is an HTML or XML page, as servers send in place of a file. Check its address and whether it needs a sign-in, then fetch it again."
    if not head:
        return "it is empty. Fetch it again, or leave it out."
    if not head.startswith(b"PAR1"):
        return f"it begins {head[:24]!r}. Give it the ending of what it is, or leave it out."
    return f"it is cut or damaged ({' '.join(error.split())[:200]}). Write or fetch it again, or leave it out."
