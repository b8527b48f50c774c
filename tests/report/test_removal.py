"""The section on the removal of near copies, and what the end of a run says of it."""

import html
import json
import re

import pytest

from tests.dedup.test_removal import chain
from tests.pipelines import finished
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.recipes.load import load
from winnow.tasks.runs.ending import said, warnings
from winnow.tasks.runs.run import summary_of

PASS = "{{by: minhash, ngram: 2, bands: 10, rows: 2, min_similarity: {similarity}, warn_documents: 10{more}}}"


def run_of(folder, similarity, more=""):
    rows = [{"url": f"https://www.mill.org/{i}", "text": text} for i, text in enumerate(chain(12))]
    rows += [{"url": f"https://rain.net/{i}", "text": " ".join(f"rain{i}x{n}" for n in range(20))} for i in range(16)]
    (folder / "in").mkdir()
    (folder / "in" / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "recipe.yaml").write_text(f"extends: raw\ndeduplicate: [{PASS.format(similarity=similarity, more=more)}]\n")
    return finished(folder / "in", folder / "recipe.yaml", folder / "store")


def section_of(run):
    report = run.context.store.get(f"{run.home}/report.html").decode()
    start = report.index('<section id="removal"')
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", report[start : report.index("</section>", start)])).split())


def test_chains_are_warned_of_and_the_report_says_how_much_was_false(tmp_path):
    run = run_of(tmp_path, 0)
    summary = summary_of(run)
    [warning] = warnings(summary)
    assert "more than 50.0 % of the documents of" in warning
    assert "1 domain (mill.org); 1 host (www.mill.org). The report's section" in warning
    below, false = summary.figures["removal"]
    assert 0.5 < false.value <= 1.0
    assert below.label == "minhash: removed below 0.316, the similarity that the pass means"
    assert below.value > 0.5
    assert any(line.startswith("removal     minhash: false removals ") for line in said(summary, {"computed": 1, "cached": 0}))
    shown = section_of(run)
    assert "▲ www.mill.org" in shown
    assert "▲ rain.net" not in shown
    assert "false removals of the sample" in shown


def test_verified_removal_is_not_warned_of(tmp_path):
    run = run_of(tmp_path, 0.7)
    summary = summary_of(run)
    assert warnings(summary) == []
    below, false = summary.figures["removal"]
    assert (below.value, false.value) == (0.0, 0.0)


def test_the_rule_and_the_sample_are_options(tmp_path):
    run = run_of(tmp_path, 0, ", warn_share: 1, audit_pairs: 0")
    summary = summary_of(run)
    assert warnings(summary) == []
    assert "removal" not in summary.figures
    assert "▲ www" not in section_of(run)
    for wrong in ("warn_share: 2", "warn_documents: 0", "audit_pairs: -1"):
        (tmp_path / "wrong.yaml").write_text(f"extends: raw\ndeduplicate: [{{by: minhash, {wrong}}}]\n")
        with pytest.raises(BadInput, match=wrong.split(":")[0]):
            load(str(tmp_path / "wrong.yaml"))
