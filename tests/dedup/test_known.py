"""Across snapshots: what an earlier run kept is recognised, pointed at, and can be taken down."""

import json
from dataclasses import replace

import pytest

from tests.dedup.clusters import DOCS, Decided, Documents, context_of, decided
from winnow.tasks.dedup.index import drop_snapshot, open_index, remember
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


def test_take_downs_of_an_older_index_are_not_lost_in_silence(tmp_path):
    context, _ = remembered(tmp_path)
    entry = json.loads(context.store.get("indexes/kept/index.json"))
    context.store.put("indexes/kept/index.json", json.dumps(entry | {"taken_down": [{"id": "old-1:1"}]}).encode())
    with pytest.raises(BadInput, match="older winnow"):
        against(tmp_path, "new", OLD)


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
