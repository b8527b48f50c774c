"""JSON lines that commands read: one object per line, compressed by gzip or not. Documents of a run are read by ``documents.py``, not here."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed


def records(path: Path, *texts: str) -> Iterator[dict[str, Any]]:
    """The objects of a file, in order; blank lines are passed over. Each has the keys ``texts``, with strings.

    Raises:
        BadInput: the file cannot be read, or a line is not such an object; says which.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.isspace():
                    continue
                try:
                    record = parsed(line)
                except ValueError as e:
                    raise BadInput(f"{path}, line {number} is not JSON: {e}. Give one JSON object per line.") from None
                missing = [key for key in texts if not isinstance(record, dict) or not isinstance(record.get(key), str)]
                if missing or not isinstance(record, dict):
                    raise BadInput(f"{path}, line {number} must be a JSON object whose {' and '.join(texts)} is a string.")
                yield record
    except (OSError, EOFError, zlib.error) as e:
        raise BadInput(f"The file {path} cannot be read: {e}. Give a file with one JSON object per line (.jsonl, .jsonl.gz).") from None
