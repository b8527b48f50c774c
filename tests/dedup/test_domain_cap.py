"""The cap on registered domains, and bursts of near copies over many of them."""

import json

import pytest

from tests.dedup.test_removal import WORDS
from tests.pipelines import finished, rows
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.what_if import changed, what_if
from winnow.tasks.recipes.load import load

pytestmark = pytest.mark.slow


def run_of(folder, pages, recipe, files=3):
    source = folder / "in"
    source.mkdir(exist_ok=True)
    for f in range(files):
        lines = [json.dumps({"id": f"{i}", "url": url, "text": text}) for i, (url, text) in enumerate(pages) if i % files == f]
        (source / f"{f}.jsonl").write_text("\n".join(lines) + "\n")
    (folder / "mine.yaml").write_text(recipe)
    return finished(source, folder / "mine.yaml", folder / "store")


def page(n):
    return " ".join(f"{w}{n}" for w in WORDS)


def kept(run):
    return {r["id"]: r["reason"] for r in rows(run, run.pipeline.decisions)}


def test_a_domain_has_at_most_so_many_documents_over_all_shards(tmp_path):
    pages = [(f"https://www{i % 2}.example.org/{i}", page(i)) for i in range(9)] + [
        ("https://rain.net/", page(50)),
        ("", page(51)),
        ("", page(52)),
    ]
    run = run_of(tmp_path, pages, "extends: raw\ndeduplicate: []\ncap_domains: 4\n")
    found = kept(run)
    gone = {i for i, reason in found.items() if reason == "domain_rank:high"}
    assert len(gone) == 5
    assert {i for i, reason in found.items() if reason is None} == set(map(str, range(12))) - gone
    decisions = {r["id"]: r for r in rows(run, run.pipeline.decisions)}
    assert sorted(decisions[str(i)]["domain_rank"] for i in range(9)) == list(range(9))
    assert [decisions[str(i)]["domain_documents"] for i in (0, 9, 10)] == [9, 1, 1]
    finished_run = open_run(str(tmp_path / "store"))
    change = what_if(finished_run, changed(finished_run.movable, ["domain_rank.high=5"], finished_run.measured))
    assert (change.enter.documents, change.leave.documents) == (2, 0)


def test_what_limits_dropped_does_not_count_and_a_policy_chooses(tmp_path):
    pages = [(f"https://example.org/{i}", page(i) + " more" * i) for i in range(6)]
    recipe = "extends: raw\ndeduplicate: []\nlimits: {url: {one_of: [%s]}}\ncap_domains: {documents: 2, keep: longest}\n"
    run = run_of(tmp_path, pages, recipe % ", ".join(f"'https://example.org/{i}'" for i in range(4)))
    assert {i for i, reason in kept(run).items() if reason is None} == {"2", "3"}
    for wrong, said in (("0", "at least 1"), ("{documents: 2, keep: none}", "not known"), ("{documents: 2, keep: best}", "not known")):
        (tmp_path / "wrong.yaml").write_text(f"extends: raw\ncap_domains: {wrong}\n")
        with pytest.raises(BadInput, match=said):
            load(str(tmp_path / "wrong.yaml"))


def test_a_burst_over_many_domains_goes_whole(tmp_path):
    pages = (
        [(f"https://seed{i}.org/", page(1) + f" w{i}") for i in range(6)]
        + [(f"https://good.org/{i}", page(2) + f" w{i}") for i in range(6)]
        + [("https://alone.org/", page(3))]
    )
    recipe = "extends: raw\ndeduplicate: [{by: minhash, ngram: 2, bands: 10, rows: 2, min_similarity: 0.7%s}]\n"
    plain = run_of(tmp_path, pages, recipe % "")
    assert {i for i, reason in kept(plain).items() if reason is None} == {"0", "6", "12"}
    decisions = {r["id"]: r["minhash_domains"] for r in rows(plain, plain.pipeline.decisions)}
    assert (decisions["0"], decisions["6"], decisions["12"]) == (6, 1, None)
    assert "Near copies over most domains" in plain.context.store.get(f"{plain.home}/report.html").decode()
    capped = run_of(tmp_path, pages, recipe % ", max_domains: 5")
    assert {i for i, reason in kept(capped).items() if reason == "minhash_domains:high"} == set(map(str, range(6)))
    assert {i for i, reason in kept(capped).items() if reason is None} == {"6", "12"}
    run = open_run(str(tmp_path / "store"), plain.id)
    change = what_if(run, changed(run.movable, ["minhash_domains.high=5"], run.measured))
    assert [s.id for s in change.leave.samples] == ["0"]
