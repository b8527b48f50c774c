"""Consent in a run: the right capture for each page, all mechanisms with their lines, signals that limits bound, another table of agents, and no captures."""

import json
import pickle
import re

import pytest

from tests.consent.crawl import PAGES, ROBOTS, answer, mirror
from tests.pipelines import curated, finished, rows
from tests.shared import ROOT
from winnow.tasks.archives.warc import read_records
from winnow.tasks.consent.court import JUDGED, Court
from winnow.tasks.consent.judge_pages import JudgePages
from winnow.tasks.consent.read_policy_files import ReadPolicyFiles
from winnow.tasks.consent.scatter_pages import ScatterPages
from winnow.tasks.consent.signals import Consent
from winnow.tasks.engine.merkle import tables_of
from winnow.tasks.ledger.consent import closures, consent
from winnow.tasks.ledger.diff import diff
from winnow.tasks.ledger.explain import explain
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.show import consent_said, console, differed, page
from winnow.tasks.ledger.what_if import changed, what_if
from winnow.tasks.runs.ending import warnings
from winnow.tasks.runs.run import release

SMALL = "extends: consent-annotated\nmeasure: {redpajama: null, text: null}\ndeduplicate: []\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("consent")
    (root / "small.yaml").write_text(SMALL)
    return finished(mirror(root / "mirror"), root / "small.yaml", root / "store")


@pytest.fixture(scope="module")
def signals(run):
    urls = [row["url"] for row in rows(run, run.pipeline.documents)]
    return dict(zip(urls, rows(run, run.pipeline.signals), strict=True))


def step(run, kind):
    return next(s for s in run.pipeline.steps if isinstance(s, kind))


@pytest.mark.slow
def test_captures_are_conserved_and_what_is_none_is_counted(run):
    read = step(run, ReadPolicyFiles)
    [shard] = read.shards(run.context)
    report = run.context.store.report(read, shard)
    assert report["rows_in"] == len(ROBOTS) + 2
    assert report["dropped"] == {"type:warcinfo": 2, "no_policy_file": 1}
    assert report["rows_in"] == report["rows_out"] + 3
    assert not any(drop.step == "policy-files" for drop in release(run).drops())  # none of it is a page of the funnel
    assert report["notes"]["statuses"] == {"200": 6, "404": 1, "503": 1, "301": 1, "302": 1}


EXPECTED = {
    # URL: robots.txt, GPTBot, CCBot, Bytespider, train, by
    "http://open.example/a": ("found", "allow", "allow", "allow", "unknown", None),
    "http://closed.example/a": ("found", "deny", "allow", "allow", "deny", "robots.txt"),
    "http://closed.example/free/a": ("found", "allow", "allow", "allow", "allow", "robots.txt"),
    "http://front.example/a": ("found", "allow", "allow", "allow", "deny", "content-signal"),
    "http://gone.example/a": ("none", "allow", "allow", "allow", "unknown", None),
    "http://down.example/a": ("unreachable", "deny", "deny", "deny", "deny", "robots.txt"),
    "http://moved.example/a": ("found", "allow", "deny", "allow", "deny", "robots.txt"),
    "http://away.example/a": ("found", "allow", "allow", "deny", "deny", "robots.txt"),
    "http://unasked.example/a": ("unknown", "unknown", "unknown", "unknown", "unknown", None),
    "https://closed.example/a": ("unknown", "unknown", "unknown", "unknown", "unknown", None),
    "http://noai.example/a": ("unknown", "unknown", "unknown", "unknown", "deny", "x-robots-tag"),
    "http://meta.example/a": ("unknown", "unknown", "unknown", "unknown", "deny", "robots-meta"),
    "http://tdm.example/a": ("unknown", "unknown", "unknown", "unknown", "allow", "tdm-meta"),
    "http://tdm.example/b": ("unknown", "unknown", "unknown", "unknown", "deny", "tdm-header"),
    "http://usage.example/a": ("found", "allow", "allow", "allow", "deny", "content-usage"),
    "http://licence.example/a": ("unknown", "unknown", "unknown", "unknown", "unknown", None),
}


@pytest.mark.parametrize("url", EXPECTED)
def test_every_page_is_judged_by_the_files_of_its_own_origin(signals, url):
    names = ("robots", "agent_gptbot", "agent_ccbot", "agent_bytespider", "train_ai", "train_ai_by")
    assert tuple(signals[url][f"consent_{name}"] for name in names) == EXPECTED[url]


