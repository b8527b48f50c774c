"""What explain says of pages that deduplication, edits and buckets dropped: the step is the one that the decision names, whatever its reason is called."""

import pyarrow as pa
import pytest

from tests.pipelines import finished, rows
from tests.tiny import article, capture, html, mirror
from winnow.tasks.corpus.profile.step import deciding
from winnow.tasks.dedup.index import remember
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.explain import explain
from winnow.tasks.ledger.find import Finished, open_run

RECIPE = """
extends: raw
measure: {redpajama: null}
limits: {language_score: {low: 0.1}}
deduplicate:
  - {by: url}
  - {by: text}
  - {by: minhash, preset: fineweb, against: earlier}
  - {by: paragraph, min_chars_left: 2000}
buckets: {signal: punctuated_line_share, keep: [head]}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("explain")
    source = mirror(root / "mirror", warcs=2, pages=6)
    one = next(source.rglob("*.warc.gz"))
    old = finished(one, "fineweb", root / "store")
    remember(old.context, "earlier", old.pipeline.signatures, old.pipeline.decisions, old.pipeline.documents)
    # one page is only near one that the index knows
    text = article(3) + "\n\n" + article(4441)
    one.write_bytes(one.read_bytes() + capture(77, "http://site3.example/near", html(text.replace("\n\n" + article(4441), " and more"))))
    (root / "mine.yaml").write_text(RECIPE)
    return finished(source, root / "mine.yaml", root / "store")


@pytest.mark.slow
def test_the_step_that_dropped_a_page_is_the_one_whose_table_first_says_so(run):
    found = open_run(str(run.context.store.root), run.id)
    labels = [step.label for step in run.pipeline.steps]
    chain = deciding(run.pipeline.decisions)
    kept = {step.label: {r["id"]: r["kept"] for r in rows(run, step)} for step in chain}
    seen = set()
    for row in rows(run, run.pipeline.decisions):
        if row["kept"]:
            continue
        [page] = explain(found, row["id"])
        dropper = next(label for label in kept if not kept[label][row["id"]])
        assert page.steps[-1][0] == dropper, page.reason
        assert [label for label, _ in page.steps] == labels[: labels.index(dropper) + 1]
        seen.add(dropper)
    assert {"dedup-paragraph", "bucket", "known"} <= seen


def test_a_store_of_an_older_version_is_told_in_a_sentence(tmp_path, monkeypatch):
    run = finished(mirror(tmp_path / "mirror", warcs=1, pages=3), "gopher", tmp_path / "store")
    found = open_run(str(tmp_path / "store"), "")
    [gone, *_] = [row["id"] for row in rows(run, run.pipeline.decisions) if not row["kept"]]
    read = Finished.read

    def as_it_was(self, address, shard, columns=None, *, table=""):
        made = read(self, address, shard, columns, table=table)
        if "crossed" not in made.column_names:
            return made
        older = [[{k: v for k, v in entry.items() if k != "step"} for entry in entries] for entries in made["crossed"].to_pylist()]
        return made.set_column(made.column_names.index("crossed"), "crossed", pa.array(older))

    monkeypatch.setattr(Finished, "read", as_it_was)
    with pytest.raises(BadInput, match=r"older version of Winnow.*winnow run"):
        explain(found, gone)
