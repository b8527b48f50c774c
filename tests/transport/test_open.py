"""Every way a server can fail, injected on loopback: the bytes are right in the end, or the error is the right one."""

import contextlib
import email.utils
import errno
import http.server
import io
import os
import pickle
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.sources.source import Source
from winnow.tasks.transport import http as http_transport
from winnow.tasks.transport.http import HttpStream, is_page, retry_after_s
from winnow.tasks.transport.open import open_seekable, open_stream, read_all
from winnow.tasks.transport.politeness import Clock, NotFound, Politeness, Retries, Slots, Transport, Unreachable
from winnow.tasks.transport.ranges import Ranges
from winnow.tasks.transport.s3 import patiently
from winnow.tasks.transport.uri import join_url, shown

DATA = b"\x1f\x8b" + random.Random(1).randbytes(300_000)
PAGE = b"<!DOCTYPE html><title>Sign in</title>"


@dataclass
class FakeClock:
    """Time that passes only by sleeping."""

    time_s: float = 1_000_000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(now=lambda: self.time_s, sleep=self.sleep, uniform=lambda low, high: high)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time_s += seconds


Fault = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves ``server.data`` with ranges and an ETag, after the faults in ``server.faults``, one per request."""

    protocol_version = "HTTP/1.1"
    server: "FaultServer"

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        self.server.requests.append(dict(self.headers))
        if self.server.faults:
            self.server.faults.pop(0)(self)
        else:
            self.serve()

    def wanted(self) -> int:
        """First byte asked for; 0 if everything is, as after an If-Range that no longer holds."""
        if not self.server.ranges or self.headers.get("If-Range", self.server.etag) != self.server.etag:
            return 0
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0])

    def behind(self) -> int:
        """The byte before which the range that was asked for ends."""
        last = self.headers.get("Range", "").partition("-")[2]
        return min(int(last) + 1 if last else len(self.server.data), len(self.server.data))

    def start(self) -> bytes:
        """Send honest headers; the body that belongs to them."""
        first, data = self.wanted(), self.server.data
        ranged = self.server.ranges and "Range" in self.headers and self.headers.get("If-Range", self.server.etag) == self.server.etag
        if ranged and first >= len(data):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return b""
        end = self.behind() if ranged else len(data)
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(end - first))
        if self.server.etag:
            self.send_header("ETag", self.server.etag)
        if ranged:
            self.send_header("Content-Range", f"bytes {first}-{end - 1}/{len(data)}")
        self.end_headers()
        return data[first:end]

    def serve(self) -> None:
        self.wfile.write(self.start())


class FaultServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.data, self.etag, self.ranges = DATA, '"one"', True
        self.faults: list[Fault] = []
        self.requests: list[dict[str, str]] = []
        self.release = threading.Event()
        self.waited_in_vain = False

    def handle_error(self, *_: object) -> None: ...

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mirror"


def status(code: int, body: bytes = b"", **headers: str) -> Fault:
    def fault(h: Handler) -> None:
        h.send_response(code)
        for name, value in headers.items():
            h.send_header(name.replace("_", "-"), value)
        h.send_header("Content-Length", str(len(body)))
        h.end_headers()
        h.wfile.write(body)

    return fault


def cut(after: int, *, reset: bool = False, meanwhile: Fault | None = None) -> Fault:
    """Promise everything, send ``after`` bytes, let something happen, hang up (politely, or with a TCP reset)."""

    def fault(h: Handler) -> None:
        h.wfile.write(h.start()[:after])
        h.wfile.flush()
        if meanwhile:
            meanwhile(h)
        if reset:
            h.connection.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER 0
        h.close_connection = True
        with contextlib.suppress(OSError):
            h.connection.close() if reset else h.connection.shutdown(2)

    return fault


def stall(after: int) -> Fault:
    def fault(h: Handler) -> None:
        h.wfile.write(h.start()[:after])
        h.wfile.flush()
        h.server.waited_in_vain |= not h.server.release.wait(5)
        h.close_connection = True

    return fault


def changing(after: int, data: bytes, etag: str) -> Fault:
    """The file becomes another one before the connection is cut, so that the next request meets it."""

    def change(h: Handler) -> None:
        h.server.data, h.server.etag = data, etag

    return cut(after, meanwhile=change)


def part(first: int, last: int, total: int = len(DATA), etag: str = '"one"') -> Fault:
    """206 with this range, whatever was asked for."""
    return status(206, DATA[first : last + 1], Content_Range=f"bytes {first}-{last}/{total}", ETag=etag)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as s:
        thread = threading.Thread(target=s.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield s
        s.release.set()
        s.shutdown()


@pytest.fixture
def polite(tmp_path: Path) -> Politeness:
    return Politeness(attempts=4, timeout_s=10.0, slots_folder=str(tmp_path))


@pytest.fixture
def time() -> FakeClock:
    return FakeClock()


def shortened(length: int) -> Fault:
    """A Content-Length that is too small, and a body that keeps to it: nothing in this answer is wrong."""
    return status(200, DATA[:length], ETag='"one"')


RECOVERED: dict[str, list[Fault]] = {
    "no fault": [],
    "503 with Retry-After": [status(503, Retry_After="7")],
    "403 burst": [status(403, PAGE)] * 3,
    "429, 500, 502": [status(429), status(500), status(502)],
    "closed after the headers": [cut(0)],
    "closed mid-body": [cut(100_000)],
    "reset mid-body": [cut(100_000, reset=True)],
    "closed three times": [cut(100_000), cut(50_000), cut(1)],
    "one byte before the end": [cut(len(DATA) - 1)],
    "page with 200, once": [status(200, PAGE, Content_Type="text/html")],
    "page with 200 while resuming": [cut(10), status(200, PAGE, Content_Type="text/html")],
    "error in JSON with 200": [status(200, b'{"message": "slow down"}', Content_Type="application/json")],
    "503 while resuming": [cut(70_000), status(503)],
    "wrong range": [cut(70_000), part(5, 9)],
    "cut to a wrong Content-Length": [shortened(100_000)],
    "no end confirmed": [shortened(100_000), status(503), status(403)],
    "less than the range asked for": [cut(70_000), part(70_000, 70_009)],
}


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
@pytest.mark.parametrize("faults", RECOVERED.values(), ids=RECOVERED.keys())
def test_bytes_are_right_in_the_end(server: FaultServer, polite: Politeness, time: FakeClock, faults: list[Fault], ranges: bool) -> None:
    server.faults, server.ranges = list(faults), ranges
    assert read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) == DATA
    assert not server.faults
    assert len(time.slept) >= len(faults)


FATAL: dict[str, tuple[list[Fault], type[Exception], str]] = {
    "throttled for ever": ([status(503)] * 9, Transient, "503, after 4 attempts"),
    "forbidden for ever": ([status(403)] * 9, Transient, "too many requests"),
    "not there": ([status(404)], NotFound, "There is no http://127.0.0.1"),
    "gone while resuming": ([cut(9), status(404)], NotFound, "404"),
    "sign-in": ([status(401)], BadInput, "401"),
    "always a page": ([status(200, PAGE, Content_Type="text/html")] * 9, BadInput, "instead of the file"),
    "too long a wait": ([status(503, Retry_After="86400")], Transient, "86400 s"),
    "always cut at the same byte": ([cut(50)] + [cut(0)] * 9, Transient, "connection broke"),
    "changed: other ETag": ([changing(50_000, DATA[::-1], '"two"')], Transient, "changed while"),
    "changed: range of another ETag": ([cut(50_000), part(50_000, 300_001, etag='"two"')], Transient, "changed while"),
    "changed: range of another length": ([cut(50_000), part(50_000, 300_001, total=300_003)], Transient, "changed while"),
    "changed: shorter than what was read": ([changing(50_000, b"\x1f\x8b", '"one"'), status(416)], Transient, "changed while"),
    "redirects in a circle": ([status(302, Location="/again")] * 40, BadInput, "redirects"),
}


@pytest.mark.parametrize(("faults", "error", "says"), FATAL.values(), ids=FATAL.keys())
def test_right_error(
    server: FaultServer, polite: Politeness, time: FakeClock, faults: list[Fault], error: type[Exception], says: str
) -> None:
    server.faults = list(faults)
    with pytest.raises(error, match=says) as caught:
        read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock()))
    assert type(caught.value) is error


@pytest.mark.parametrize("etag", ['"one"', 'W/"one"', ""], ids=["strong", "weak", "none"])
def test_changed_file_is_never_stitched_together(server: FaultServer, polite: Politeness, time: FakeClock, etag: str) -> None:
    """Without ranges the beginning is compared; without any validator too."""
    server.etag, server.ranges = etag, False
    server.faults = [changing(50_000, DATA[:10] + b"x" + DATA[11:], etag)]
    with pytest.raises(Transient, match="changed while"):
        read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock()))


def test_resumes_at_the_first_unread_byte_under_the_same_etag(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.faults = [cut(100_000)]
    read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock()))
    first, second, last = server.requests
    assert "Range" not in first
    assert last["Range"] == f"bytes={len(DATA) - 1}-"  # is this really the end?
    assert second["Range"] == "bytes=100000-"
    assert second["If-Range"] == '"one"'
    assert first["User-Agent"].startswith("winnow/")
    assert first["Accept-Encoding"] == "identity"


def test_stall_ends_by_timeout_and_resumes(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.faults = [stall(1000), stall(0)]
    assert read_all(server.root, "a.warc.gz", transport=Transport(replace(polite, timeout_s=0.1), time.clock())) == DATA
    assert not server.waited_in_vain


def test_retry_after_is_waited_for(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    date = email.utils.formatdate(time.time_s + 90, usegmt=True)
    server.faults = [status(503, Retry_After="7"), status(503, Retry_After=date)]
    before = time.time_s
    read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock()))
    assert time.slept[0] >= 7
    assert time.time_s >= before + 90


def test_retry_after_stops_every_stream_to_that_host(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    Slots(server.root.split("/")[2], Transport(polite, time.clock())).take()
    Slots(server.root.split("/")[2], Transport(polite, time.clock())).pause(30)
    read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock()))
    assert time.slept[0] >= 30


def test_progress_forgives_failures(server: FaultServer, polite: Politeness, time: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_transport, "PROGRESS_BYTES", 10_000)
    server.faults = [cut(20_000)] * 12
    assert read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) == DATA


def test_pauses_grow_to_a_cap_and_never_fall_below_a_second(time: FakeClock) -> None:
    retries = Retries("it", Transport(Politeness(attempts=12), time.clock()))
    for _ in range(11):
        retries.failed("no")
    assert time.slept == [3, 5, 9, 17, 33, 61, 61, 61, 61, 61, 61]
    with pytest.raises(Transient, match="12 attempts"):
        retries.failed("no")


def test_nothing_listens(polite: Politeness, time: FakeClock) -> None:
    with pytest.raises(Unreachable, match=r"cannot be reached.*4 attempts"):
        open_stream("http://127.0.0.1:9", "a.warc.gz", transport=Transport(polite, time.clock()))


def test_empty_file(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.data = b""
    assert read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) == b""


def test_damaged_gzip_that_is_no_page_is_handed_on(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.data = b"\0\0garbage"
    assert read_all(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) == server.data


def test_small_reads_and_tell(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.faults = [cut(33_333)]
    with open_stream(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) as stream:
        got = b""
        while block := stream.read(7_777):
            got += block
            assert stream.tell() == len(got)
    assert got == DATA


def test_version_tells_one_state_from_another(server: FaultServer, polite: Politeness) -> None:
    with HttpStream(f"{server.root}/a", Transport(polite)) as one:
        server.etag = '"two"'
        with HttpStream(f"{server.root}/a", Transport(polite)) as two:
            assert one.version == f"{len(DATA)}-one"
            assert two.version == f"{len(DATA)}-two"


def test_seekable_over_http_is_spooled(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.faults = [cut(1000)]
    with open_seekable(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) as stream:
        stream.seek(-4, io.SEEK_END)
        assert stream.read() == DATA[-4:]


def test_connections_are_bounded_and_freed(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    few = replace(polite, connections=2, slot_wait_s=5)
    # Larger than the socket buffers, so that an unread stream stays open.
    server.data = DATA[:2] + bytes(40_000_000)
    with (
        open_stream(server.root, "a.gz", transport=Transport(few, time.clock())),
        open_stream(server.root, "a.gz", transport=Transport(few, time.clock())),
        pytest.raises(Transient, match="All 2 connections"),
    ):
        open_stream(server.root, "a.gz", transport=Transport(few, time.clock()))
    open_stream(server.root, "a.gz", transport=Transport(few, time.clock())).close()


def test_slot_is_freed_when_opening_fails(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    one = replace(polite, connections=1, slot_wait_s=5)
    server.faults = [status(404), status(503), status(404)]
    for _ in range(2):
        with pytest.raises(NotFound):
            open_stream(server.root, "a.gz", transport=Transport(one, time.clock()))
    assert read_all(server.root, "a.gz", transport=Transport(one, time.clock())) == DATA


# ---------------------------------------------------------------------- ranges


@pytest.mark.parametrize("ranges", [True, False], ids=["ranges", "no ranges"])
@pytest.mark.parametrize(
    ("begin", "end"), [(0, 10), (70_000, 190_000), (len(DATA) - 5, len(DATA) + 50), (len(DATA) + 10, len(DATA) + 20), (7, 7)]
)
@pytest.mark.parametrize("fault", [None, cut(40_000), cut(40_000, reset=True), status(503), status(429, Retry_After="3")])
def test_a_range_is_just_its_bytes(server: FaultServer, polite: Politeness, time: FakeClock, ranges, begin, end, fault) -> None:
    server.ranges = ranges
    server.faults = [fault] if fault else []
    with Ranges(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) as file:
        assert file.read(begin, end) == DATA[begin:end]
        assert file.read(3, 5) == DATA[3:5]


def test_a_range_asks_for_nothing_else(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    with Ranges(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) as file:
        file.read(100, 200)
    assert [request["Range"] for request in server.requests] == ["bytes=100-199"]


def test_a_broken_range_continues_under_the_same_etag(server: FaultServer, polite: Politeness, time: FakeClock) -> None:
    server.faults = [cut(40_000)]
    with Ranges(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) as file:
        file.read(1000, 90_000)
    assert [request["Range"] for request in server.requests] == ["bytes=1000-89999", "bytes=41000-89999"]
    assert server.requests[1]["If-Range"] == '"one"'


@pytest.mark.parametrize("ranges", [True, False])
def test_a_range_of_a_changed_file_is_never_stitched_together(server: FaultServer, polite: Politeness, time: FakeClock, ranges) -> None:
    server.ranges = ranges
    server.faults = [changing(40_000, DATA[:1500] + b"x" + DATA[1501:], '"two"')]
    with (
        Ranges(server.root, "a.warc.gz", transport=Transport(polite, time.clock())) as file,
        pytest.raises(Transient, match="changed while"),
    ):
        file.read(1000, 90_000)


def test_ranges_of_a_local_file(tmp_path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    with Ranges(str(tmp_path), "a") as file:
        assert file.read(100, 200) == DATA[100:200]
        assert file.read(len(DATA) - 3, len(DATA) + 3) == DATA[-3:]
        assert file.read(len(DATA) + 10, len(DATA) + 20) == b""
    with pytest.raises(NotFound):
        Ranges(str(tmp_path), "b")


# ---------------------------------------------------------------------- S3 errors, without a server


@pytest.mark.parametrize(
    ("error", "becomes", "says"),
    [
        (OSError(errno.EBUSY, "SlowDown"), Transient, "throttled.*4 attempts"),
        (OSError(errno.EREMOTEIO, "InternalError"), Transient, "4 attempts"),
        (TimeoutError(), Transient, "connection broke"),
        (PermissionError(errno.EACCES, "AccessDenied"), BadInput, "AWS_PROFILE"),
        (FileNotFoundError(), NotFound, "no object"),
        (OSError(errno.EREMCHG, "PermanentRedirect"), BadInput, "region"),
        (OSError(errno.EINVAL, "InvalidBucketName"), BadInput, "InvalidBucketName"),
    ],
)
def test_s3_errors(time: FakeClock, polite: Politeness, error: Exception, becomes: type[Exception], says: str) -> None:
    def call() -> None:
        raise error

    with pytest.raises(becomes, match=says):
        patiently("s3://bucket/key", call, Transport(polite, time.clock()))


def test_s3_call_succeeds_after_throttling(time: FakeClock, polite: Politeness) -> None:
    left = [OSError(errno.EBUSY, "SlowDown")] * 2

    def call() -> str:
        if left:
            raise left.pop()
        return "data"

    assert patiently("s3://bucket/key", call, Transport(polite, time.clock())) == "data"
    assert time.slept == [3, 5]


# ---------------------------------------------------------------------- local files and small functions


def test_local(tmp_path: Path) -> None:
    (tmp_path / "a b.warc").write_bytes(b"WARC/1.0")
    with open_stream(str(tmp_path), "a b.warc") as stream:
        assert stream.seekable()
        assert stream.read() == b"WARC/1.0"
    with pytest.raises(NotFound, match=r"no file .*b\.warc"):
        open_stream(str(tmp_path), "b.warc")
    with pytest.raises(BadInput, match="directory"):
        open_stream(str(tmp_path.parent), tmp_path.name)
    with pytest.raises(BadInput, match="gopher://"):
        open_stream("gopher://host", "a")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_local_file(tmp_path: Path) -> None:
    (tmp_path / "a.warc").touch(mode=0o000)
    with pytest.raises(BadInput, match="permissions"):
        open_stream(str(tmp_path), "a.warc")


@pytest.mark.parametrize(
    ("value", "seconds"), [(None, 0), ("", 0), ("12", 12), (" 3 ", 3), ("-1", 0), ("soon", 0), ("Thu, 01 Jan 1970 00:01:40 GMT", 90)]
)
def test_retry_after(value: str | None, seconds: float) -> None:
    assert retry_after_s(value, now=10.0) == seconds


@pytest.mark.parametrize(
    ("path", "content_type", "head", "page"),
    [
        ("a.gz", "text/html", b"\x1f\x8b..", False),
        ("a.gz", "text/plain", b"Rate exceeded", True),
        ("a.gz", "application/octet-stream", b"WARC/1.0", False),
        ("a.gz", "", b"<?xml version='1.0'?><Error>", True),
        ("a.warc", "text/plain", b"WARC/1.0", False),
        ("a.warc", "", b"\xef\xbb\xbf\n <html>", True),
        ("a.jsonl", "application/json", b'{"text"', False),
        ("a.gz", "text/html", b"", False),
    ],
)
def test_is_page(path: str, content_type: str, head: bytes, page: bool) -> None:
    assert is_page(path, content_type, head) is page


def test_urls() -> None:
    assert join_url("https://h/m/?sig=1", "crawl-data/a b#.gz") == "https://h/m/crawl-data/a%20b%23.gz?sig=1"
    assert shown("https://user:secret@h:8/m?sig=secret#x") == "https://h:8/m"


def test_secrets_are_not_shown_and_source_travels() -> None:
    source = Source("https://user:hunter2@h/m?sig=hunter2", (("secret", "hunter2"),))
    assert "hunter2" not in repr(source) + str(source)
    assert pickle.loads(pickle.dumps(source)) == source
