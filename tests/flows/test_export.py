"""``winnow export``: RedPajama-V2's files, every document of the run in them once, signals as its formulas give them one at a time."""

import gzip
import hashlib
import json
import math
import re
import string
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

from tests.models.ngram.texts import ngram_model
from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.cli.main import main
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.exporters.base import export, exporter
from winnow.tasks.exporters.redpajama import CCNET, DOCUMENT, LINES, missing_signals, quality_signals
from winnow.tasks.ledger.find import open_run
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.run import release


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    base = tmp_path_factory.mktemp("export")
    model = ngram_model(base)
    files = {"kenlm": model.kenlm.location, "sentencepiece": model.sentencepiece.location}
    change = {"extends": "redpajama-v2", "measure": {"perplexity": [{"perplexity.Perplexity": {"cc_net": True, "models": {"en": files}}}]}}
    (base / "rp.yaml").write_text(yaml.safe_dump(change))
    run = curated(mirror(base / "mirror", warcs=2, pages=8), base / "rp.yaml", base / "store")
    run.context.store.open_for_writing()
    record(run)
    release(run)
    return base, run, exported(base, run, base / "out")


def exported(base, run, out):
    return export(open_run(str(base / "store"), run.id), exporter("redpajama-v2"), out)


def lines_of(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def pairs(out):
    for path in sorted((out / "documents").rglob("*.json.gz")):
        name = path.relative_to(out / "documents").as_posix()
        yield name, lines_of(path), lines_of(out / "quality_signals" / name.replace(".json.gz", ".signals.json.gz"))


def test_nothing_is_dropped_and_every_document_is_there_once(place):
    base, run, made = place
    documents = rows(run, run.pipeline.documents)
    assert all(d["kept"] for d in rows(run, run.pipeline.decisions))
    found = [d for _, texts, _ in pairs(base / "out") for d in texts]
    assert sorted(d["raw_content"] for d in found) == sorted(d["text"] for d in documents)
    assert made.counts["documents"] == len(documents)
    assert made.counts["tokens"] > 10 * len(documents)
    assert {n.split("/")[-1] for n, *_ in pairs(base / "out")} >= {"en_head.json.gz", "en_middle.json.gz", "en_tail.json.gz"}


def test_ids_and_metadata_are_formed_as_published(place):
    base, *_ = place
    for name, texts, signals in pairs(base / "out"):
        assert re.fullmatch(r"2026-43/000[01]/[a-z]+_(head|middle|tail|all)\.json\.gz", name)
        for n, (text, found) in enumerate(zip(texts, signals, strict=True)):
            assert found["id"] == f"{name}/{n}"
            assert found["id_int"] == int.from_bytes(hashlib.sha1(found["id"].encode()).digest()[:8], "little")
            assert found["metadata"] == {
                "cc_segment": text["cc_segment"], "cc_net_source": name, "url": text["url"], "source_domain": text["source_domain"],
                "language": text["language"], "snapshot_id": "2026-43",
            }  # fmt: skip
            assert f"_{text['bucket']}." in name


def test_signals_have_the_published_names_and_spans(place):
    base, run, _ = place
    assert len(CCNET) + len(DOCUMENT) + len(LINES) == 42 + 3  # published, and with the length counted
    for _, texts, signals in pairs(base / "out"):
        for text, found in zip(texts, signals, strict=True):
            values = found["quality_signals"]
            assert set(values) == {*CCNET, *DOCUMENT, *LINES}
            total = len(text["raw_content"])
            for name, triples in values.items():
                if name in LINES:
                    assert "".join(text["raw_content"][a:b] for a, b, _ in triples) == text["raw_content"]
                    assert all(text["raw_content"][a:b].count("\n") <= 1 for a, b, _ in triples)
                else:
                    [[start, end, score]] = triples
                    assert (start, end) == (0, total)
                    assert score is None or type(score) is float
            assert values["ccnet_perplexity"][0][2] == text["perplexity"]
            assert values["ccnet_bucket"][0][2] == {"head": 0, "middle": 1, "tail": 2, "all": None}[text["bucket"]]
            assert values["ccnet_length"][0][2] == text["length"]
    assert set(missing_signals(open_run(str(base / "store"), run.id))) == {n for n in DOCUMENT if "_ml_" in n or "_importance" in n}


def published(text):
    """Some of the published formulas, one at a time, as its code spells them."""
    plain = unicodedata.normalize("NFD", re.sub(r"\s+", " ", text.translate(str.maketrans("", "", string.punctuation)).lower().strip()))
    words, raw = plain.split(), re.findall(r"\w+|[^\w\s]+", text)
    counts = Counter(words)
    grams = {n: Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1)) for n in range(2, 11)}
    chars = sum(map(len, words))
    found = {
        "rps_doc_word_count": len(words),
        "rps_doc_mean_word_length": chars / len(words),
        "rps_doc_frac_unique_words": len(counts) / len(words),
        "rps_doc_unigram_entropy": -sum(c / len(words) * math.log(c / len(words)) for c in counts.values()),
        "rps_doc_frac_all_caps_words": sum(w.isupper() for w in raw) / len(raw),
        "rps_doc_frac_no_alph_words": 1 - sum(re.search("[a-zA-Z]", w) is not None for w in raw) / len(raw),
        "rps_doc_symbol_to_word_ratio": sum(text.count(s) for s in ("#", "...", "…")) / len(raw),
        "rps_doc_num_sentences": len(re.findall(r"\b[^.!?]+[.!?]*", text)),
    }
    for n in (2, 3, 4):
        gram, count = grams[n].most_common(1)[0]
        found[f"rps_doc_frac_chars_top_{n}gram"] = sum(map(len, gram)) * count / chars if count > 1 else 0
    for n in range(5, 11):
        covered = set()
        for i in range(len(words) - n + 1):
            if grams[n][tuple(words[i : i + n])] > 1:
                covered |= set(range(i, i + n))
        found[f"rps_doc_frac_chars_dupe_{n}grams"] = sum(len(words[i]) for i in covered) / chars
    lines = re.findall(r"[^\n]*\n|[^\n]+$", text)
    found["rps_lines_ending_with_terminal_punctution_mark"] = [float(s.rstrip().endswith((".", "!", "?", "”"))) for s in lines]
    found["rps_lines_uppercase_letter_fraction"] = [sum(map(str.isupper, s)) / len(s) for s in lines]
    return found


