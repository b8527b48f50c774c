"""Across snapshots: what an earlier run kept is recognised, pointed at, and can be taken down."""

import json
from dataclasses import replace

import pytest

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.dedup.index import drop_snapshot, forget, open_index, overview, remember, take_down
from winnow.tasks.dedup.known import Lookup, ResolveKnown
from winnow.tasks.dedup.minhash import ComputeSignatures, MinHash
from winnow.tasks.engine.crawl import Crawl
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.text_column import TextColumn

MINHASH = MinHash(ngram=2, bands=10, rows=2)
OLD = [f"{w} two three four five six seven eight" for w in ("one", "eins", "un")]


def of_snapshot(root, snapshot, texts, files_per_shard=1, kept=True):
    DOCS.clear()
    for i, text in enumerate(texts):
        DOCS[f"{snapshot}-{i}"] = [
            {"url": f"http://{snapshot}/{i}/dropped", "text": text, "kept": False},
            {"url": f"http://{snapshot}/{i}", "text": text, "kept": kept},
        ]
    context = context_of(root, files_per_shard)
    context.crawl = Crawl(snapshot, "warc", context.crawl.files, files_per_shard)
    return context


def remembered(root, snapshot="old", texts=OLD):
    context = of_snapshot(root, snapshot, texts)
    documents, judged = Documents(), Decided()
    sign = ComputeSignatures(TextColumn(documents), MINHASH)
    decided(sign, context)
    decided(judged, context)
    return context, remember(context, "kept", sign, judged, documents)


def against(root, snapshot, texts, ranges=1, files_per_shard=1):
    context = of_snapshot(root, snapshot, texts, files_per_shard)
    documents, judged = Documents(), Decided()
    index = open_index(context.store, "kept", MINHASH, snapshot)
    return ResolveKnown(judged, Lookup("crawl", ComputeSignatures(TextColumn(documents), MINHASH), judged, index, ranges)), context


@pytest.mark.parametrize(("ranges", "files_per_shard"), [(1, 1), (3, 2)])
def test_a_new_snapshot_points_at_what_was_kept(tmp_path, ranges, files_per_shard):
    _, count = remembered(tmp_path)
    assert count == 3
    step, context = against(
        tmp_path, "new", [OLD[1], "something else that nobody ever wrote before", OLD[2] + " nine"], ranges, files_per_shard
    )
    rows = decided(step, context)
    kept = [r for r in rows if r["id"].endswith(":1")]
    assert [r["kept"] for r in kept] == [False, True, False]
    assert [r["reason"] for r in kept] == ["minhash_known_bands:high", None, "minhash_known_bands:high"]
    assert kept[0]["minhash_known"] == "old-1:1"
    assert kept[0]["minhash_known_url"] == "http://old/1"
    assert kept[0]["minhash_known_snapshot"] == "old"
    assert kept[0]["minhash_known_similarity"] == 1.0
    assert 0.5 < kept[2]["minhash_known_similarity"] < 1.0
    assert kept[1]["minhash_known"] is None
    assert all(r["reason"] == "bad:high" for r in rows if r["id"].endswith(":0"))


def test_a_snapshot_is_not_held_against_itself(tmp_path):
    remembered(tmp_path)
    step, context = against(tmp_path, "old", OLD)
    assert step.lookup.index.parts == ()
    assert [r["kept"] for r in decided(step, context)] == [False, True] * 3


def test_the_address_changes_with_what_the_index_holds(tmp_path):
    remembered(tmp_path)
    first = against(tmp_path, "new", OLD)[0].address
    assert against(tmp_path, "new", OLD)[0].address == first
    remembered(tmp_path, "older", ["other text of an older snapshot altogether"])
    assert against(tmp_path, "new", OLD)[0].address != first


def test_remembering_twice_changes_nothing_and_another_run_is_refused(tmp_path):
    context, _ = remembered(tmp_path)
    before = context.store.get("indexes/kept/index.json")
    remembered(tmp_path)
    assert context.store.get("indexes/kept/index.json") == before
    with pytest.raises(BadInput, match="from another run"):
        remembered(tmp_path, "old", OLD[:1])
    drop_snapshot(context.store, "kept", "old")
    assert remembered(tmp_path, "old", OLD[:1])[1] == 1


