"""Model files: what they are (name and sha256, which is identity) and where they are found (which is not).

Known public models are listed in ``known_models.yaml``; models trained here are registered in a folder, each with its card (``model.json``). A model that is trained again
is a further version beside the older ones, in a folder that its digest names: a run that was begun with one goes on with it.
A file is fetched once, kept under its sha256, and verified before anything loads it. What a model means is the business of what uses it.
"""

import hashlib
import importlib.util
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from winnow.tasks.engine.cache import cache_folder
from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.whole_file import whole_file
from winnow.tasks.transport.open import open_stream

BLOCK_BYTES = 1 << 20
CARD = "model.json"
VERSION_CHARS = 16
HUB = re.compile(r"hf://([^/@]+/[^/@]+)(?:@([^/]+))?/(.+)")
SHA256 = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@stable("option/model-file")
@dataclass(frozen=True)
class ModelFile:
    """``location`` is a path or URL; it does not enter any address, the digest does."""

    name: str
    sha256: str
    location: str = field(default="", metadata={"identity": False})


@dataclass(frozen=True)
class Known:
    """A public model file. ``sha256`` is empty where none is published: it is pinned on first use.

    Of a classifier, ``score`` says what each label counts in its score, ``signal`` the column, ``languages`` what it was trained on (any, if empty).
    """

    kind: str
    location: str
    licence: str
    sha256: str = ""
    score: Mapping[str, float] = field(default_factory=dict)
    signal: str = ""
    languages: tuple[str, ...] = ()


def _known() -> dict[str, Known]:
    listed = yaml.safe_load((files("winnow.tasks.models") / "known_models.yaml").read_text(encoding="utf-8"))
    known = {name: Known(**entry) for name, entry in listed["files"].items()}
    for family, entry in listed["families"].items():
        for language, sha256 in entry["languages"].items():
            for kind in ("kenlm", "sentencepiece"):
                digest = (sha256 or "") if kind == "kenlm" else ""
                known[f"{family}/{language}.{kind}"] = Known(kind, entry[kind].format(language=language), entry["licence"], digest)
    for family, entry in listed["word_lists"].items():
        for language, sha256 in entry["languages"].items():
            location = entry.get("locations", {}).get(language, entry["location"])
            known[f"{family}/{language}"] = Known("words", location.format(language=language), entry["licence"], sha256)
    return known


KNOWN = _known()


def model_file(spec: str, sha256: str = "") -> ModelFile:
    """A known name, a path or a URI (https://, s3://, hf://OWNER/REPO/FILE) as a ModelFile.

    A local file without a stated digest is hashed, so that its content is its identity. A remote one without is pinned: fetched now, hashed,
    and the digest recorded, so that every later run on this machine asks for the same bytes.

    Raises:
        BadInput: no such file, or it has to be fetched to be pinned and cannot be; names the file to put in place and where.
    """
    known = KNOWN.get(spec)
    sha256 = sha256.lower() or (known.sha256 if known else "")
    if sha256 and not SHA256.fullmatch(sha256):
        raise BadInput(f"The sha256 of the model {spec} is {sha256!r}; give 64 hex digits, or leave it out.")
    if known or "://" in spec:
        location = known.location if known else spec
        name = spec.replace("/", "-") if known else spec.rsplit("/", 1)[-1]
        return ModelFile(name, sha256 or _pinned(spec, name, location), location)
    path = Path(spec)
    if not path.is_file():
        raise BadInput(f"There is no model file {spec}. Give a path, a URI, or one of: {', '.join(n for n in KNOWN if '/' not in n)}.")
    return ModelFile(path.name, sha256 or file_sha256(path), str(path.absolute()))


# ------------------------------------------------------------------ models trained here


@dataclass(frozen=True)
class Card:
    """The card of a model that was trained here: ``files`` maps a kind (kenlm, sentencepiece, fasttext) to its file; ``card`` is all of it. ``version`` tells it from what was
    trained under the same name before; empty of a model that is older than versions."""

    name: str
    kind: str
    folder: Path
    files: Mapping[str, ModelFile]
    card: Mapping[str, Any]
    version: str = ""


def models_folder() -> Path:
    """Where models trained here are registered: ``$WINNOW_MODELS``, or ``models`` in the folder ``winnow`` of the user's data folder."""
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return Path(os.environ.get("WINNOW_MODELS") or data / "winnow" / "models")


def model_folder(name: str) -> Path:
    """The folder of a registered model: ``name`` below the registry, or ``name`` itself if it is a path. Raises BadInput for other names."""
    if "/" in name:
        return Path(name).absolute()
    if not NAME.fullmatch(name):
        raise BadInput(f"{name!r} cannot name a model: use letters, digits, dots, - and _, or give the path of a folder.")
    return models_folder() / name


def register(name: str, kind: str, contents: Mapping[str, bytes], card: Mapping[str, Any]) -> Card:
    """Write a model's files (kind -> bytes) and, last, its card. It is the newest version of that name; older ones stay until ``winnow prune --models``.

    Raises:
        BadInput: the folder cannot be written, or the name is no name.
    """
    folder = model_folder(name)
    digests = {part: hashlib.sha256(data).hexdigest() for part, data in contents.items()}
    made = hashlib.sha256(json.dumps([kind, sorted(digests.items())]).encode()).hexdigest()[:VERSION_CHARS]
    about = {part: {"file": f"model.{part}", "sha256": digests[part], "bytes": len(data)} for part, data in contents.items()}
    whole = {"name": folder.name, "kind": kind, **card, "kept": made}
    try:
        for part, data in contents.items():
            with whole_file(folder / made / f"model.{part}") as f:
                f.write(data)
        _write_card(folder / made / CARD, whole | {"files": about})
        _write_card(folder / CARD, whole | {"files": {part: e | {"file": f"{made}/{e['file']}"} for part, e in about.items()}})
    except OSError as e:
        raise BadInput(
            f"The model folder {folder} cannot be written: {e.strerror or e}. Set WINNOW_MODELS, or give --out as a path."
        ) from None
    with versions_named({}):
        return registered(name)


