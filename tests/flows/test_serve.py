"""``winnow serve``: server, worker, S3 store, deployments started over the API, and the UI looked at.

Without Chromium on the machine (`make servers` installs it) the UI is not looked at. PostgreSQL is in test_team.py.
One server for the whole module; the tests go on from each other's runs, in this order.
"""

import json
import os
import re
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from tests.flows import topology
from tests.flows.browser import CHROMIUM, Browser
from tests.flows.conftest import ROOT, WINNOW, get
from tests.s3 import KEY, SECRET, s3_service
from tests.tiny import CRAWL

pytestmark = pytest.mark.server

SAMPLE = ROOT / "tests" / "data" / "sample"
STORE = "s3://team/winnow"
NAMES = {
    "curate-snapshot", "watch-snapshots", "purify-snapshots", "backfill", "prune", "annotate", "train-language-model", "train-classifier", "train-student", "train-importance", "recall-topic", "train-lines",
    "rate",
}  # fmt: skip
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


def start(environment, port, *more, output):
    command = [*WINNOW, "serve", "--port", str(port), "--store", STORE, *more]
    with output.open("wb") as f:
        return subprocess.Popen(
            command, env=environment, cwd=output.parent, stdin=subprocess.DEVNULL, stdout=f, stderr=f, start_new_session=True
        )


def until(true, what, seconds=300):
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.3)
    return found


