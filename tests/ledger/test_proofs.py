"""Integrity: every document of a corpus is proved, and what was altered after it was signed is refused by name."""

import json
from dataclasses import asdict, replace
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.pipelines import finished
from tests.tiny import mirror
from winnow.cli.main import main
from winnow.tasks.corpus.leaves import entry
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.merkle import leaf_hash
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.proofs import HEAD, Proof, check_head, documents, leaves, private_key, prove, public_key, read_proof, sign


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("proofs")
    finished(mirror(root / "mirror", warcs=2, pages=5), "raw", root / "store")
    return str(root / "store")


@pytest.fixture
def store(made, tmp_path):
    """A store of its own for each test."""
    import shutil

    shutil.copytree(made, tmp_path / "store")
    return str(tmp_path / "store")


def written(path, key):
    private, public = path / "key.pem", path / "key.pub"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return str(private), str(public)


def test_every_document_is_proved_by_id_and_by_url(store):
    run = open_run(store)
    found = list(documents(run))
    assert found
    first = {document["url"]: document["id"] for document in reversed(found)}
    for document in found:
        proof = prove(run, document["id"])
        assert proof.holds()
        assert prove(run, document["url"]) == prove(run, first[document["url"]])
        assert not replace(proof, index=proof.index + 1).holds()
    with pytest.raises(BadInput, match="winnow explain"):
        prove(run, "https://nowhere.example/")


def test_signing_and_proving_read_no_text(store, tmp_path):
    run = open_run(store)
    private, _ = written(tmp_path, Ed25519PrivateKey.generate())
    before = [leaf_hash(entry(document)) for document in documents(run)]
    wanted = [(d["id"], d["url"]) for d in documents(run)]
    for path in run.paths("corpus"):
        (Path(store) / path).unlink()
    assert [leaf for *_, leaf in leaves(run)] == before
    assert [(identity, url) for identity, url, _ in leaves(run)] == wanted
    assert sign(run, private_key(private)).size == len(before)
    assert prove(run, wanted[0][0]).holds()


def test_a_proof_is_checked_with_a_few_lines_of_anyones_code(store):
    from base64 import b64decode

    proof = prove(open_run(store), next(documents(open_run(store)))["id"])
    node, index, last = b64decode(proof.leaf), proof.index, proof.size - 1
    for digest in map(b64decode, proof.path):
        left = index % 2 == 1 or index == last
        node = sha256(b"\x01" + (digest + node if left else node + digest)).digest()
        while left and index % 2 == 0 and index:
            index, last = index // 2, last // 2
        index, last = index // 2, last // 2
    assert node == b64decode(proof.root)


def test_a_signed_corpus_holds_and_an_altered_one_is_refused(store, tmp_path):
    run = open_run(store)
    private, public = written(tmp_path, Ed25519PrivateKey.generate())
    sign(run, private_key(private))
    assert check_head(run, public_key(public)) == []
    # Another text under the same name, and the manifest told so: the files agree with each other, the head does not.
    path = Path(store) / run.paths("corpus")[0]
    table = pq.read_table(path)
    texts = table["text"].to_pylist()
    texts[0] += " altered"
    pq.write_table(table.set_column(table.column_names.index("text"), "text", [texts]), path)
    assert [f.what for f in check_head(run, public_key(public))] == ["corpus"]
    manifest = Path(store) / run.entry["home"] / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    assert [f.what for f in check_head(run, public_key(public))] == ["manifest.json", "corpus"]


def test_another_key_or_an_altered_head_is_refused(store, tmp_path):
    run = open_run(store)
    private, _ = written(tmp_path, Ed25519PrivateKey.generate())
    (tmp_path / "other").mkdir()
    _, other = written(tmp_path / "other", Ed25519PrivateKey.generate())
    head = sign(run, private_key(private))
    assert [f.what for f in check_head(run, public_key(other))] == [HEAD]
    assert "PRIVATE" not in (Path(store) / run.entry["home"] / HEAD).read_text()
    run.store.put(f"{run.entry['home']}/{HEAD}", json.dumps({"schema": 2, **asdict(head), "signature": ""}).encode())
    with pytest.raises(BadInput, match="version 2"):
        check_head(run, public_key(other))


def test_keys_of_another_kind_are_refused(tmp_path, monkeypatch):
    private, public = written(tmp_path, X25519PrivateKey.generate())
    with pytest.raises(BadInput, match="another kind"):
        private_key(private)
    with pytest.raises(BadInput, match="another kind"):
        public_key(public)
    with pytest.raises(BadInput, match="not a public key"):
        public_key(private)
    with pytest.raises(BadInput, match="not set"):
        private_key("env:WINNOW_NO_SUCH_KEY")
    private, _ = written(tmp_path, Ed25519PrivateKey.generate())
    monkeypatch.setenv("WINNOW_TEST_KEY", Path(private).read_text())
    assert private_key("env:WINNOW_TEST_KEY")


def test_the_commands(store, tmp_path, capsys):
    private, public = written(tmp_path, Ed25519PrivateKey.generate())
    document = next(documents(open_run(store)))
    assert main(["sign", "--key", private, "--store", store]) == 0
    assert main(["verify", "--key", public, "--store", store]) in (0, None)
    capsys.readouterr()
    assert main(["prove", document["url"], "--json", "--store", store]) in (0, None)
    (tmp_path / "proof.json").write_text(capsys.readouterr().out)
    assert main(["verify", "--proof", str(tmp_path / "proof.json")]) in (0, None)
    found = read_proof(tmp_path / "proof.json")
    (tmp_path / "proof.json").write_text(json.dumps(asdict(Proof(found.leaf, found.index + 1, found.size, found.path, found.root))))
    assert main(["verify", "--proof", str(tmp_path / "proof.json")]) == 1
    (tmp_path / "proof.json").write_text("{}")
    assert main(["verify", "--proof", str(tmp_path / "proof.json")]) == 2
