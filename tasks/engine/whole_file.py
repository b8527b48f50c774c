"""A file that appears under its name only when it is complete: whoever finds it after a kill finds all of it."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def whole_file(target: Path) -> Iterator[BinaryIO]:
    """A file to write, beside ``target`` until it is closed without an error. Makes the folder. Raises OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as f:
            yield f
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
