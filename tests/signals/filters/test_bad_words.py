"""Bad words by list: the same pages as datatrove's C4BadWordsFilter, on lists of our own."""

import pytest
from datatrove.data import Document as Trove
from datatrove.pipeline.filters import c4_filters
from datatrove.pipeline.filters.c4_filters import C4BadWordsFilter
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import KNOWN, model_file
from winnow.tasks.recipes.load import load
from winnow.tasks.signals.filters.bad_words import BadWords, WordList
from winnow.tasks.signals.text import Document

LISTS = {"en": "bum\nbummer\nbum bag\nd@mn\n\ncock-up\n", "de": "mist\nmistkerl\n", "zh": "坏词\n性\n", "ja": "悪い\nsm\n"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    for language, words in LISTS.items():
        (folder / language).write_text(words, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def measured(folder):
    words = BadWords(words=tuple(WordList(language, model_file(str(folder / language))) for language in LISTS))
    return lambda text, language="en": words.measure(Document(text, language=language))["bad_word_count"]


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Bum.", "en", 1),
        ("A BUMMER and a bum bag", "en", 2),
        ("an album, bumblebees", "en", 0),
        ("bum_1 bum1", "en", 0),
        ("what a d@mn cock-up!", "en", 2),
        ("Mistkerl, Misthaufen", "de", 1),
        ("這是坏词嗎", "zh", 1),
        ("女性 sm", "zh", 0),
        ("", "en", 0),
        ("bum", "fr", None),
        ("bum", "eng_Latn", 1),
    ],
)
def test_a_text(measured, text, language, count):
    assert measured(text, language) == count


@given(st.lists(st.sampled_from([*" .-_1\n", "bum", "Bummer", "bag", "d@mn", "mist", "kerl", "坏词", "性", "sm"]), max_size=8).map("".join))
def test_pages_with_one_are_datatroves(measured, folder, text):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            c4_filters, "cached_asset_path_or_download", lambda url, **_: str(folder / url.rsplit("/", 1)[1].replace("en", "en2"))
        )
        (folder / "en2").write_text(LISTS["en"].replace("\n\n", "\n"))  # a blank line there forbids every page
        block = C4BadWordsFilter()
        for language in ("en", "zh"):
            theirs = block.filter(Trove(text=text, id="0", metadata={"language": language})) is not True
            assert (measured(text, language) > 0) == theirs, language


@pytest.fixture
def recipe(tmp_path):
    def written(text):
        (tmp_path / "mine.yaml").write_text(text)
        return tmp_path / "mine.yaml"

    return written


def test_the_published_lists_are_known_by_name_and_digest():
    assert len(KNOWN["ldnoobw/en"].sha256) == 64
    assert KNOWN["ldnoobw/en"].location.endswith("25e679f03d96baa721cde20db9944649e8d0a844/en")
    assert KNOWN["ldnoobw/de"].location.endswith("5faf2ba42d7b1c0977169ec3611df25a3c08eb13/de")


def test_a_recipe_names_a_list(recipe, folder):
    more = "limits: {bad_word_count: {high: 0}}\n"
    mine = load(recipe(f"extends: c4\nmeasure: {{bad_words: [{{bad_words.BadWords: {{words: {{en: {folder}/en}}}}}}]}}\n{more}"))
    [words] = mine.measure["bad_words"]
    words.check()
    assert words.words[0].file.sha256
    with pytest.raises(BadInput, match="ldnoobw/en"):
        load(recipe("extends: c4\nmeasure: {bad_words: [bad_words.BadWords]}\n")).measure["bad_words"][0].check()
    with pytest.raises(BadInput, match="mapping of language to list"):
        load(recipe("extends: c4\nmeasure: {bad_words: [{bad_words.BadWords: {words: [en]}}]}\n"))


def test_an_empty_list_is_told(tmp_path):
    (tmp_path / "en").write_text("\n \n")
    with pytest.raises(BadInput, match="no word"):
        BadWords(words=(WordList("en", model_file(str(tmp_path / "en"))),)).check()