def test_contradictions_are_told(signals):
    told = {url for url, row in signals.items() if row["consent_conflict"]}
    assert told == {"http://front.example/a", "http://tdm.example/a", "http://usage.example/a"}


def test_other_purposes_and_licences(signals):
    assert signals["http://meta.example/a"]["consent_search"] == "deny"
    assert signals["http://front.example/a"]["consent_search"] == "allow"
    assert signals["http://licence.example/a"]["consent_licence"] == "https://creativecommons.org/licenses/by/4.0/"
    assert signals["http://open.example/a"]["consent_robots_distance_s"] == 3600
    assert signals["http://open.example/a"]["consent_robots_date"] == "2026-10-20T11:00:00Z"


def test_explain_prints_the_deciding_line_and_its_file(run):
    found = open_run(str(run.context.store.root), run.id)
    [page] = explain(found, "http://closed.example/a")
    lines = consent_said(page)
    assert "train deny (by robots.txt)" in lines[0]
    [line] = [line for line in lines if "denies" in line]
    assert line.startswith(
        "robots.txt denies GPTBot, ClaudeBot: `Disallow: /`, line 3 of http://closed.example/robots.txt, captured 2026-10-20T11:00:00Z"
    )
    assert "robotstxt/CC-MAIN-0000" in line
    [page] = explain(found, "http://moved.example/a")
    assert any("https://www.moved.example/robots.txt" in line for line in consent_said(page))


def test_the_same_bytes_twice(run):
    """The laws in tests/laws run on a crawl without captures of robots.txt."""
    for kind in (ReadPolicyFiles, ScatterPages, JudgePages, Consent):
        again = pickle.loads(pickle.dumps(step(run, kind)))
        assert again.address == step(run, kind).address
        for shard in again.shards(run.context):
            before = run.context.store.report(again, shard)
            cost = {name: before[name] for name in ("seconds", "cpu_s", "peak_rss_bytes")}  # later runs on this store sum it
            after = run.context.store.commit(again, shard, again.run(shard, run.context), lambda cost=cost: cost)
            assert [t["sha256"] for t in tables_of(after)] == [t["sha256"] for t in tables_of(before)]
            assert (after["notes"], after["rows_in"], after["dropped"]) == (before["notes"], before["rows_in"], before["dropped"])


def test_the_order_and_number_of_partitions_decide_nothing(run):
    judge = step(run, JudgePages)
    context = run.context

    def judged(partitions):
        captures, pages = (judge.captures, judge.captures.shards(context)), (judge.pages, context.shard_keys)
        found = []
        for partition in range(partitions):
            court = Court.of(context.store, captures, pages, partition, partitions, judge.agents, judge.closed_by)
            found += [row for table in court.judged() for row in table.to_pylist()]
        return sorted(found, key=lambda r: (r["shard"], r["row"]))

    assert judged(1) == judged(7)
    assert len(judged(7)) == len(PAGES)
    assert set(judged(1)[0]) == set(JUDGED.names)


def test_the_counts_of_the_command(run):
    found = consent(open_run(str(run.context.store.root), run.id))
    assert found["documents"] == len(PAGES)
    assert found["tokens"] > 0
    assert found["conflicts"] == 3
    assert found["robots"] == {"found": 7, "none": 1, "unreachable": 1, "unknown": 7}
    assert found["purposes"]["train"] == found["purposes"]["train"] | {"deny": 9, "allow": 2, "unknown": 5}
    assert found["mechanisms"]["x-robots-tag"]["deny"] == 1
    assert found["mechanisms"]["licence"]["present"] == 1
    gptbot = found["agents"]["GPTBot"]
    assert (gptbot["disallowed"], gptbot["allowed"], gptbot["unknown"]) == (2, 7, 7)
    assert gptbot["classes"] == {"all": 1, "some": 3, "none": 4, "no_robots": 8}


def test_another_table_of_agents_reads_no_archive(run, tmp_path, monkeypatch):
    (tmp_path / "agents.json").write_text(json.dumps({"date": "2030-01-01", "agents": {"Bytespider": {"purposes": ["user"]}, "Other": {}}}))
    monkeypatch.setattr("winnow.tasks.consent.read_policy_files.read_records", None)
    finished_run = open_run(str(run.context.store.root), run.id)
    found = consent(finished_run, tmp_path / "agents.json")
    assert list(found["agents"]) == ["Bytespider", "Other"]
    assert found["agents"]["Bytespider"]["disallowed"] == 2
    assert found["agents"]["Other"]["disallowed"] == 1
    assert found["purposes"]["train"]["deny"] == 5  # by content signals, headers and meta tags alone
    own = consent(finished_run)
    (tmp_path / "same.json").write_text(
        json.dumps({"agents": {name: {"purposes": a["purposes"], "crawls": a["crawls"]} for name, a in own["agents"].items()}})
    )
    assert consent(finished_run, tmp_path / "same.json") == own


