"""What cannot be found leads somewhere: the newest finished run, near URLs and queries, files that are none, a server that does not answer."""

import json
import re
import socket

import pytest

from tests.pipelines import finished
from tests.tiny import mirror
from winnow import in_process
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.explain import explain, near, spellings
from winnow.tasks.ledger.find import open_run
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("hints")
    run = finished(mirror(base / "mirror", warcs=2, pages=6), "gopher", base / "store")
    return str(base / "store"), run


@pytest.mark.slow
def test_the_newest_run_is_the_newest_finished_one(place):
    store, run = place
    begun = prepare(Request(run.request.source, "raw", store, 1))
    record(begun)
    path = f"runs/{begun.id}.json"
    entry = json.loads(begun.context.store.get(path)) | {"started": "2999-01-01T00:00:00+00:00"}
    begun.context.store.put(path, json.dumps(entry).encode())
    assert open_run(store).id == run.id
    with pytest.raises(BadInput, match="is not finished"):
        open_run(store, begun.id)
    with pytest.raises(BadInput, match="is not finished"):
        open_run(store, recipe="raw")
    begun.context.store.delete(path)


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("http://example.org/a", "https://example.org/a"),
        ("https://www.example.org/a/", "http://example.org/a"),
        ("http://example.org", "https://www.example.org/"),
        ("http://example.org/a?b=1", "https://www.example.org/a?b=1"),
        ("http://example.org/a#!b", "https://example.org/a#!b"),
    ],
)
def test_a_page_is_found_by_its_other_spellings(url, other):
    assert other in spellings(url)
    assert url in spellings(other)


@pytest.mark.parametrize("url", ["urn:uuid:1", "0123abcd", "ftp://example.org/"])
def test_what_is_no_web_address_is_itself(url):
    assert spellings(url) == {url}


def test_another_path_or_query_is_another_page():
    assert "http://example.org/A" not in spellings("http://example.org/a")
    assert "http://example.org/a" not in spellings("http://example.org/a?b=1")


def test_explain_bridges_http_and_https_but_prefers_what_was_asked_for(place):
    store, _ = place
    run = open_run(store)
    exact, bridged = explain(run, "http://site1.example/1"), explain(run, "https://www.site1.example/1/")
    assert [e.document["id"] for e in exact] == [e.document["id"] for e in bridged]
    assert near(run, "http://site1.example/11")[0] == "http://site1.example/1"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain", "http://site1.example/11"], "Near it: http://site1.example/1"),
        (["explain", "/nope.txt"], "There is no file /nope.txt"),
        (["explain", "nope.txt"], "There is no file nope.txt"),
        (["sql", "funel"], "Did you mean funnel"),
        (["sql", "-f", "/nope.sql"], "There is no file /nope.sql"),
        (["sql", "SELECT word_cuont FROM signals"], "word_count"),
        (["what-if", "--set", "word_cuont.low=3"], "Did you mean word_count"),
        (["threshold", "word_cuont"], "Did you mean word_count"),
    ],
)
def test_what_is_unknown_leads_somewhere(place, capsys, words, said):
    store, run = place
    more = ["--run", run.id] if words[0] == "threshold" else []
    assert main([*words, *more, "--store", store]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1


def test_a_server_that_does_not_answer_is_one_sentence(monkeypatch):
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PREFECT_API_URL", f"http://user:hunter2@127.0.0.1:{s.getsockname()[1]}/api")
        with pytest.raises(BadInput, match=r"does not answer .*winnow serve") as e:
            in_process.check_server()
    assert "hunter2" not in str(e.value)
    monkeypatch.setenv("PREFECT_API_URL", "")
    in_process.check_server()


def test_a_full_disk_is_said_before_anything_starts(place, monkeypatch):
    from winnow.tasks.engine.errors import WinnowError
    from winnow.tasks.runs.head_start import begin

    store, run = place
    monkeypatch.setattr(type(run.context.store), "free_bytes", lambda self: 5 << 20)
    begun = prepare(Request(run.request.source, "raw", store, 1))
    with pytest.raises(WinnowError, match="1 GiB of its disk is always kept free"):
        begin(begun)
    assert begun.id not in {e["id"] for e in [json.loads(run.context.store.get(p)) for p in run.context.store.files("runs")]}


@pytest.mark.parametrize(
    ("free_gib", "said"),
    [(None, ""), (500, ""), (2.5, "may not fit.*1 GiB of the disk is always kept free.*--limit"), (1.2, "does not fit.*Nothing was begun")],
)
def test_a_forecast_that_does_not_fit_the_disk_is_said_before_anything_starts(place, monkeypatch, free_gib, said):
    from winnow.tasks.engine.errors import WinnowError
    from winnow.tasks.runs import room
    from winnow.tasks.runs.forecast import Interval

    store, run = place
    begun = prepare(Request(run.request.source, "raw", store, 1))
    monkeypatch.setattr(room, "still_to_write", lambda run: Interval(2.0 * 2**30, 0.5 * 2**30, 4.0 * 2**30))
    monkeypatch.setattr(type(run.context.store), "free_bytes", lambda self: free_gib and int(free_gib * 2**30))
    if "Nothing was begun" in said:
        with pytest.raises(WinnowError, match=said):
            room.check_room(begun)
    else:
        assert re.search(said, room.check_room(begun)) if said else room.check_room(begun) == ""
    line = room.said(run.context.store, Interval(2.0 * 2**30, 0.5 * 2**30, 4.0 * 2**30))
    assert ("" if free_gib is None else ": the run fits" if free_gib == 500 else " fit.") in line


def test_what_is_still_to_be_written_is_the_part_of_the_forecast_that_is_not_done(place, monkeypatch):
    from winnow.tasks.runs import room
    from winnow.tasks.runs.forecast import Interval

    store, run = place
    begun = prepare(Request(run.request.source, "raw", store, 1))
    assert room.still_to_write(begun) is None
    monkeypatch.setattr(room, "stored", lambda store, run: {"sample": {}})
    assert room.still_to_write(begun) is None  # of another version
    monkeypatch.setattr(room.Sample, "of", lambda stored: None)
    monkeypatch.setattr(room, "forecast", lambda sample, workers: type("F", (), {"figures": {"disk_bytes": Interval(100.0, 50.0, 200.0)}}))
    missing = sum(w.size for w in begun.plan.missing())
    assert missing > 0
    assert room.still_to_write(begun) == Interval(100.0, 50.0, 200.0).scaled(missing / begun.plan.total())
