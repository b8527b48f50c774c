"""A whole run through a network that fails: source over HTTP, source and store on S3. Nothing lost, the same digest, bounded and polite.

Each way to fail is tested alone in tests/transport/test_open.py. Here they come mixed, at random, from a proxy before honest servers; waits are real
but short.
"""

import http.server
import pickle
import threading
import zlib
from collections import Counter
from dataclasses import replace

import pytest
import s3fs

from tests.pipelines import curated, digests, work_off
from tests.proxy import FAULTS, Faults, Proxy
from tests.s3 import s3_service, upload
from tests.tiny import CRAWL, mirror
from winnow.tasks.engine import root as roots
from winnow.tasks.engine.errors import BadInput, Transient
from winnow.tasks.engine.store import Store
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import prepare, release
from winnow.tasks.sources.resolve import resolve
from winnow.tasks.transport import s3 as s3_calls
from winnow.tasks.transport.politeness import Politeness, Transport

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return mirror(tmp_path_factory.mktemp("faults") / "mirror", warcs=2, pages=5)


@pytest.fixture(scope="module")
def quiet(source, tmp_path_factory):
    run = curated(source, "gopher", tmp_path_factory.mktemp("faults") / "quiet")
    return release(run).digest, digests(run)


@pytest.fixture(scope="module")
def http_mirror(source):
    class Ranged(http.server.BaseHTTPRequestHandler):
        """Files with ranges and ETags, as Common Crawl's servers have them."""

        def log_message(self, *_): ...

        def do_GET(self):
            file = source / self.path.lstrip("/")
            if not file.is_file():
                self.send_error(404)
                return
            data = file.read_bytes()
            first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if first else 200)
            self.send_header("ETag", f'"{zlib.crc32(data)}"')
            if first:
                self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
            self.send_header("Content-Length", str(len(data) - first))
            self.end_headers()
            self.wfile.write(data[first:])

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ranged)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def s3(source):
    with s3_service("mirror", "work") as (environment, client):
        upload(client, source, "mirror")
        yield environment, client


@pytest.fixture
def hasty(monkeypatch, tmp_path):
    """Politeness with waits of milliseconds; the numbers of attempts are those of production."""
    quick = Politeness(base_s=0.01, cap_s=0.1, timeout_s=0.7, slots_folder=str(tmp_path), connections=4)
    monkeypatch.setitem(resolve.__kwdefaults__, "transport", Transport(quick))
    return quick


def hurried(run, politeness):
    """The same run with this politeness for its source and its store."""
    b = run.context
    transport = Transport(politeness)
    run.context = replace(b, source=replace(b.source, transport=transport), store=replace(b.store, transport=transport), _memory={})
    run.plan.context = run.context
    return run


def use(monkeypatch, environment, endpoint=None):
    s3fs.S3FileSystem.clear_instance_cache()
    for name, value in (environment | ({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})).items():
        monkeypatch.setenv(name, value)


def assert_waits(faults, politeness):
    """A request that failed is never repeated at once, nor more often than attempts allow. (One with a short length looks well to whoever asked.)"""
    last, failures = {}, Counter()
    for at, method, path, fault in faults.requests:
        if "list-type" in path:
            continue  # threads that look for different objects list the same folder
        if (method, path) in last:
            assert at - last[method, path] >= politeness.base_s, (method, path)
        last.pop((method, path), None)
        failures[method, path] = failures[method, path] + 1 if fault else 0
        assert failures[method, path] <= politeness.attempts
        # A kept connection that the other side closed is replaced at once, by aiohttp, once (RFC 9110, 9.3.1).
        if fault not in ("", "short length", "reset", "no answer"):
            last[method, path] = at


def test_source_over_http_fails_in_every_way(http_mirror, quiet, hasty, tmp_path):
    faults = Faults()
    with Proxy(http_mirror, faults) as proxy:
        run = hurried(prepare(Request(f"{proxy.url}/", "gopher", str(tmp_path / "store"), 1, snapshot=CRAWL)), hasty)
        run.context.store.open_for_writing()
        faults.share, faults.most = 0.8, 4
        work_off(run)
    assert release(run).digest == quiet[0]
    assert set(faults.injected) == set(FAULTS)
    assert_waits(faults, hasty)
    assert faults.most_at_once <= hasty.connections
    assert max(Counter(path for _, _, path, _ in faults.requests).values()) <= hasty.attempts + 2


def test_source_and_store_on_s3_fail_in_every_way(s3, quiet, hasty, tmp_path, monkeypatch):
    environment, _ = s3
    faults = Faults()
    with Proxy(environment["AWS_ENDPOINT_URL"], faults) as proxy:
        use(monkeypatch, environment, proxy.url)
        run = hurried(prepare(Request("s3://mirror/", "gopher", "s3://work/faults", 1)), hasty)
        run.context.store.open_for_writing()
        faults.share = 0.1
        work_off(run)
        assert release(run).digest == quiet[0]
    assert set(faults.injected) == set(FAULTS)
    assert_waits(faults, hasty)


