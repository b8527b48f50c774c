"""The command line, from outside: what it makes, what it finds done, what it says to bad input, and that a killed run ends the same."""

import json
import os
import random
import re
import shutil
import signal
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests import forked
from tests.servers import prefect_home
from tests.tiny import CRAWL, mirror
from winnow.cli.main import main

pytestmark = pytest.mark.server


def run(winnow, source, store, *more, recipe="gopher", **how):
    done = winnow("run", source, "--recipe", recipe, "--store", store, "--workers", 2, "--json", *more, **how)
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout)  # on stdout stands nothing else
    out["manifest_json"] = json.loads(Path(out["manifest"]).read_text())
    out["stderr"] = done.stderr
    return out


def corpus(out):
    return {str(p.relative_to(out["corpus"])): p.read_bytes() for p in sorted(Path(out["corpus"]).rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def clean(winnow, tiny, tmp_path_factory):
    return run(winnow, tiny, tmp_path_factory.mktemp("clean") / "store", fresh=True)


def test_the_main_job(clean):
    steps = {s["name"]: s for s in clean["manifest_json"]["steps"]}
    assert clean["snapshot"] == CRAWL
    # 3 x (warcinfo + 12 captures of 2 records), the damaged record, its request, and the capture after it
    assert steps["extract"]["rows_in"] == 3 * (1 + 24) + 2 + 2
    assert steps["extract"]["dropped"]["http_status:404"] == 3
    assert sum(n for reason, n in steps["extract"]["dropped"].items() if reason.startswith("damaged:")) == 1
    for step in steps.values():
        if step["kind"] == "filter":
            assert step["rows_in"] == step["rows_out"] + sum(step["dropped"].values()), step
    # the URL http://site0.example/0 comes four times, the text of article 0 four times
    assert steps["dedup-url"]["dropped"] == {"url_cluster_rank:high": 3}
    assert steps["dedup-text"]["dropped"] == {"text_cluster_rank:high": 3}
    rows = pq.read_table(clean["corpus"]).to_pylist()
    assert len(rows) == steps["publish"]["rows_out"] == 3 * 8 + 1
    assert "http://last.example/" in {r["url"] for r in rows}
    assert Path(clean["report"]).stat().st_size > 2000
    assert (Path(clean["corpus"]).parent / "README.md").is_file()


def home_of(out):
    """The store that a run was made in."""
    return Path(out["corpus"]).parents[3]


@pytest.fixture
def copied(clean, tmp_path):
    """A copy of the store of the finished run, for a test that changes it."""
    return Path(shutil.copytree(home_of(clean), tmp_path / "copy"))


def test_it_says_what_it_does_and_what_came_out_and_is_quiet_on_request(winnow, tiny, clean):
    said = clean["stderr"].splitlines()
    assert re.match(r"gopher-\w+: 3 files of .* in 3 shards\. Waiting for 2 workers and the Prefect server http", said[0])
    assert any(line.startswith("1/7 Extract and measure: 3 of 3") for line in said)
    assert {line.split()[0] for line in said} >= {"read", "kept", "dropped", "time", "corpus", "report", "manifest"}
    quiet = run(winnow, tiny, home_of(clean), "--quiet")
    assert [line for line in quiet["stderr"].splitlines() if not line.startswith("WARNING ")] == []


def test_the_same_command_again_does_nothing_and_says_so(winnow, tiny, clean):
    again = winnow("run", tiny, "--recipe", "gopher", "--store", home_of(clean), "--workers", 2)
    assert again.stdout == ""
    assert f"Nothing to do: all {clean['work']['computed']} shards x steps are in the store." in again.stderr


def test_a_moved_limit_computes_no_text_again(winnow, tiny, clean, copied, tmp_path):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("extends: gopher\nlimits:\n  language_score: {low: 0.01}\n")
    moved = run(winnow, tiny, copied, recipe=recipe)
    before, after = ({s["name"]: s["address"] for s in out["manifest_json"]["steps"]} for out in (clean, moved))
    assert {name for name in after if before[name] != after[name]}.isdisjoint({"extract", "measure-text", "signals", "fingerprint"})
    assert moved["work"]["cached"] >= 2 * 3, "documents and signals of three shards"
    assert moved["work"]["computed"] > 0


@pytest.mark.parametrize("more", [("--workers", "4"), ("--workers", "1", "--files-per-shard", "2")], ids=" ".join)
def test_the_corpus_does_not_depend_on_workers_place_or_shards(winnow, clean, tmp_path, more):
    source = mirror(tmp_path / "a copy elsewhere")
    out = run(winnow, source, tmp_path / "another store", *more)
    assert out["manifest_json"]["digest"] == clean["manifest_json"]["digest"]
    assert corpus(out) == corpus(clean)


def artifacts(store):
    return sum(1 for p in store.rglob("*.parquet") if "winnow-tmp" not in p.name)


def test_sigkill_at_any_moment_costs_nothing_but_time(winnow, environment, tiny, clean, tmp_path):
    store, rng, kills = tmp_path / "killed", random.Random(5), 0
    for _ in range(5):
        before = artifacts(store)
        words = ("run", tiny, "--recipe", "gopher", "--store", store, "--workers", "2")
        process = forked.winnow(words, environment, tmp_path)
        # Aim at the work, which begins after Prefect has: the first artifact of this attempt, and a random moment after it.
        while process.exitcode is None and artifacts(store) == before:
            time.sleep(0.01)
        process.join(rng.uniform(0, 0.3))
        if process.exitcode is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
            kills += 1
    out = run(winnow, tiny, store)
    assert kills, "no kill landed: the run is too short for this test"
    assert out["manifest_json"]["digest"] == clean["manifest_json"]["digest"]
    assert corpus(out) == corpus(clean)
    assert out["work"]["computed"] + out["work"]["cached"] == clean["work"]["computed"]
    assert not [p for p in store.rglob("*") if "winnow-tmp" in p.name]


def test_a_deleted_artifact_is_made_again(winnow, tiny, clean, copied):
    next(iter((copied / Path(clean["corpus"]).relative_to(home_of(clean))).rglob("*.parquet"))).unlink()
    again = run(winnow, tiny, copied)
    assert again["work"]["computed"] == 1
    assert again["manifest_json"]["digest"] == clean["manifest_json"]["digest"]
    assert corpus(again) == corpus(clean)


def test_texts_are_a_source_too(winnow, tmp_path):
    import pyarrow as pa

    texts = tmp_path / "texts.parquet"
    good = "The mill has been used by the people of the village for a long time, and they have told of it to all that came. " * 20
    pq.write_table(pa.table({"text": [good, "", None, "short"], "id": ["a", "b", "c", "d"]}), texts)
    out = run(winnow, texts, tmp_path / "store", recipe="raw")
    steps = {s["name"]: s for s in out["manifest_json"]["steps"]}
    assert steps["read"]["rows_in"] == 4
    assert steps["read"]["dropped"] == {"empty": 1, "no_text": 1}
    assert pq.read_table(out["corpus"])["id"].to_pylist() == ["a", "d"]


BAD = {
    "no such source": ("/nowhere/at/all", (), "/nowhere"),
    "misspelt recipe": ("{tiny}", ("--recipe", "finweb"), "fineweb"),
    "no recipe file": ("{tiny}", ("--recipe", "none.yaml"), "none.yaml"),
    "no workers": ("{tiny}", ("--workers", "0"), "workers"),
    "negative limit": ("{tiny}", ("--limit", "-1"), "limit"),
    "unwritable store": ("{tiny}", ("--store", "/proc/winnow"), "--store"),
    "an error page": ("{tmp}/page.warc.gz", (), "page.warc.gz"),
    "secrets in a URI": ("https://user:hunter2@host.example/", (), "credentials"),
    "unknown key": ("{tiny}", ("--recipe", "{tmp}/unknown.yaml"), "limit"),
    "impossible limit": ("{tiny}", ("--recipe", "{tmp}/impossible.yaml"), "impossible"),
    "unknown signal": ("{tiny}", ("--recipe", "{tmp}/signal.yaml"), "language_score"),
    "wrong model": ("{tiny}", ("--recipe", "{tmp}/model.yaml"), "sha256"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_paragraph_and_exit_2(winnow, tiny, tmp_path, capsys, case):
    (tmp_path / "page.warc.gz").write_bytes(b"<html><body>503 SlowDown</body></html>")
    (tmp_path / "unknown.yaml").write_text("extends: raw\nlimit: {}\n")
    (tmp_path / "impossible.yaml").write_text("extends: raw\nlimits:\n  language_score: {low: 2, high: 1}\n")
    (tmp_path / "signal.yaml").write_text("extends: raw\nlimits:\n  language_scor: {low: 2}\n")
    (tmp_path / "model.yaml").write_text(f"extends: raw\nlanguage_model: {{name: lid.176.ftz, sha256: '{'0' * 64}'}}\n")
    source, more, said = BAD[case]
    more = [m.format(tiny=tiny, tmp=tmp_path) for m in more]
    words = ["run", source.format(tiny=tiny, tmp=tmp_path), "--store", str(tmp_path / "store"), *more]
    if case == "an error page":  # what a run finds, as a user sees it; the others are refused before one begins, in this process
        done = winnow(*words)
        status, told = done.returncode, done.stderr
    else:
        status, told = main(words), capsys.readouterr().err
        assert told.startswith("winnow: ")
        assert told.count("\n") == 1
    assert status == 2, told
    assert said in told
    assert "Traceback" not in told
    assert "hunter2" not in told
    assert not list((tmp_path / "store").rglob("*.parquet"))


def test_status_and_prune(winnow, tiny, clean, copied):
    (copied / "steps" / "old-v1-0000000000000000").mkdir()
    (copied / "steps" / "old-v1-0000000000000000" / "x.parquet").write_bytes(b"x" * 1000)
    assert f"{clean['run_id']}  {CRAWL}  finished" in winnow("status", "--store", copied).stdout
    assert "old-v1" in winnow("prune", "--store", copied, "--dry-run").stdout
    assert (copied / "steps" / "old-v1-0000000000000000").exists()
    winnow("prune", "--store", copied)
    assert not (copied / "steps" / "old-v1-0000000000000000").exists()
    assert run(winnow, tiny, copied)["work"]["computed"] == 0
    winnow("prune", "--store", copied, "--drop", clean["run_id"])
    assert not [p for p in (copied / "steps").rglob("*") if p.is_file()]
    assert not list((copied / "corpora").rglob("*.parquet"))


def test_planted_credentials_appear_nowhere_also_without_a_server(winnow, tiny, tmp_path):
    planted = {"AWS_ACCESS_KEY_ID": "AKIAPLANTEDWINNOW0002", "AWS_SECRET_ACCESS_KEY": "planted/secret+winnow/abcdefghij"}
    # Without a server set, so with an ephemeral one, whose database is searched too.
    env = {**planted, "PREFECT_HOME": str(prefect_home(tmp_path / "home")), "PREFECT_API_URL": ""}
    done = winnow("run", tiny, "--recipe", "gopher", "--store", tmp_path / "store", "--limit", "1", "--json", env=env)
    assert done.returncode == 0
    for value in planted.values():
        assert value not in done.stdout + done.stderr
        for path in [p for p in tmp_path.rglob("*") if p.is_file()]:
            assert value.encode() not in path.read_bytes(), path
