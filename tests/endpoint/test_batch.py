"""Batch files: what is not known goes out, what comes back is kept, and what cannot be read is counted."""

import json
import random

import pytest

from tests.endpoint.server import chat
from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.batch import read_batch, write_batch
from winnow.tasks.endpoint.client import ask
from winnow.tasks.endpoint.cost import forecast
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.queries import Chat, query_digest
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store

QUERIES = [Chat((("user", f"Grain {n}"),), {"max_tokens": 10}) for n in range(10)]
PLACE = Endpoint("http://h/v1", "tiny")


@pytest.fixture
def answers(tmp_path):
    return Answers(Store(str(tmp_path / "store")))


def lines(files):
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def result(entry, body=None, status=200, **more):
    return json.dumps(
        {"id": "b", "custom_id": entry["custom_id"], "response": {"status_code": status, "body": body or chat("Yes.")}, "error": None}
        | more
    )


def test_there_and_back(answers, tmp_path):
    files = write_batch([*QUERIES, QUERIES[0]], PLACE, answers, tmp_path / "out", max_requests=4)
    assert [len(p.read_text().splitlines()) for p in files] == [4, 4, 2]
    asked = lines(files)
    assert asked[0] == {
        "custom_id": query_digest(QUERIES[0], PLACE),
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": QUERIES[0].body("tiny"),
    }
    back = [result(e) for e in asked]
    random.Random(1).shuffle(back)
    (tmp_path / "r.jsonl").write_text("\n".join([*back, back[0]]))
    read = read_batch([tmp_path / "r.jsonl"], QUERIES, PLACE, answers)
    assert (read.taken, read.known, read.problems) == (10, 1, {})
    assert write_batch(QUERIES, PLACE, Answers(answers.store), tmp_path / "out") == []
    assert not list((tmp_path / "out").iterdir())  # older files would be sent again
    assert ask(PLACE, Answers(answers.store), QUERIES).known == 10  # nothing is asked: there is no such server


def test_bad_lines_are_counted_and_asked_again(answers, tmp_path):
    asked = lines(write_batch(QUERIES, PLACE, answers, tmp_path / "out"))
    back = [
        result(asked[0]),
        result(asked[1])[:40],
        result(asked[2], status=500),
        result(asked[3], status=400),
        result(asked[4], body={"choices": []}),
        result(asked[5], error={"message": "expired"}),
        result({"custom_id": "f" * 64}),
        "[]",
        json.dumps({"custom_id": asked[6]["custom_id"]}),
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(back))
    read = read_batch([tmp_path / "r.jsonl"], QUERIES, PLACE, answers)
    assert read.taken == 1
    assert read.problems == {"unreadable line": 2, "HTTP 500": 1, "HTTP 400": 1, "malformed": 1, "HTTP 200": 1, "not asked": 1, "error": 1}
    assert len(lines(write_batch(QUERIES, PLACE, Answers(answers.store), tmp_path / "out"))) == 8  # what was refused is in quarantine
    with pytest.raises(BadInput, match="cannot be read"):
        read_batch([tmp_path / "none.jsonl"], QUERIES, PLACE, answers)


def test_a_file_is_no_larger_than_allowed(answers, tmp_path):
    files = write_batch(QUERIES, PLACE, answers, tmp_path / "out", max_bytes=500)
    assert len(files) > 1
    assert all(p.stat().st_size <= 500 for p in files)
    (tmp_path / "a file").touch()
    with pytest.raises(BadInput, match="cannot be written"):
        write_batch(QUERIES, PLACE, answers, tmp_path / "a file")


def test_the_cost_of_what_is_missing(answers):
    place = Endpoint("echo", price_prompt=2.0, price_answer=10.0, requests_per_minute=5)
    before = forecast([*QUERIES, QUERIES[0]], place, answers)
    assert (before.queries, before.known, before.to_ask) == (11, 1, 10)
    assert before.prompt_tokens == sum(q.prompt_tokens for q in QUERIES)
    assert before.answer_tokens_most == 100
    assert before.price_most == pytest.approx((before.prompt_tokens * 2 + 100 * 10) / 1e6)
    assert before.minutes_least == 2.0
    ask(Endpoint("echo"), answers, QUERIES[:5])
    after = forecast(QUERIES, place, Answers(answers.store))
    assert (after.known, after.to_ask) == (5, 5)
    assert after.answer_tokens < after.answer_tokens_most  # echo answers are short, and the forecast has learnt it
    assert after.price < after.price_most
