"""docs/reference/ is what the signatures and docstrings say."""

import pytest

import winnow
from tests.shared import ROOT
from winnow import reference
from winnow.cli.main import command_names


@pytest.fixture(scope="module")
def pages():
    return reference.pages()


@pytest.mark.parametrize("page", ["commands.md", "api.md"])
def test_the_page_is_current(pages, page):
    assert (ROOT / "docs" / "reference" / page).read_text() == pages[page], "write it anew with `make reference`"


def test_every_command_and_every_name_is_there(pages):
    assert all(f"\n## winnow {name}\n" in pages["commands.md"] for name in command_names())
    assert all(f"\n## `winnow.{name}`\n" in pages["api.md"] for name in winnow.__all__ if not name.startswith("__"))


def test_nothing_of_the_machine_is_in_it(pages):
    for text in pages.values():
        assert str(ROOT) not in text
        assert "0x" not in text


def test_a_page_that_is_made_says_what_the_docstrings_say(pages):
    api = pages["api.md"]
    assert "- `source`: A crawl id (CC-MAIN-2026-43" in api
    assert "```python\n>>> run = winnow.open_run(store=store)" in api
    assert "*Raises*" in api
