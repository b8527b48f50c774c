"""Take-downs: what a store forbids goes in every run, whatever it is known by."""

import json

import numpy as np
import pytest

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from tests.dedup.test_known import OLD, remembered
from tests.pipelines import curated, finished, rows
from tests.tiny import mirror
from winnow.cli.main import main
from winnow.tasks.dedup.index import drop_snapshot, found_in
from winnow.tasks.dedup.take_downs import CURRENT, ApplyTakeDowns, Entry, TakeDowns, add, current, lift, listed
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.ledger.explain import explain
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.take_down import found_in as found_in_run
from winnow.tasks.recipes import build as recipes

DAY = "2026-11-24"
LONG = " ".join(f"word{i} of a text that somebody wrote once" for i in range(30))


def taken_down(text="", **who):
    who = {"id": "", "url": "", "snapshot": "old", "reason": "asked by the owner", "date": DAY} | who
    return Entry(**who).with_text(text) if text else Entry(**who)


def judged(root, texts, urls=None):
    DOCS.clear()
    for i, text in enumerate(texts):
        DOCS[f"new-{i}"] = [{"url": (urls or {}).get(i, f"http://new/{i}"), "text": text}]
    context = context_of(root)
    step = ApplyTakeDowns(Decided(), TextColumn(Documents()), current(context.store))
    return decided(step, context), context.store.report(step, context.shard_keys[0])["notes"]


def test_a_document_is_known_by_id_url_text_and_near_copies(tmp_path):
    store = context_of_nothing(tmp_path)
    add(store, [taken_down(LONG, id="new-0:0", url="https://Mill.org:443/page"), taken_down(id="new-3:0")])
    near = LONG.replace("word7 ", "word8 ").replace("word20", "word21")
    texts = [
        "other",
        "another text",
        LONG.upper().replace(" ", "\n"),
        "by its id",
        near,
        "before " * 200 + LONG + " after" * 200,
        "unrelated words of somebody else",
    ]
    found, _ = judged(tmp_path, texts, {1: "http://mill.org/page"})
    assert [r["reason"] for r in found] == ["taken_down"] * 6 + [None]
    assert [r["crossed"][0]["detail"].rpartition("; by its ")[2] for r in found[:6]] == [
        "id", "URL", "text", "id", "near copy", "text within another",
    ]  # fmt: skip
    assert found[0]["crossed"][0]["detail"].startswith("asked by the owner (2026-11-24: https://Mill.org:443/page)")
    assert 0.7 <= found[4]["crossed"][0]["value"] < 1.0
    assert all(r["crossed"][0]["step"] == "take-downs" for r in found[:6])


def context_of_nothing(root):
    DOCS.clear()
    return context_of(root).store


def test_a_short_text_within_another_is_no_reason(tmp_path):
    add(context_of_nothing(tmp_path), [taken_down("Page not found. Go back to the start page.", id="x")])
    found, _ = judged(tmp_path, ["Page not found. Go back to the start page. " + LONG, "page not found: go back to the start page"])
    assert [r["reason"] for r in found] == [None, "taken_down"]


def test_a_page_dropped_already_keeps_its_reason_and_is_marked(tmp_path):
    add(context_of_nothing(tmp_path), [taken_down(url="http://new/0")])
    DOCS["new-0"] = [{"url": "http://new/0", "text": "x", "kept": False}]
    context = context_of(tmp_path)
    [row] = decided(ApplyTakeDowns(Decided(), TextColumn(Documents()), current(context.store)), context)
    assert (row["reason"], [c["reason"] for c in row["crossed"]]) == ("bad:high", ["bad:high", "taken_down"])


def test_what_an_index_holds_is_taken_down_with_its_n_grams(tmp_path):
    context, _ = remembered(tmp_path)
    add(context.store, found_in(context.store, "kept", ["http://old/1", "http://elsewhere/"], "asked", DAY))
    drop_snapshot(context.store, "kept", "old")
    found, notes = judged(tmp_path, [OLD[1], "quite another text", "a new text"], {1: "http://elsewhere/"})
    assert [r["reason"] for r in found] == ["taken_down", "taken_down", None]
    assert notes == {"taken_down": {"0": 1}}
    with pytest.raises(BadInput, match="no document"):
        found_in(context.store, "kept", ["no-such-id"], "asked", DAY)


