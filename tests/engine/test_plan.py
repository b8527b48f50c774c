"""Planning: what is missing is known before anything starts, only what is wanted is made, and done is asked by address."""

import pickle

from tests.engine.toys import Share, Sum, chain, context
from winnow.tasks.engine.plan import Plan, stages


def work_off(plan):
    while works := plan.missing():
        for shard, addresses in works[0].todo.items():
            for report in plan.context.make(works[0].stage.steps, shard, addresses):
                plan.mark(report["address"], shard)
    return plan.computed


def test_steps_of_one_width_are_one_stage_and_a_whole_step_is_the_border():
    *_, share = chain()
    assert [[s.label for s in stage.steps] for stage in stages([share])] == [["count", "below"], ["sum"], ["share"]]


def test_a_second_run_makes_nothing(tmp_path):
    *_, share = chain()
    assert work_off(Plan([share], context(tmp_path))) == 3 + 3 + 1 + 3
    assert work_off(Plan([share], context(tmp_path))) == 0


def test_moving_a_limit_makes_what_follows_it_only(tmp_path):
    work_off(Plan([chain(high=4)[-1]], context(tmp_path)))
    assert work_off(Plan([chain(high=5)[-1]], context(tmp_path))) == 3 + 1 + 3


def test_more_files_keep_what_was_made(tmp_path):
    work_off(Plan([chain()[1]], context(tmp_path, (3, 5))))
    assert work_off(Plan([chain()[1]], context(tmp_path, (3, 5, 7)))) == 2


def test_a_pruned_input_is_not_made_again_for_nothing(tmp_path):
    count, below, *_ = chain()
    b = context(tmp_path)
    work_off(Plan([below], b))
    b.store.delete(f"steps/{count.address}", recursive=True)
    assert Plan([below], b).missing() == []
    assert Plan([count, below], b).missing()[0].size == 3


def test_a_missing_table_is_made_again_with_the_inputs_it_needs(tmp_path):
    count, below, *_ = chain()
    b = context(tmp_path)
    work_off(Plan([below], b))
    key = b.shard_keys[1]
    b.store.delete(count.data_path(key))
    b.store.delete(below.data_path(key))
    [work] = Plan([below], b).missing()
    assert work.todo == {key: (count.address, below.address)}


def test_a_whole_step_asks_for_every_shard(tmp_path):
    _, below, total, share = chain()
    b = context(tmp_path)
    work_off(Plan([share], b))
    for path in (total.data_path("all"), share.data_path(b.shard_keys[0]), below.data_path(b.shard_keys[2])):
        b.store.delete(path)
    todo = {w.stage.label: sorted(w.todo) for w in Plan([share], b).missing()}
    assert todo == {"count to below": [b.shard_keys[2]], "sum": ["all"], "share": [b.shard_keys[0]]}


def test_a_step_may_read_what_it_did_not_make(tmp_path):
    *_, total, share = chain()
    b = context(tmp_path)
    work_off(Plan([total], b))
    plan = Plan([share], b)
    assert [w.stage.label for w in plan.missing()] == ["share"]
    work_off(plan)
    assert isinstance(share, Share)
    assert sum(b.read(share, key)["share"][0].as_py() for key in b.shard_keys) == 1


def test_a_lineage_visits_each_step_once(monkeypatch):
    """Every step reads the one before it and what was made of that: ways double at each, and once took a minute of planning at eight passes."""
    step = chain()[1]
    for _ in range(30):
        step = Share(step, Sum("crawl", step))
    copy = pickle.loads(pickle.dumps(step))
    assert (copy, hash(copy)) == (step, hash(step))
    assert copy.numbers == step.numbers != step
    asked = []
    inputs = Share.inputs
    monkeypatch.setattr(Share, "inputs", property(lambda self: asked.append(self) or inputs.fget(self)))
    assert len(list(step.lineage())) == 62
    assert len(asked) == 30
