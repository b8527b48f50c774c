"""A small crawl with captures of robots.txt, for tests of consent: some hosts, one page or more each, and what they answered about robots."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.tiny import CRAWL, article, digest, html, record

FRONT = "User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n\nUser-agent: GPTBot\nDisallow: /\n\n"
"""What a service in front of a host writes, before the host's own rules."""


def answer(
    number: int,
    url: str,
    body: bytes | str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    date: str = "2026-10-20T11:00:00Z",
) -> bytes:
    """A response record with these headers."""
    data = body.encode() if isinstance(body, str) else body
    given = {"Content-Type": "text/plain", "Content-Length": str(len(data)), **(headers or {})}
    head = f"HTTP/1.1 {status} Status\r\n" + "".join(f"{name}: {value}\r\n" for name, value in given.items()) + "\r\n"
    return record("response", number, url, head.encode() + data, (f"WARC-Payload-Digest: {digest(data)}",), date)


def page(number: int, url: str, head: str = "", headers: Mapping[str, str] | None = None, date: str = "2026-10-20T12:00:00Z") -> bytes:
    """A page with a text of its own; ``head`` stands in its head."""
    body = html(article(number), f"Page {number}").replace(b"</head>", head.encode() + b"</head>")
    return answer(number, url, body, headers={"Content-Type": "text/html", **(headers or {})}, date=date)


PAGES = (
    ("http://open.example/a", "", {}),
    ("http://closed.example/a", "", {}),
    ("http://closed.example/free/a", "", {}),
    ("http://front.example/a", "", {}),
    ("http://gone.example/a", "", {}),
    ("http://down.example/a", "", {}),
    ("http://moved.example/a", "", {}),
    ("http://away.example/a", "", {}),
    ("http://unasked.example/a", "", {}),
    ("https://closed.example/a", "", {}),
    ("http://noai.example/a", "", {"X-Robots-Tag": "noai"}),
    ("http://meta.example/a", '<meta name="robots" content="noindex, noai">', {}),
    ("http://tdm.example/a", '<meta name="tdm-reservation" content="0">', {"tdm-reservation": "1"}),
    ("http://tdm.example/b", "", {"tdm-reservation": "1"}),
    ("http://usage.example/a", "", {"Content-Usage": "train-ai=y"}),
    ("http://licence.example/a", '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">', {}),
)
ROBOTS = (
    ("http://open.example/robots.txt", 200, "User-agent: *\nDisallow:\n", {}),
    (
        "http://closed.example/robots.txt",
        200,
        "User-agent: GPTBot\nUser-agent: ClaudeBot\nDisallow: /\nAllow: /free/\n\nUser-agent: *\nDisallow: /cgi/\n",
        {},
    ),
    ("http://front.example/robots.txt", 200, FRONT + "User-agent: GPTBot\nAllow: /\n", {}),
    ("http://gone.example/robots.txt", 404, "<html>Not here</html>", {}),
    ("http://down.example/robots.txt", 503, "", {}),
    ("http://moved.example/robots.txt", 301, "", {"Location": "https://www.moved.example/robots.txt"}),
    ("https://www.moved.example/robots.txt", 200, "User-agent: CCBot\nDisallow: /\n", {}),
    ("http://away.example/robots.txt", 302, "", {"Location": "http://elsewhere.invalid/rules"}),
    ("http://elsewhere.invalid/rules", 200, "User-agent: Bytespider\nDisallow: /a\n", {}),
    ("http://elsewhere.invalid/other", 200, "not asked for", {}),
    ("http://usage.example/robots.txt", 200, "User-agent: *\nContent-Usage: train-ai=n\n", {}),
)


def mirror(
    root: Path,
    pages: Sequence[tuple[str, str, Mapping[str, str]]] = PAGES,
    robots: Sequence[tuple[str, int, str, Mapping[str, str]]] | None = ROBOTS,
) -> Path:
    """A mirror of a crawl with two files of pages and, unless they are None, two of captures of robots.txt."""
    segment = f"crawl-data/{CRAWL}/segments/1.0"
    captures = [answer(1000 + n, url, body, status, headers) for n, (url, status, body, headers) in enumerate(robots or ())]
    kinds = {"warc": [page(n, *said) for n, said in enumerate(pages)], **({} if robots is None else {"robotstxt": captures})}
    for kind, records in kinds.items():
        paths = []
        (root / segment / kind).mkdir(parents=True)
        for i in range(2):
            paths.append(f"{segment}/{kind}/CC-MAIN-{i:05d}.warc.gz")
            (root / paths[-1]).write_bytes(record("warcinfo", 900_000 + i, "", b"software: tests\r\n") + b"".join(records[i::2]))
        (root / f"crawl-data/{CRAWL}/{kind}.paths.gz").write_bytes(gzip.compress("\n".join(paths).encode() + b"\n", mtime=0))
    return root
