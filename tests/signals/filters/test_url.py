"""URL signals: lists in UT1's layout, words, curated sources; against datatrove's own filter on real URLs where they are."""

import gzip
import json
from pathlib import Path

import pytest

from tests.shared import DATA
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.signals.filters.url import Url
from winnow.tasks.signals.text import Document


@pytest.fixture
def lists(tmp_path, monkeypatch):
    monkeypatch.setenv("WINNOW_CACHE", str(tmp_path / "cache"))
    for name, text in {
        "gambling/domains": "# bets\nbet.example\n192.0.2.7\r\n",
        "gambling/urls": "fine.example/bets\n",
        "adult/domains": "\nwww.x.example\n",
    }.items():
        path = tmp_path / "ut1" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(tmp_path / "ut1")


@pytest.mark.parametrize(
    ("url", "true"),
    [
        ("http://bet.example/", {"url_blocked_domain"}),
        ("https://www.deep.bet.example:8080/a?b#c", {"url_blocked_domain"}),
        ("http://192.0.2.7/x", {"url_blocked_domain"}),
        ("http://notbet.example/", set()),
        ("http://fine.example/", set()),
        ("http://fine.example/bets/", {"url_blocked_page"}),
        ("http://en.wiki.example/a", {"url_curated_domain"}),
        ("http://otherwiki.example/a", set()),
        ("", set()),
        ("http://[broken", set()),
        ("no url at all", set()),
    ],
)
def test_lists(lists, url, true):
    values = Url(blocklists=lists, curated_domains=("wiki.example",)).measure(Document("", url=url))
    assert {name for name, value in values.items() if value is True} == true


def test_the_place_of_the_lists_does_not_count_their_content_does(lists, tmp_path):
    first = Url(blocklists=lists)
    moved = Path(lists).rename(tmp_path / "elsewhere")
    assert digest(Url(blocklists=str(moved))) == digest(first)
    (moved / "adult" / "domains").write_text("y.example\n")
    assert digest(Url(blocklists=str(moved))) != digest(first)


def test_a_folder_without_lists_says_what_to_do(tmp_path):
    with pytest.raises(BadInput, match="Unpack UT1"):
        Url(blocklists=str(tmp_path))


@pytest.mark.data
@pytest.mark.skipif(not (DATA / "snapshot").exists(), reason="no ../shared/data")
def test_verdicts_are_datatroves_on_the_real_urls(tmp_path, monkeypatch):
    """Intended differences, none met here: addresses instead of names, which datatrove never finds; upper-case words; subdomains two levels down."""
    huggingface_hub = pytest.importorskip("huggingface_hub.constants")
    tldextract = pytest.importorskip("tldextract")
    from datatrove.data import Document as Trove
    from datatrove.pipeline.filters import url_filter

    assert huggingface_hub
    monkeypatch.setattr(url_filter, "cached_assets_path", lambda **_: tmp_path)
    theirs = url_filter.URLFilter()
    theirs.tldextractor = tldextract.TLDExtract(suffix_list_urls=())
    with gzip.open(DATA / "snapshot" / "gold" / "manifest.jsonl.gz", "rt") as f:
        urls = sorted({json.loads(line)["url"] for line in f})
    ours = Url()
    differ = []
    for url in urls:
        v = ours.measure(Document("", url=url))
        drop = (
            v["url_blocked_domain"]
            or v["url_blocked_page"]
            or v["url_hard_word_count"] > 0
            or v["url_soft_word_count"] > 1
            or v["url_has_banned_subword"]
        )
        if drop != (theirs.filter(Trove(text="", id="0", metadata={"url": url})) is not True):
            differ.append(url)
    assert differ == []
