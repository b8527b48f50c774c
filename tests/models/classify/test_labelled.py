"""Labelled documents: what is taken, what is left out and counted, and what is held out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.classify.students import TOPIC, row_of, rows
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.documents import host_of
from winnow.tasks.models.classify.labelled import LONGEST_LABEL, Question, Row, label_values, labelled
from winnow.tasks.models.texts import Text


def taken(given, question=TOPIC, of="text", **more):
    return labelled(given, question, of, seed=0, **more)


def test_every_document_is_accounted_for():
    given = rows()
    again = [
        given[0],
        Row(given[1].document, ("sports",)),
        Row(Text(" \n-- "), ("health",)),
        Row(Text("a text that nobody could judge"), ()),
    ]
    rare = [Row(Text(f"about trains {i}"), ("trains",)) for i in range(3)]
    found = taken([*given, *again, *rare])
    assert found.counts == {
        "given": len(given) + 7, "blank": 1, "unlabelled": 1, "repeated": 2, "contradictory": 1, "label_not_learnt": 3,
    }  # fmt: skip
    assert found.left_out == {"trains": 3}
    assert len(found.documents) == len(given) - 1
    assert given[1].document not in found.documents
    assert found.labels == ("health", "politics", "sports")


@given(st.permutations(range(30)))
def test_the_order_does_not_matter(order):
    given = [row_of(topic, n) for topic in ("health", "sports") for n in range(15)]
    one, other = taken(given), taken([given[i] for i in order])
    assert one.documents == other.documents
    assert (one.wanted == other.wanted).all()
    assert [x.tolist() for x in one.split()[:2]] == [x.tolist() for x in other.split()[:2]]


def test_whole_hosts_are_held_out_and_folds_do_not_part_them():
    found = taken(rows())
    learning, held, by = found.split()
    hosts = [host_of(d.url) for d in found.documents]
    assert by == "host"
    assert not {hosts[i] for i in learning} & {hosts[i] for i in held}
    assert 0.1 <= len(held) / len(hosts) <= 0.2
    folds = found.folds()
    assert all(len({folds[i] for i in range(len(hosts)) if hosts[i] == host}) == 1 for host in set(hosts))


def test_one_large_host_is_held_out_by_text():
    found = taken([Row(Text(r.document.text, "https://one.example/"), r.labels) for r in rows()])
    learning, held, by = found.split()
    assert by == "text"
    assert len(set(learning.tolist()) | set(held.tolist())) == len(found.documents)
    assert len(np.unique(found.folds())) > 1


def test_several_labels_at_once():
    both = [Row(Text(f"{r.document.text} too"), ("health", "politics")) for r in rows(8)[:8]]
    found = taken([*rows(20), *both], Question("topic", "multi"))
    assert found.wanted.sum(axis=1).max() == 2
    assert taken([*rows(20), *both]).wanted.sum(axis=1).max() == 1


def test_a_head_without_such_a_label():
    with pytest.raises(BadInput, match="The head topic has no label 'sports', which 60 documents have; its labels are health, politics"):
        taken(rows(), Question("topic", "single", ("health", "politics")))
    assert (
        taken(
            [Row(r.document, (r.labels[0].upper(),)) for r in rows()], Question("topic", "single", ("health", "politics", "sports"))
        ).labels[0]
        == "health"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "needs two labels"),
        ([Row(Text(f"text {i}"), ("a",)) for i in range(50)], r"the labels of the rest: a \(50\)"),
        ([Row(Text(f"text {i % 20} words"), (str(i // 20),)) for i in range(40)], "20 labelled in contradictory ways"),
        ([Row(Text(""), ("a",)), Row(Text(""), ("b",))], "2 were blank"),
    ],
)
def test_what_cannot_teach_is_refused(given, said):
    with pytest.raises(BadInput, match=said):
        taken(given)


def test_at_most_so_many_of_a_label():
    found = taken(rows(), per_label=10)
    assert found.wanted.sum(axis=0).tolist() == [10, 10, 10]
    assert found.counts["beyond_the_number_per_label"] == 150


@pytest.mark.parametrize(
    ("value", "several", "names"),
    [("a|b", True, ("a", "b")), ("a|b", False, ("a|b",)), (3.0, False, ("3",)), (None, True, ()), (float("nan"), False, ()), (["a", 2], False, ("a", "2")), (" ", True, ())],
)  # fmt: skip
def test_cells(value, several, names):
    assert label_values(value, several=several) == names


@pytest.mark.parametrize(
    ("value", "said"),
    [({"name": "x"}, "a mapping"), (["x", {"name": "y"}], "a mapping"), (b"x", "bytes"), ("x" * (LONGEST_LABEL + 1), "201 characters"), (["x" * 5000], "5,000 characters")],
)  # fmt: skip
@pytest.mark.parametrize("several", [False, True])
def test_what_is_no_label_is_refused(value, said, several):
    with pytest.raises(ValueError, match=said):
        label_values(value, several=several)


def test_many_labels_in_a_text_may_be_long_together():
    many = "|".join(f"label {n}" for n in range(100))
    assert len(label_values(many, several=True)) == 100
