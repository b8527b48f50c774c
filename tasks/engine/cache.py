"""Files derived from installed packages, kept per user so that every worker process maps the same one. Deleting them costs seconds only."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def cache_folder() -> Path:
    """``$WINNOW_CACHE``, or ``winnow`` in the user's cache folder."""
    return Path(os.environ.get("WINNOW_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "winnow")


def cached_file(name: str, make: Callable[[], bytes]) -> Path:
    """The file of that name, made once. Written all or nothing, so two processes may make it at the same time."""
    path = cache_folder() / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")
        temporary.write_bytes(make())
        temporary.replace(path)
    return path
