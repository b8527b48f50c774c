"""``judged`` in recipes: judgements are signals, which limits, SQL and the report know without more."""

import pyarrow.parquet as pq
import pytest
import yaml

from tests.pipelines import curated, finished, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.labels.judged import Judgement, read, table
from winnow.tasks.recipes.load import load
from winnow.tasks.recipes.signals import signals_of
from winnow.tasks.recipes.write import as_yaml
from winnow.tasks.runs.ending import warnings
from winnow.tasks.runs.run import summary_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    home = tmp_path_factory.mktemp("judged")
    run = curated(mirror(home / "mirror", warcs=2, pages=8), "raw", home / "store")
    ids = [row["id"] for row in rows(run, run.pipeline.documents)]
    one = [Judgement(i, "topic", "t1", "a", labels=("Grain" if n % 2 else "Water",)) for n, i in enumerate(ids[:10])]
    one.append(Judgement(ids[10], "topic", "t1", "a", problem="refused"))
    two = [Judgement(i, "topic", "t1", "b", labels=("Grain" if n % 3 else "Water",)) for n, i in enumerate(ids[:9])]
    scores = [Judgement(i, "educational", "e1", "a", score=float(n % 6)) for n, i in enumerate(ids[:12])]
    lines = [Judgement(ids[0], "line_quality", "l1", "a", line=n, labels=("Clean",)) for n in range(3)]
    for name, judgements in (("one", one), ("two", two), ("scores", scores), ("lines", lines)):
        pq.write_table(table(judgements), home / f"{name}.parquet")
    return home, ids


def recipe(home, name, judged, **more):
    path = home / f"{name}.yaml"
    path.write_text(yaml.safe_dump({"extends": "raw", "name": name, "judged": judged, **more}))
    return path


def test_judgements_are_signals(base):
    home, ids = base
    path = recipe(home, "signals", ["one.parquet", "scores.parquet", "two.parquet", "lines.parquet"])
    run = finished(home / "mirror", path, home / "store")
    found = {row["id"]: row for row in rows(run, run.pipeline.signals)}
    assert [found[i]["topic.judged"] for i in ids[:12]] == ["Water", "Grain"] * 5 + [None, None]
    assert [found[i]["educational.judged"] for i in ids[:7]] == [0, 1, 2, 3, 4, 5, 0]
    assert "line_quality.judged" not in found[ids[0]]
    assert {"topic.judged": "str", "educational.judged": "float"}.items() <= {s.name: s.kind for s in signals_of(str(path))}.items()
    report = run.context.store.get(f"{run.home}/report.html").decode()
    assert '<section id="judgements"' in report
    assert "refused" in report
    [step] = [s for s in run.pipeline.steps if s.label == "judgement-tables"]
    tables = {(row["head"], row["annotator"]): row for row in rows(run, step)}
    assert (tables["topic", "a"]["rows"], tables["topic", "a"]["valid"], tables["topic", "a"]["problem"]) == (11, 10, "refused")
    assert (tables["topic", "b"]["compared_with"], tables["topic", "b"]["compared"]) == ("a", 9)
    assert tables["topic", "b"]["kappa"] == pytest.approx(1 / 7)
    assert tables["educational", "a"]["price"] is None
    again = load(str(recipe(home, "written", [str(home / "one.parquet")])))
    assert str(home / "one.parquet") in as_yaml(again)


def test_limits_and_sql_work_on_them(base):
    home, ids = base
    limited = recipe(home, "limited", "one.parquet", limits={"topic.judged": {"one_of": ["Grain"]}})
    run = curated(home / "mirror", limited, home / "store")
    kept = {row["id"] for row in rows(run, run.pipeline.decisions) if row["kept"]}
    assert kept == {i for n, i in enumerate(ids[:10]) if n % 2}
    asked = recipe(home, "asked", "scores.parquet", where='"educational.judged" >= 4')
    run = curated(home / "mirror", asked, home / "store")
    kept = {row["id"] for row in rows(run, run.pipeline.decisions) if row["kept"]}
    assert kept == {i for n, i in enumerate(ids[:12]) if n % 6 >= 4}


def test_judgements_of_other_documents_are_warned_of(base):
    home, _ = base
    other = [Judgement(f"elsewhere-{n}", "topic", "t1", "a", labels=("Grain",)) for n in range(3)]
    pq.write_table(table(other), home / "other.parquet")
    run = finished(home / "mirror", recipe(home, "other", ["other.parquet", "scores.parquet"]), home / "store")
    [warning] = [each for each in warnings(summary_of(run)) if "topic" in each]
    assert "topic.judged is empty" in warning
    assert "educational" not in warning
    report = run.context.store.get(f"{run.home}/report.html").decode()
    assert "No document of this run is judged by <code>topic</code>" in report


def test_what_was_measured_before_is_not_measured_again(base):
    home, _ = base
    run = curated(home / "mirror", recipe(home, "fresh", "one.parquet"), home / "fresh")
    other = curated(home / "mirror", recipe(home, "again", "scores.parquet"), home / "fresh")
    shared = {s.address for s in run.pipeline.steps} & {s.address for s in other.pipeline.steps}
    labels = {s.label for s in other.pipeline.steps if s.address not in shared}
    assert "extract" not in labels
    assert not [name for name in labels if name.startswith("measure")]
    assert "judged" in labels


@pytest.mark.parametrize(
    ("judged", "says"),
    [
        ([], "judged is empty"),
        (["none.parquet"], "There is no file"),
        (["bad.yaml"], "cannot be read as Parquet"),
        (["one.parquet", "changed.parquet"], "both called topic"),
        (["mixed.parquet"], "both called topic"),
        (["empty.parquet"], "no judgements in"),
        ({"a": 1}, "must be a list"),
    ],
)
def test_tables_that_cannot_be_joined(base, judged, says):
    home, ids = base
    (home / "bad.yaml").write_text("a: b")
    changed = [Judgement(ids[0], "topic", "t2", "b", labels=("Wind",))]
    pq.write_table(table(changed), home / "changed.parquet")
    pq.write_table(table([*changed, Judgement(ids[1], "topic", "t1", "b", labels=("Wind",))]), home / "mixed.parquet")
    pq.write_table(table([]), home / "empty.parquet")
    with pytest.raises(BadInput, match=says):
        load(str(recipe(home, "bad", judged)))


def test_a_table_that_changes_while_a_run_goes_on(base):
    home, ids = base
    pq.write_table(read(home / "one.parquet"), home / "moving.parquet")
    found = load(str(recipe(home, "moving", "moving.parquet")))
    pq.write_table(table([Judgement(ids[0], "topic", "t1", "a", labels=("Stone",))]), home / "moving.parquet")
    from winnow.tasks.labels.steps import rows_of

    with pytest.raises(BadInput, match="no longer what they were"):
        rows_of(found.options["judged"].used[0])
