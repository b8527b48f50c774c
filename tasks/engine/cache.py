"""Files derived from installed packages, kept per user so that every worker process maps the same one. Deleting them costs seconds only."""

import os
from collections.abc import Callable
from pathlib import Path

from winnow.tasks.engine.whole_file import whole_file


def cache_folder() -> Path:
    """``$WINNOW_CACHE``, or ``winnow`` in the user's cache folder."""
    return Path(os.environ.get("WINNOW_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "winnow")


def cached_file(name: str, make: Callable[[], bytes]) -> Path:
    """The file of that name, made once. Written all or nothing, so two processes may make it at the same time."""
    path = cache_folder() / name
    if not path.exists():
        with whole_file(path) as f:
            f.write(make())
    return path
