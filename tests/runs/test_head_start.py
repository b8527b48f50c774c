"""What a command begins before its flow: every shard is made once and handed over once, whatever had ended when the flow took over."""

import threading
from concurrent.futures import CancelledError
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines import curated, digests, work_off_with
from tests.tiny import mirror
from winnow.tasks.engine.runners.base import Outcome
from winnow.tasks.runs.head_start import Ahead, head_start
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare, release

STEPS = (SimpleNamespace(address="a-1", label="a"),)
LATER = (SimpleNamespace(address="b-1", label="b"),)


class Inner:
    """A runner whose shards end when they may."""

    def __init__(self, slots):
        self.slots, self.asked = slots, []
        self.may, self.lock = {}, threading.Lock()
        self.begun = threading.Semaphore(0)

    def gate(self, shard):
        with self.lock:
            return self.may.setdefault(shard, threading.Event())

    def run(self, steps, todo):
        for shard in todo:
            self.asked.append((steps[0].address, shard))
            self.begun.release()
            self.gate(shard).wait(30)
            yield Outcome(shard, ({"address": steps[0].address},))

    def close(self): ...


def work(shards):
    return SimpleNamespace(stage=SimpleNamespace(steps=STEPS), todo=dict.fromkeys(shards, ("a-1",)))


@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 6), st.data())
def test_every_shard_is_made_once_and_handed_over_once(shards, slots, ended, data):
    names = [f"s{i}" for i in range(shards)]
    inner = Inner(slots)
    ahead = Ahead(inner, work(names))
    for _ in range(min(slots, shards)):
        assert inner.begun.acquire(timeout=30)
    for _, shard in inner.asked[:ended]:
        inner.gate(shard).set()
    batches = data.draw(st.permutations(names))
    for name in names:
        inner.gate(name).set()
    half = len(batches) // 2
    outcomes = [o for batch in (batches[:half], batches[half:]) if batch for o in ahead.run(STEPS, dict.fromkeys(batch, ("a-1",)))]
    assert sorted(o.shard for o in outcomes) == names
    assert sorted(shard for _, shard in inner.asked) == names
    assert all(o.made == {"a-1"} for o in outcomes)


def test_nothing_is_begun_once_the_flow_asks():
    inner = Inner(1)
    ahead = Ahead(inner, work(["s0", "s1", "s2"]))
    assert inner.begun.acquire(timeout=30)
    first = inner.asked[0][1]
    taken = ahead.run(STEPS, {first: ("a-1",)})
    asking = threading.Thread(target=lambda: [*taken])
    asking.start()
    while not ahead._taken_over:
        pass
    inner.gate(first).set()
    asking.join(30)
    assert [shard for _, shard in inner.asked] == [first]


def test_a_shard_asked_for_again_is_made_again_and_other_steps_are_not_mixed_up():
    inner = Inner(1)
    inner.gate("s0").set()
    ahead = Ahead(inner, work(["s0"]))
    assert [o.made for o in ahead.run(LATER, {"s0": ("b-1",)})] == [{"b-1"}]
    for _ in range(2):
        assert [o.made for o in ahead.run(STEPS, {"s0": ("a-1",)})] == [{"a-1"}]
    assert inner.asked.count(("a-1", "s0")) == 2


def test_an_error_of_the_runner_reaches_the_flow():
    class Away:
        slots = 1

        def run(self, steps, todo):
            raise OSError("away")
            yield

        def close(self): ...

    ahead = Ahead(Away(), work(["s0"]))
    with pytest.raises(OSError, match="away"):
        list(ahead.run(STEPS, {"s0": ("a-1",)}))


@pytest.mark.slow
def test_a_run_that_was_begun_ahead_has_the_bytes_of_one_that_was_not(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=5, pages=4)
    quiet = curated(source, "gopher", tmp_path / "quiet")
    run = prepare(Request(str(source), "gopher", str(tmp_path / "ahead"), 2))
    with head_start(run) as handed:
        assert handed.run is run
        assert work_off_with(run, handed.runner)["digest"] == release(quiet).digest
    assert digests(run) == digests(quiet)
    assert run.plan.computed == run.plan.total()
    with pytest.raises(CancelledError):
        list(handed.runner.run(run.plan.stages[0].steps, {"00000": ()}))


def test_a_finished_run_gets_no_workers(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=1, pages=4)
    run = curated(source, "gopher", tmp_path / "store")
    with head_start(run) as handed:
        assert handed.runner is None
