"""The flow ``curate-snapshot``: it runs what its parameters say."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow
from prefect.utilities.names import generate_slug

from tests.flows.conftest import asking
from tests.shared import ROOT
from tests.tiny import CRAWL, mirror
from winnow.flows.curate import curate_snapshot
from winnow.flows.names import is_random
from winnow.tasks.runs.head_start import head_start
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare

pytestmark = pytest.mark.server


def test_a_flow_called_beside_a_head_start_runs_its_own_parameters(server, tmp_path):
    source = str(mirror(tmp_path / "mirror", warcs=1, pages=3))
    begun = prepare(Request(source, "gopher", str(tmp_path / "store"), 1))
    with asking(server), head_start(begun):
        made = curate_snapshot(source, recipe="raw", store=str(tmp_path / "store"), workers=1)
    assert made["recipe"] == "raw"
    assert json.loads(Path(made["manifest"]).read_text())["recipe"]["name"] == "raw"


def start(server, tmp_path, name, source):
    """A run as the form starts it, with the name that stands in the form; the name that it has at its end."""
    parameters = {"source": str(source), "recipe": "gopher", "store": str(tmp_path / "store"), "workers": 1}
    with asking(server), get_client(sync_client=True) as client:
        entry = client.create_flow_run(curate_snapshot, parameters=parameters, name=name)
        run_flow(curate_snapshot, flow_run=entry, parameters=parameters, return_type="state")
        return client.read_flow_run(entry.id).name


def test_a_typed_name_is_kept_and_a_random_one_becomes_the_crawl_s(server, tmp_path):
    """The folder of a mirror says nothing of the crawl in it."""
    source = mirror(tmp_path / "a-mirror", warcs=1, pages=2)
    assert start(server, tmp_path, "for the audit", source) == "for the audit"
    assert start(server, tmp_path, "blue-cormorant", source) == f"{CRAWL} · gopher"
    assert start(server, tmp_path, "alpha3-andromedae-void", source) == f"{CRAWL} · gopher"


@given(st.integers())
@settings(deadline=None, max_examples=30)
def test_names_that_prefect_makes_up_are_known_as_such(seed):
    random.seed(seed)
    assert is_random(generate_slug(2))


@pytest.mark.parametrize(
    "name", ["nightly", "my-run", "test run", "fineweb-2024", "blue-cormorant-2", "CC-MAIN-2024-22 · gopher", "", "beta"]
)
def test_names_that_somebody_typed(name):
    assert not is_random(name)


def test_the_example_curates_a_crawl(environment, tiny, tmp_path):
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "curate_a_crawl.py"), str(tiny), str(tmp_path / "store")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "pages were kept" in done.stdout
    assert "report.html" in done.stdout
