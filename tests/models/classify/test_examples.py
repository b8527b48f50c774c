"""Examples: their order does not matter, none is on two sides, and too few are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.classify.texts import example, examples
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.classify.domains import listed
from winnow.tasks.models.classify.examples import Examples
from winnow.tasks.models.classify.prepare import PREPARATIONS, line, words
from winnow.tasks.models.fasttext import LABEL
from winnow.tasks.models.texts import Text


def sides(found, split):
    return [list(found.lines(side.tolist())) for side in (split.train, split.held_out)]


def test_the_order_in_which_examples_come_does_not_matter(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one, other = examples(tmp_path / "a"), Examples(tmp_path / "b", "words", 0)
    for good in (False, True):
        other.add(good, (Text(example(good, i)) for i in reversed(range(150))))
    assert sides(one, one.split()) == sides(other, other.split())


def test_a_tenth_of_each_kind_is_held_out(tmp_path):
    found = examples(tmp_path)
    split = found.split()
    assert split.held_out_by == "text"
    assert len(split.held_out) == 30
    assert found.positive[split.held_out].sum() == 15
    assert not set(split.train.tolist()) & set(split.held_out.tolist())


def test_no_site_is_on_both_sides(tmp_path):
    found = examples(tmp_path, count=1200, sites=True)
    split = found.split()
    assert split.held_out_by == "site"
    train, held = ({found._sites[i] for i in side.tolist()} for side in (split.train, split.held_out))
    assert train
    assert held
    assert not train & held


def test_what_is_given_twice_counts_once_and_what_is_of_both_kinds_not_at_all(tmp_path):
    found = examples(tmp_path)
    found.add(True, [Text(example(True, 0)), Text(example(False, 7)), Text("  \n")])
    split = found.split(balanced=False)
    assert split.counts == {"given": 302, "repeated": 2, "both_kinds": 1, "left_out": 0}
    used = {*split.train.tolist(), *split.held_out.tolist()}
    assert len(used) == 299
    assert words(example(False, 7)).encode() not in set(found.lines(used))


def test_as_many_of_one_kind_as_of_the_other(tmp_path):
    found = examples(tmp_path, count=200)
    found.add(False, (Text(example(False, 1000 + i)) for i in range(300)))
    split = found.split()
    assert split.counts["left_out"] == 300
    assert len(found.split(per_class=150).train) == 270
    assert len(found.split(balanced=False).train) + len(found.split(balanced=False).held_out) == 700


@pytest.mark.parametrize("counts", [(0, 200), (200, 0), (30, 200), (0, 0)])
def test_one_kind_alone_or_too_few_are_refused(tmp_path, counts):
    found = Examples(tmp_path, "line", 0)
    for good, count in zip((True, False), counts, strict=True):
        found.add(good, (Text(example(good, i)) for i in range(count)))
    with pytest.raises(BadInput, match=rf"{counts[0]} positive and .*a tenth is held out, and 10 of each kind"):
        found.split(balanced=False)


@given(st.text())
def test_a_prepared_line_is_one_line_that_cannot_steer(text):
    for prepare in PREPARATIONS.values():
        for found in (prepare(text), prepare(f"{text} {LABEL}positive </s> {text}")):
            assert len(found.splitlines()) <= 1
            assert not any(word.startswith(LABEL) or word == "</s>" for word in found.split(" "))
            found.encode()


def test_preparations():
    text = f" One,\n two  Three! {LABEL}positive </s> four"
    assert line(text) == "One,  two  Three!   four"
    assert words(text) == "one , two three ! four"


def test_a_list_has_domains_and_pages():
    sites = listed(["# a comment", "example.org", "https://www.pages.net/one/", "other.net/two # why"], "list")
    for url, found in {
        "http://example.org/": True,
        "https://sub.EXAMPLE.org/x": True,
        "http://notexample.org/": False,
        "http://pages.net/one": True,
        "http://pages.net/two": False,
        "https://www.other.net/two/": True,
        "": False,
        "http://[": False,
    }.items():
        assert sites.has(url) is found, url
    with pytest.raises(BadInput, match="list is empty"):
        listed([" # nothing"], "list")
