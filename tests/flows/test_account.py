"""What a run tells while it goes on and after it failed: rate, time left, which shards failed and why, and how to try just these again."""

import json
import re
from dataclasses import replace

import pytest

from tests.tiny import mirror
from winnow.flows.stage import make_stage
from winnow.tasks.engine import store as stores
from winnow.tasks.engine.errors import BadInput, ShardKilled, Transient, WinnowError
from winnow.tasks.engine.runners.base import Outcome
from winnow.tasks.runs import account as accounts
from winnow.tasks.runs import housekeeping
from winnow.tasks.runs.account import MAX_FAILED, Account, Whole, span, why
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare
from winnow.tasks.runs.status import states


@pytest.fixture
def run(tmp_path):
    return prepare(Request(str(mirror(tmp_path / "mirror", warcs=3, pages=2)), "gopher", str(tmp_path / "store"), 1, limit=3, seed=4))


@pytest.fixture
def account(run, monkeypatch):
    now = [100.0]
    monkeypatch.setattr(accounts.time, "monotonic", lambda: now[0])
    a = Account(run.plan.missing()[0], 3)
    a.now, a.begin = now, now[0]
    return a


def report(rows, size):
    return {"rows_in": rows, "data": {"bytes": size}, "address": "x"}


def test_rate_and_time_left(account):
    a, b, _ = account.work.todo
    assert account.eta_s is None
    account.add(Outcome(a, (report(5, 1 << 20), report(4, 1 << 20))))
    account.add(Outcome(b, error=ShardKilled("it died")))
    account.now[0] += 30
    assert account.eta_s == pytest.approx(60)
    assert account.line() == "1 of 3 shards, 2.0 a minute, 4 documents, about 60 s left, 1 failed"
    assert account.bytes_to_come == 2 * (2 << 20)


def test_the_whole_run_s_bar_moves_with_each_shard_and_counts_what_was_done_before(run, account):
    works = run.plan.missing()
    whole = Whole.of(run, works, account)
    assert whole.percent == 0.0
    a, b, _ = account.work.todo
    steps = len(account.work.todo[a])
    account.add(Outcome(a, (report(5, 1 << 20),)))
    assert whole.percent == pytest.approx(100 * steps / run.plan.total())
    account.add(Outcome(b, error=ShardKilled("it died")))
    assert whole.percent == pytest.approx(100 * steps / run.plan.total())
    assert whole.line() == f"1/{len(run.plan.stages)} Extract and measure: {account.line()}"
    later = Whole.of(run, works[1:], Account(works[1], 3))
    assert later.name.startswith(f"{run.plan.stages.index(works[1].stage) + 1}/")
    assert later.percent == pytest.approx(100 * works[0].size / run.plan.total())


@pytest.mark.parametrize(("seconds", "said"), [(0, "0 s"), (119, "119 s"), (150, "2 min"), (7300, "2 h"), (90_000, "25 h")])
def test_spans_read_well(seconds, said):
    assert span(seconds) == said


def test_which_failures_stop_a_stage_and_which_are_tried_again(account):
    a, b, c = account.work.todo
    account.add(Outcome(a, error=Transient("503")))
    account.add(Outcome(b, error=ShardKilled("it died")))
    account.add(Outcome(c, error=ValueError("a bug")))
    assert account.stop is None
    assert [account.is_to_do(s) for s in (a, b, c)] == [True, False, False]
    account.add(Outcome(a, (report(1, 1),)))
    assert not account.is_to_do(a)
    assert set(account.failed) == {b, c}
    account.add(Outcome(a, error=BadInput("no such model")))
    assert str(account.stop) == "no such model"


def test_too_many_failed_shards_are_not_the_shards_fault(account):
    for n in range(MAX_FAILED + 1):
        assert account.stop is None
        account.add(Outcome(str(n), error=ShardKilled("it died")))
    assert "More than 20 shards" in str(account.stop)


def test_status_names_the_failed_shards_and_the_command(run, account):
    run.context.store.open_for_writing()
    housekeeping.record(run)
    failed = list(account.work.todo)[1]
    account.add(Outcome(failed, error=ValueError("a bug")))
    account.save(run)
    said = "\n".join(line for state in states(run.request.store) for line in state.said())
    assert f"resume: {housekeeping.command(run.request)}" in said
    assert f"failed: {failed} {run.context.files_of(failed)[0]}: ValueError: a bug" in said
    assert f"0 other steps are done, {len(run.plan.steps)} not begun" in said
    assert re.search(r"last heard of \d+ s ago", said)
    housekeeping.prune(run.request.store, drop=(run.id,))
    assert not run.context.store.files("progress")


def test_the_command_asks_for_the_same(run, monkeypatch):
    from winnow import in_process
    from winnow.cli import main as cli
    from winnow.tasks.runs.run import result

    asked = []
    monkeypatch.setattr(in_process, "curate", lambda run, **how: asked.append(run.request) or result(run))
    request = replace(run.request, memory_gib=0.5, runner="dask:tcp://h:8786", anonymous=True)
    words = housekeeping.command(request).split()
    assert words[:2] == ["winnow", "run"]
    assert cli.main(words[1:]) == 0
    assert asked == [request]


def test_a_bug_is_told_with_its_type():
    assert why(KeyError("x")) == "KeyError: 'x'"
    assert why(BadInput("say it")) == "say it"


def test_a_full_disk_stops_a_stage_before_it_begins(run, monkeypatch):
    run.context.store.open_for_writing()
    monkeypatch.setattr(stores.Store, "free_bytes", lambda self: 5 << 20)
    with pytest.raises(WinnowError, match=r"0\.0 GiB are free.*winnow prune"):
        make_stage(run, run.plan.missing(), None, None)
    assert not run.context.store.files("steps")


@pytest.mark.server
def test_a_runaway_shard_is_ended_named_and_made_when_there_is_room(winnow, tiny, tmp_path):
    store = tmp_path / "store"
    args = ("run", tiny, "--recipe", "gopher", "--store", store, "--workers", "1", "--limit", "2")
    failed = winnow(*args, "--worker-memory-gib", "0.02")
    assert failed.returncode == 2
    assert "its worker was ended, twice; the bound is 0.0 GiB" in failed.stderr
    assert "2 shards failed; `winnow status`" in failed.stderr
    said = winnow("status", "--store", store).stdout
    assert said.count("    failed: ") == 2
    assert "CC-MAIN-00001.warc.gz" in said
    assert "--limit 2" in said
    done = winnow(*args, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["work"]["cached"] == 0
    assert "failed" not in winnow("status", "--store", store).stdout