def test_the_list_is_never_changed_and_a_kill_leaves_one_or_the_other(tmp_path):
    store = context_of_nothing(tmp_path)
    assert current(store) is None
    assert len(add(store, [taken_down(LONG, id="a", url="http://a/")])) == 1
    first = current(store)
    assert add(store, [taken_down(LONG, id="a", url="http://a/")]) == []
    assert current(store) == first
    add(store, [taken_down(id="b")])
    assert [e.id for e in first.read(store)] == ["a"]  # a run that began with it ends with it
    assert [e.id for e in listed(store)] == ["a", "b"]
    assert np.array_equal(listed(store)[0].shingles, taken_down(LONG).shingles)
    assert [e.id for e in lift(store, ["b"])] == ["b"]
    assert current(store) == first
    with pytest.raises(BadInput, match="Not taken down"):
        lift(store, ["b"])
    lift(store, ["http://a/"])
    assert current(store) is None


def test_a_damaged_list_stops_every_run(tmp_path):
    store = context_of_nothing(tmp_path)
    add(store, [taken_down(id="a")])
    store.put(current(store).path, b"damaged")
    with pytest.raises(BadInput, match="missing or damaged"):
        listed(store)
    store.put(CURRENT, b"{")
    with pytest.raises(BadInput, match="what no run may keep"):
        current(store)


def test_addresses_are_as_ever_without_take_downs():
    from tests.golden.test_golden import CRAWL

    recipe = recipes.load("fineweb")
    plain, with_list = (recipes.build(recipe, CRAWL, take_downs=t) for t in (None, TakeDowns("0" * 64, 1)))
    assert not any(s.label == "take-downs" for s in plain.steps)
    assert plain.signals.address == with_list.signals.address
    assert plain.decisions.address != with_list.decisions.address
    labels = [s.label for s in with_list.steps]
    assert labels.index("take-downs") < labels.index("dedup-url")


@pytest.mark.slow
def test_every_later_run_drops_it_whatever_the_recipe(tmp_path, capsys):
    source, store = mirror(tmp_path / "mirror", warcs=2, pages=4), tmp_path / "store"
    before = finished(source, "raw", store)
    url = "http://site1.example/1"
    assert url in {r["url"] for r in rows(before, before.pipeline.documents)}
    assert main(["take-downs", "add", url, "--store", str(store), "--reason", "asked by the owner"]) == 0
    after = finished(source, "raw", store)
    assert after.id != before.id
    decisions = rows(after, after.pipeline.decisions)
    documents = rows(after, after.pipeline.documents)
    assert [d["url"] for d, r in zip(documents, decisions, strict=True) if r["reason"] == "taken_down"] == [url]
    manifest = json.loads(after.context.store.get(after.manifest_path))
    said = manifest["take_downs"]
    assert (said["sha256"], said["entries"]) == (current(after.context.store).sha256, 1)
    [met] = said["met"]
    assert (met["url"], met["reason"], met["documents"]) == (url, "asked by the owner", 1)
    assert "take_downs" not in json.loads(before.context.store.get(before.manifest_path))
    [found] = explain(open_run(str(store), after.id), url)
    assert "taken_down" in found.fate
    assert "asked by the owner" in found.fate
    # Nothing is left to do, and the same list gives the same digests.
    assert curated(source, "raw", store).plan.computed == 0
    assert main(["take-downs", "lift", url, "--store", str(store)]) == 0
    assert curated(source, "raw", store).id == before.id
    capsys.readouterr()


@pytest.mark.slow
def test_a_run_names_what_is_to_be_taken_down(tmp_path, capsys):
    source, store = mirror(tmp_path / "mirror", warcs=1, pages=3), tmp_path / "store"
    finished(source, "raw", store)
    run = open_run(str(store))
    urls = ["http://site1.example/1", "http://nobody.example/"]
    entries = found_in_run(run, urls, "asked", DAY)
    assert [e.url for e in entries] == urls
    assert entries[0].text_key
    assert not entries[1].text_key
    (tmp_path / "urls.txt").write_text("\n".join(urls) + "\n")
    assert main(["take-downs", "add", "--file", str(tmp_path / "urls.txt"), "--store", str(store)]) == 2
    assert "--reason" in capsys.readouterr().err
    assert main(["take-downs", "add", "--file", str(tmp_path / "urls.txt"), "--store", str(store), "--reason", "asked"]) == 0
    assert main(["take-downs", "list", "--store", str(store), "--json"]) == 0
    assert [t["url"] for t in json.loads(capsys.readouterr().out.splitlines()[-1])["take_downs"]] == urls
    assert main(["take-downs", "add", "no-such-id", "--store", str(store), "--reason", "asked"]) == 2
