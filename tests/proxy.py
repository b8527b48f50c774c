"""A proxy on loopback that injects faults between a client and an HTTP server: the real S3 and mirror behind it stay honest."""

import contextlib
import http.client
import http.server
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

STALL_S = 8
ERRORS = {
    "503": (503, "SlowDown"),
    "503 retry-after": (503, "SlowDown"),
    "403": (403, "Forbidden"),
    "denied": (403, "AccessDenied"),
    "expired": (400, "ExpiredToken"),
}
FAULTS = ("503", "503 retry-after", "403", "reset", "stall", "truncated", "short length", "no answer")


@dataclass
class Faults:
    """Which share of requests fails, drawn from ``seed``; how, the rarest so far. ``most`` faults at a stretch for the same request, so that there is an end.

    ``kinds``: of FAULTS. ``hidden`` newest keys are left out of every listing (a store whose listings lag behind).
    """

    share: float = 0.0
    kinds: tuple[str, ...] = FAULTS
    seed: int = 1
    most: int = 2
    hidden: int = 0
    requests: list[tuple[float, str, str, str]] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    stretch: Counter[str] = field(default_factory=Counter)

    def __post_init__(self):
        self.rng = random.Random(self.seed)

    def draw(self, method, path):
        """The fault of this request, or ''."""
        with self.lock:
            kind = self._draw(method, path)
            self.requests.append((time.monotonic(), method, path, kind))
            return kind

    def _draw(self, method, path):
        key = f"{method} {path}"
        if self.stretch[key] < self.most and self.rng.random() < self.share:
            self.stretch[key] += 1
            # Without GET there is no body to spoil.
            possible = [k for k in self.kinds if method == "GET" or k not in ("truncated", "short length")]
            kind = min(possible, key=self.injected.__getitem__)
            self.injected[kind] += 1
            return kind
        self.stretch[key] = 0
        return ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Proxy"

    def log_message(self, *_): ...

    def handle_any(self):
        faults = self.server.faults
        with faults.lock:
            faults.at_once += 1
            faults.most_at_once = max(faults.most_at_once, faults.at_once)
        try:
            self.handle_one(faults)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with faults.lock:
                faults.at_once -= 1

    do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

    def handle_one(self, faults):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self.unchunked()
        kind = faults.draw(self.command, self.path)
        if kind in ERRORS:
            status, code = ERRORS[kind]
            self.send_response(status)
            if kind == "503 retry-after":
                self.send_header("Retry-After", "1")
            self.answer(f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode(), [("Content-Type", "application/xml")])
            return
        if kind in ("reset", "no answer"):
            self.hang_up(reset=kind == "reset")
            return
        if kind == "stall":
            self.server.released.wait(STALL_S)
            self.hang_up()
            return
        status, headers, data = self.ask(body)
        if faults.hidden and "list-type=2" in self.path:
            data = hide(data, faults.hidden)
            headers = [h for h in headers if h[0].lower() != "content-length"]
        self.send_response(status)
        if kind == "truncated" and len(data) > 1:
            self.answer(data[: len(data) // 2], headers, promised=len(data))
            self.hang_up()
        elif kind == "short length" and len(data) > 1 and self.command == "GET":
            self.answer(data[: len(data) // 2], [h for h in headers if h[0].lower() != "content-range"], promised=len(data) // 2)
            self.close_connection = True
        else:
            self.answer(data, headers)

    def unchunked(self):
        data = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            data += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return data

    def ask(self, body):
        host, port = self.server.behind
        upstream = http.client.HTTPConnection(host, port, timeout=30)
        try:
            # The Host header is the client's: S3 signatures cover it.
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("transfer-encoding", "connection", "content-length")}
            upstream.request(self.command, self.path, body or None, headers | {"Content-Length": str(len(body)), "Connection": "close"})
            answer = upstream.getresponse()
            data = answer.read()
            return answer.status, answer.getheaders(), data
        finally:
            upstream.close()

    def answer(self, data, headers, promised=None):
        length = None
        for name, value in headers:
            if name.lower() == "content-length":
                length = value
            elif name.lower() not in ("transfer-encoding", "connection", "server", "date"):
                self.send_header(name, value)
        size = promised if promised is not None else (length if self.command == "HEAD" and length else len(data))
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
            self.wfile.flush()

    def hang_up(self, *, reset=False):
        self.close_connection = True
        if reset:
            self.connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0
        with contextlib.suppress(OSError):
            self.connection.close() if reset else self.connection.shutdown(2)


def hide(listing: bytes, count: int) -> bytes:
    """A listing without its newest keys."""
    parts = listing.split(b"<Contents>")
    entries = [p.split(b"</Contents>")[0] for p in parts[1:]]
    tail = parts[-1].split(b"</Contents>")[-1] if entries else b""
    newest = set(sorted(entries, key=lambda e: e.split(b"<LastModified>")[1].split(b"<")[0])[-count:])
    kept = [e for e in entries if e not in newest]
    return parts[0] + b"".join(b"<Contents>" + e + b"</Contents>" for e in kept) + tail


class Proxy(http.server.ThreadingHTTPServer):
    """``with Proxy(url, Faults(...)) as proxy``: ``proxy.url`` answers as ``url`` does, but for the faults."""

    daemon_threads = True

    def __init__(self, url: str, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        parts = urlsplit(url)
        self.behind, self.faults, self.released = (parts.hostname, parts.port), faults, threading.Event()

    def handle_error(self, *_): ...

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.shutdown()
        self.server_close()