def with_licence(card: Card, licence: str) -> Card:
    """A registered model with another licence in its card; its files and its version stay.

    Raises:
        BadInput: the folder cannot be written.
    """
    try:
        for path in {card.folder / CARD, card.folder / card.version / CARD}:
            _write_card(path, json.loads(path.read_text(encoding="utf-8")) | {"licence": licence})
    except OSError as e:
        raise BadInput(f"The licence cannot be written into the cards in {card.folder}: {e.strerror or e}.") from None
    return registered(str(card.folder))


def _write_card(path: Path, card: Mapping[str, Any]) -> None:
    with whole_file(path) as f:
        f.write(json.dumps(card, indent=1, ensure_ascii=False).encode())


def registered(name: str) -> Card:
    """The newest version of the model registered under a name, or whose folder is given; inside of ``versions_named`` the version that it says.

    Raises:
        BadInput: there is none, or its card cannot be read.
    """
    folder, asked = model_folder(name), _asked.get() or _Asked({}, {})
    wanted = asked.wanted.get(name, "")
    place = folder / wanted
    try:
        card = json.loads((place / CARD).read_text(encoding="utf-8"))
        parts = {part: ModelFile(f"{card['name']}.{part}", e["sha256"], str(place / e["file"])) for part, e in card["files"].items()}
        found = Card(card["name"], card["kind"], folder, parts, card, card.get("kept", ""))
    except FileNotFoundError:
        if wanted:
            raise BadInput(
                f"The run was begun with the version {wanted} of the model {name}, and {place / CARD} is gone. Put it back, or forget the run with `winnow prune --drop`."
            ) from None
        here = ", ".join(sorted(p.parent.name for p in models_folder().glob(f"*/{CARD}"))) or "none yet"
        raise BadInput(f"There is no model {name}: {place / CARD} does not exist. Registered models: {here}.") from None
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise BadInput(f"The card {place / CARD} cannot be read ({type(e).__name__}: {e}). Train or register the model again.") from None
    if found.version:
        asked.found[name] = found.version
    return found


@dataclass(frozen=True)
class _Asked:
    wanted: Mapping[str, str]
    found: dict[str, str]


_asked: ContextVar[_Asked | None] = ContextVar("versions", default=None)


@contextmanager
def versions_named(wanted: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Names of registered models mean these versions; others the newest. Gives the versions that were found, by name, as they are found."""
    asked = _Asked(wanted, {})
    token = _asked.set(asked)
    try:
        yield asked.found
    finally:
        _asked.reset(token)


def older_versions() -> dict[tuple[str, str], Path]:
    """What is registered and not the newest of its name, by name and version."""
    found = {}
    for card in models_folder().glob(f"*/*/{CARD}"):
        folder = card.parent
        try:
            newest = json.loads((folder.parent / CARD).read_text(encoding="utf-8")).get("kept", "")
        except (OSError, ValueError):
            continue
        if folder.name != newest:
            found[folder.parent.name, folder.name] = folder
    return dict(sorted(found.items()))


def versions(*names: str) -> dict[str, str]:
    """The installed versions of packages, for what made a model."""

    def installed(name: str) -> str:
        try:
            return version(name)
        except PackageNotFoundError:
            return "missing"

    return {name: installed(name) for name in names}


# ------------------------------------------------------------------ files


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
    raise BadInput(f"The model {model.name} should lie in the package {package}, which is incomplete. Install Winnow again.")


def _fetched(model: ModelFile) -> Path:
    """The file in the cache, under its digest; fetched first if it is not there."""
    target = cache_folder() / "models" / model.sha256 / model.name
    if not target.is_file():
        _download(model.name, model.location, target)
    return target


def _pinned(spec: str, name: str, location: str) -> str:
    """The sha256 recorded for a location; the file is fetched, hashed, recorded and put in its place if there is none.

    A file that somebody put into ``models/incoming`` is taken instead of the network's.
    """
    models = cache_folder() / "models"
    pin = models / "pins" / f"{hashlib.sha256(location.encode()).hexdigest()[:32]}.json"
    if pin.is_file():
        return str(json.loads(pin.read_text())["sha256"])
    incoming = models / "incoming" / name
    if not incoming.is_file():
        _download(spec, location, incoming)
    sha256 = file_sha256(incoming)
    target = models / sha256 / name
    target.parent.mkdir(parents=True, exist_ok=True)
    incoming.replace(target)
    with whole_file(pin) as f:
        f.write(json.dumps({"name": spec, "location": location, "sha256": sha256}, indent=1).encode())
    return sha256


def _download(name: str, location: str, target: Path) -> None:
    found = HUB.fullmatch(location)
    url = f"https://huggingface.co/{found[1]}/resolve/{found[2] or 'main'}/{found[3]}" if found else location
    root, _, last = url.rpartition("/")
    try:
        with whole_file(target) as into, open_stream(root.removeprefix("file://"), last) as stream:
            while block := stream.read(BLOCK_BYTES):
                into.write(block)
    except (BadInput, Transient) as e:
        raise BadInput(
            f"The model {name} cannot be fetched from {url} ({e}). Get it where there is network and put it at {target}."
        ) from None
