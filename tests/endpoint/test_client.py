"""The client against a scripted server on loopback: what it takes with patience, what it counts, and what it refuses."""

import asyncio
import contextlib
import json
import logging

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.endpoint.server import Hang, Reset, Server, chat
from winnow.tasks.endpoint.answers import Answer, Answers, MalformedError, read_answer
from winnow.tasks.endpoint.client import Client, ask, awaited
from winnow.tasks.endpoint.endpoint import Endpoint
from winnow.tasks.endpoint.pace import Pace, Time
from winnow.tasks.endpoint.queries import Chat, Embed, query_digest
from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.engine.store import Store

pytestmark = pytest.mark.server

QUERIES = [Chat((("user", f"What is grain number {n}?"),), {"max_tokens": 20}) for n in range(12)]
PLANTED = "sk-planted-in-the-environment-0123456789"


class Instant:
    """Time that passes only by sleeping, and chance that is none."""

    def __init__(self):
        self.slept = []
        self.t = 0.0

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.t += seconds
        await asyncio.sleep(0)

    @property
    def time(self):
        return Time(now=lambda: self.t, today=lambda: 1e9 + self.t, sleep=self.sleep, uniform=lambda low, high: high)


@pytest.fixture
def answers(tmp_path):
    return Answers(Store(str(tmp_path)))


def run(server, answers, queries=QUERIES, **changes):
    clock = Instant()
    endpoint = Endpoint(server.url, "tiny", **{"timeout_s": 10.0, "concurrency": 4} | changes)
    return ask(endpoint, answers, queries, clock=clock.time), clock, endpoint


def good(body, before):
    return chat(f"Answer to {body['messages'][-1]['content']}")


def text_of(body):
    return body["messages"][-1]["content"]


def test_everything_is_asked_once_and_nothing_twice(answers):
    with Server(good) as server:
        tally, _, endpoint = run(server, answers)
        assert (tally.queries, tally.asked, tally.known) == (12, 12, 0)
        again, *_ = run(server, Answers(answers.store))
        assert (again.queries, again.asked, again.known, again.requests) == (12, 0, 12, 0)
        assert len(server.bodies) == 12
        assert server.at_once <= 4
        assert set(server.paths) == {"/v1/chat/completions"}
    assert answers.get(query_digest(QUERIES[3], endpoint)).text == "Answer to What is grain number 3?"
    assert (tally.prompt_tokens, tally.answer_tokens, tally.uncounted) == (240, 60, 0)


def test_equal_queries_at_the_same_time_are_one(answers):
    with Server(good) as server:
        tally, *_ = run(server, answers, [QUERIES[0]] * 8)
        assert len(server.bodies) == 1
    assert (tally.asked, tally.known) == (1, 7)


def test_a_killed_run_asks_only_what_is_missing(answers):
    """The process ends between two answers, as by kill -9: nothing is told, nothing is closed."""

    class KilledError(BaseException):
        pass

    def kill():
        kill.left -= 1
        if not kill.left:
            raise KilledError

    kill.left = 5
    with Server(good) as server:
        endpoint = Endpoint(server.url, "tiny", concurrency=1)
        with pytest.raises(KilledError):
            ask(endpoint, answers, QUERIES, told=kill)
        assert len(server.bodies) == 5
        tally, *_ = run(server, Answers(answers.store))
        assert (tally.known, tally.asked) == (5, 7)
        assert len(server.bodies) == len({json.dumps(b) for b in server.bodies}) == 12


def test_retry_after_is_told_to_everybody(answers, monkeypatch):
    """That those who wait for their turn then wait longer is in test_pace.py."""
    paused = []
    monkeypatch.setattr(Pace, "pause", lambda self, seconds: paused.append(seconds))

    def behave(body, before):
        return (429, {"error": {"message": "slow down"}}, {"Retry-After": "17"}) if not before else good(body, before)

    with Server(behave) as server:
        tally, clock, _ = run(server, answers, QUERIES[:3], concurrency=1)
    assert (tally.asked, tally.again, paused) == (3, {"HTTP 429": 3}, [17.0] * 3)
    assert clock.t >= 3 * 17


def test_back_off_grows_and_has_jitter(answers):
    def behave(body, before):
        return (500, {"error": "oops"}, {}) if before < 3 else good(body, before)

    with Server(behave) as server:
        _, clock, _ = run(server, answers, QUERIES[:1])
    assert clock.slept == [1 + 2, 1 + 4, 1 + 8]  # the base and all of the jitter


def test_retry_after_beyond_all_patience_ends_the_run(answers):
    with Server(lambda body, before: (429, {}, {"Retry-After": "86400"})) as server, pytest.raises(Transient, match="busy"):
        run(server, answers)


def test_a_server_that_throttles_for_ever_is_not_waited_for_for_ever(answers):
    with Server(lambda body, before: (429, {}, {})) as server, pytest.raises(Transient, match="busy"):
        run(server, answers)


