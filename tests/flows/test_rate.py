"""``winnow rate`` with an endpoint, from outside: asked once, in both orders, and the same ratings again."""

import json

import pytest

from tests.endpoint.server import Server
from tests.runs.test_pairing import better, home  # noqa: F401  the fixture

pytestmark = pytest.mark.server


def test_pairs_are_asked_once(winnow, home, tmp_path):  # noqa: F811
    with Server(better) as server:
        words = ["rate", home / "pages.jsonl", "--raters", "good,noise", "--endpoint", server.url, "--model", "tiny", "--pairs", 8]
        more = ["--store", home / "store", "--out", tmp_path / "rated.yaml", "--json"]
        done = winnow(*words, *more, fresh=True)
        assert done.returncode == 0, done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert [row["id"] for row in rows] == [f"d{n}" for n in range(120)]
        assert len(server.bodies) == 16
        again = winnow(*words, *more)
        assert again.stdout == done.stdout
        assert len(server.bodies) == 16
        dry = json.loads(winnow(*words, *more, "--dry-run").stdout)
        assert (dry["requests"], dry["known"], dry["pairs"]) == (0, 16, 8)
    assert "good" in (tmp_path / "rated.yaml").read_text()
