"""Texts that users train models from: lines of .txt, rows of .jsonl and .parquet, compressed or not. What a model learns of them is its own."""

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.models.files import file_sha256


class Text(NamedTuple):
    """``url`` is empty where the file has none."""

    text: str
    url: str = ""


def listed(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Name, sha256 and size of each file, for the card of a model. Raises BadInput if a file is missing."""
    found = []
    for path in paths:
        if not path.is_file():
            raise BadInput(
                f"There is no text file {path}. Give .txt (a sentence or document per line), .jsonl or .parquet with a column text."
            )
        found.append({"name": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size})
    return found


def texts(path: Path) -> Iterator[Text]:
    """Every text of a file, in order: a line of .txt (blank ones too), or the columns text and url of .jsonl and .parquet.

    Raises:
        BadInput: the file cannot be read as what its name says.
    """
    name = path.name.removesuffix(".gz")
    try:
        if name.endswith(".parquet"):
            yield from _parquet(path)
            return
        with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not name.endswith((".jsonl", ".json")):
                    yield Text(line)
                elif line.strip():
                    row = parsed(line)
                    if isinstance(row, dict) and isinstance(row.get("text"), str):
                        yield Text(row["text"], str(row.get("url") or ""))
    except (OSError, EOFError, ValueError, pa.ArrowException) as e:
        raise BadInput(f"{path} cannot be read: {' '.join(str(e).split())[:200]}. Repair the file or leave it out.") from None


def _parquet(path: Path) -> Iterator[Text]:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        if "text" not in names:
            raise BadInput(f"{path} has no column text; it has {', '.join(names)}.")
        for batch in file.iter_batches(columns=["text", *(["url"] if "url" in names else [])]):
            urls = batch.column(1).to_pylist() if batch.num_columns > 1 else [None] * batch.num_rows
            yield from (Text(t, u or "") for t, u in zip(batch.column(0).to_pylist(), urls, strict=True) if t)
