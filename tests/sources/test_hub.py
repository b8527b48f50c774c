"""Data sets of the Hugging Face Hub through fsspec, with a filesystem in memory in the Hub's place."""

import json
from typing import ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from tests.pipelines import curated, rows
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources.resolve import resolve
from winnow.tasks.transport.hub import hub_find
from winnow.tasks.transport.politeness import NotFound, Politeness, Transport, Unreachable

TEXT = "The mill has been used by the people of the village for a long time. " * 5


class InMemory(MemoryFileSystem):
    protocol = "hf"
    store: ClassVar[dict] = {}
    pseudo_dirs: ClassVar[list] = [""]

    @classmethod
    def _strip_protocol(cls, path):
        return "/" + str(path).removeprefix("hf://").strip("/")


@pytest.fixture(autouse=True)
def hub(monkeypatch):
    before = fsspec.get_filesystem_class("hf")
    fsspec.register_implementation("hf", InMemory, clobber=True)
    InMemory.store.clear()
    fs = InMemory()
    for name in ("train/a.jsonl", "train/b.jsonl", "test/c.jsonl"):
        fs.pipe(f"hf://datasets/owner/name/{name}", json.dumps({"text": f"{TEXT} {name}"}).encode())
    fs.pipe("hf://datasets/owner/name/README.md", b"# A data set")
    yield fs
    fsspec.register_implementation("hf", before, clobber=True)


@pytest.mark.parametrize(
    ("spec", "paths"),
    [
        ("hf://datasets/owner/name", ["test/c.jsonl", "train/a.jsonl", "train/b.jsonl"]),
        ("hf://datasets/owner/name/train", ["a.jsonl", "b.jsonl"]),
        ("hf://datasets/owner/name/train/b.jsonl", ["b.jsonl"]),
        ("hf://datasets/owner/name/t*/[ab].jsonl", ["train/a.jsonl", "train/b.jsonl"]),
    ],
)
def test_forms(spec, paths):
    assert [f.path for f in resolve(spec)[0].files] == paths


def test_documents(tmp_path):
    run = curated("hf://datasets/owner/name/train", "raw", tmp_path / "store")
    assert [r["text"][-7:] for r in rows(run, run.pipeline.documents)] == ["a.jsonl", "b.jsonl"]


def test_nothing_there():
    with pytest.raises(BadInput, match="no file hf://datasets/owner/other"):
        resolve("hf://datasets/owner/other")


# httpx is also installed under a name with the number of its version.
CLIENTS = ("httpx", "httpx2", "httpcore2._exceptions", "huggingface_hub.errors", "requests.exceptions")


@pytest.mark.parametrize(
    ("error", "becomes", "says"),
    [
        (FileNotFoundError("gone"), NotFound, "HF_TOKEN"),
        (PermissionError("no"), BadInput, "HF_TOKEN"),
        (ConnectionError("down"), Unreachable, "after 2 attempts"),
        *((type("ConnectError", (Exception,), {"__module__": m})("down"), Unreachable, "ConnectError") for m in CLIENTS),
    ],
)
def test_errors(monkeypatch, error, becomes, says):
    def find(self, path, **_):
        raise error

    monkeypatch.setattr(InMemory, "find", find)
    with pytest.raises(becomes, match=says):
        hub_find("hf://datasets/owner/name", (), Transport(Politeness(base_s=0.0, cap_s=0.0, unreachable_attempts=2)))
