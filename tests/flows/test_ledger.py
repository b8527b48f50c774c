"""The ledger: every answer against the tables or against a run that was really made."""

import json
from collections import Counter

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pipelines import finished, rows
from tests.tiny import mirror
from winnow.cli import main as cli
from winnow.tasks.engine.errors import BadInput, DamagedArtifact
from winnow.tasks.engine.merkle import root, tables_of
from winnow.tasks.ledger.diff import RecipeChange, diff
from winnow.tasks.ledger.explain import explain, explain_text, lost
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.predicate import predicate
from winnow.tasks.ledger.sql import named, query
from winnow.tasks.ledger.verify import Verification, verify
from winnow.tasks.ledger.what_if import changed, sweep, what_if
from winnow.tasks.recipes.build import load
from winnow.tasks.signals.limit import Limit, apply_limits

MOVED = "extends: gopher\nlimits:\n  language: null\n  stop_word_count: null\n  word_count: {low: 375, high: 100000}\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("ledger")
    (base / "moved.yaml").write_text(MOVED)
    source = mirror(base / "mirror", warcs=2, pages=12)
    runs = {
        name: finished(source, recipe, base / "store")
        for name, recipe in (("gopher", "gopher"), ("moved", base / "moved.yaml"), ("raw", "raw"), ("refinedweb", "refinedweb"))
    }
    return base / "store", runs


@pytest.fixture
def gopher(place):
    return open_run(str(place[0]), place[1]["gopher"].id)


def test_every_shipped_query_runs(place):
    store, runs = place
    for name, text in named().items():
        if name == "language-agreement":  # of signals that no shipped recipe has: tests/signals/filters/test_languages.py
            continue
        assert text.startswith("-- "), name
        run = open_run(str(store), runs["refinedweb" if name == "refinedweb" else "raw"].id)
        names, _ = query(run, text)
        assert names


@pytest.mark.parametrize(
    "text",
    [
        "DROP VIEW documents",
        "CREATE TABLE t AS SELECT 1",
        "COPY documents TO '/tmp/out.parquet'",
        "ATTACH '/tmp/x.db'",
        "INSTALL httpfs",
        "SET memory_limit='100GB'",
        "PRAGMA database_list",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT no_such_column FROM documents",
        "SELEC 1",
        "",
    ],
)
def test_sql_is_read_only_and_sees_nothing_else(gopher, text):
    with pytest.raises(BadInput):
        query(gopher, text)


def test_sql_counts_what_the_tables_hold(gopher, place):
    decisions = rows(place[1]["gopher"], place[1]["gopher"].pipeline.decisions)
    _, found = query(gopher, "SELECT reason, count(*) FROM decisions GROUP BY reason")
    assert dict(found) == Counter(d["reason"] for d in decisions)
    _, [(kept,)] = query(gopher, "SELECT count(*) FROM corpus")
    assert kept == sum(d["kept"] for d in decisions)


NUMBERS = st.none() | st.sampled_from([0.0, 0.5, 1.0, -1.0, float("nan"), float("inf"), float("-inf"), 1e300])