def test_a_store_whose_listings_lag_makes_nothing_wrong(s3, source, quiet, hasty, monkeypatch):
    environment, _ = s3
    with Proxy(environment["AWS_ENDPOINT_URL"], Faults(hidden=5)) as proxy:
        use(monkeypatch, environment, proxy.url)
        run = hurried(prepare(Request(str(source), "gopher", "s3://work/lag", 1)), hasty)
        run.context.store.open_for_writing()
        work_off(run)
        assert release(run).digest == quiet[0]


def test_a_store_that_throttles_for_ever_is_given_up(s3, hasty, monkeypatch):
    environment, _ = s3
    faults = Faults(share=1.0, kinds=("503",), most=10**6)
    with Proxy(environment["AWS_ENDPOINT_URL"], faults) as proxy:
        use(monkeypatch, environment, proxy.url)
        with pytest.raises(Transient, match=f"after {hasty.attempts} attempts"):
            replace(Store("s3://work/never"), transport=Transport(hasty)).check()
        assert len(faults.requests) == hasty.attempts
        faults.requests.clear()
        faults.kinds = ("denied",)
        with pytest.raises(BadInput, match=r"may not be written.*AWS_PROFILE"):
            replace(Store("s3://work/never"), transport=Transport(hasty)).put("x", b"x")
        assert len(faults.requests) == 1


class Refusing(Faults):
    """Fails the next ``left`` requests."""

    left = 0

    def _draw(self, method, path):
        self.left -= 1
        return self.kinds[0] if self.left >= 0 else ""


@pytest.mark.parametrize("kind", ["denied", "expired"])
def test_a_refusal_where_it_was_read_and_written_before_is_waited_out_with_fresh_credentials(s3, hasty, monkeypatch, kind):
    environment, _ = s3
    faults = Refusing(kinds=(kind,))
    renewed = []
    monkeypatch.setattr(Store, "_renew", lambda self, renew=Store._renew: (renewed.append(1), renew(self)))
    with Proxy(environment["AWS_ENDPOINT_URL"], faults) as proxy:
        use(monkeypatch, environment, proxy.url)
        store = replace(Store(f"s3://work/refused-{kind}"), transport=Transport(hasty))
        store.put("x", b"x")
        assert store.get("x") == b"x"
        for call in (lambda: store.get("x"), lambda: store.put("x", b"y"), lambda: store.files("")):
            faults.left, before = 3, len(renewed)
            call()
            assert len(renewed) > before
        faults.left = 10**6
        with pytest.raises(Transient, match=rf"refused.*after {hasty.attempts} attempts"):
            store.get("x")


def test_a_refusal_at_first_touch_fails_at_once(s3, hasty, monkeypatch):
    environment, _ = s3
    faults = Faults(share=1.0, kinds=("expired",), most=10**6)
    with Proxy(environment["AWS_ENDPOINT_URL"], faults) as proxy:
        use(monkeypatch, environment, proxy.url)
        with pytest.raises(BadInput, match=r"ExpiredToken.*AWS_PROFILE"):
            replace(Store("s3://work/first"), transport=Transport(hasty)).put("x", b"x")
        assert len(faults.requests) == 1


@pytest.mark.parametrize("verb", ["read", "written"])
def test_a_bare_403_fails_at_first_touch_and_is_tried_again_later(s3, hasty, monkeypatch, verb):
    environment, _ = s3
    faults = Refusing(kinds=("403",), most=10**6)
    with Proxy(environment["AWS_ENDPOINT_URL"], faults) as proxy:
        use(monkeypatch, environment, proxy.url)
        store = replace(Store(f"s3://work/bare-{verb}"), transport=Transport(hasty))
        touch = {"read": lambda: store.exists("x"), "written": lambda: store.put("x", b"x")}[verb]
        monkeypatch.setattr(s3_calls, "_WORKED", {})
        faults.left = 10**6
        with pytest.raises(BadInput, match=rf"may not be {verb}.*AWS_PROFILE"):
            touch()
        assert len(faults.requests) == 1
        faults.left = 0
        touch()
        faults.left = 1
        touch()  # once refused, once not


def test_a_worker_knows_what_the_run_has_done_before(monkeypatch):
    store = Store("s3://work/told")
    monkeypatch.setattr(s3_calls, "_WORKED", {"mirror": {"read"}})
    monkeypatch.setattr(roots, "_WORKED", {store.root: {"read", "written"}})
    packed = pickle.dumps(store)
    monkeypatch.setattr(s3_calls, "_WORKED", {})
    monkeypatch.setattr(roots, "_WORKED", {})
    assert pickle.loads(packed) == store
    assert s3_calls.worked() == {"mirror": {"read"}}
    assert roots._worked(store)


def test_uploads_in_parts_that_nobody_ended_are_aborted_after_a_day(s3, monkeypatch):
    environment, client = s3
    use(monkeypatch, environment)
    for key in ("parts/steps/x.parquet", "other/x.parquet"):
        client.create_multipart_upload(Bucket="work", Key=key)
    store = Store("s3://work/parts")
    with monkeypatch.context() as m:
        m.setattr(roots, "ORPHAN_AGE_S", 10**10)
        assert store.clean([]) == 0
    assert store.clean([]) == 1  # moto says of every upload that it began in 2010
    assert [u["Key"] for u in client.list_multipart_uploads(Bucket="work")["Uploads"]] == ["other/x.parquet"]
