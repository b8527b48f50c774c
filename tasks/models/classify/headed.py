"""The form of a model file that is trained here: a line of JSON that says what it is, and behind it, compressed, the numbers. What they mean is the business of each model."""

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.models.files import ModelFile, locate


def headed(magic: str, header: Mapping[str, Any], numbers: bytes) -> bytes:
    """The bytes of a model: the same for the same model."""
    line = json.dumps({"format": magic, **header}, ensure_ascii=True, sort_keys=True).encode() + b"\n"
    return line + zlib.compress(numbers, 6) if numbers else line


@contextmanager
def read_headed(file: ModelFile, magic: str, otherwise: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    """Header and numbers of a file. Whatever goes wrong with them inside of the ``with`` is a file that is altered or truncated, too.

    Raises:
        BadInput: the file is missing or altered, or is no such model: ``otherwise`` says what to do then, behind its path.
    """
    path = locate(file)
    try:
        line, _, rest = path.read_bytes().partition(b"\n")
        header = parsed(line)
        if header.pop("format") != magic:
            raise ValueError("another format")
        yield header, zlib.decompress(rest) if rest else b""
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zlib.error):
        raise BadInput(f"{path} {otherwise}") from None
