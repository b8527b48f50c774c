"""Captures of robots.txt and its like: what a row has of files of every kind, of pages in their place, and of broken and hostile ones."""

import gzip

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.archives.record import Record
from winnow.tasks.extract.pages.policy_files import MOST_BYTES, POLICY_FILES, kind_of, policy_row


def row(body=b"", status="200 OK", headers=(), url="http://a.example/robots.txt", fields=None, kind="response"):
    head = "".join(f"{name}: {value}\r\n" for name, value in headers)
    record = Record.of(5, 9, kind, {"warc-target-uri": url, "warc-date": "2026-10-20T12:00:00Z", **(fields or {})}, None)
    record.block = f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body if kind == "response" else body
    return policy_row(record, "f.warc.gz")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://a.example/robots.txt", "robots.txt"),
        ("https://a.example:8443/robots.txt?x", "robots.txt"),
        ("http://a.example/x/robots.txt", ""),
        ("http://a.example/.well-known/tdmrep.json", "tdmrep.json"),
        ("http://a.example/.well-known/ai.txt", "ai.txt"),
        ("http://a.example/llms.txt", "llms.txt"),
        ("http://a.example/rsl.xml", "rsl.xml"),
        ("http://[bad/robots.txt", ""),
        ("", ""),
    ],
)
def test_what_is_a_policy_file(url, kind):
    assert kind_of(url) == kind


RULES = b"User-agent: *\nDisallow: /\n"


def bomb():
    return gzip.compress(b"#" * (100 << 20))


@pytest.mark.parametrize(
    ("body", "headers", "fields", "kept", "flaws"),
    [
        (RULES, (), {}, RULES, []),
        (gzip.compress(RULES), [("Content-Encoding", "gzip")], {}, RULES, []),
        ("a: b".encode("utf-16"), (), {}, "a: b".encode("utf-16"), ["utf-16"]),
        (RULES, (), {"warc-truncated": "length"}, RULES, ["truncated"]),
        (b"<!DOCTYPE html><title>Gone</title>", (), {}, b"", ["html"]),
        (b"<!-- x -->\n<html><pre>\n" + RULES, (), {}, b"<!-- x -->\n<html><pre>\n" + RULES, ["html"]),
        (b"#" * (10 << 20), (), {}, b"#" * MOST_BYTES, ["oversized"]),
        (bomb, [("Content-Encoding", "gzip")], {}, b"#" * MOST_BYTES, ["oversized"]),
    ],
    ids=["plain", "gzip", "utf-16", "truncated", "soft-404", "wrapped", "10-mb", "bomb"],
)
def test_bodies_and_their_flaws(body, headers, fields, kept, flaws):
    found = row(body() if callable(body) else body, headers=headers, fields=fields)
    assert (found["body"] == kept, found["flaws"]) == (True, flaws)


@pytest.mark.parametrize(
    ("status", "location", "said"),
    [
        ("301 Moved", "https://b.example/robots.txt#x", (301, "https://b.example/robots.txt")),
        ("302 Found", "/other", (302, "http://a.example/other")),
        ("302 Found", "http://[bad", (302, "")),
        ("200 OK", "/other", (200, "")),
        ("404 Not Found", "", (404, "")),
    ],
)
def test_redirects_are_absolute(status, location, said):
    found = row(status=status, headers=[("Location", location)])
    assert (found["status"], found["location"]) == said


def test_resources_are_files_and_what_is_no_answer_is_none():
    assert row(RULES, kind="resource")["body"] == RULES
    assert row(status="what") is None


@given(st.binary(max_size=300), st.text(max_size=60))
def test_rows_are_total_and_fit_their_schema(block, url):
    record = Record.of(0, 1, "response", {"warc-target-uri": url}, None)
    record.block = block
    found = policy_row(record, "f.warc.gz")
    if found is not None:
        assert pa.Table.from_pylist([found], schema=POLICY_FILES).to_pylist() == [found]
