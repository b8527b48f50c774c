"""Against real servers: a Prefect server on loopback, and S3 over HTTP (moto) for mirror and store."""

import json
import os
import re
import subprocess
import sys
import time

import pytest

from tests.flows.conftest import get
from tests.flows.test_command import run
from tests.s3 import SECRET, s3_service, upload
from tests.shared import ROOT
from tests.tiny import CRAWL

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def local(winnow, tiny, store):
    """A run of the tiny crawl with this store."""
    return run(winnow, tiny, store)


def test_a_run_is_seen_on_a_server(server, local, store):
    out = local
    entry = next(r for r in get(f"{server}/flow_runs/filter", {"limit": 200}) if r["parameters"].get("store") == str(store))
    assert entry["state"]["type"] == "COMPLETED"
    assert entry["parameters"]["recipe"] == "gopher"
    assert out["run_id"] in get(f"{server}/flow_runs/{entry['id']}")["state"]["message"]
    stages = [r for r in get(f"{server}/flow_runs/filter", {"limit": 200}) if r["parent_task_run_id"]]
    titled = {m[1]: r for r in stages if (m := re.fullmatch(rf"{CRAWL} · gopher · \d+/\d+ (.*)", r["name"]))}
    assert {"Extract and measure", "Exact duplicates: URL", "Write the corpus"} <= set(titled)
    assert {CRAWL, "gopher", "Write the corpus"} <= set(titled["Write the corpus"]["tags"])
    artifacts = get(f"{server}/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [entry["id"]]}}, "limit": 200})
    [whole] = [a for a in artifacts if a["key"] == "progress"]
    assert whole["data"] == 100.0
    said = [line["message"] for line in get(f"{server}/logs/filter", {"logs": {"flow_run_id": {"any_": [entry["id"]]}}, "limit": 200})]
    assert [m for m in said if re.fullmatch(r"\d+/\d+ Write the corpus: .* of .*", m)], said
    keys = {a["key"] for a in get(f"{server}/artifacts/latest/filter", {"limit": 200})}
    assert {"funnel", "drops", "report", "progress-extract", "rules", "languages", "diversity", "time"} <= keys


def test_a_deployment_runs_the_same_flow_and_finds_everything_done(server, environment, tiny, local, store):
    root = ROOT
    script = (
        "from winnow.flows.curate import curate_snapshot\n"
        f"curate_snapshot.from_source(source={str(root)!r}, entrypoint='flows/curate.py:curate_snapshot')"
        f".serve(name='test', limit=1, pause_on_shutdown=False)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment,
        cwd=root,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            deadline = time.monotonic() + 60
            while not get(f"{server}/deployments/filter", {}) and time.monotonic() < deadline:
                time.sleep(0.5)
            [deployment] = get(f"{server}/deployments/filter", {})
            fields = deployment["parameter_openapi_schema"]["properties"]
            assert all(field.get("title") and field.get("description") for field in fields.values())
            started = get(
                f"{server}/deployments/{deployment['id']}/create_flow_run",
                {"parameters": {"source": str(tiny), "recipe": "gopher", "store": str(store)}},
            )
            while time.monotonic() < deadline + 120:
                state = get(f"{server}/flow_runs/{started['id']}")["state"]
                if state["type"] in ("COMPLETED", "FAILED", "CRASHED"):
                    break
                time.sleep(0.2)
            assert state["name"] == "Cached", state
            assert local["run_id"] in state["message"]
        finally:
            os.killpg(process.pid, 15)


@pytest.fixture(scope="module")
def s3(tiny):
    """A bucket that mirrors the tiny crawl, on loopback."""
    with s3_service("tiny-mirror", "work") as (environment, client):
        upload(client, tiny, "tiny-mirror")
        yield environment, client


def test_mirror_and_store_on_s3_give_the_same_corpus(winnow, s3, local):
    env, client = s3
    done = winnow("run", "s3://tiny-mirror/", "--recipe", "gopher", "--store", "s3://work/winnow", "--json", env=env)
    assert done.returncode == 0, done.stderr
    out = json.loads(done.stdout.splitlines()[-1])
    assert out["snapshot"] == CRAWL
    assert out["manifest"].startswith("s3://work/winnow/corpora/")
    key = out["manifest"].removeprefix("s3://work/")
    manifest = client.get_object(Bucket="work", Key=key)["Body"].read()
    assert json.loads(manifest)["digest"] == local["manifest_json"]["digest"]
    assert SECRET not in done.stdout + done.stderr
    for item in client.list_objects_v2(Bucket="work")["Contents"]:
        assert SECRET.encode() not in client.get_object(Bucket="work", Key=item["Key"])["Body"].read(), item["Key"]
    again = winnow("run", "s3://tiny-mirror/", "--recipe", "gopher", "--store", "s3://work/winnow", "--json", env=env)
    assert json.loads(again.stdout.splitlines()[-1])["work"]["computed"] == 0


def test_doctor_asks_the_server(winnow, server):
    said = winnow("doctor", fresh=True)
    assert f"ok   Prefect server {server}, 3." in said.stdout
    assert said.returncode == 0, said.stdout
    away = winnow("doctor", env={"PREFECT_API_URL": "http://127.0.0.1:9/api"})
    assert away.returncode == 1
    assert "BAD  the Prefect server http://127.0.0.1:9/api does not answer" in away.stdout
