"""A page on which a person judges one document at a time, with the keys 1 to 9. It listens on loopback alone, and answers only those who know its address.

The address holds a token that is made anew each time, and the name of the host is checked: no other page in the browser, and no other user of the machine, can read documents
or answer. Texts of documents are text to the page, whatever they hold; it loads nothing from elsewhere.
"""

import http.server
import json
import secrets
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from winnow.tasks.engine.parsing import parsed
from winnow.tasks.labels.heads import Head
from winnow.tasks.labels.sheet import Item

PAGE = Path(__file__).parent / "page.html"
HOST = "127.0.0.1"
MAX_BODY_BYTES = 10_000
KEYS = "123456789abcdefghijklmnopqrstuvwxyz"


class LabelPage:
    """``item`` gives the item with a number, ``said`` what was said of it (or None), ``keep`` keeps an answer; an empty one takes it back.

    ``keep`` returns None, or what is wrong with the answer.
    """

    def __init__(
        self,
        head: Head,
        count: int,
        item: Callable[[int], Item],
        said: Callable[[Item], str | None],
        keep: Callable[[Item, str], str | None],
        *,
        first: int = 0,
        port: int = 0,
    ) -> None:
        self.head, self.count, self.item, self.said, self.keep, self.first = head, count, item, said, keep, first
        self.token = secrets.token_urlsafe(16)
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._get(self)

            def do_POST(self) -> None:
                outer._post(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer((HOST, port), Handler)
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        """What to open."""
        return f"http://{HOST}:{self.server.server_address[1]}/{self.token}/"

    def run(self) -> None:
        """Answer until the page says that it is done, or somebody interrupts."""
        try:
            self.server.serve_forever(poll_interval=0.1)
        finally:
            self.server.server_close()

    def stop(self) -> None:
        """End ``run``, from another thread."""
        threading.Thread(target=self.server.shutdown, daemon=True).start()

    def choices(self) -> Sequence[dict[str, str]]:
        """What there is to choose from, with the key for it."""
        if self.head.scale is not None:
            meanings = dict(self.head.scale.meanings)
            return [{"key": n, "name": n, "meaning": meanings.get(int(n), "")} for n in self.head.names]
        return [
            {"key": KEYS[i] if i < len(KEYS) else "", "name": label.name, "meaning": label.meaning}
            for i, label in enumerate(self.head.labels)
        ]

    def _allowed(self, request: http.server.BaseHTTPRequestHandler) -> str | None:
        """The path behind the token; None for those who do not know it, or come under another name."""
        port = self.server.server_address[1]
        if request.headers.get("Host") not in (f"{HOST}:{port}", f"localhost:{port}"):
            return None
        _, token, rest = (*urlsplit(request.path).path.split("/", 2), "", "")[:3]
        return rest if secrets.compare_digest(token.encode(), self.token.encode()) else None

    def _get(self, request: http.server.BaseHTTPRequestHandler) -> None:
        match self._allowed(request):
            case "":
                nonce = secrets.token_urlsafe(16)
                page = PAGE.read_text(encoding="utf-8").replace("{{nonce}}", nonce)
                policy = f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'"
                _send(request, page.encode(), "text/html; charset=utf-8", {"Content-Security-Policy": policy})
            case "head":
                said = {
                    "name": self.head.name,
                    "prompt": self.head.prompt,
                    "choices": list(self.choices()),
                    "count": self.count,
                    "first": self.first,
                }
                _send_json(request, said)
            case "item":
                number = parse_qs(urlsplit(request.path).query).get("n", [""])[0]
                if not number.isascii() or not number.isdigit() or len(number) > 9 or int(number) >= self.count:
                    request.send_error(HTTPStatus.NOT_FOUND)
                    return
                with self.lock:
                    item = self.item(int(number))
                    _send_json(request, item._asdict() | {"said": self.said(item)})
            case _:
                request.send_error(HTTPStatus.NOT_FOUND)

    def _post(self, request: http.server.BaseHTTPRequestHandler) -> None:
        path = self._allowed(request)
        length = request.headers.get("Content-Length", "")
        if path not in ("answer", "done") or request.headers.get("Content-Type") != "application/json":
            request.send_error(HTTPStatus.NOT_FOUND)
            return
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            request.send_error(HTTPStatus.BAD_REQUEST)
            return
        try:
            body = parsed(request.rfile.read(int(length)))
            if path == "done":
                _send_json(request, {})
                self.stop()
                return
            number, said = body["n"], body["said"]
            if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < self.count or not isinstance(said, str):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            request.send_error(HTTPStatus.BAD_REQUEST)
            return
        with self.lock:
            _send_json(request, {"problem": self.keep(self.item(number), said)})


def _send_json(request: http.server.BaseHTTPRequestHandler, value: Any) -> None:
    _send(request, json.dumps(value, ensure_ascii=True).encode(), "application/json", {})


def _send(request: http.server.BaseHTTPRequestHandler, data: bytes, kind: str, headers: dict[str, str]) -> None:
    request.send_response(HTTPStatus.OK)
    always = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"}
    for name, value in ({"Content-Type": kind, "Content-Length": str(len(data))} | always | headers).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(data)