POISON = "grain number 5"


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        (Hang, "unanswered"),
        (Reset, "unanswered"),
        ((500, {"error": {"message": "out of memory"}}, {}), "unanswered"),
        ((418, {}, {}), "unanswered"),
        (b'{"choices": [{"message": {"content": "half', "malformed"),
        (b"\xff\xfe<html>", "malformed"),
        (b"[" * 100_000, "malformed"),
        ([], "malformed"),
        ({"choices": []}, "malformed"),
        ({"choices": [{"message": {"content": None}}]}, "malformed"),
        ({"choices": [{"message": {"content": "a"}}, {"message": {"content": "b"}}]}, "wrong_count"),
        ((400, {"error": {"message": "too long"}}, {}), "rejected"),
        ((413, b"", {}), "rejected"),
        ((422, {"detail": "no"}, {}), "rejected"),
        (chat("", finish="content_filter"), "filtered"),
        ({"choices": [{"message": {"content": None, "refusal": "I would rather not"}, "finish_reason": "stop"}]}, "declined"),
    ],
    ids=str,
)
def test_a_poisonous_query_is_set_aside_and_counted(answers, bad, problem):
    def behave(body, before):
        return bad if POISON in text_of(body) else good(body, before)

    with Server(behave) as server:
        tally, _, endpoint = run(server, answers, timeout_s=0.3, attempts=2)
        assert tally.problems == {problem: 1}
        assert tally.asked == 12
        sent = len(server.bodies)
        again, *_ = run(server, Answers(answers.store), timeout_s=0.3, attempts=2)
        assert (again.known, again.problems, len(server.bodies)) == (12, {problem: 1}, sent)
        server.behave = good
        once_more = ask(endpoint, Answers(answers.store), QUERIES, again=True, clock=Instant().time)
        assert (once_more.asked, once_more.known, once_more.problems) == (1, 11, {})
        assert len(server.bodies) == sent + 1


@pytest.mark.parametrize(
    ("bad", "error", "says"),
    [
        ((401, {"error": {"message": "bad key"}}, {}), BadInput, "refuses the key in .WINNOW_ENDPOINT_KEY"),
        ((404, {"error": {"message": "no model tiny"}}, {}), BadInput, "no such address or model"),
        ((302, b"", {"Location": "http://elsewhere.example/"}), BadInput, "redirects elsewhere"),
        ((429, {"error": {"message": "x", "code": "insufficient_quota"}}, {}), BadInput, "credit is used up"),
        ((400, {"error": {"message": "unknown parameter"}}, {}), BadInput, "refused every query: HTTP 400: unknown parameter"),
        ((500, {}, {}), Transient, "answered none|times in a row"),
        (b"nothing", Transient, "answered none|times in a row"),
    ],
    ids=str,
)
def test_a_server_that_answers_nothing_ends_the_run_and_leaves_no_quarantine(answers, bad, error, says):
    with Server(lambda body, before: bad) as server, pytest.raises(error, match=says):
        run(server, answers)
    assert not answers.store.files("responses")


def test_a_server_that_is_not_there(answers):
    clock = Instant()
    with pytest.raises(Transient, match="cannot be reached"):
        ask(Endpoint("http://127.0.0.1:9/v1", "tiny"), answers, QUERIES, clock=clock.time)
    assert not answers.store.files("responses")


def test_a_count_that_cannot_be_true_is_ours(answers):
    lies = [
        {"prompt_tokens": 10**9, "completion_tokens": 1},
        {"prompt_tokens": -1},
        {"prompt_tokens": "20"},
        None,
        {"prompt_tokens": 20, "completion_tokens": 9999},
    ]

    def behave(body, before):
        number = int(text_of(body).rstrip("?").rsplit(" ", 1)[1])
        return chat("Grain.", usage=lies[number])

    with Server(behave) as server:
        tally, _, endpoint = run(server, answers, QUERIES[: len(lies)])
    assert tally.uncounted == len(lies)
    assert tally.prompt_tokens == sum(q.prompt_tokens for q in QUERIES[: len(lies)])
    assert not answers.get(query_digest(QUERIES[0], endpoint)).counted


def test_another_model_or_revision_is_asked_anew_another_address_is_not(answers):
    with Server(good) as server, Server(good) as other:
        run(server, answers)
        moved, *_ = run(other, answers)
        assert moved.known == 12
        revised, *_ = run(other, answers, revision="2026-11")
        assert revised.asked == 12
    assert query_digest(QUERIES[0], Endpoint("http://a/v1", "m")) != query_digest(QUERIES[0], Endpoint("http://a/v1", "n"))


def test_a_damaged_answer_is_asked_again(answers):
    with Server(good) as server:
        _, _, endpoint = run(server, answers)
        digest = query_digest(QUERIES[0], endpoint)
        answers.store.put(f"responses/{digest[:2]}/{digest}.json", b'{"text": "ha')
        tally, *_ = run(server, Answers(answers.store))
    assert (tally.asked, tally.known) == (1, 11)


