"""What a recipe wants done with personal data, from its YAML to the columns of the corpus; and the commands on files."""

import json

import pyarrow.parquet as pq
import pytest

from tests.pipelines import finished
from winnow.cli.main import main
from winnow.tasks.corpus.pii.redaction import redaction
from winnow.tasks.engine.errors import BadInput

TEXTS = [
    "Write to jane@firm.org, IBAN DE89 3704 0044 0532 0130 00.",
    "Nothing is here but wheat and chaff.",
    "请联系abc@qq.com进行注册。",
]


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"id": f"d{i}", "text": text}) + "\n" for i, text in enumerate(TEXTS)))
    return path


def test_replaced_and_tagged_in_the_corpus(tmp_path, texts):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text("extends: raw\ndeduplicate: []\nredact: {replace: [email], tag: [iban]}\n")
    run = finished(texts, recipe, tmp_path / "store")
    rows = [row for path in (tmp_path / "store").glob("corpora/**/*.parquet") for row in pq.read_table(path).to_pylist()]
    by_id = {row["id"]: row for row in rows}
    text = by_id["d0"]["text"]
    assert "jane@firm.org" not in text
    [tag] = by_id["d0"]["personal_data"]
    assert (tag["kind"], text[tag["start"] : tag["end"]]) == ("iban", "DE89 3704 0044 0532 0130 00")
    assert by_id["d1"]["personal_data"] == []
    [report] = [
        run.context.store.report(step, shard) for step in run.pipeline.steps if step.name == "redact" for shard in step.shards(run.context)
    ]
    [step] = [step for step in run.pipeline.steps if step.name == "redact"]
    places = [row for shard in step.shards(run.context) for row in run.context.read(step, shard, table="personal_data").to_pylist()]
    assert {(p["id"], p["kind"], p["action"], p["start"], p["end"]) for p in places} == {
        ("d0", "email", "replaced", 9, 22),
        ("d0", "iban", "tagged", tag["start"], tag["end"]),
        ("d2", "email", "replaced", 3, 13),
    }
    assert report["notes"]["personal_data"] == {"email": 2}
    assert report["notes"]["personal_data_tagged"] == {"iban": 1}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (["emial"], "no kind of personal data 'emial'"),
        ({"replaced": ["email"]}, "replace, tag and key"),
        ("email", "replace, tag and key"),
        ({"replace": ["email"], "tag": ["email"]}, "both replaced and tagged"),
        ({"replace": "email"}, "must be a list"),
        ({"replace": ["email"], "key": "WINNOW_NO_SUCH_KEY"}, "openssl rand"),
    ],
)
def test_what_cannot_be_done_is_said(raw, said):
    with pytest.raises(BadInput, match=said):
        redaction(raw, "Recipe mine")


def test_the_key_enters_the_identity_and_is_not_stored(monkeypatch):
    monkeypatch.setenv("MINE", "0123456789abcdef-secret")
    first = redaction({"replace": ["email"], "key": "MINE"}, "")
    assert first.key_bytes() == b"0123456789abcdef-secret"
    assert "secret" not in repr(first)
    monkeypatch.setenv("MINE", "another key of enough bytes")
    assert redaction({"replace": ["email"], "key": "MINE"}, "") != first
    with pytest.raises(BadInput, match="another value here"):
        first.key_bytes()


def test_versions_of_the_tables_enter_the_identity():
    assert [lib.partition("==")[0] for lib in redaction(["email", "phone"], "").libraries] == ["phonenumbers", "tldextract"]
    assert redaction([], "").libraries == ()


def test_the_command_prints_text_and_spans(texts, capsys):
    assert main(["redact", str(texts), "--json", "--kinds", "email,iban"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in lines] == ["d0", "d1", "d2"]
    assert [[TEXTS[i][s["start"] : s["end"]] for s in line["spans"]] for i, line in enumerate(lines)] == [
        ["jane@firm.org", "DE89 3704 0044 0532 0130 00"],
        [],
        ["abc@qq.com"],
    ]
    assert lines[1]["text"] == TEXTS[1]


@pytest.mark.parametrize("content", ["{", '{"id": 1}', '["text"]', '{"text": 3}'])
def test_a_bad_line_is_named(tmp_path, content, capsys):
    path = tmp_path / "bad.jsonl"
    path.write_text(f'{{"text": "x"}}\n{content}\n')
    assert main(["redact", str(path)]) == 2
    assert "line 2" in capsys.readouterr().err


def test_evaluate_counts_by_place_and_by_value(tmp_path, capsys):
    path = tmp_path / "labelled.jsonl"
    placed = {
        "text": TEXTS[0],
        "spans": [[9, 22, "EMAIL_ADDRESS"], {"start_position": 0, "end_position": 5, "entity_type": "PHONE_NUMBER"}],
    }
    valued = {"text": "Tel. 030 901820, mail jane@firm.org", "entities": [{"type": "TEL", "text": "030 901820"}]}
    path.write_text(json.dumps(placed) + "\n" + json.dumps(valued) + "\n")
    assert main(["evaluate", "pii", str(path), "--json"]) == 0
    scores = {s["kind"]: s for s in map(json.loads, capsys.readouterr().out.splitlines())}
    assert scores == {
        "email": {"kind": "email", "gold": 1, "found": 1, "spans": 1, "right": 1, "precision": 1.0, "recall": 1.0, "f1": 1.0},
        "phone": {"kind": "phone", "gold": 2, "found": 1, "spans": 1, "right": 1, "precision": 1.0, "recall": 0.5, "f1": 0.6667},
    }
    path.write_text('{"text": "x"}\n')
    assert main(["evaluate", "pii", str(path)]) == 2
