"""The page on which people judge: what it gives and keeps, and whom it answers."""

import http.client
import json
import threading

import pytest

from winnow.tasks.labels.heads import head, parsed
from winnow.tasks.labels.page import LabelPage
from winnow.tasks.labels.sheet import Item

TOPIC = parsed({"name": "topic", "form": "choice", "prompt": "What?", "labels": {"Grain": "rye", "Water": ""}}, "t")
ITEMS = [Item(f"d{n}", None, f"http://a.example/{n}", f"</pre><script>alert({n})</script>") for n in range(3)]


@pytest.fixture
def page():
    kept = {}

    def keep(item, said):
        if said == "Wind":
            return "Wind is no label."
        kept[item.id] = said
        return None

    made = LabelPage(TOPIC, len(ITEMS), ITEMS.__getitem__, lambda item: kept.get(item.id), keep, first=1)
    made.kept = kept
    thread = threading.Thread(target=made.run, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join(5)


def asked(page, method, path, body=None, host=None, token=None, kind="application/json"):
    port = page.server.server_address[1]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"Host": host or f"127.0.0.1:{port}"} | ({"Content-Type": kind} if body is not None else {})
    connection.request(method, f"/{page.token if token is None else token}/{path}", None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    data = answer.read()
    return answer.status, data, answer.headers


def test_items_are_given_and_answers_kept(page):
    status, data, _ = asked(page, "GET", "head")
    assert json.loads(data) == {
        "name": "topic",
        "prompt": "What?",
        "choices": [{"key": "1", "name": "Grain", "meaning": "rye"}, {"key": "2", "name": "Water", "meaning": ""}],
        "count": 3,
        "first": 1,
    }
    assert json.loads(asked(page, "GET", "item?n=2")[1])["said"] is None
    assert json.loads(asked(page, "POST", "answer", {"n": 2, "said": "Water"})[1]) == {"problem": None}
    assert page.kept == {"d2": "Water"}
    assert json.loads(asked(page, "GET", "item?n=2")[1]) == ITEMS[2]._asdict() | {"said": "Water"}
    assert json.loads(asked(page, "POST", "answer", {"n": 0, "said": "Wind"})[1])["problem"]
    assert status == 200


def test_the_page_loads_and_runs_nothing_of_others(page):
    status, data, headers = asked(page, "GET", "")
    assert status == 200
    assert b"innerHTML" not in data
    assert b"http" not in data.replace(b"http-equiv", b"")
    policy = headers["Content-Security-Policy"]
    nonce = policy.partition("'nonce-")[2].partition("'")[0]
    assert nonce.encode() in data
    assert "default-src 'none'" in policy
    assert nonce not in asked(page, "GET", "")[2]["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "", {"token": "guess"}),
        ("GET", "item?n=0", {"token": ""}),
        ("GET", "item?n=0", {"host": "evil.example"}),
        ("GET", "item?n=3", {}),
        ("GET", "item?n=-1", {}),
        ("GET", "item", {}),
        ("GET", "../../etc/passwd", {}),
        ("POST", "answer", {"body": {"n": 0, "said": "Grain"}, "host": "evil.example"}),
        ("POST", "answer", {"body": {"n": 0, "said": "Grain"}, "token": "guess"}),
        ("POST", "answer", {"body": {"n": 0, "said": "Grain"}, "kind": "text/plain"}),  # what another site may send without asking
        ("POST", "answer", {"body": {"n": 7, "said": "Grain"}}),
        ("POST", "answer", {"body": {"n": True, "said": "Grain"}}),
        ("POST", "answer", {"body": {"n": 0, "said": 1}}),
        ("POST", "answer", {"body": []}),
        ("POST", "answer", {"body": {"n": 0, "said": "x" * 20_000}}),
        ("POST", "head", {"body": {}}),
    ],
)
def test_nobody_else_is_answered(page, method, path, more):
    assert asked(page, method, path, **more)[0] in (400, 404)
    assert page.kept == {}


def test_it_listens_on_loopback_alone_and_ends(page):
    assert page.server.server_address[0] == "127.0.0.1"
    assert asked(page, "POST", "done", {})[0] == 200


def test_keys_of_scales_are_their_numbers():
    made = LabelPage(head("educational"), 0, ITEMS.__getitem__, lambda item: None, lambda item, said: None)
    assert [c["key"] for c in made.choices()] == ["0", "1", "2", "3", "4", "5"]
    made.server.server_close()
    made = LabelPage(head("weborganizer_topic"), 0, ITEMS.__getitem__, lambda item: None, lambda item, said: None)
    assert "".join(c["key"] for c in made.choices()) == "123456789abcdefghijklmno"
    made.server.server_close()