def test_what_is_taken_down_stays_down(tmp_path):
    context, _ = remembered(tmp_path)
    assert take_down(context.store, "kept", ["http://old/1"], "asked by the owner", "2026-11-24") == 1
    [entry] = json.loads(context.store.get("indexes/kept/index.json"))["taken_down"]
    assert entry == {"id": "old-1:1", "url": "http://old/1", "snapshot": "old", "reason": "asked by the owner", "date": "2026-11-24"}
    # Its text elsewhere, its URL with another text, and an unrelated page; also after the snapshot that held it was dropped.
    drop_snapshot(context.store, "kept", "old")
    step, new = against(tmp_path, "new", [OLD[1], "something else that nobody ever wrote before"])
    DOCS["new-1"].append({"url": "https://old/1", "text": "the owner has put quite another text here"})
    rows = decided(step, new)
    assert [r["reason"] for r in rows] == ["bad:high", "taken_down", "bad:high", None, "taken_down"]
    [crossed] = [c for c in rows[1]["crossed"] if c["reason"] == "taken_down"]
    assert crossed["detail"] == "asked by the owner (2026-11-24: http://old/1)"
    assert crossed["step"] == step.label
    assert take_down(context.store, "kept", ["http://old/1"], "again", "2026-11-25") == 0
    assert overview(context.store)[0].endswith("1 taken down")


def test_a_take_down_holds_for_the_snapshot_itself(tmp_path):
    context, _ = remembered(tmp_path)
    before = against(tmp_path, "old", OLD)[0].address
    take_down(context.store, "kept", ["old-0:1"], "asked", "2026-11-24")
    step, again = against(tmp_path, "old", OLD)
    assert step.address != before
    assert decided(step, again)[1]["reason"] == "taken_down"


def test_a_page_that_no_crawl_has_met_is_forbidden_by_its_url(tmp_path):
    context, _ = remembered(tmp_path)
    assert take_down(context.store, "kept", ["http://new/0", "http://elsewhere/"], "asked", "2026-11-24") == 2
    step, new = against(tmp_path, "new", ["a text of a page that is quite new to the index"])
    assert [r["reason"] for r in decided(step, new)] == ["bad:high", "taken_down"]
    with pytest.raises(BadInput, match="no document"):
        take_down(context.store, "kept", ["no-such-id"], "asked", "2026-11-24")


def test_a_take_down_is_lifted_by_another_verb(tmp_path):
    context, _ = remembered(tmp_path)
    take_down(context.store, "kept", ["http://old/1", "http://old/2"], "asked", "2026-11-24")
    drop_snapshot(context.store, "kept", "old")
    assert forget(context.store, "kept", ["http://old/1"]) == 1
    step, new = against(tmp_path, "new", ["eins drei fünf sieben neun elf dreizehn", OLD[2]])
    assert [r["reason"] for r in decided(step, new)][1::2] == [None, "taken_down"]
    with pytest.raises(BadInput, match="none of"):
        forget(context.store, "kept", ["http://old/1"])


def test_with_a_bar_only_a_proved_copy_of_a_known_document_goes(tmp_path):
    remembered(tmp_path)
    step, context = against(tmp_path, "new", [OLD[0], f"{OLD[0]} nine ten eleven twelve"])
    assert [r["reason"] for r in decided(step, context)][1::2] == ["minhash_known_bands:high"] * 2
    proved = replace(step, min_similarity=0.8)
    rows = decided(proved, context)[1::2]
    assert [r["kept"] for r in rows] == [False, True]
    assert rows[0]["minhash_known_similarity"] == 1.0
    assert rows[1]["minhash_known"] is None


def test_errors_say_what_to_do(tmp_path):
    context, _ = remembered(tmp_path)
    with pytest.raises(BadInput, match="--remember other"):
        open_index(context.store, "other", MINHASH, "new")
    with pytest.raises(BadInput, match="same preset"):
        open_index(context.store, "kept", MinHash(), "new")
    with pytest.raises(BadInput, match="letters"):
        open_index(context.store, "../kept", MINHASH, "new")
    step, new = against(tmp_path, "new", OLD)
    path = step.lookup.index.parts[0].path
    new.store.put(f"{path}.parquet", b"damaged")
    with pytest.raises(BadInput, match="missing or damaged"):
        decided(step, new)
