"""The block ``winnow-endpoint``: its fields become an endpoint, its key does not."""

import pytest

from tests.endpoint.server import Server
from tests.endpoint.test_client import PLANTED, QUERIES, good
from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.client import ask
from winnow.tasks.endpoint.endpoint import endpoint
from winnow.tasks.engine import places
from winnow.tasks.engine.store import Store

pytestmark = pytest.mark.slow


def test_a_block_gives_everything_but_its_key(tmp_path, monkeypatch):
    from winnow.blocks import ModelEndpoint

    with Server(good) as server:
        block = ModelEndpoint(url=server.url, model="tiny", key=PLANTED, requests_per_minute=6000, price_answer=1.5)
        monkeypatch.setattr(
            places, "_load", lambda kind, spec, slug: {("ModelEndpoint", "block:mine", "winnow-endpoint"): block}[kind, spec, slug]
        )
        found = endpoint("block:mine", concurrency=3)
        assert (found.url, found.model, found.requests_per_minute, found.price_answer, found.concurrency) == (
            server.url,
            "tiny",
            6000,
            1.5,
            3,
        )
        assert PLANTED not in repr(found) + repr(block) + str(block.without_key()) + str(vars(found))
        assert ask(found, Answers(Store(str(tmp_path))), QUERIES[:2]).asked == 2
        assert server.keys == {f"Bearer {PLANTED}"}
