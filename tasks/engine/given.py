"""Inputs that a user names: a path on this machine, or a place in a store (``s3://bucket/folder``, ``block:NAME/folder``), which is copied here to be read."""

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import PREFIX, store_at
from winnow.tasks.engine.store import Store
from winnow.tasks.transport.uri import shown


def elsewhere(place: str) -> bool:
    """Whether a place is a URI or in a block, and not a path on this machine."""
    return "://" in place or place.startswith(PREFIX)


def given(place: str | Path) -> Path:
    """The file or folder that ``place`` names, on this machine. Of a folder elsewhere the files that lie directly in it are copied, anew at each call, so that
    what was there before is never taken for what is there now. The copies are gone when the process ends.

    Raises:
        BadInput: a place elsewhere with nothing in it, or without access. A path on this machine is not looked at.
    """
    if isinstance(place, Path) or not elsewhere(place):
        return Path(place)
    store, path = _store_of(place.rstrip("/"))
    if store.is_local:
        return Path(store.full(path))
    home = _home() / hashlib.sha256(place.encode()).hexdigest()[:16]
    shutil.rmtree(home, ignore_errors=True)
    found = home / path.rsplit("/", 1)[-1]
    try:
        if names := sorted(store.names(path) - {""}):
            found.mkdir(parents=True)
            for name in names:
                (found / name).write_bytes(store.get(f"{path}/{name}"))
        else:
            data = store.get(path)
            home.mkdir(parents=True)
            found.write_bytes(data)
    except FileNotFoundError:
        raise BadInput(f"There is no file or folder {shown(place)}. Name one as `winnow annotate` or `winnow label` printed it.") from None
    return found


def given_files(place: str | Path) -> list[Path]:
    """The file that ``place`` names; of a folder its Parquet files, by name. Raises BadInput for a folder without one, or as ``given``."""
    found = given(place)
    if not found.is_dir():
        return [found]
    files = sorted(found.glob("*.parquet"))
    if not files:
        raise BadInput(f"There is no file *.parquet in {shown(str(place))}. `winnow annotate` or `winnow label` writes judgements.")
    return files


def _store_of(place: str) -> tuple[Store, str]:
    if place.startswith(PREFIX):
        name, _, path = place.removeprefix(PREFIX).partition("/")
        if not path:
            raise BadInput(f"{place} names a whole store. Write the folder behind it: {PREFIX}{name}/judged/…")
        return store_at(f"{PREFIX}{name}"), path
    root, _, path = place.rpartition("/")
    if root.endswith("/"):
        raise BadInput(f"{shown(place)} names a whole bucket. Write the folder behind it: {place}/judged/…")
    return store_at(root, to_write=False), path


@cache
def _home() -> Path:
    found = Path(tempfile.mkdtemp(prefix="winnow-given-"))
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return found
