"""A root: any place that fsspec knows (a folder, ``s3://``), in which bytes are written all or nothing. What they mean is said in store.py."""

import contextlib
import errno
import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

import fsspec

from winnow.tasks.engine.errors import BadInput, WinnowError
from winnow.tasks.transport.open import open_stream
from winnow.tasks.transport.politeness import POLITE, NotFound, Transport
from winnow.tasks.transport.s3 import has_worked, patiently, s3_filesystem, worked

T = TypeVar("T")
TEMPORARY = ".winnow-tmp-"
ORPHAN_AGE_S = 24 * 3600
MIN_FREE_BYTES = 1 << 30
"""A run stops in good order when the disk of its store has less room than this."""


@dataclass(frozen=True)
class Root:
    """``root`` is a folder or URI; ``options`` go to fsspec (endpoint, anon). Credentials come from the environment or a block, and
    are never shown: ``options`` stays out of repr."""

    root: str
    options: tuple[tuple[str, Any], ...] = field(default=(), repr=False)
    transport: Transport = field(default=POLITE, repr=False, compare=False)

    @cached_property
    def _fs(self) -> tuple[Any, str]:
        if self._is_s3:
            fs = s3_filesystem(self.options, timeout_s=self.transport.politeness.timeout_s)
            return fs, str(fs._strip_protocol(self.root)).rstrip("/")
        try:
            fs, path = fsspec.url_to_fs(self.root, **dict(self.options))
        except (ValueError, ImportError) as e:
            raise BadInput(f"The store {self.root} cannot be opened: {e}. Give a folder or a URI such as s3://bucket/winnow.") from None
        return fs, str(path).rstrip("/")

    @property
    def _is_s3(self) -> bool:
        return self.root.startswith(("s3://", "s3a://"))

    def _call(self, path: str, call: Callable[[], T], verb: str = "read") -> T:
        """The result of a call on the filesystem; on S3, tried again while the service is throttling or away.

        Raises:
            FileNotFoundError: no such object. Transient: after bounded attempts. BadInput: no access.
        """
        if not self._is_s3:
            return call()
        try:
            result = patiently(f"{self.root.rstrip('/')}/{path}", call, self.transport, verb, self._renew if _worked(self) else None)
            _WORKED.setdefault(self.root, set()).add(verb)
            return result
        except NotFound as e:
            if verb == "read":
                raise FileNotFoundError(errno.ENOENT, str(e)) from None
            raise

    def _renew(self) -> None:
        """Look for credentials again: in the environment, the profile or the machine's role."""
        self._fs[0].connect(refresh=True)

    @property
    def is_local(self) -> bool:
        return isinstance(self._fs[0], fsspec.implementations.local.LocalFileSystem)

    def __getstate__(self) -> dict[str, Any]:
        # A filesystem must not travel to another process (s3fs holds an event loop and sockets).
        done = {"worked": (_WORKED.get(self.root, set()), worked())} if self._is_s3 else {}
        return {"root": self.root, "options": self.options, "transport": self.transport, **done}

    def __setstate__(self, state: dict[str, Any]) -> None:
        here, buckets = state.pop("worked", (set(), {}))
        if here:
            _WORKED.setdefault(state["root"], set()).update(here)
        has_worked(buckets)
        self.__dict__.update(state)

    def full(self, path: str) -> str:
        """Raises BadInput for a path that leads out of the store: parts of it are names that recipes, documents and models gave."""
        if path.startswith("/") or ".." in path.split("/"):
            raise BadInput(f"{path!r} leads out of the store {self.root}. Whatever gave a folder that name must be renamed.")
        return f"{self._fs[1]}/{path}"

    def uri(self, path: str) -> str:
        """Absolute path or URI of a path inside the store."""
        return self.full(path) if self.is_local else self._fs[0].unstrip_protocol(self.full(path))

    def get(self, path: str) -> bytes:
        """Raises FileNotFoundError if there is no such object."""
        one_request = {"max_concurrency": 1} if self._is_s3 else {}  # s3fs asks for the size first, to read large objects in parts at once
        return bytes(self._call(path, lambda: self._fs[0].cat_file(self.full(path), **one_request)))

    def put(self, path: str, data: bytes) -> None:
        """Write all or nothing: temporary file and rename on a local disk, one PUT elsewhere.

        Raises:
            WinnowError: no space left, or the store refuses writing; says what to do.
        """
        fs, full = self._fs[0], self.full(path)
        if not self.is_local:
            self._call(path, lambda: fs.pipe_file(full, data), "written")
            return
        target = Path(full)
        temporary = target.with_name(f"{TEMPORARY}{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}-{target.name}"[:200])
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with temporary.open("wb") as f:
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
            temporary.replace(target)
        except OSError as e:
            with contextlib.suppress(OSError):
                temporary.unlink()
            if e.errno in (errno.ENOSPC, errno.EDQUOT):
                raise no_space(self, 0) from None
            raise BadInput(f"The store {self.root} cannot be written: {e.strerror or e}. Choose another place with --store.") from None

    def exists(self, path: str) -> bool:
        return bool(self._call(path, lambda: self._fs[0].exists(self.full(path))))

    def is_object(self, path: str) -> bool:
        """Whether there is an object of this name: one request, where ``exists`` asks for a folder too."""
        if not self._is_s3:
            return self.exists(path)
        try:
            bucket, _, key = self.full(path).partition("/")
            self._call(path, lambda: self._fs[0].call_s3("head_object", Bucket=bucket, Key=key))
        except FileNotFoundError:
            return False
        return True

    def delete_all(self, paths: Sequence[str]) -> None:
        """Delete objects, as many with one request as the service takes. Those that are not there are no error."""
        if not self._is_s3:
            for path in paths:
                self.delete(path)
            return
        bucket = self._fs[1].partition("/")[0]

        def delete(keys: list[dict[str, str]]) -> None:
            answer = self._fs[0].call_s3("delete_objects", Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
            if refused := [e for e in answer.get("Errors", ()) if e.get("Code") != "NoSuchKey"]:
                raise PermissionError(errno.EACCES, str(refused[0].get("Code")))

        for begin in range(0, len(paths), 1000):
            keys = [{"Key": self.full(path).partition("/")[2]} for path in paths[begin : begin + 1000]]
            self._call(paths[begin], partial(delete, keys), "written")

    def delete(self, path: str, *, recursive: bool = False) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._call(path, lambda: self._fs[0].rm(self.full(path), recursive=recursive))

    def files(self, path: str) -> dict[str, int]:
        """Files below a folder: path relative to the store -> size in bytes. Empty if there is no such folder."""
        fs, root = self._fs
        fs.invalidate_cache()
        try:
            found = self._call(path, lambda: fs.find(f"{root}/{path}", detail=True))
        except FileNotFoundError:
            return {}
        return {name[len(root) + 1 :]: int(info["size"] or 0) for name, info in found.items()}

    def names(self, path: str) -> set[str]:
        """Names of the files directly in a folder. Cheaper than ``files``, which asks for the size of each. Empty if there is no such folder."""
        if self._is_s3:
            parent, _, last = self.full(path).rpartition("/")  # asked by prefix, s3fs does not look for an object of the folder's name too
            self._fs[0].invalidate_cache()
            found = self._call(path, lambda: self._fs[0].find(parent, prefix=f"{last}/"))
            names = (name[len(parent) + len(last) + 2 :] for name in found)
            return {name for name in names if name and "/" not in name}
        if not self.is_local:
            return {name for file in self.files(path) if "/" not in (name := file[len(path) + 1 :])}
        try:
            with os.scandir(self.full(path)) as entries:
                return {entry.name for entry in entries if not entry.is_dir()}
        except FileNotFoundError:
            return set()

    def folders(self, path: str) -> list[str]:
        """Names of the folders directly below a folder."""
        fs, root = self._fs
        fs.invalidate_cache()
        try:
            found = self._call(path, lambda: fs.ls(f"{root}/{path}", detail=True))
            return sorted(i["name"].rstrip("/").rsplit("/", 1)[1] for i in found if i["type"] == "directory")
        except FileNotFoundError:
            return []

    def free_bytes(self) -> int | None:
        """Room on the disk of the store; None where that is no question (S3)."""
        if not self.is_local:
            return None
        return shutil.disk_usage(next(p for p in (Path(self.root), *Path(self.root).absolute().parents) if p.exists())).free

    def open(self, path: str) -> Any:
        """A stream to seek in, for reading some of an object. Raises FileNotFoundError if there is no such object."""
        if not self._is_s3:
            return self._fs[0].open(self.full(path), "rb")
        try:
            return open_stream(self.root, path, self.options, self.transport)
        except NotFound as e:
            raise FileNotFoundError(errno.ENOENT, str(e)) from None

    def clean(self, folders: Iterable[str]) -> int:
        """Delete what killed writers left half-written in these folders; how many pieces that were.

        A temporary file is an orphan if its process on this machine is gone, or if it is a day old, whoever wrote it. On S3 nothing is
        half-written but uploads in parts, which nobody sees and somebody pays for: those of a day ago are aborted, in the whole store.
        """
        if not self.is_local:
            return self._abort_uploads() if self._is_s3 else 0
        here, count = f"{TEMPORARY}{socket.gethostname()}-", 0
        for path in [p for folder in folders for p in self.files(folder)]:
            name = path.rsplit("/", 1)[1]
            if not name.startswith(TEMPORARY):
                continue
            mine = name.startswith(here)
            try:
                old = time.time() - os.stat(self.full(path)).st_mtime > ORPHAN_AGE_S
            except FileNotFoundError:
                continue
            if old or (mine and not _alive(name[len(here) :].split("-")[0])):
                self.delete(path)
                count += 1
        return count

    def _abort_uploads(self) -> int:
        fs, root = self._fs
        bucket, _, prefix = root.partition("/")
        try:
            uploads = self._call("", lambda: fs.list_multipart_uploads(bucket))
        except (BadInput, FileNotFoundError):
            return 0  # whoever may write does not always see uploads
        since = time.time() - ORPHAN_AGE_S
        old = [u for u in uploads if u["Key"].startswith(f"{prefix}/" if prefix else "") and u["Initiated"].timestamp() < since]
        for upload in old:
            with contextlib.suppress(FileNotFoundError):
                self._call(upload["Key"], lambda u=upload: fs.abort_mpu(bucket, u["Key"], u["UploadId"]))  # type: ignore[misc]
        return len(old)


_WORKED: dict[str, set[str]] = {}
"""Root of a store on S3 -> what this process, or the one that started it, has done there without being refused: read, written."""


def _worked(root: Root) -> bool:
    return _WORKED.get(root.root, set()) >= {"read", "written"}


def no_space(root: Root, free_bytes: int) -> WinnowError:
    return WinnowError(
        f"No space left for the store {root.root}: {free_bytes / 2**30:.1f} GiB are free, and {MIN_FREE_BYTES >> 30} GiB of its disk is always kept free. "
        f"Free some space (`winnow prune --store {root.root}` "
        "deletes what no corpus needs) and run the same command again; what is finished is kept."
    )


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path(f"/proc/{pid}").exists()
