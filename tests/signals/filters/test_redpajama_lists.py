"""Bad words and UT1's categories: what the published code would count, null without lists."""

from itertools import chain, combinations

import pytest

from tests.shared import DATA
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.identity import digest
from winnow.tasks.signals.filters.redpajama_lists import CATEGORIES, BadWords, UT1Category, category_number
from winnow.tasks.signals.text import Document

WORDS = DATA / "labels" / "blocklists" / "ldnoobw"


@pytest.fixture
def words(tmp_path):
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "en").write_text("darn\nholy cow\ncow\n")
    (tmp_path / "words" / "de.txt").write_text("mist\n")
    (tmp_path / "words" / "README.md").write_text("darn")
    return tmp_path / "words"


@pytest.fixture
def lists(tmp_path):
    for category, domains in {"adult": ["a.example", "b.example"], "porn": ["a.example"], "shopping": ["c.example"], "chat": []}.items():
        (tmp_path / "ut1" / category).mkdir(parents=True)
        (tmp_path / "ut1" / category / "domains").write_text("\n".join(domains) + "\n")
    return tmp_path / "ut1"


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Darn! Holy... COW, darn.", "en", 4),
        ("a cowherd", "en", 0),
        ("", "en", 0),
        ("So ein Mist", "de", 1),
        ("darn", "fr", None),
        ("darn", "zh", None),
    ],
)
def test_bad_words(words, text, language, count):
    assert BadWords(words=str(words)).measure(Document(text, language=language)) == {"rps_doc_ldnoobw_words": count}


def test_the_content_of_the_lists_is_their_identity(words, tmp_path):
    before = digest(BadWords(words=str(words)))
    words.rename(tmp_path / "moved")
    assert digest(BadWords(words=str(tmp_path / "moved"))) == before
    (tmp_path / "moved" / "de.txt").rename(tmp_path / "moved" / "nl.txt")
    assert digest(BadWords(words=str(tmp_path / "moved"))) != before


@pytest.mark.parametrize("total", [1, 2, 5, 13])
def test_numbers_are_places_among_all_combinations(total):
    every = chain.from_iterable(combinations(range(total), size) for size in range(1, total + 1))
    assert all(category_number(found, total) == n for n, found in enumerate(every))


def test_categories(lists, monkeypatch, tmp_path):
    monkeypatch.setenv("WINNOW_CACHE", str(tmp_path / "cache"))
    f = UT1Category(blocklists=str(lists))
    both = category_number([CATEGORIES.index("adult"), CATEGORIES.index("porn")], len(CATEGORIES))
    for url, number in {
        "http://a.example/x": both,
        "https://b.example": CATEGORIES.index("adult"),
        "http://c.example/": None,
        "http://www.a.example/": None,
        "http://[": None,
        "": None,
    }.items():
        assert f.measure(Document("", url=url)) == {"rps_doc_ut1_blacklist": number}, url


def test_folders_without_lists_are_refused(tmp_path, lists):
    with pytest.raises(BadInput, match="not a folder with a list per language"):
        BadWords(words=str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="not a folder in UT1's layout"):
        UT1Category(blocklists=str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="none of the categories games"):
        UT1Category(blocklists=str(lists), categories=("games",))


@pytest.mark.data
def test_the_real_lists_can_be_read():
    if not WORDS.exists():
        pytest.skip("needs ../shared/data")
    f = BadWords(words=str(WORDS))
    assert f.measure(Document("An acrotomophilia, and an Alabama hot pocket.", language="en")) == {"rps_doc_ldnoobw_words": 2}
    assert f.measure(Document("text", language="fr")) == {"rps_doc_ldnoobw_words": 0}