@given(
    st.lists(
        st.tuples(NUMBERS, st.none() | st.sampled_from(["en", "fr", "it's", "eng_Latn", "FR", "srp_Cyrl", "srp-Latn", "sr"])),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(
        [
            Limit("x", low=0.5),
            Limit("x", high=0.5),
            Limit("x", low=-1, high=1),
            Limit("x", low=0.5, by_language=(("fr", None, 0.0), ("it's", None, None))),
            Limit("x", low=0.5, by_language=(("eng_Latn", None, 0.0), ("en", None, None), ("srp_Latn", -1.0, None))),
        ]
    ),
    st.sampled_from(
        [
            Limit("l", one_of=("en", "it's")),
            Limit("l", empty=True),
            Limit("language", one_of=("en", "it's")),
            Limit("language", one_of=("srp_Latn",)),
        ]
    ),
)
def test_limits_and_sql_say_the_same(values, number, word):
    words = pa.array([v[1] for v in values], pa.string())
    table = pa.table({"x": pa.array([v[0] for v in values], pa.float64()), "l": words, "language": words})
    _, reason = apply_limits({name: table[name] for name in table.column_names}, (number, word), len(values))
    connection = duckdb.connect()
    connection.register("t", table)
    said = [row[0] for row in connection.execute(f"SELECT {predicate((number, word))} FROM t").fetchall()]
    assert said == [r is None for r in reason.to_pylist()]


def test_what_if_is_what_a_real_run_does(place, gopher):
    settings = ["language.one_of=none", "stop_word_count.low=none", "word_count.low=375"]
    known = next(gopher.shards("signals")).column_names[1:]
    change = what_if(gopher, changed(gopher.limits, settings, known))
    before, after = (
        {d["id"]: d["reason"] for d in rows(place[1][name], place[1][name].pipeline.decisions)} for name in ("gopher", "moved")
    )
    enter = {i for i in after if after[i] is None and before[i] is not None}
    leave = {i for i in after if after[i] is not None and before[i] is None}
    assert change.documents == len(before)
    assert change.kept.documents == sum(r is None for r in before.values())
    assert enter | leave
    for side, ids in ((change.enter, enter), (change.leave, leave)):
        assert side.documents == len(ids)
        assert [s.id for s in side.samples] == sorted(ids)[:10]
        assert sum(side.languages.values()) == sum(side.domains.values()) == len(ids)
        assert bool(ids) == (0 < side.tokens < side.chars)


@pytest.mark.parametrize(
    "setting", ["word_count", "word_count.low", "nothing.low=1", "word_count.low=many", "word_count.lower=1", ".low=1"]
)
def test_settings_that_cannot_be_read(gopher, setting):
    with pytest.raises(BadInput, match="--set"):
        changed(gopher.limits, [setting], ["word_count"])


def test_sweep(gopher):
    found = sweep(gopher, "word_count")
    assert found[0].at_or_above == found[-1].at_or_below == 1.0
    assert [s.kept_as_low for s in found] == sorted((s.kept_as_low for s in found), reverse=True)
    known = next(gopher.shards("signals")).column_names[1:]
    middle = found[len(found) // 2]
    for side, share in (("low", middle.kept_as_low), ("high", middle.kept_as_high)):
        other = "high" if side == "low" else "low"
        moved = what_if(gopher, changed(gopher.limits, [f"word_count.{side}={middle.bound}", f"word_count.{other}=none"], known))
        assert share == (moved.kept.documents + moved.enter.documents - moved.leave.documents) / moved.documents
    with pytest.raises(BadInput, match="not a number"):
        sweep(gopher, "language")


def test_explain_names_the_copy_that_stays(place, gopher):
    decisions = rows(place[1]["gopher"], place[1]["gopher"].pipeline.decisions)
    copy = next(d for d in decisions if d["reason"] in ("url_cluster_rank:high", "text_cluster_rank:high"))
    by = copy["reason"].split("_")[0]
    stays = next(d for d in decisions if d[f"{by}_cluster"] == copy[f"{by}_cluster"] and d[f"{by}_cluster_rank"] == 0)
    [page] = explain(gopher, copy["id"])
    [said] = [c for c in page.copies if c.by == by]
    assert (said.kept, said.rank, said.size) == (stays["id"], copy[f"{by}_cluster_rank"], copy[f"{by}_cluster_size"])
    assert said.kept_url
    assert copy["reason"] in page.fate
    assert page.document["source_file"]
    assert [label for label, _ in page.steps][-1] == f"dedup-{by}"
    dropped = next(d for d in decisions if not d["kept"] and "cluster" not in d["reason"])
    assert explain(gopher, dropped["id"])[0].steps[-1][0] == "select"
    kept = next(d for d in decisions if d["kept"])
    assert explain(gopher, kept["id"])[0].steps[-1][0] == "publish"
    assert page.document["offset"] >= 0


def test_explain_says_of_every_limit_whether_it_is_crossed(place, gopher):
    for decision in rows(place[1]["gopher"], place[1]["gopher"].pipeline.decisions)[:6]:
        [page] = explain(gopher, decision["id"])
        assert [v.limit for v in page.verdicts] == list(gopher.limits)
        limits = {v.limit.signal for v in page.verdicts if v.crossed}
        assert limits == {c["reason"].split(":")[0] for c in decision["crossed"]} & {limit.signal for limit in gopher.limits}
        for v in page.verdicts:
            assert v.margin is None or (v.margin > 0) == v.crossed


def test_a_record_that_became_no_document_is_found(place, gopher):
    run = place[1]["gopher"]

    shard = run.context.shard_keys[0]
    table = pq.read_table(run.context.store.full(f"steps/{run.pipeline.documents.address}/{shard}.dropped.parquet"))
    record = table.to_pylist()[0]
    assert lost(gopher, record["record_id"])[0]["reason"] == record["reason"]
    assert lost(gopher, "http://nowhere.example/") == []


def test_a_text_file_is_measured_now(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("too short")
    page = explain_text(load("gopher"), path)
    assert "would drop" in page.fate
    assert {v.limit.signal for v in page.verdicts if v.crossed} >= {"word_count"}
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match="UTF-8"):
        explain_text(load("gopher"), path)


def test_the_page_of_explain_escapes_what_pages_say(tmp_path):
    path = tmp_path / "page.txt"
    path.write_text("<script>alert(1)</script>\n" * 3)
    assert cli.main(["explain", str(path), "--recipe", "c4", "--html", str(tmp_path / "out.html")]) == 0
    html = (tmp_path / "out.html").read_text()
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


def test_verify_finds_what_was_changed(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=2, pages=4)
    run = finished(source, "gopher", tmp_path / "store")
    opened = open_run(str(tmp_path / "store"))
    found = verify(opened)
    assert found.findings == ()
    reports = [run.context.store.report(step, shard) for step in run.plan.steps for shard in step.shards(run.context)]
    assert found.checked == sum(len(tables_of(report)) for report in reports) + len(opened.manifest["files"])
    shard = opened.entry["shards"][0]
    path = tmp_path / "store" / f"steps/{opened.address('signals')}/{shard}.parquet"
    path.write_bytes(path.read_bytes()[:-9] + b"otherwise")
    assert [f.what for f in verify(opened).findings] == [f"steps/{opened.address('signals')}/{shard}.parquet"]
    assert verify(opened, step="extract") == Verification(4, ())  # documents, and the records that became none
    assert len(verify(opened, step="signals", shard=shard).findings) == 1
    lost = tmp_path / "store" / f"steps/{opened.address('extract')}/{shard}.dropped.parquet"
    before = lost.read_bytes()
    lost.write_bytes(before[:-9] + b"otherwise")
    [finding] = verify(opened, step="extract").findings
    assert finding.what.endswith(f"{shard}.dropped.parquet")
    lost.write_bytes(before)
    with pytest.raises(DamagedArtifact, match="winnow repair"):
        list(opened.shards("signals"))


def test_verify_sees_a_report_that_counts_otherwise(tmp_path):
    finished(mirror(tmp_path / "mirror", warcs=1, pages=4), "gopher", tmp_path / "store")
    opened = open_run(str(tmp_path / "store"))
    shard = opened.entry["shards"][0]
    path = tmp_path / "store" / f"steps/{opened.address('extract')}/{shard}.json"
    report = json.loads(path.read_text())
    path.write_text(json.dumps(report | {"rows_in": report["rows_in"] + 1}))
    assert [f.what for f in verify(opened).findings] == ["step extract"]
    path.write_text(json.dumps(report | {"data": report["data"] | {"sha256": "0" * 64}}))
    assert [f.what for f in verify(opened).findings] == [report["data"]["path"]]  # what the report says of it explains the step's root


def test_merkle_roots_tell_order_and_content_apart():
    roots = {root(d) for d in ([], ["a"], ["b"], ["a", "b"], ["b", "a"], ["a", "b", "c"], ["a", "b", "c", "c"])}
    assert len(roots) == 7


def test_diff_tells_recipe_steps_and_documents(place, gopher):
    store, runs = place
    other = open_run(str(store), runs["moved"].id)
    found = diff(gopher, other)
    assert RecipeChange("limits.word_count.low", 50, 375) in found.recipe
    assert "select" in found.steps
    assert "extract" not in found.steps
    assert (found.only_a, found.only_b) == (0, 0)
    reasons = [{d["id"]: d["reason"] for d in rows(runs[n], runs[n].pipeline.decisions)} for n in ("gopher", "moved")]
    assert found.gained.total() == sum(reasons[1][i] is None and r is not None for i, r in reasons[0].items())
    same = diff(gopher, gopher)
    assert (same.recipe, same.steps, same.gained, same.lost, same.shifts) == ((), (), Counter(), Counter(), ())


def test_opening_a_run(place, tmp_path):
    store, runs = place
    manifest = store / runs["raw"].home / "manifest.json"
    assert open_run(str(store), str(manifest)).id == runs["raw"].id
    assert open_run(str(store), "raw").id == runs["raw"].id
    for recipe in ("raw", "gopher", "moved"):
        assert open_run(str(store), recipe=recipe).id == runs[recipe].id
    with pytest.raises(BadInput, match="of the recipe c4; there is"):
        open_run(str(store), recipe="c4")
    with pytest.raises(BadInput, match=r"Near it: .*gopher"):
        open_run(str(store), "gofer-12345678")
    with pytest.raises(BadInput, match="holds no run"):
        open_run(str(tmp_path))