def test_scores_are_what_the_published_formulas_give(place):
    base, *_ = place
    checked = 0
    for _, texts, signals in pairs(base / "out"):
        for text, found in zip(texts, signals, strict=True):
            for name, value in published(text["raw_content"]).items():
                scores = [s for _, _, s in found["quality_signals"][name]]
                assert scores == pytest.approx(value if isinstance(value, list) else [value], abs=1e-7), name
                checked += 1
    assert checked > 300


def test_copies_are_listed_with_their_digest(place):
    base, run, made = place
    listed = [r for p in (base / "out" / "duplicates").rglob("*.parquet") for r in pq.read_table(p).to_pylist()]
    expected = sum(d["text_cluster_rank"] not in (None, 0) for d in rows(run, run.pipeline.decisions))
    assert len(listed) == made.counts["duplicates"] == expected > 0
    digests = Counter(d["digest"].removeprefix("sha1:") for _, texts, _ in pairs(base / "out") for d in texts)
    assert all(digests[r["digest"]] > 1 for r in listed)


def test_the_same_bytes_again_and_nothing_to_do(place, tmp_path):
    base, run, made = place
    again = exported(base, run, tmp_path / "again")
    files = {p.relative_to(base / "out") for p in (base / "out").rglob("*") if p.is_file()}
    assert all((base / "out" / f).read_bytes() == (tmp_path / "again" / f).read_bytes() for f in files)
    assert {str(f) for f in files} == {*made.files, "export.json"}
    assert again.digest == made.digest
    assert exported(base, run, base / "out").nothing_to_do
    (tmp_path / "again" / "export.json").write_text('{"run": "another"}')
    with pytest.raises(BadInput, match="holds an export of another"):
        exported(base, run, tmp_path / "again")


def test_text_that_changed_after_it_was_measured_is_refused():
    with pytest.raises(BadInput, match="other lines than when its signals were measured"):
        quality_signals("one\ntwo", {"rps_lines_num_words": [1.0]})


def test_the_command_says_what_it_wrote(place, tmp_path, capsys):
    base, run, made = place
    words = ["export", "--store", str(base / "store"), "--run", run.id, "--out", str(tmp_path / "out"), "--format", "redpajama-v2"]
    for said in (f"{made.counts['documents']} documents", "Nothing to do"):
        assert main(words) == 0
        out = capsys.readouterr()
        assert said in out.out + out.err
    assert "null, since the run has no such signal: rps_doc_ml_palm_score" in out.out
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["digest"] == made.digest
    assert {k: told[k] for k in ("documents", "tokens")} == {k: made.counts[k] for k in ("documents", "tokens")}
    assert {hashlib.sha256(Path(f).read_bytes()).hexdigest() for f in told["files"]} == {
        hashlib.sha256((base / "out" / f).read_bytes()).hexdigest() for f in made.files
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--run", "other"), "There is no run other"),
        (("--format", "megatron-9"), "There is no format 'megatron-9'. Known are: redpajama-v2 (documents,"),
        (("--tokenizer", "gpt2"), "leave --tokenizer out"),
        (("--out", "/proc/winnow"), "cannot be written"),
    ],
)
def test_what_cannot_be_exported_is_said(place, tmp_path, capsys, more, said):
    base, *_ = place
    assert main(["export", "--store", str(base / "store"), "--out", str(tmp_path / "out"), *more]) == 2
    assert said in capsys.readouterr().err