def test_embeddings_come_back_in_the_order_of_the_texts(answers):
    def behave(body, before):
        data = [{"index": i, "embedding": [float(len(t)), 1.0]} for i, t in enumerate(body["input"])]
        return {"data": data[::-1], "model": "e", "usage": {"prompt_tokens": 9}}

    with Server(behave) as server:
        query = Embed(("a", "bbb"))
        _, _, endpoint = run(server, answers, [query])
        assert [v.tolist() for v in answers.get(query_digest(query, endpoint)).arrays()] == [[1.0, 1.0], [3.0, 1.0]]
        assert set(server.paths) == {"/v1/embeddings"}


@pytest.mark.parametrize(
    "data",
    [
        [],
        [{"index": 0, "embedding": [1.0]}] * 2,
        [{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [1.0, 2.0]}],
        [{"index": i, "embedding": [float("nan")]} for i in (0, 1)],
    ],
    ids=str,
)
def test_vectors_that_lie_about_their_number_or_width(answers, data):
    with Server(lambda body, before: {"data": data} if "bbb" in body["input"] else {"data": [{"index": 0, "embedding": [1.0]}]}) as server:
        tally, *_ = run(server, answers, [Embed(("good",)), Embed(("a", "bbb"))], attempts=2)
    assert sum(tally.problems.values()) == 1


def test_the_key_is_sent_and_stands_nowhere_else(answers, monkeypatch, caplog, capsys):
    monkeypatch.setenv("WINNOW_ENDPOINT_KEY", PLANTED)
    caplog.set_level(logging.DEBUG)

    def behave(body, before):
        if POISON in text_of(body):
            return 400, {"error": {"message": f"Incorrect use of {PLANTED}"}}, {}
        return chat(f"Your key is {PLANTED}")

    with Server(behave) as server:
        _, _, endpoint = run(server, answers)
        assert server.keys == {f"Bearer {PLANTED}"}
        server.behave = lambda body, before: (401, {"error": {"message": f"bad key {PLANTED}"}}, {})
        with pytest.raises(BadInput) as refused:
            run(server, answers, revision="2")
    client = Client(endpoint, answers)
    said = [str(refused.value), repr(endpoint), repr(client.tally), caplog.text, *capsys.readouterr()]
    stored = [answers.store.get(path).decode() for path in answers.store.files("")]
    assert any("***" in text for text in stored)
    for text in said + stored:
        assert PLANTED not in text


@pytest.mark.parametrize(
    "url", ["http://user:pass@h/v1", "https://h/v1?api_key=abc", "ftp://h", "h:8080", "http://", "", "scripted:", "http://[::1"]
)
def test_an_address_that_cannot_be_used(url):
    with pytest.raises(BadInput) as e:
        Endpoint(url, "m")
    assert "abc" not in str(e.value)
    assert "pass@" not in str(e.value)


@pytest.mark.parametrize(
    "change",
    [
        {"key_variable": "sk-abc.def"},
        {"requests_per_minute": -1},
        {"timeout_s": 0},
        {"concurrency": 0},
        {"attempts": 0},
        {"model": " "},
        {"price_prompt": float("nan")},
    ],
)
def test_options_that_cannot_be(change):
    with pytest.raises(BadInput) as e:
        Endpoint(**{"url": "http://h/v1", "model": "m"} | change)
    assert "sk-abc" not in str(e.value)


def test_asking_works_where_a_loop_already_runs(answers):
    async def inside():
        return ask(Endpoint("echo"), answers, QUERIES)

    assert asyncio.run(inside()).asked == 12

    async def fails():
        raise BadInput("no")

    async def outer():
        awaited(fails())

    with pytest.raises(BadInput, match="no"):
        asyncio.run(outer())


@given(
    st.dictionaries(
        st.sampled_from(["choices", "data", "usage", "model", "error"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda x: (
                st.lists(x, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["message", "content", "index", "embedding", "finish_reason", "refusal", "prompt_tokens"]), x
                )
            ),
            max_leaves=8,
        ),
    )
)
def test_no_response_breaks_the_reader(body):
    for query in (QUERIES[0], Embed(("a",))):
        with contextlib.suppress(MalformedError):
            assert isinstance(read_answer(body, query), Answer)


def test_a_response_without_end_is_cut_off(answers, monkeypatch):
    monkeypatch.setattr("winnow.tasks.endpoint.client.MAX_RESPONSE_BYTES", 10_000)
    handle = httpx.MockTransport(lambda request: httpx.Response(200, content=b"{" * 20_000))
    tally = ask(Endpoint("http://h/v1", "m"), answers, QUERIES[:1], transport=handle, clock=Instant().time)
    assert tally.problems == {"too_large": 1}
