"""Public models by name: their digest is known or pinned on first use, and what cannot be fetched is named with its place."""

import hashlib
import json

import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models import files as models
from winnow.tasks.models.files import KNOWN, Known, locate, model_file


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_CACHE", str(tmp_path / "cache"))
    locate.cache_clear()
    return tmp_path / "cache" / "models"


@pytest.fixture
def published(tmp_path, monkeypatch):
    (tmp_path / "m.bin").write_bytes(b"model")
    monkeypatch.setitem(models.KNOWN, "public", Known("fasttext", f"file://{tmp_path}/m.bin", "CC0"))
    return tmp_path / "m.bin"


def test_what_is_listed_is_whole():
    assert {"lid.176.ftz", "lid.176.bin", "glotlid", "openlid", "dclm-oh-eli5", "fineweb-edu-fasttext"} <= KNOWN.keys()
    assert KNOWN["cc_net/en.kenlm"].location == "https://dl.fbaipublicfiles.com/cc_net/lm/en.arpa.bin"
    assert KNOWN["edugp/en.sentencepiece"].location == "hf://edugp/kenlm/wikipedia/en.sp.model"
    for name, known in KNOWN.items():
        assert known.kind in ("fasttext", "kenlm", "sentencepiece", "words"), name
        assert known.licence, name
        assert "://" in known.location or known.location.startswith("package:"), name
        assert len(known.sha256) in (0, 64), name
    digests = [k.sha256 for k in KNOWN.values() if k.sha256]
    assert len(set(digests)) == len(digests)


def test_a_model_without_a_digest_is_pinned_on_first_use(cache, published):
    first = model_file("public")
    assert first.sha256 == hashlib.sha256(b"model").hexdigest()
    assert locate(first).read_bytes() == b"model"
    [pin] = (cache / "pins").iterdir()
    assert json.loads(pin.read_text()) == {"name": "public", "location": str(models.KNOWN["public"].location), "sha256": first.sha256}
    published.write_bytes(b"another model under the same name")
    assert model_file("public") == first
    published.unlink()
    assert locate(model_file("public")).read_bytes() == b"model"


def test_a_pinned_model_whose_file_is_gone_must_come_back_the_same(cache, published):
    first = model_file("public")
    locate(first).unlink()
    locate.cache_clear()
    published.write_bytes(b"another model")
    with pytest.raises(BadInput, match="asks for"):
        locate(first)


def test_offline_the_file_and_its_place_are_named_and_taken_from_there(cache, published):
    published.unlink()
    with pytest.raises(BadInput, match=r"public cannot be fetched from .*put it at .*incoming/public"):
        model_file("public")
    (cache / "incoming").mkdir(parents=True, exist_ok=True)
    (cache / "incoming" / "public").write_bytes(b"carried here")
    assert locate(model_file("public")).read_bytes() == b"carried here"


def test_hub_addresses(monkeypatch, cache, tmp_path):
    asked = []

    def stream(root, name):
        asked.append(f"{root}/{name}")
        return (tmp_path / "empty").open("rb")

    (tmp_path / "empty").write_bytes(b"x")
    monkeypatch.setattr(models, "open_stream", stream)
    model_file("hf://owner/repo/folder/m.bin")
    model_file("hf://owner/repo@v2/m.bin")
    model_file("s3://bucket/m.bin")
    assert asked == [
        "https://huggingface.co/owner/repo/resolve/main/folder/m.bin",
        "https://huggingface.co/owner/repo/resolve/v2/m.bin",
        "s3://bucket/m.bin",
    ]