def test_limits_and_what_if_bound_purposes_and_agents(run, tmp_path):
    (tmp_path / "strict.yaml").write_text(
        SMALL + "name: strict\nlimits: {consent_train_ai: {one_of: [allow, unknown]}, consent_robots: {one_of: [found, none]}}\n"
    )
    strict = finished(run.context.source.root, tmp_path / "strict.yaml", run.context.store.root)
    urls = [row["url"] for row in rows(strict, strict.pipeline.documents)]
    kept = {url for url, row in zip(urls, rows(strict, strict.pipeline.decisions), strict=True) if row["kept"]}
    assert kept == {"http://open.example/a", "http://closed.example/free/a", "http://gone.example/a"}
    found = open_run(str(run.context.store.root), run.id)
    change = what_if(
        found, changed((), ["consent_agent_gptbot.one_of=allow,unknown"], list(found.signals(found.entry["shards"][0]).column_names))
    )
    assert change.leave.documents == 2


def test_a_source_without_captures_is_unknown_and_says_so_once(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    for source in (mirror(tmp_path / "mirror", robots=None), next((tmp_path / "mirror").rglob("*.warc.gz"))):
        run = curated(source, tmp_path / "small.yaml", tmp_path / "store")
        assert {row["consent_robots"] for row in rows(run, run.pipeline.signals)} == {"unknown"}
        assert len([line for line in warnings(release(run)) if "robots.txt" in line]) == 1


def test_documents_that_already_are_text_are_unknown(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "texts.jsonl").write_text(
        '{"text": "Some text of no page."}\n{"text": "Some other text.", "url": "http://open.example/a"}\n'
    )
    run = curated(tmp_path / "texts.jsonl", tmp_path / "small.yaml", tmp_path / "store")
    assert [row["consent_train_ai"] for row in rows(run, run.pipeline.signals)] == ["unknown"] * 2


def test_files_of_the_listing_that_are_not_there_are_counted(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    source = mirror(tmp_path / "mirror")
    next(source.rglob("robotstxt/*00000.warc.gz")).unlink()
    next(source.rglob("robotstxt/*00001.warc.gz")).write_bytes(b"no archive")
    run = curated(source, tmp_path / "small.yaml", tmp_path / "store")
    read = step(run, ReadPolicyFiles)
    [report] = [run.context.store.report(read, shard) for shard in read.shards(run.context)]
    assert report["dropped"] == {"file:missing": 1, "file:not_an_archive": 1}
    assert {row["consent_robots"] for row in rows(run, run.pipeline.signals)} == {"unknown"}


def test_policy_files_among_the_pages_are_found(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    source = mirror(tmp_path / "mirror")
    warc = next(source.rglob("warc/*00000.warc.gz"))
    tdm = json.dumps([{"location": "/a", "tdm-reservation": 1}, {"location": "/*", "tdm-reservation": 0}])
    more = [
        answer(7000, "http://open.example/.well-known/tdmrep.json", tdm, headers={"Content-Type": "application/json"}),
        answer(7001, "http://open.example/ai.txt", "User-Agent: *\nDisallow: /\n"),
        answer(7002, "http://gone.example/llms.txt", "<!doctype html><p>No such file", headers={"Content-Type": "text/html"}),
        answer(7003, "http://gone.example/rsl.xml", "<rsl/>", 404),
        answer(7004, "http://unasked.example/robots.txt", "User-agent: *\nDisallow: /\n"),
    ]
    warc.write_bytes(warc.read_bytes() + b"".join(more))
    run = curated(source, tmp_path / "small.yaml", tmp_path / "store")
    urls = [row["url"] for row in rows(run, run.pipeline.documents)]
    found = dict(zip(urls, rows(run, run.pipeline.signals), strict=True))
    assert found["http://open.example/a"]["consent_train_ai_by"] == "tdm-file"
    assert found["http://open.example/a"]["consent_files"] == "ai.txt"
    assert found["http://gone.example/a"]["consent_files"] is None
    assert found["http://unasked.example/a"]["consent_robots"] == "unknown"  # this crawl keeps what its robots were told apart
    alone = curated(warc, tmp_path / "small.yaml", tmp_path / "store")
    urls = [row["url"] for row in rows(alone, alone.pipeline.documents)]
    found = dict(zip(urls, rows(alone, alone.pipeline.signals), strict=True))
    assert found["http://unasked.example/a"]["consent_robots"] == "found"
    assert found["http://unasked.example/a"]["consent_agents_denied"] > 0


def test_what_closed_and_opened_between_two_snapshots(run, tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    later = {
        "http://open.example/robots.txt": "User-agent: CCBot\nDisallow: /\n",
        "http://closed.example/robots.txt": "User-agent: *\nDisallow:\n",
    }
    robots = [(url, status, later.get(url, body), headers) for url, status, body, headers in ROBOTS]
    other = finished(mirror(tmp_path / "mirror", robots=robots), tmp_path / "small.yaml", tmp_path / "store")
    moved = closures(open_run(str(run.context.store.root), run.id), open_run(str(other.context.store.root), other.id))
    assert moved.sites == 8
    assert (moved.train_ai.closed, moved.train_ai.opened) == (1, 1)
    assert moved.agents["CCBot"].samples == (("http://closed.example:80", "some", "none"), ("http://open.example:80", "none", "all"))
    assert (moved.agents["GPTBot"].closed, moved.agents["GPTBot"].opened) == (0, 1)
    assert (moved.agents["CCBot"].closed, moved.agents["CCBot"].opened) == (1, 1)


@pytest.mark.slow
def test_of_a_run_without_consent_robots_txt_alone_is_read_now(run, tmp_path):
    own = consent(open_run(str(run.context.store.root), run.id))
    plain = finished(run.context.source.root, "raw", tmp_path / "store")
    before = set(plain.context.store.files(""))
    found = consent(open_run(str(tmp_path / "store"), plain.id))
    assert (own["read"], found["read"]) == (["robots.txt", "headers", "meta tags"], ["robots.txt"])
    assert (found["agents"], found["robots"], found["tokens"]) == (own["agents"], own["robots"], own["tokens"])
    assert set(found["mechanisms"]) == {"robots.txt", "content-signal", "content-usage"}
    assert set(plain.context.store.files("")) == before


def test_of_documents_without_consent_everything_is_unknown(tmp_path):
    (tmp_path / "texts.jsonl").write_text('{"text": "Some text of no page."}\n')
    plain = finished(tmp_path / "texts.jsonl", "raw", tmp_path / "store")
    found = consent(open_run(str(tmp_path / "store"), plain.id))
    assert found["robots"]["unknown"] == found["documents"] == 1


def test_the_page_and_the_terminal_say_it(run, tmp_path, capsys):
    found = open_run(str(run.context.store.root), run.id)
    html = page(found, explain(found, "http://closed.example/a"))
    assert "line 3 of http://closed.example/robots.txt" in html
    (tmp_path / "small.yaml").write_text(SMALL)
    robots = [(url, status, "User-agent: *\nDisallow: /\n" if "open" in url else body, headers) for url, status, body, headers in ROBOTS]
    other = finished(mirror(tmp_path / "mirror", robots=robots), tmp_path / "small.yaml", tmp_path / "store")
    b = open_run(str(other.context.store.root), other.id)
    differed(found, b, diff(found, b), console())
    said = capsys.readouterr().out
    assert "consent: of 8 sites" in said
    assert re.search(r"GPTBot +1 +0\n", said)
    report = (tmp_path / "store").glob("corpora/**/report.html")
    assert 'id="consent"' in next(report).read_text()


@pytest.mark.slow
def test_the_sample_is_judged_as_its_files_say(tmp_path):
    (tmp_path / "small.yaml").write_text(SMALL)
    sample = ROOT / "tests" / "data" / "sample"
    run = curated(sample, tmp_path / "small.yaml", tmp_path / "store")
    files = {}
    for path in sample.rglob("robotstxt/*.warc.gz"):
        with path.open("rb") as stream:
            files |= {r.uri.removesuffix("/robots.txt"): r.block for r in read_records(stream) if r.type == "response"}
    urls = [row["url"] for row in rows(run, run.pipeline.documents)]
    seen = set()
    for url, row in zip(urls, rows(run, run.pipeline.signals), strict=True):
        file = files.get("/".join(url.split("/")[:3]))
        state = "unknown" if file is None else "none" if b" 404 " in file[:20] else "found"
        assert row["consent_robots"] == state, url
        closed = state == "found" and (b"ai-train=no" in file or b"GPTBot\nDisallow: /\n" in file)
        assert (row["consent_train_ai"] == "deny") == closed, url
        seen.add((state, closed))
    assert seen == {("unknown", False), ("none", False), ("found", False), ("found", True)}
