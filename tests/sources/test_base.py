"""The registry of sources: a class is registered when it is defined, and cannot take the name of a part of Winnow."""

from typing import ClassVar

import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.sources import base
from winnow.tasks.sources.base import Found, Listing, Reader, Reading, Wanted, listings, reader, readers
from winnow.tasks.sources.resolve import resolve


@pytest.fixture
def registry(monkeypatch):
    base.load()
    monkeypatch.setattr(base, "_listings", dict(base._listings))
    monkeypatch.setattr(base, "_readers", dict(base._readers))


def test_what_is_shipped():
    assert {listing.name for listing in listings()} == {"common-crawl", "mirror", "folder", "listing-file", "cc-news", "hub"}
    assert {r.kind for r in readers()} == {"warc", "wet", "documents"}


def test_a_listing_and_a_reader_of_ones_own(registry, tmp_path):
    (tmp_path / "a.poem").write_bytes(b"POEM")

    class Poems(Reader):
        kind: ClassVar[str] = "poems"
        endings: ClassVar[tuple[str, ...]] = (".poem",)

        def recognises(self, head: bytes) -> bool:
            return head.startswith(b"POEM")

        def documents(self, reading: Reading):
            raise NotImplementedError

    class Shelf(Listing):
        name: ClassVar[str] = "shelf"
        about: ClassVar[str] = "a shelf such as shelf:poems"

        def find(self, wanted: Wanted) -> Found | None:
            return Found(str(tmp_path), "poems", ["a.poem"]) if wanted.spec.startswith("shelf:") else None

    assert resolve("shelf:poems")[0].kind == "poems"
    assert resolve(str(tmp_path))[0].kind == "poems"
    assert isinstance(reader("poems"), Poems)
    with pytest.raises(BadInput, match=r"There is no nothing:.*or a shelf such as shelf:poems"):
        resolve("nothing:")
    assert isinstance(listings()[-1], Shelf)


def test_names_of_winnow_are_taken(registry):
    with pytest.raises(BadInput, match="calls itself 'warc'"):

        class Mine(Reader):
            kind: ClassVar[str] = "warc"
            endings: ClassVar[tuple[str, ...]] = (".warc",)

            def recognises(self, head: bytes) -> bool:
                return True

            def documents(self, reading: Reading):
                raise NotImplementedError


def test_a_kind_without_a_reader():
    with pytest.raises(BadInput, match="no reader of 'poems'"):
        reader("poems")
