"""The forecast: intervals that hold, a sample whose work is not done again, and a comparison with what happened."""

import json
import math
import random
from dataclasses import replace

import pytest

from tests.pipelines import work_off
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.runs.forecast import Sample, StepSample, copies_factor, forecast, makespan, total
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.plans import known, outcome, said, stored
from winnow.tasks.runs.run import prepare, sampled


def test_a_sample_of_everything_is_exact():
    assert vars(total([1, 2, 3], [1, 1, 1], 3, 3)) == {"value": 6, "low": 6, "high": 6}


def test_one_shard_says_nothing_of_the_spread():
    assert vars(total([4], [1], 10, 10)) == {"value": 40, "low": 20, "high": 80}


@pytest.mark.parametrize("weighed", [False, True])
def test_intervals_hold_as_often_as_they_say(weighed):
    """A population of shards of very different sizes, sampled over and over."""
    rng = random.Random(7)
    sizes = [rng.lognormvariate(0, 0.6) for _ in range(200)]
    values = [s * rng.uniform(0.8, 1.2) for s in sizes]
    held, widths = 0, []
    for _ in range(400):
        chosen = rng.sample(range(200), 12)
        weights = sizes if weighed else [1.0] * 200
        found = total([values[i] for i in chosen], [weights[i] for i in chosen], sum(weights), 200)
        held += found.holds(sum(values))
        widths.append(found.high - found.low)
    assert 0.88 <= held / 400 <= 0.99
    assert sum(widths) / 400 < (0.35 if weighed else 1.0) * sum(values)


def test_work_is_shared_between_workers():
    assert makespan([1.0], 9, 2) == 5
    assert makespan([3.0, 1.0], 4, 2) == 4
    assert makespan([], 9, 2) == makespan([1.0], 0, 2) == 0
    assert makespan([2.0, 4.0], 1_000_000, 100) == pytest.approx(30_000, rel=0.001)


def sample(**changes):
    n = 4
    step = StepSample("extract", 0, True, True, 100, (10.0,) * n, (9.0,) * n, (1000.0,) * n, 1 << 30)
    whole = StepSample("cluster-text", 1, False, False, 4, (2.0,), (2.0,), (500.0,), 1 << 28)
    given = Sample(
        "r-1", "winnow run x", tuple("abcd"), 100, 0, 2, (1.0,) * n, 100.0, "shard", (400.0,) * n, (100.0,) * n, (5e4,) * n, (1e5,) * n, {}, 100_000,
        5.0, True, (step, whole),
    )  # fmt: skip
    return replace(given, **changes)


def test_time_follows_workers_and_cores():
    found = forecast(sample(), 2, cluster_cores=50)
    assert found.figures["documents"].value == 40_000
    assert found.figures["kept"].value == 10_000
    # 100 shards of 10 s by 2 workers, 4 partitions of a step of 25 times the sample's 2 s, and 5 s beside them
    assert found.figures["seconds"].value == pytest.approx(500 + 25 + 5)
    assert found.figures["seconds_left"].value == pytest.approx(480 + 25 + 5)
    assert found.cluster_seconds.value == pytest.approx(20 + 12.5 + 5)
    assert found.figures["cpu_hours"].value == pytest.approx((900 + 50) / 3600)
    assert found.figures["disk_bytes"].value == pytest.approx(100 * 1000 + 500 * 25 + 100 * 1e5)


def test_copies_that_the_sample_cannot_see_are_expected():
    """100 shards, each text in two of them at random: of 10 shards few copies show, of all every second document goes."""
    rng = random.Random(3)
    where = [rng.sample(range(100), 2) for _ in range(20_000)]
    chosen = set(range(10))
    groups, alone = {2: 0}, 0
    for a, b in where:
        groups[2] += a in chosen and b in chosen
        alone += (a in chosen) != (b in chosen)
    seen = sample(keys=tuple(map(str, range(10))), kept=((alone + groups[2]) / 10,) * 10, groups=groups)
    share = 20_000 / ((alone + groups[2]) * 10)  # what is kept of the whole, by what the sample's rate would say
    assert share < copies_factor(seen) < 1
    assert copies_factor(seen) ** 2 < 0.95
    assert copies_factor(sample()) == 1


def test_a_sample_survives_being_stored():
    given = sample(groups={2: 5, 3: 1})
    assert Sample.of(json.loads(json.dumps(given.json()))) == given