@pytest.fixture(scope="module")
def hook():
    """A webhook on loopback; what it was told, as (path, body)."""
    told = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            told.append((self.path, self.rfile.read(int(self.headers["content-length"])).decode()))
            self.send_response(204 if "gone" not in self.path else 500)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", told=told)
    server.shutdown()


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """The topology, running: api, ui, environment, S3 client, the process of `winnow serve` and what it printed."""
    home = tmp_path_factory.mktemp("team")
    port = topology.free_port()
    with s3_service("team") as (s3_environment, s3):
        environment = {
            **os.environ,
            **s3_environment,
            "PREFECT_HOME": str(home / "prefect"),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        environment.pop("PREFECT_API_URL", None)
        process = start(environment, port, output=home / "out.txt")

        def said():
            return (home / "out.txt").read_text()

        try:
            until(lambda: process.poll() is not None or "Ctrl-C stops" in said(), said)
            assert process.poll() is None, said()
            api = f"http://127.0.0.1:{port}/api"
            yield SimpleNamespace(
                api=api,
                ui=f"http://127.0.0.1:{port}",
                port=port,
                environment=environment,
                s3=s3,
                process=process,
                said=said,
                home=home,
            )
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def deployment(team, name):
    return get(f"{team.api}/deployments/name/{name}/{name}")


def begin(team, name, **parameters):
    return get(f"{team.api}/deployments/{deployment(team, name)['id']}/create_flow_run", {"parameters": parameters})["id"]


def end(team, run):
    """The run when it has ended."""
    return until(lambda: (r := get(f"{team.api}/flow_runs/{run}"))["state"]["type"] in FINAL and r, team.said)


def curated(team):
    runs = get(f"{team.api}/flow_runs/filter", {"flows": {"name": {"any_": ["curate-snapshot"]}}, "sort": "START_TIME_ASC"})
    return [r for r in runs if r["deployment_id"]]


def listed(team):
    """A list of crawls like Common Crawl's."""
    crawls = team.home / "collinfo.json"
    crawls.write_text(json.dumps([{"id": i} for i in (CRAWL, "CC-MAIN-2026-38", "CC-MAIN-2026-34")]))
    return crawls


def objects(team):
    return [o["Key"] for page in team.s3.get_paginator("list_objects_v2").paginate(Bucket="team") for o in page.get("Contents", ())]


def test_everything_is_registered(team):
    found = {d["name"]: d for d in get(f"{team.api}/deployments/filter", {})}
    assert set(found) == NAMES
    for d in found.values():
        fields = d["parameter_openapi_schema"]["properties"]
        assert all(field.get("title") and field.get("description") for field in fields.values()), d["name"]
        assert "notify" in fields
        assert d["parameters"].get("store", STORE) == STORE
        assert d["pull_steps"], "without one, each run copies the worker's folder"
    kind = found["curate-snapshot"]["parameter_openapi_schema"]["properties"]["kind"]
    assert (kind["type"], kind["default"]) == ("string", "warc")  # no fixed list: sources from outside have kinds of their own
    [schedule] = found["watch-snapshots"]["schedules"]
    assert not schedule["active"], "nobody asked for the watch"
    slugs = {b["slug"] for b in get(f"{team.api}/block_types/filter", {"limit": 200})}
    assert {"winnow-store", "winnow-source", "winnow-model", "custom-webhook"} <= slugs
    [lost] = get(f"{team.api}/automations/filter", {})
    assert lost["enabled"]
    assert team.ui in team.said()


def test_a_watch_starts_a_new_crawl_once_and_its_run_reaches_the_end(team, hook, tiny):
    block_type = get(f"{team.api}/block_types/slug/custom-webhook")
    schema = get(f"{team.api}/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [block_type["id"]]}}})[0]
    for name, path in (("ops", "token-8d2f"), ("broken", "gone-token-8d2f")):
        data = {"name": name, "url": f"{hook.url}/{path}", "json_data": {"text": "{{subject}} | {{body}}"}}
        get(
            f"{team.api}/block_documents/", {"name": name, "data": data, "block_schema_id": schema["id"], "block_type_id": block_type["id"]}
        )
    crawls = listed(team)
    look = {"crawls": str(crawls), "since": "CC-MAIN-2026-38", "base_url": str(tiny), "recipe": "gopher", "notify": "custom-webhook/ops"}
    watch = end(team, begin(team, "watch-snapshots", **look))
    assert watch["state"]["message"] == f"Started {CRAWL}"
    [run] = curated(team)
    run = end(team, run["id"])
    assert run["state"]["type"] == "COMPLETED", run["state"]["message"]
    assert run["name"] == f"{CRAWL} · gopher"
    manifest = json.loads(
        team.s3.get_object(Bucket="team", Key=next(k for k in objects(team) if k.endswith("/manifest.json")))["Body"].read()
    )
    assert sum(f["rows"] for f in manifest["files"]) > 0
    # The second look: the record in the store is enough, and says now that the run has finished.
    again = end(team, begin(team, "watch-snapshots", **look))
    assert again["state"]["message"].startswith("Nothing new")
    assert len(curated(team)) == 1
    record = json.loads(team.s3.get_object(Bucket="team", Key=f"winnow/watch/gopher-warc/{CRAWL}.json")["Body"].read())
    assert record["run"] == run["id"]
    assert record["done"]
    path, body = next(t for t in hook.told if "curate-snapshot" in t[1])
    assert path == "/token-8d2f"
    assert f"curate-snapshot completed | {CRAWL} · gopher: Completed" in json.loads(body)["text"]
    assert f"{team.ui}/runs/flow-run/{run['id']}" in body
    # The report opens from the artifact of the run.
    shown = get(f"{team.api}/artifacts/filter", {"artifacts": {"key": {"any_": ["report"]}}, "limit": 200})
    [link] = {m for a in shown for m in re.findall(r"\[report\.html\]\((http://127\.0\.0\.1:\d+/\S+)\)", a["data"])}
    assert "<title>" in httpx.get(link, trust_env=False, timeout=60).text


def test_a_failure_is_told_and_no_webhook_is_shown(team, hook):
    # A block that answers 500: the run ends as it would, and the log does not show the address, which holds the token.
    bad, unknown, deaf = (
        begin(team, "curate-snapshot", source=str(SAMPLE), recipe="finweb", notify="custom-webhook/ops"),
        begin(team, "prune", notify="custom-webhook/nobody"),
        begin(team, "prune", dry_run=True, notify="custom-webhook/broken"),
    )
    assert end(team, bad)["state"]["type"] == "FAILED"
    until(lambda: any("curate-snapshot failed" in body and "fineweb" in body for _, body in hook.told), lambda: hook.told, 20)
    assert "no notification block" in end(team, unknown)["state"]["message"]
    assert end(team, deaf)["state"]["type"] == "COMPLETED"
    until(lambda: any("custom-webhook/broken could not be told" in m for m in messages(team)), lambda: messages(team), 30)
    assert "token-8d2f" not in "".join(messages(team)) + team.said()


def messages(team):
    return [line["message"] for line in get(f"{team.api}/logs/filter", {"limit": 200, "sort": "TIMESTAMP_DESC"})]


def test_a_backfill_finds_finished_snapshots_done(team, tiny):
    crawls = listed(team)
    wanted = {"snapshots": f"CC-MAIN-2026-40..{CRAWL} {CRAWL}", "crawls": str(crawls), "recipe": "gopher", "base_url": str(tiny)}
    wrong, right = begin(team, "backfill", **wanted), begin(team, "backfill", **wanted | {"snapshots": f"{CRAWL}..{CRAWL}"})
    assert "no crawl 'CC-MAIN-2026-40'" in end(team, wrong)["state"]["message"]
    run = end(team, right)
    assert run["state"]["message"] == "1 snapshots curated"
    [child] = [r for r in curated(team) if r["parent_task_run_id"]]
    assert child["state"]["name"] == "Cached"


def test_no_secret_is_in_anything_that_is_kept(team):
    kept = json.dumps(
        [get(f"{team.api}/{kind}/filter", {"limit": 200}) for kind in ("flow_runs", "task_runs", "artifacts", "deployments", "logs")]
    )
    bodies = b"".join(team.s3.get_object(Bucket="team", Key=key)["Body"].read() for key in objects(team))
    for secret in (SECRET, KEY):
        assert secret not in kept + team.said()
        assert secret.encode() not in bodies


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: `make servers` installs it on Debian, as root")
def test_the_ui_shows_what_people_look_for(team, tmp_path):
    run = next(r for r in curated(team) if r["state"]["name"] == "Completed")
    artifacts = {a["key"]: a for a in get(f"{team.api}/artifacts/latest/filter", {"limit": 200})}
    curate = deployment(team, "curate-snapshot")["id"]
    with Browser(tmp_path) as browser:
        browser.open(f"{team.ui}/dashboard", "Flow Runs", "Active Work Pools", "winnow")
        browser.open(f"{team.ui}/deployments", *sorted(NAMES)[:10])  # ten on a page
        browser.open(f"{team.ui}/runs/flow-run/{run['id']}", f"{CRAWL} · gopher", "Completed", "curate-snapshot")
        browser.until("the graph is drawn", "document.querySelector('canvas')?.width > 300")
        browser.click("Artifacts")
        browser.see("funnel", "drops", "report")
        browser.open(f"{team.ui}/artifacts/artifact/{artifacts['funnel']['latest_id']}", "pages in", "dropped", "extract")
        browser.open(f"{team.ui}/artifacts/artifact/{artifacts['drops']['latest_id']}", "reason", "pages", "extract")
        browser.open(f"{team.ui}/artifacts/artifact/{artifacts['report']['latest_id']}", "pages kept", "report.html", "sha256:")
        browser.open(f"{team.ui}/deployments/deployment/{curate}/run", "source", "A crawl id (CC-MAIN-2026-43", "notify", STORE)
        browser.open(f"{team.ui}/blocks/catalog/winnow-store/create", "Winnow store", "Endpoint of an S3 service")


def test_a_second_serve_uses_the_server_that_is_there_and_keeps_what_people_set(team):
    watch = deployment(team, "watch-snapshots")
    mine = watch["parameters"] | {"notify": "custom-webhook/ops", "recipe": "c4"}
    httpx.patch(f"{team.api}/deployments/{watch['id']}", json={"parameters": mine}).raise_for_status()
    second = start(team.environment, team.port, "--watch", output=team.home / "second.txt")
    try:
        until(
            lambda: second.poll() is not None or "Ctrl-C stops" in (team.home / "second.txt").read_text(),
            (team.home / "second.txt").read_text,
        )
        assert "already answers" in (team.home / "second.txt").read_text()
        again = deployment(team, "watch-snapshots")
        assert [schedule["active"] for schedule in again["schedules"]] == [True], "--watch switches the schedule on"
        assert again["parameters"] == mine
        assert len(get(f"{team.api}/automations/filter", {})) == 1
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(40) == 0
    assert get(f"{team.api}/health") is True


def test_ctrl_c_stops_server_worker_and_a_run_that_goes_on(team):
    run = begin(team, "curate-snapshot", source=str(SAMPLE), recipe="refinedweb", store=str(team.home / "local"))
    until(lambda: get(f"{team.api}/flow_runs/{run}")["state"]["type"] == "RUNNING", team.said)
    until(lambda: list((team.home / "local").rglob("*.json")), "the run works")
    team.process.send_signal(signal.SIGINT)
    assert team.process.wait(60) == 0, team.said()
    home = f"PREFECT_HOME={team.home}"
    assert not [p for p in Path("/proc").glob("[0-9]*/environ") if home in readable(p)], "nothing is left running"


def readable(path):
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_a_port_that_something_else_holds_is_said(tmp_path, hook):
    done = subprocess.run(
        [*WINNOW, "serve", "--port", hook.url.rsplit(":", 1)[1], "--store", tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "Something other than a Prefect server" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_else_is_let_in_without_a_password(tmp_path):
    done = subprocess.run(
        [*WINNOW, "serve", "--host", "0.0.0.0", "--store", tmp_path], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    assert "PREFECT_SERVER_API_AUTH_STRING" in done.stderr
