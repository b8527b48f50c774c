"""A tiny crawl written on the spot: a few WARCs of invented pages in Common Crawl's layout, for tests that run the whole pipeline."""

import base64
import gzip
import hashlib
import random
from pathlib import Path

CRAWL = "CC-MAIN-2026-43"
WORDS = (
    "the grain is carried to the mill before the rain begins and people of the village have long been used to that way of working with "
    "water wind and stone so they seldom speak about it but when strangers ask they tell a story that their parents told them"
).split()


def sentence(rng: random.Random) -> str:
    return " ".join(rng.choices(WORDS, k=rng.randint(9, 16))).capitalize() + "."


def article(seed: int, paragraphs: int = 6) -> str:
    rng = random.Random(seed)
    return "".join(f"<p>{' '.join(sentence(rng) for _ in range(5))}</p>" for _ in range(paragraphs))


def html(body: str, title: str = "A page") -> bytes:
    return f"<!doctype html><html><head><meta charset=utf-8><title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>".encode()


def digest(data: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(data).digest()).decode()


def record(kind: str, number: int, url: str, block: bytes, fields: tuple[str, ...] = (), date: str = "2026-10-20T12:00:00Z") -> bytes:
    head = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Date: {date}",
        f"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-{number:012d}>",
        f"Content-Length: {len(block)}",
        f"WARC-Block-Digest: {digest(block)}",
        *([f"WARC-Target-URI: {url}"] if url else []),
        *fields,
    ]
    return gzip.compress("\r\n".join(head).encode() + b"\r\n\r\n" + block + b"\r\n\r\n", mtime=0)


def capture(number: int, url: str, payload: bytes, status: int = 200, mime: str = "text/html") -> bytes:
    """Request and response, as a crawler writes them."""
    answer = f"HTTP/1.1 {status} OK\r\nContent-Type: {mime}\r\nContent-Length: {len(payload)}\r\n\r\n".encode() + payload
    return record("request", 2 * number, url, b"GET / HTTP/1.1\r\n\r\n") + record(
        "response", 2 * number + 1, url, answer, (f"WARC-Payload-Digest: {digest(payload)}",)
    )


def warc(first: int, pages: int) -> bytes:
    """Good articles, with a short page, a missing one, a copy of the first article and a copy of its URL among them."""
    parts = [record("warcinfo", 900_000 + first, "", b"software: tests\r\n")]
    for n in range(first, first + pages):
        parts.append(capture(n, f"http://site{n % 5}.example/{n}", html(article(n), f"Article {n}")))
    parts.append(capture(first + pages, f"http://short.example/{first}", html("<p>Too short.</p>")))
    parts.append(capture(first + pages + 1, f"http://gone.example/{first}", html("<p>Not here.</p>"), status=404))
    parts.append(capture(first + pages + 2, f"http://copy.example/{first}", html(article(0), "Article 0")))
    parts.append(capture(first + pages + 3, "http://site0.example/0", html(article(first + 7777), "Another time")))
    return b"".join(parts)


def mirror(root: Path, warcs: int = 3, pages: int = 8) -> Path:
    """A mirror of the crawl with this many WARCs; the last one ends in a damaged record."""
    folder = f"crawl-data/{CRAWL}/segments/1.0/warc"
    (root / folder).mkdir(parents=True)
    paths = []
    for i in range(warcs):
        data = warc(1000 * i, pages)
        if i == warcs - 1:
            broken = bytearray(capture(990, "http://broken.example/", html(article(990))))
            broken[len(broken) // 2] ^= 0xFF
            data += bytes(broken) + capture(991, "http://last.example/", html(article(991), "After the damage"))
        paths.append(f"{folder}/CC-MAIN-{i:05d}.warc.gz")
        (root / paths[-1]).write_bytes(data)
    (root / f"crawl-data/{CRAWL}/warc.paths.gz").write_bytes(gzip.compress("\n".join(paths).encode() + b"\n", mtime=0))
    return root
