"""docs/adding-an-exporter.md, followed word for word: in a copy of the sources, and as a package of its own."""

import json

import pytest

from tests.docs import page
from tests.pipelines import finished
from tests.tiny import mirror

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parts():
    exporter, command, test, pytest_, package = page.blocks("adding-an-exporter.md")
    return exporter, command, test, pytest_, package


@pytest.fixture
def store(tmp_path):
    finished(mirror(tmp_path / "mirror", warcs=2, pages=6), "raw", tmp_path / "here" / "winnow-store")
    return tmp_path / "here"


def test_in_the_repository(parts, store):
    exporter, command, test, pytest_, _ = parts
    here = page.checkout(store)
    page.write(exporter, here)
    told = json.loads(page.run(command, here))
    assert told["format"] == "plain-text"
    assert told["documents"] > 0
    page.write(test, here)
    assert "1 passed" in page.run(pytest_, here)


def test_from_another_package(parts, store):
    exporter, command, *_, package = parts
    own = store / "plain-text"
    page.write(package, own)
    (own / "plain_text.py").write_text(exporter.body)
    installed = store / "installed"
    page.install(own, installed)
    here = page.checkout(store)
    assert json.loads(page.run(command, here, installed))["format"] == "plain-text"