@pytest.mark.slow
def test_the_run_goes_on_from_the_sample_and_the_forecast_is_compared(tmp_path):
    from winnow.flows.plan import measure
    from winnow.tasks.runs.housekeeping import prune, record
    from winnow.tasks.runs.run import release
    from winnow.tasks.runs.status import states

    request = Request(str(mirror(tmp_path / "mirror", warcs=4, pages=5)), "gopher", str(tmp_path / "store"), 1)
    whole = prepare(request)
    part = sampled(whole, 2, seed=5)
    assert set(part.context.shard_keys) < set(whole.context.shard_keys)
    assert sampled(whole, 2, seed=5).context.shard_keys == part.context.shard_keys
    whole.context.store.open_for_writing()
    work_off(part)
    made = measure(whole, part, 5, 3.0)
    assert made.reused > 0
    assert known(whole, 2, 5) == made
    assert known(whole, 3, 5) is None
    assert states(request.store)[0].state == "planned"
    # Only what the real run will use is there, and prune knows that it will.
    assert set(whole.context.store.folders("steps")) == {
        s.address for s in whole.pipeline.steps if s.address in stored(whole.context.store, whole.id)["steps"]
    }
    assert not whole.context.store.files("corpora")
    assert prune(request.store).places == ()

    real = prepare(request)
    record(real)
    work_off(real)
    assert real.plan.computed == real.plan.total() - made.reused
    release(real)
    compared = stored(whole.context.store, whole.id)["actual"]["figures"]
    assert compared["documents"]["actual"] == sum(real.context.read(real.pipeline.documents, s).num_rows for s in real.context.shard_keys)
    assert compared["kept"]["actual"] > 0
    assert compared["tokens"]["actual"] > 0
    assert compared["seconds_left"]["actual"] > 0
    assert "inside their intervals" in "\n".join(line for state in states(request.store) for line in state.said())
    assert "Forecast" in (tmp_path / "store" / real.home / "report.html").read_text()
    took = compared["seconds_left"]["actual"]
    release(prepare(request))  # the time of the run that did the work stays
    assert stored(whole.context.store, whole.id)["actual"]["figures"]["seconds_left"]["actual"] == took
    assert "time with the sample already done" in outcome(stored(whole.context.store, whole.id)["actual"])


def test_an_endpoint_that_embeds_has_a_price(tmp_path):
    from winnow.flows.plan import measure
    from winnow.tasks.endpoint.endpoint import endpoint

    recipe = tmp_path / "embedded.yaml"
    recipe.write_text("{extends: raw, semantic: {embedding: {endpoint: echo, model: m, price_prompt: 50, chars: 100}}}")
    whole = prepare(Request(str(mirror(tmp_path / "mirror", warcs=4, pages=5)), str(recipe), str(tmp_path / "store"), 1))
    part = sampled(whole, 2, seed=5)
    whole.context.store.open_for_writing()
    work_off(part)
    made = measure(whole, part, 5, None)
    [step] = [s for s in made.steps if s.sent_texts]
    assert (step.label, step.price_prompt) == ("embed", endpoint("echo", price_prompt=50).price_prompt)
    assert 0 < sum(step.sent_texts) <= sum(made.documents)
    assert sum(step.sent_tokens) > sum(step.sent_texts)
    figures = forecast(made, 1).figures
    assert figures["price"].value == pytest.approx(figures["tokens_sent"].value * 50 / 1e6)
    paid = sum(step.sent_tokens) * 50 / 1e6
    assert figures["price_left"].value == pytest.approx(figures["price"].value - paid)
    assert figures["texts_sent"].low <= figures["texts_sent"].value <= figures["texts_sent"].high
    assert "price of the endpoint" in "\n".join(said(made, forecast(made, 1)))
    assert Sample.of(json.loads(json.dumps(made.json()))) == made
    assert not {"price", "texts_sent"} & forecast(sample(), 1).figures.keys()


def test_a_sample_that_is_another_run_s_crawl_takes_nothing_from_it(tmp_path):
    from winnow.flows.plan import measure
    from winnow.tasks.runs.housekeeping import record
    from winnow.tasks.runs.run import release

    source, store = str(mirror(tmp_path / "mirror", warcs=3, pages=4)), str(tmp_path / "store")
    whole = prepare(Request(source, "gopher", store, 1))
    part = sampled(whole, 3, seed=0)
    other = sampled(whole, 1, seed=0)
    whole.context.store.open_for_writing()
    record(other)
    work_off(other)
    release(other)
    work_off(part)
    measure(whole, part, 0, None)
    again = prepare(Request(source, "gopher", store, 1))
    assert not again.plan.missing()  # the sample was the whole crawl
    one = sampled(whole, 1, seed=0)
    work_off(one)
    measure(whole, one, 0, None)
    assert not sampled(whole, 1, seed=0).plan.missing()
    assert other.is_released()


@pytest.mark.parametrize("arguments", [("--sample", "0"), ("--cluster-cores", "-1"), ("--limit", "0"), ("--workers", "0")])
def test_bad_numbers(tmp_path, arguments, capsys):
    from winnow.cli import main as cli

    source = mirror(tmp_path / "mirror", warcs=1, pages=1)
    assert cli.main(["plan", str(source), "--store", str(tmp_path / "store"), *arguments]) == 2
    assert arguments[0][2:] in capsys.readouterr().err


def test_an_unreadable_plan_is_no_plan(tmp_path):
    run = prepare(Request(str(mirror(tmp_path / "mirror", warcs=1, pages=1)), "gopher", str(tmp_path / "store"), 1))
    run.context.store.open_for_writing()
    run.context.store.put(f"plans/{run.id}.json", b"{")
    assert known(run, 1, 0) is None
    with pytest.raises(BadInput):
        sampled(run, 1, 0) and prepare(Request("nowhere", "gopher", str(tmp_path)))


def test_half_of_a_group_s_shards_is_drawn_as_often_as_chance_says():
    groups = {2: 10}
    given = sample(groups=groups, kept=(10.0,) * 4)
    alone = 30
    seen = alone / 2 + 10 * (1 - math.comb(2, 2) / math.comb(4, 2))
    assert copies_factor(given) == pytest.approx((100 / 4) ** (math.log(40 / seen) / math.log(2) - 1))
