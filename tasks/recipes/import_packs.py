"""FineWeb2's language packs, from its repository (an archive at a URL or on disk, or a checkout) to a folder and a recipe that uses them all.

The files are kept as they are, byte for byte; what they may hold is checked by ``packs.py``. Winnow ships none.
"""

import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.recipes.packs import ON_WORDS, read
from winnow.tasks.signals.segmentation import CHARACTERS, LIBRARIES, assigned
from winnow.tasks.transport.open import open_stream

COMMIT = "d0defb24f193bb9a5a11b8b14524a03c4858e1b6"
PUBLISHED = f"https://codeload.github.com/huggingface/fineweb-2/tar.gz/{COMMIT}"
DIGEST = "32c7799a6a6c34f3ffe8c65202877ea24720a5304a7bdedf53151e0a00dc1c23"
"""Of the packs at that commit, as ``digest_of`` has it."""
PACK = re.compile(r"(?:^|/)(?:configs/)?([a-z]{3}_[A-Z][a-z]{3})\.ya?ml$")
MOST_BYTES = 1 << 20
RECIPE = "fineweb2-packs.yaml"


@dataclass(frozen=True)
class Imported:
    """``recipe`` is the file to run, ``languages`` the number of packs, ``digest`` that of their bytes, ``by_characters`` the labels whose words no segmenter here
    cuts, ``segmented`` those that need the extra ``segmentation``."""

    recipe: Path
    languages: int
    digest: str
    published: bool
    by_characters: tuple[str, ...]
    segmented: tuple[str, ...]


def import_packs(source: str, out: Path) -> Imported:
    """Read every pack of ``source`` and write them with a recipe.

    Raises:
        BadInput: nothing can be read there, a pack has an unknown field or another digest than that of the published commit, or the folder cannot be written.
    """
    packs = dict(sorted(_packs(source)))
    if not packs:
        raise BadInput(
            f"{source} has no language pack (configs/fra_Latn.yml and its like). Give a checkout or an archive of FineWeb2's repository."
        )
    digest = digest_of(packs)
    if source == PUBLISHED and digest != DIGEST:
        raise BadInput(
            f"What {source} gives is not what it was: its packs have the digest {digest} instead of {DIGEST}. Give a checkout that you trust."
        )
    folder = out / "packs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.yml"):
            old.unlink()
        for label, data in packs.items():
            (folder / f"{label}.yml").write_bytes(data)
        found = read("packs", str(out / RECIPE), out)
        cut = {label: assigned(label) for label, pack in found.items() if pack.keys() & ON_WORDS}
        by_characters = tuple(label for label, library in cut.items() if library and library not in LIBRARIES)
        recipe = {
            "extends": "fineweb2",
            "language_model": "glotlid",
            "languages": "packs",
            "segment": dict.fromkeys(by_characters, CHARACTERS),
        }
        about = f"# FineWeb2 with {len(packs)} language packs (digest {digest}). Languages under `segment` are cut by characters: docs/languages.md.\n"
        (out / RECIPE).write_text(about + yaml.safe_dump({k: v for k, v in recipe.items() if v}, sort_keys=False), encoding="utf-8")
    except OSError as e:
        raise BadInput(f"The folder {out} cannot be written: {e.strerror or e}. Choose another place with --out.") from None
    segmented = tuple(label for label, library in cut.items() if library in LIBRARIES)
    return Imported(out / RECIPE, len(packs), digest, digest == DIGEST, by_characters, segmented)


def digest_of(packs: dict[str, bytes]) -> str:
    """sha256 over the names and digests of all packs, in the order of their names."""
    lines = (f"{hashlib.sha256(data).hexdigest()}  {label}\n" for label, data in sorted(packs.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _packs(source: str) -> Iterator[tuple[str, bytes]]:
    if "://" not in source and Path(source).is_dir():
        folder = Path(source) / "configs"
        for path in sorted((folder if folder.is_dir() else Path(source)).iterdir()):
            if path.is_file() and (found := PACK.search(path.name)):
                yield found[1], path.read_bytes()
        return
    data = _bytes(source)
    try:
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for entry in archive.infolist():
                    if (found := PACK.search(entry.filename)) and entry.file_size <= MOST_BYTES:
                        yield found[1], archive.read(entry)
            return
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for member in tar:
                if (
                    (found := PACK.search(member.name))
                    and member.isfile()
                    and member.size <= MOST_BYTES
                    and (stream := tar.extractfile(member))
                ):
                    yield found[1], stream.read()
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as e:
        raise BadInput(
            f"{source} is not an archive that can be read ({' '.join(str(e).split())}). Give a .tar.gz or .zip, or a folder."
        ) from None


def _bytes(source: str) -> bytes:
    if "://" not in source:
        try:
            return Path(source).read_bytes()
        except OSError as e:
            raise BadInput(f"{source} cannot be read: {e.strerror or e}. Give a checkout or an archive of FineWeb2's repository.") from None
    root, _, last = source.rpartition("/")
    try:
        with open_stream(root.removeprefix("file://"), last) as stream:
            return bytes(stream.read())
    except (BadInput, Transient) as e:
        raise BadInput(
            f"The language packs cannot be fetched from {source} ({e}). Get an archive of the repository where there is network, and give its path."
        ) from None
