"""The server of reports: what it gives out, to whom, and that nothing else of a store or machine can be asked for."""

import http.client
import json
import os
from urllib.parse import urlsplit

import pytest

from tests.pipelines import finished
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store
from winnow.tasks.report.serving import STORE_VARIABLE, URL_VARIABLE, environment, offered, report_link, reports

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    base = tmp_path_factory.mktemp("serving")
    (base / "secret.txt").write_text("secret")
    return finished(mirror(base / "mirror", warcs=1, pages=4), "gopher", base / "store")


@pytest.fixture(scope="module")
def url(run):
    with reports(run.context.store.root, 0) as found:
        yield found


def ask(url, path, method="GET", **headers):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    return answer.status, dict(answer.getheaders()), answer.read()


def test_a_report_opens_under_its_link(run, url, monkeypatch):
    for name, value in environment(url, run.context.store.root).items():
        monkeypatch.setenv(name, value)
    link = report_link(run.context.store, run.home)
    status, headers, body = ask(url, urlsplit(link).path)
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body == run.context.store.get(f"{run.home}/report.html")
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    for beside in ("README.md", "manifest.json", "summary.json"):
        assert ask(url, f"/{run.home}/{beside}")[0] == 200
    assert json.loads(ask(url, f"/{run.home}/manifest.json")[2])["snapshot"] == run.context.crawl.snapshot


def test_the_first_page_lists_the_runs(run, url):
    status, _, body = ask(url, "/")
    assert status == 200
    assert f'href="/{run.home}/report.html"' in body.decode()
    assert ask(url, "/", "HEAD")[2] == b""


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/corpora/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/corpora/%2e%2e/%2e%2e/manifest.json",
        "/corpora/a/..%2f..%2fb/manifest.json",
        "/store.json",
        "/steps/x/y.parquet",
        "//etc/passwd",
        "/corpora/x/y/report.html",
        "/corpora/x/y/%00",
        "http://elsewhere.example/",
    ],
)
def test_nothing_else_is_given_out(url, path):
    status, _, body = ask(url, path)
    assert status == (403 if path.startswith("http://") else 404)
    assert b"secret" not in body


def test_the_data_of_a_corpus_is_not_given_out(run, url):
    file = next(iter(run.context.store.files(f"{run.home}/data")))
    assert ask(url, f"/{file}")[0] == 404


def test_only_this_machine_s_own_name_is_answered(url):
    assert ask(url, "/", Host="rebound.example")[0] == 403
    assert ask(url, "/", Host="localhost:1")[0] == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_written(url, method):
    assert ask(url, "/", method)[0] == 501


def test_a_link_is_given_for_the_store_that_is_served(monkeypatch):
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    assert report_link(Store("/a"), "corpora/x/y") is None
    monkeypatch.setenv(URL_VARIABLE, "https://reports.example/base/")
    assert report_link(Store("/a"), "corpora/my files/y") == "https://reports.example/base/corpora/my%20files/y/report.html"
    monkeypatch.setenv(STORE_VARIABLE, "/a")
    assert report_link(Store("/a"), "corpora/x/y") == "https://reports.example/base/corpora/x/y/report.html"
    assert report_link(Store("/b"), "corpora/x/y") is None


def test_a_taken_port_is_said(run, url):
    with pytest.raises(BadInput, match="port"), reports(run.context.store.root, urlsplit(url).port):
        pass


def test_damaged_summaries_leave_the_others_in_the_list(tmp_path):
    run = finished(mirror(tmp_path / "mirror", warcs=1, pages=2), "gopher", tmp_path / "store")
    run.context.store.put("corpora/x/y/summary.json", b"{")
    with reports(str(tmp_path / "store"), 0) as url:
        body = ask(url, "/")[2].decode()
    assert run.id in body
    assert "corpora/x/y" not in body


def test_reports_are_offered_beside_something_else_with_their_links_in_the_environment(run, monkeypatch):
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    root = run.context.store.root
    with offered(root, 0) as url:
        assert ask(url, urlsplit(report_link(run.context.store, run.home)).path)[0] == 200
        # A second one on the same port says why, and the other thing goes on.
        monkeypatch.delenv(URL_VARIABLE)
        with offered(root, urlsplit(url).port) as said:
            assert said.startswith("not served: ")
            assert report_link(run.context.store, run.home) is None
    assert URL_VARIABLE not in os.environ
    assert STORE_VARIABLE not in os.environ


def test_a_configured_place_is_left_as_it_is(run, monkeypatch):
    monkeypatch.setenv(URL_VARIABLE, "https://reports.example")
    with offered(run.context.store.root, 0) as said:
        assert said == "https://reports.example"
        assert os.environ[URL_VARIABLE] == said
