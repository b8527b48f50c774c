"""The flow ``curate-snapshot``: it runs what its parameters say."""

import json
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

from tests.tiny import mirror
from winnow.flows.curate import curate_snapshot
from winnow.tasks.runs.head_start import head_start
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare

pytestmark = pytest.mark.server


def test_a_flow_called_beside_a_head_start_runs_its_own_parameters(server, tmp_path):
    source = str(mirror(tmp_path / "mirror", warcs=1, pages=3))
    begun = prepare(Request(source, "gopher", str(tmp_path / "store"), 1))
    with temporary_settings({PREFECT_API_URL: server}), head_start(begun):
        made = curate_snapshot(source, recipe="raw", store=str(tmp_path / "store"), workers=1)
    assert made["recipe"] == "raw"
    assert json.loads(Path(made["manifest"]).read_text())["recipe"]["name"] == "raw"
