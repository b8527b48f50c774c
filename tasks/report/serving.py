"""Serving: the reports of a store under links, so that a person can open one from the UI of a server.

A small HTTP server on this machine's loopback, which reads the store and can write nothing. It gives out the pages, cards and manifests of
corpora and no text of any document that they do not show. ``winnow serve`` starts it; elsewhere the environment variable ``WINNOW_REPORTS_URL``
names a place that serves the store's root, a bucket behind a proxy with a login, say. A signed link to S3 would be a credential inside an
artifact that everybody can read who reads the UI, so there is none.
"""

import contextlib
import os
import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote, urlsplit

from winnow.tasks.engine.errors import BadInput, Transient, WinnowError
from winnow.tasks.engine.places import store_at
from winnow.tasks.engine.store import Store
from winnow.tasks.report.page import stylesheet
from winnow.tasks.report.summary import SUMMARY_NAME, Summary
from winnow.tasks.report.words import number, percent

HOST, PORT = "127.0.0.1", 4280
BESIDE = 80
"""How far the port of the reports is above that of the dashboard."""
BLOCK = "block:"
URL_VARIABLE = "WINNOW_REPORTS_URL"
STORE_VARIABLE = "WINNOW_REPORTS_STORE"
"""The store that the server behind ``WINNOW_REPORTS_URL`` serves; unset where all are below one URL."""
GIVEN = {
    "report.html": "text/html; charset=utf-8",
    "README.md": "text/plain; charset=utf-8",
    "manifest.json": "application/json",
    SUMMARY_NAME: "application/json",
}
"""The files of a corpus's folder that are given out, and as what."""
CORPUS = re.compile(r"/corpora/([^/]+)/([^/]+)/([^/]+)")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def report_link(store: Store, home: str) -> str | None:
    """Where the report of the corpus at ``home`` can be opened; None if nobody serves it."""
    base = os.environ.get(URL_VARIABLE, "").rstrip("/")
    served = os.environ.get(STORE_VARIABLE)
    if not base or (served is not None and served != store.root):
        return None
    return f"{base}/{quote(home)}/report.html"


def environment(url: str, root: str) -> dict[str, str]:
    """What the processes of runs must have in their environment to know the links of the reports that are served at ``url``."""
    return {URL_VARIABLE: url, **({} if root.startswith(BLOCK) else {STORE_VARIABLE: store_at(root).root})}


@contextlib.contextmanager
def offered(root: str, port: int) -> Iterator[str]:
    """Serve the reports of a store beside something else, with their links in the environment of this process and its children. What the context gives
    says where they are, or why they are not served: that is no reason for the other thing not to run."""
    if os.environ.get(URL_VARIABLE):
        yield os.environ[URL_VARIABLE]
        return
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(reports(root, port))
            added = environment(url, root)
        except (WinnowError, Transient) as e:
            yield f"not served: {e}"
            return
        os.environ.update(added)
        stack.callback(lambda: [os.environ.pop(name, None) for name in added])
        yield url


@contextlib.contextmanager
def reports(root: str, port: int = PORT) -> Iterator[str]:
    """Serve the reports of the store at ``root`` until the context ends; its URL. ``port`` 0 takes any that is free.

    Raises:
        BadInput: the store cannot be used, or something else listens on the port.
    """

    @cache
    def store() -> Store:
        return store_at(root)

    if not root.startswith(BLOCK):  # a block is known once Prefect's server is there
        store().check()
    try:
        server = ThreadingHTTPServer((HOST, port), _handler(store))
    except OSError as e:
        raise BadInput(
            f"The reports cannot be served on port {port} of this machine ({e.strerror or e}). Stop what listens there, or choose another port."
        ) from None
    thread = threading.Thread(target=server.serve_forever, daemon=True, name="winnow-reports")
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def overview(store: Store) -> str:
    """The page that lists the released corpora of a store, the newest name first, with a link to each report."""
    rows = []
    for snapshot in sorted(store.folders("corpora"), reverse=True):
        for run in store.folders(f"corpora/{snapshot}"):
            path = f"corpora/{snapshot}/{run}"
            with contextlib.suppress(FileNotFoundError, ValueError):
                summary = Summary.from_json(store.get(f"{path}/{SUMMARY_NAME}"))
                kept = f"<td>{number(summary.kept)}</td><td>{number(summary.pages)}</td><td>{percent(summary.kept, summary.pages)}</td>"
                link = f'<a href="/{quote(path)}/report.html">{escape(run)}</a>'
                rows.append(f'<tr><th scope="row">{link}</th><td>{escape(snapshot)}</td>{kept}</tr>')
    table = (
        '<div class="wide"><table><thead><tr><th class="left">run</th><th>snapshot</th><th>kept</th><th>pages</th><th>share</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
        if rows
        else "<p>No run of this store is finished yet.</p>"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><title>Reports · Winnow</title><style>{stylesheet()}</style></head><body>'
        f'<header><p class="eyebrow">{escape(store.root)}</p><h1>Reports</h1></header><main><section>{table}</section></main></body></html>'
    )


def _handler(store: Callable[[], Store]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "winnow", ""

        def do_GET(self) -> None:
            if not self._is_for_us():
                self._answer(HTTPStatus.FORBIDDEN, "text/plain; charset=utf-8", b"This server answers to 127.0.0.1 and localhost only.\n")
                return
            try:
                kind, body = _found(store(), self.path)
            except FileNotFoundError:
                self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"There is no such report in this store.\n")
            except (WinnowError, Transient, OSError) as e:
                self._answer(HTTPStatus.BAD_GATEWAY, "text/plain; charset=utf-8", f"The store cannot be read: {e}\n".encode())
            else:
                self._answer(HTTPStatus.OK, kind, body)

        do_HEAD = do_GET  # noqa: N815 the name that http.server asks for

        def _is_for_us(self) -> bool:
            """A page elsewhere could let its own name lead to this machine (DNS rebinding); its requests then carry that name."""
            host = urlsplit(f"//{self.headers.get('Host', '')}").hostname
            return host in (HOST, "localhost")

        def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
            self.send_response(status)
            headers = {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                "Content-Security-Policy": POLICY,
                "X-Content-Type-Options": "nosniff",
                "Referrer-Policy": "no-referrer",
                "Cross-Origin-Resource-Policy": "same-origin",
                "Cache-Control": "no-store",
            }
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """The terminal of ``winnow serve`` is for the runs."""

    return Handler


def _found(store: Store, target: str) -> tuple[str, bytes]:
    """Content type and bytes of what a request asks for. Raises FileNotFoundError."""
    path = unquote(urlsplit(target).path)
    if path == "/":
        return GIVEN["report.html"], overview(store).encode("utf-8", "replace")
    asked = CORPUS.fullmatch(path)
    if not asked or asked[3] not in GIVEN or any(part in (".", "..") or "\\" in part or "\0" in part for part in asked.groups()):
        raise FileNotFoundError(path)
    return GIVEN[asked[3]], store.get(path[1:])
