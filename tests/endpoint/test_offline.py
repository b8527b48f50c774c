"""Providers without a network."""

import json

import pytest

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.client import ask
from winnow.tasks.endpoint.endpoint import Endpoint, endpoint
from winnow.tasks.endpoint.queries import Chat, Embed, query_digest
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store

QUERIES = [Chat((("system", "Name the topic."), ("user", text))) for text in ("rye and barley", "wind and water", "stone")]


def scripted(tmp_path, *lines):
    (tmp_path / "script.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    return Endpoint(f"scripted:{tmp_path}/script.jsonl")


def answered(place, queries, tmp_path):
    answers = Answers(Store(str(tmp_path / "store")))
    tally = ask(place, answers, queries)
    return [answers.get(query_digest(q, place)) for q in queries], tally


def test_echo_says_what_it_was_told(tmp_path):
    found, _ = answered(Endpoint("echo"), QUERIES, tmp_path)
    assert [a.text for a in found] == ["rye and barley", "wind and water", "stone"]
    assert {a.model for a in found} == {"echo"}


def test_the_first_line_that_fits_answers(tmp_path):
    place = scripted(
        tmp_path,
        {"contains": "rye", "answer": "grain"},
        {"contains": "stone", "answer": "no", "status": 400},
        {"answer": "other", "finish": "length"},
    )
    found, tally = answered(place, QUERIES, tmp_path)
    assert [(a.text, a.problem) for a in found] == [("grain", None), ("other", None), ("", "rejected")]
    assert found[1].cut
    assert tally.problems == {"rejected": 1}


def test_vectors_are_those_of_the_text(tmp_path):
    found, _ = answered(Endpoint("echo"), [Embed(("a", "b")), Embed(("b",))], tmp_path)
    (a, b), (again,) = (x.arrays() for x in found)
    assert (b == again).all()
    assert not (a == b).all()


@pytest.mark.parametrize(
    "line", ['{"contains": "x"}', "no json", "[]", '{"answer": 1}', '{"answer": "a", "status": "400"}', '{"answer": "a", "when": "b"}']
)
def test_a_script_of_another_form(tmp_path, line):
    (tmp_path / "script.jsonl").write_text(line)
    with pytest.raises(BadInput, match="Line 1 of the script"):
        answered(Endpoint(f"scripted:{tmp_path}/script.jsonl"), QUERIES, tmp_path)


def test_a_script_that_is_not_there(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        answered(Endpoint("scripted:/nowhere/script.jsonl"), QUERIES, tmp_path)


def test_options_of_an_endpoint():
    assert endpoint("http://h/v1", model="m", concurrency=None).concurrency == 16
    assert endpoint("echo", concurrency=2).concurrency == 2
    with pytest.raises(BadInput, match="Did you mean concurrency"):
        endpoint("echo", concurency=2)
    with pytest.raises(BadInput, match="--model NAME"):
        endpoint("http://h/v1")
