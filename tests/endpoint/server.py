"""A scripted OpenAI-compatible server on loopback. What it does to a request is a function of the test: it may answer, refuse, throttle, hang, break off, lie."""

import contextlib
import http.server
import json
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

RELEASE_S = 30


class Hang:
    """The server accepts the request and never answers."""


class Reset:
    """The server closes the connection without an answer."""


def chat(text: str, *, finish: str = "stop", **more: Any) -> dict[str, Any]:
    """A good answer."""
    return {
        "id": "c-1",
        "model": "tiny",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 5},
    } | more


Behaviour = Callable[[dict[str, Any], int], Any]
"""(body, number of times that this body came before) -> a JSON value; (status, JSON value, headers); bytes; Hang or Reset."""


class Server:
    """``bodies`` are the requests in the order of their arrival, ``keys`` the Authorization headers that came with them, ``at_once`` the most at a time."""

    def __init__(self, behave: Behaviour) -> None:
        self.behave = behave
        self.bodies: list[dict[str, Any]] = []
        self.keys: set[str | None] = set()
        self.paths: Counter[str] = Counter()
        self.at_once = self._now = 0
        self._lock = threading.Lock()
        self._release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "Server":
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                outer._handle(self)

            def log_message(self, *args):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args):
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            before = self.bodies.count(body)
            self.bodies.append(body)
            self.keys.add(handler.headers.get("Authorization"))
            self.paths[handler.path] += 1
            self._now += 1
            self.at_once = max(self.at_once, self._now)
        try:
            self._answer(handler, self.behave(body, before))
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, handler: http.server.BaseHTTPRequestHandler, found: Any) -> None:
        if found is Hang:
            self._release.wait(RELEASE_S)
            handler.close_connection = True
            return
        if found is Reset:
            handler.close_connection = True
            with contextlib.suppress(OSError):
                handler.connection.close()
            return
        status, value, headers = found if isinstance(found, tuple) else (200, found, {})
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        handler.send_response(status)
        for name, text in ({"Content-Type": "application/json", "Content-Length": str(len(data))} | headers).items():
            handler.send_header(name, text)
        handler.end_headers()
        with contextlib.suppress(OSError):
            handler.wfile.write(data)
