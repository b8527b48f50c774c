"""Integrity of a corpus that anyone can check: a Merkle tree over its documents, a signed head, and proofs that verify offline.

An entry of the tree is a document (``tasks/corpus/leaves.py``); documents stand in the order of the manifest's files and of their rows. Their leaves are a table of the step
that publishes, so that signing and proving read no text; checking a head does, since it is the corpus that is in doubt. The head says how many documents there are, the root, and the
SHA-256 of the manifest, which names every file; it lies beside the manifest as ``head.json``, signed by Ed25519 (RFC 8032). "Poisoning Web-Scale Training Datasets is Practical" (Carlini et al. 2024) is
what it is for.
"""

import base64
import hashlib
import io
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from winnow.tasks.corpus.leaves import COLUMNS, LEAVES, entry
from winnow.tasks.corpus.publish import file_shard
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.merkle import included, inclusion_proof, leaf_hash, tree_root
from winnow.tasks.engine.parsing import parsed
from winnow.tasks.ledger.find import Finished
from winnow.tasks.ledger.verify import Finding

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

HEAD = "head.json"
SCHEMA = 1


@dataclass(frozen=True)
class Head:
    """What is signed: ``size`` documents under ``root`` (base64), and the digest of the manifest (hexadecimal)."""

    run_id: str
    size: int
    root: str
    manifest_sha256: str

    def signed_bytes(self) -> bytes:
        """The bytes under the signature: the head as JSON without spaces, keys in order, in ASCII."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True)
class SignedHead:
    """A head and its signature (base64); empty if nobody has signed it."""

    head: Head
    signature: str = ""

    def signed_by(self, key: "Ed25519PublicKey") -> bool:
        """Whether the signature is this key's. Raises BadInput for what is no base64."""
        from cryptography.exceptions import InvalidSignature

        try:
            key.verify(decoded(self.signature), self.head.signed_bytes())
        except InvalidSignature:
            return False
        return True

    def to_json(self) -> dict[str, Any]:
        """The head as ``head.json`` has it."""
        return {"schema": SCHEMA, **asdict(self.head), "signature": self.signature}

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "SignedHead":
        """The reverse of ``to_json``. Raises KeyError or TypeError for anything else, BadInput for another version."""
        head = Head(**{name: found[name] for name in Head.__dataclass_fields__})
        if found["schema"] != SCHEMA:
            raise BadInput(f"The signed head of {head.run_id} is of version {found['schema']}; this winnow knows version {SCHEMA}.")
        return cls(head, str(found["signature"]))


@dataclass(frozen=True)
class Proof:
    """That a document is in a corpus: its leaf, its index among ``size`` documents, and its siblings from the bottom up; base64 of SHA-256."""

    leaf: str
    index: int
    size: int
    path: tuple[str, ...]
    root: str

    def holds(self) -> bool:
        """Whether the path leads from the leaf to the root. Raises BadInput for what is no base64."""
        return included(decoded(self.leaf), self.index, self.size, [decoded(p) for p in self.path], decoded(self.root))


def leaves(run: Finished) -> Iterator[tuple[str, str, bytes]]:
    """Id, URL and leaf of every document of a run's corpus in the order of the tree, as they were when it was published. Raises DamagedArtifact."""
    address = run.address("publish")
    for file in run.manifest["files"]:
        table = run.read(address, file_shard(file["path"]), table="leaves")
        yield from zip(*(table[name].to_pylist() for name in LEAVES.names), strict=True)


def documents(run: Finished) -> Iterator[dict[str, Any]]:
    """The documents of a run's corpus in the order of the tree. Raises BadInput if a file is missing."""
    for path in run.paths("corpus"):
        try:
            data = run.store.get(path)
        except FileNotFoundError:
            raise BadInput(f"{run.store.uri(path)} is missing. Run `winnow verify {run.id}` to see what is damaged.") from None
        with pq.ParquetFile(io.BytesIO(data)) as file:
            for batch in file.iter_batches(4096, columns=list(COLUMNS), use_threads=False):
                yield from batch.to_pylist()


def prove(run: Finished, wanted: str) -> Proof:
    """The proof that a document, by id or URL, is in the corpus of a run.

    Raises:
        BadInput: the corpus does not hold it.
    """
    digests, index = [], -1
    for place, (identity, url, leaf) in enumerate(leaves(run)):
        digests.append(leaf)
        if index < 0 and wanted in (identity, url):
            index = place
    if index < 0:
        raise BadInput(
            f"The corpus of {run.id} holds no document with the id or URL {wanted}. `winnow explain` says why a page is not in it."
        )
    path = tuple(map(_text, inclusion_proof(digests, index)))
    return Proof(_text(digests[index]), index, len(digests), path, _text(tree_root(digests)))


