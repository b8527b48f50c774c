"""The shipped heads, and heads that cannot be asked."""

import pickle

import pytest
import yaml

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.heads import FORMS, SHIPPED, head, heads, parsed, shipped_heads

TOPIC = {"name": "topic", "form": "choice", "prompt": "What is it about?", "labels": ["Grain", "Water"]}


def test_what_the_issue_names_is_shipped():
    assert set(shipped_heads()) >= {
        "weborganizer_topic",
        "weborganizer_format",
        "educational",
        "quality",
        "safety",
        "line_quality",
        "mathematics",
    }
    essential = heads("essential_web")
    assert len(essential) == 10  # the decimal number is three categories, by its digits
    assert sum(3 if h.form == "code" else 1 for h in essential) == 12
    assert {len(h.names) for h in heads("weborganizer")} == {24}
    assert len(head("line_quality").names) == 9
    assert [head(name).names for name in ("educational", "quality", "safety")] == [("0", "1", "2", "3", "4", "5")] * 3


@pytest.mark.parametrize("found", shipped_heads().values(), ids=lambda h: h.name)
def test_shipped_heads_say_what_they_are(found):
    assert found.about
    assert found.source
    assert found.prompt.isascii()
    assert yaml.safe_load((SHIPPED / f"{found.name}.yaml").read_text())["name"] == found.name
    assert pickle.loads(pickle.dumps(found)) == found


def test_the_digest_is_that_of_the_question():
    first = parsed(TOPIC, "t")
    assert parsed(TOPIC | {"about": "a topic", "source": "somebody"}, "t").digest == first.digest
    changes = [
        {"labels": ["Grain", "Wind"]},
        {"labels": ["Water", "Grain"]},
        {"labels": {"Grain": "wheat", "Water": ""}},
        {"prompt": "What?"},
        {"form": "choices"},
        {"name": "topics"},
        {"excerpt": {"part": 5000}},
    ]
    assert len({first.digest, *(parsed(TOPIC | c, "t").digest for c in changes)}) == len(changes) + 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": ["Grain"]}, "at least two"),
        ({"labels": ["Grain", "grain "]}, "same name"),
        ({"labels": [1, 2]}, "must be a text"),
        ({"labels": "Grain"}, "must be a list"),
        ({"name": "Topic of page"}, "lower-case"),
        ({"form": "guess"}, "must be one of"),
        ({"prompt": " "}, "prompt is empty"),
        ({"prompt": None}, "has no prompt"),
        ({"prompt": 5}, "must be a text"),
        ({"lables": []}, "Did you mean labels"),
        ({"scale": {"low": 0, "high": 5}}, "only to that"),
        ({"form": "score"}, "has no labels"),
        ({"form": "lines"}, "`clean`"),
        ({"excerpt": {"part": 0}}, "excerpt needs"),
        ({"excerpt": {"whole": 1}}, "cannot be read"),
        ({"answer_tokens": "many"}, "whole number"),
        ({"about": 5}, "must be a text"),
    ],
)
def test_a_head_that_cannot_be_asked(change, says):
    with pytest.raises(BadInput, match=says):
        parsed(TOPIC | change, "t")


def test_a_scale_and_a_pattern_must_make_sense():
    with pytest.raises(BadInput, match="greater"):
        parsed({"name": "s", "form": "score", "prompt": "How?", "scale": {"low": 5, "high": 0}}, "s")
    with pytest.raises(BadInput, match="no regular expression"):
        parsed({"name": "c", "form": "code", "prompt": "Which?", "pattern": "["}, "c")


def test_a_head_of_your_own_is_a_file(tmp_path):
    path = tmp_path / "topic.yaml"
    path.write_text(yaml.safe_dump(TOPIC))
    assert head(str(path)).names == ("Grain", "Water")
    for text, says in (("[1", "cannot be read as YAML"), ("- 1", "must be a mapping"), ("\xff", "cannot be read")):
        path.write_bytes(text.encode("latin-1"))
        with pytest.raises(BadInput, match=says):
            head(str(path))
    with pytest.raises(BadInput, match="There is no file"):
        head(str(tmp_path / "none.yaml"))


def test_names_of_heads():
    assert [h.name for h in heads("educational, safety")] == ["educational", "safety"]
    with pytest.raises(BadInput, match="Did you mean educational"):
        head("educationl")
    with pytest.raises(BadInput, match="named twice"):
        heads("essential_web,essential_web_fdc")
    with pytest.raises(BadInput, match="Name one of them"):
        head("weborganizer")
    assert {h.form for h in shipped_heads().values()} == set(FORMS)
