"""Hashed n-grams: what a document's features depend on, and what they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.features import PART_CHARS, Features, Hasher, rows_of, sampled, seen_of
from winnow.tasks.models.texts import Text

WORDS = Features(chars=0, words=1)


def found(text="", url="", features=WORDS):
    buckets, count = Hasher(features).of(Text(text, url))
    return set(buckets[:count].tolist())


@given(st.text(st.characters(exclude_categories=()), max_size=300), st.text(max_size=40), st.sampled_from(["text", "url+text", "url"]))
def test_any_text_has_features_that_are_distinct_and_the_same_after_other_texts(text, url, of):
    features = Features(input=of, bits=10)
    hasher = Hasher(features)
    hasher.of(Text("something else before", "http://a.example/"))
    buckets, count = hasher.of(Text(text, url))
    mine = buckets[:count].tolist()
    assert len(set(mine)) == count
    assert all(0 <= b < 1 << 10 for b in mine)
    assert set(mine) == found(text, url, features)


@given(st.lists(st.from_regex(r"[a-z]{1,12}", fullmatch=True), max_size=40))
def test_a_word_counts_once_and_its_place_not_at_all(words):
    assert found(" ".join(words)) == found(", ".join(sorted(set(words))).upper())
    assert len(found(" ".join(words))) <= len(set(words))


def test_pairs_tell_the_order():
    pairs = Features(chars=0)
    assert found("dog bites man", features=pairs) != found("man bites dog", features=pairs)


def test_characters_of_scripts_without_spaces_are_words():
    assert len(found("數學是科學")) == 4  # one of five stands twice
    assert len(found("數學，科學。")) == 3
    assert len(found("ฟิสิกส์")) > 3
    assert len(found("физика наука")) == 2


def test_digits_are_one_digit():
    assert found("in 1984") == found("in 2031")
    assert found("in 1984") != found("in 84")


def test_runs_of_characters_are_shared_by_related_words():
    runs = Features(words=1, chars=4)
    assert found("vaccination", features=runs) & found("revaccinated", features=runs)
    assert not found("vaccination") & found("revaccinated")
    assert len(found("прививка", features=runs)) == 1 + 5  # the word, and 5 runs of four characters, not of four bytes


def test_a_url_and_a_text_are_kept_apart():
    both = Features(input="url+text", chars=0, words=1)
    assert not found("health", features=both) & found(url="health", features=both)
    assert found("text", "http://a.example/health", Features(input="url", chars=0)) == found(
        "other", "http://a.example/health", Features(input="url", chars=0)
    )


def test_a_long_text_is_seen_at_three_places():
    text = "a" * 5000 + "b" * 5000 + "c" * 5000
    seen = sampled(text)
    assert len(seen) == 3 * PART_CHARS + 2
    assert (seen[0], seen[PART_CHARS + 500], seen[-1]) == ("a", "b", "c")
    assert sampled("short") == "short"
    assert seen_of(Text("t", "u"), "url") == "u"


@given(st.lists(st.text(max_size=50), max_size=6), st.data())
def test_rows_are_taken_by_number(texts, data):
    rows = rows_of([Text(t) for t in texts], Features(bits=12))
    assert len(rows) == len(texts)
    numbers = data.draw(st.lists(st.integers(0, max(0, len(texts) - 1)), max_size=8)) if texts else []
    taken = rows.take(np.array(numbers, np.int64))
    for place, n in enumerate(numbers):
        part = taken.features[taken.borders[place] : taken.borders[place + 1]]
        assert part.tolist() == rows.features[rows.borders[n] : rows.borders[n + 1]].tolist()


@pytest.mark.parametrize("wrong", [{"input": "title"}, {"words": 3}, {"chars": 9}, {"bits": 30}])
def test_options_out_of_range(wrong):
    with pytest.raises(BadInput, match=next(iter(wrong))):
        Features(**wrong)