def head_of(run: Finished) -> Head:
    """The head of a corpus as it was published."""
    return _head(run, [leaf for *_, leaf in leaves(run)])


def _head(run: Finished, digests: list[bytes]) -> Head:
    manifest = hashlib.sha256(run.store.get(f"{run.entry['home']}/manifest.json")).hexdigest()
    return Head(run.id, len(digests), _text(tree_root(digests)), manifest)


def sign(run: Finished, key: "Ed25519PrivateKey") -> Head:
    """Sign the head of a corpus and put it beside the manifest; the key is written nowhere."""
    head = head_of(run)
    signed = SignedHead(head, _text(key.sign(head.signed_bytes())))
    run.store.put(f"{run.entry['home']}/{HEAD}", json.dumps(signed.to_json(), indent=1, sort_keys=True).encode())
    return head


def signed_head(run: Finished) -> SignedHead | None:
    """The signed head of a run; None if it has none. Raises BadInput if it cannot be read, or is of another version."""
    try:
        return SignedHead.from_json(json.loads(run.store.get(f"{run.entry['home']}/{HEAD}")))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            f"The signed head of {run.id} cannot be read. Sign the run again if you trust its files: `winnow sign {run.id}`."
        ) from None


def check_head(run: Finished, key: "Ed25519PublicKey") -> list[Finding]:
    """What does not agree with the signed head of a run; nothing if all does. The documents are read from the corpus itself.

    Raises:
        BadInput: the run has no signed head, or one of another version.
    """
    signed = signed_head(run)
    if signed is None:
        raise BadInput(f"The run {run.id} has no signed head. Make one with `winnow sign {run.id} --key FILE`.")
    if not signed.signed_by(key):
        return [Finding(HEAD, "the signature is not this key's, or the head was altered")]
    head, now = signed.head, _head(run, [leaf_hash(entry(document)) for document in documents(run)])
    problems = []
    if now.manifest_sha256 != head.manifest_sha256:
        problems.append(Finding("manifest.json", "it is not the one that was signed"))
    if (now.size, now.root) != (head.size, head.root):
        problems.append(Finding("corpus", f"its {now.size} documents are not the {head.size} that were signed"))
    return problems


def private_key(source: str) -> "Ed25519PrivateKey":
    """An Ed25519 key from a PEM file, or from the environment variable ``env:NAME``. Raises BadInput for no key, or one of another kind."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_pem(source), None)
    except (ValueError, TypeError):
        raise BadInput(
            f"{source} is not a private key in PEM without a password. Make one with `openssl genpkey -algorithm ed25519`."
        ) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput(f"{source} is a private key of another kind. Heads are signed by Ed25519: `openssl genpkey -algorithm ed25519`.")
    return key


def public_key(source: str) -> "Ed25519PublicKey":
    """An Ed25519 public key from a PEM file, or from the environment variable ``env:NAME``. Raises BadInput for no key, or one of another kind."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_pem(source))
    except ValueError:
        raise BadInput(f"{source} is not a public key in PEM. Take it from the private one: `openssl pkey -in KEY -pubout`.") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput(f"{source} is a public key of another kind. Heads are signed by Ed25519.")
    return key


def read_proof(path: Path) -> Proof:
    """A proof that ``winnow prove --json`` printed. Raises BadInput for anything else."""
    try:
        found = parsed(path.read_text(encoding="utf-8"))
        return Proof(found["leaf"], int(found["index"]), int(found["size"]), tuple(found["path"]), found["root"])
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise BadInput(f"{path} is not a proof ({type(e).__name__}). Give the output of `winnow prove DOC --json`.") from None


def _pem(source: str) -> bytes:
    if source.startswith("env:"):
        value = os.environ.get(source.removeprefix("env:"))
        if not value:
            raise BadInput(f"The environment variable {source.removeprefix('env:')} is not set. It should hold a key in PEM.")
        return value.encode()
    try:
        return Path(source).read_bytes()
    except OSError as e:
        raise BadInput(f"The key {source} cannot be read: {e.strerror or e}. Give a PEM file, or env:NAME.") from None


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def decoded(text: str) -> bytes:
    """The bytes of base64. Raises BadInput for anything else."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, TypeError):
        raise BadInput(f"{text!r} is not base64. Give the output of `winnow prove DOC --json`.") from None
