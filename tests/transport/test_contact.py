"""Who Winnow says it is, and how to reach whoever runs it."""

import http.server
import threading
from importlib.metadata import version

import pytest

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.transport import http as transport
from winnow.tasks.transport.http import CONTACT, user_agent


def test_the_contact_that_the_user_sets_is_named(monkeypatch):
    monkeypatch.delenv(CONTACT, raising=False)
    assert user_agent().startswith(f"winnow/{version('winnow')} (")
    assert "contact" not in user_agent()
    monkeypatch.setenv(CONTACT, "crawl-team@example.org")
    assert user_agent().endswith("; contact: crawl-team@example.org)")


@pytest.mark.parametrize("contact", ["a@b\r\nX-Evil: 1", "müller@example.org", "x" * 201])
def test_what_cannot_stand_in_a_header_is_refused(monkeypatch, contact):
    monkeypatch.setenv(CONTACT, contact)
    with pytest.raises(BadInput, match=CONTACT):
        user_agent()


def test_it_reaches_the_server(monkeypatch):
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers["User-Agent"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_): ...

    monkeypatch.setenv(CONTACT, "https://example.org/crawling")
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request, daemon=True).start()
        transport._client.cache_clear()
        transport._client(0, 5.0).get(f"http://127.0.0.1:{server.server_port}/")
        transport._client.cache_clear()
    assert seen == [user_agent()]
