"""Parquet as Winnow writes it: the same bytes for the same table in every process, and a footer that vouches for the file."""

import hashlib
import io
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


def to_parquet(table: pa.Table, row_groups: Any = None) -> bytes:
    """Parquet bytes: zstd, no statistics on text, the same for the same table in every process.

    ``row_groups``: rows per group, or the list of sizes of each group; one group by default.
    """
    sink = io.BytesIO()
    table = table.combine_chunks()
    with pq.ParquetWriter(
        sink,
        table.schema,
        compression="zstd",
        compression_level=3,
        write_statistics=[c for c in table.column_names if c != "text"],
        write_page_checksum=True,
    ) as writer:
        if isinstance(row_groups, int) or row_groups is None:
            writer.write_table(table, row_group_size=row_groups or max(1, table.num_rows))
        else:
            start = 0
            for size in row_groups:
                writer.write_table(table.slice(start, size), row_group_size=max(1, size))
                start += size
    return sink.getvalue()


def footer_sha256(data: bytes) -> str:
    """Digest of the metadata of a Parquet file, for ``Store.open_checked``."""
    return hashlib.sha256(footer_of(io.BytesIO(data))).hexdigest()


def footer_of(stream: Any) -> bytes:
    """The metadata of a Parquet file: its length is in the 8 bytes at the end. Raises OSError on a file that is cut or is none."""
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - 8))
    length = int.from_bytes(stream.read(4), "little")
    if end < length + 8:
        raise OSError("it is cut")
    stream.seek(end - 8 - length)
    return bytes(stream.read(length))
