"""Limits, conditions and lists of domains over what is known of a document beside its signals."""

import pytest

from tests.pipelines import finished, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.explain import explain
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.what_if import what_if
from winnow.tasks.recipes.load import load
from winnow.tasks.signals.domains import Domains
from winnow.tasks.signals.limit import Limit

HEAD = "extends: raw\nmeasure: {redpajama: null}\ndeduplicate: []\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("facts")
    return root, mirror(root / "mirror", warcs=1, pages=6)


def kept(place, text):
    root, source = place
    (root / "mine.yaml").write_text(HEAD + text)
    run = finished(source, root / "mine.yaml", root / "store")
    documents = {r["id"]: r for r in rows(run, run.pipeline.documents)}
    return run, documents, {r["id"]: r for r in rows(run, run.pipeline.decisions)}


@pytest.mark.parametrize(
    ("text", "stays", "reason"),
    [
        ("limits: {tld: {one_of: [edu, gov]}}", lambda d: False, "tld:other"),
        ("limits: {domain: {one_of: [site1.example]}}", lambda d: d["host"] == "site1.example", "domain:other"),
        ("limits: {text_chars: {low: 500}}", lambda d: d["text_chars"] >= 500, "text_chars:low"),
        (
            "where: host LIKE 'site%' AND url NOT LIKE '%/0'",
            lambda d: d["host"].startswith("site") and not d["url"].endswith("/0"),
            "where",
        ),
        ("where: date < '2000-01-01' OR mime != 'text/html'", lambda d: False, "where"),
        ("where: domain = 'site2.example' AND word_count > 1", lambda d: d["host"] == "site2.example", "where"),
        ("domains: {only: [site1.example, COPY.example]}", lambda d: d["host"] in ("site1.example", "copy.example"), "domain:not_listed"),
        ("domains: {never: [example]}", lambda d: False, "domain:refused"),
        ("domains: {only: list.txt, never: [site3.example]}", lambda d: d["host"] == "site4.example", None),
    ],
)
def test_facts_decide(place, text, stays, reason):
    (place[0] / "list.txt").write_text("# ours\nsite3.example\n\n.site4.example\n")
    run, documents, decisions = kept(place, text)
    assert {i for i, d in decisions.items() if d["kept"]} == {i for i, d in documents.items() if stays(d)}
    dropped = {d["reason"] for d in decisions.values() if not d["kept"]}
    assert dropped == ({reason} if reason else {"domain:not_listed", "domain:refused"})
    found = open_run(str(place[0] / "store"), run.id)
    [page] = explain(found, next(i for i, d in decisions.items() if not d["kept"]))
    assert page.reason in dropped


def test_what_if_moves_a_limit_on_a_fact(place):
    run, documents, _ = kept(place, "limits: {tld: {one_of: [edu]}}")
    found = open_run(str(place[0] / "store"), run.id)
    change = what_if(found, (Limit("tld", one_of=("example",)),))
    assert change.enter.documents == len(documents)


def test_other_recipes_do_not_move():
    from tests.golden.test_golden import CRAWL
    from winnow.tasks.recipes.build import build

    [select] = [s for s in build(load("gopher"), CRAWL).steps if s.label == "select"]
    assert select.facts is None
    assert select.documents is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("limits: {hots: {one_of: [a]}}", "no filter of `measure` gives a signal 'hots'"),
        ("where: hots = 'a'", "no signal 'hots'. Did you mean host"),
        ("domains: {}", "lists nothing"),
        ("domains: {only: nowhere.txt}", "cannot be read"),
        ("domains: {only: ['http://a.example/']}", "must hold domains"),
        ("domains: {onyl: [a.example]}", "Did you mean only"),
    ],
)
def test_what_cannot_be_read_says_so(tmp_path, text, message):
    (tmp_path / "mine.yaml").write_text(HEAD + text)
    with pytest.raises(BadInput, match=message):
        load(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("www.mit.edu", None),
        ("edu", None),
        ("a.ac.uk", None),
        ("ac.uk.example", "domain:not_listed"),
        ("notedu", "domain:not_listed"),
        ("", "domain:not_listed"),
        ("WWW.BAD.EDU.", "domain:refused"),
        ("bad.education", "domain:not_listed"),
    ],
)
def test_an_entry_covers_what_is_below_it_and_nothing_else(host, reason):
    assert Domains(only=("edu", "ac.uk"), never=("bad.edu",)).reason(host) == reason
