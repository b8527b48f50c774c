"""Languages by several back-ends and by paragraph: right on plain text, one code per language whoever wrote the label."""

import pytest
import yaml

from tests import pipelines
from tests.extract.test_language import SENTENCES
from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.language import RankModel
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.sql import named, query
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.run import release
from winnow.tasks.signals.filters.languages import BackEnds, Paragraphs
from winnow.tasks.signals.text import Document

EN, FR = SENTENCES["en"], SENTENCES["fr"]


def filter_of(name, **options):
    return pipelines.filter_of({f"languages.{name}": options})


@pytest.fixture(scope="module")
def both():
    return filter_of("BackEnds", models={"lid176": "lid.176.ftz", "ranks": "resiliparse"})


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("en", "eng"),
        ("eng_Latn", "eng"),
        ("eng", "eng"),
        ("zh", "zho"),
        ("cmn_Hani", "zho"),
        ("arz_Arab", "ara"),
        ("nb", "nor"),
        ("nob_Latn", "nor"),
        ("als_Latn", "sqi"),
        ("sq", "sqi"),
        ("zh-Hant", "zho"),
        ("xyz", "xyz"),
        ("", ""),
    ],
)
def test_one_code_per_language(label, code):
    assert folded(label) == code
    assert folded("als", wikipedia=True) == "gsw"


@pytest.mark.parametrize("language", ["en", "de", "fr", "ja", "ar"])
def test_back_ends_side_by_side(both, language):
    text = " ".join([SENTENCES[language]] * 3)
    found = both.measure(Document(text, language=language))
    assert found["language_lid176"] == found["language_ranks"] == language
    assert found["language_majority"] == folded(language)
    assert found["language_agreement"] == 1
    assert all(0 < found[f"language_{m}_score"] <= 1 for m in ("lid176", "ranks"))


def test_where_they_differ_the_surest_counts(both):
    found = both.measure(Document("Ok, la la la."))
    assert found["language_lid176"] != found["language_ranks"]
    assert found["language_agreement"] == 0.5
    surest = max(("lid176", "ranks"), key=lambda m: found[f"language_{m}_score"])
    assert found["language_majority"] == folded(found[f"language_{surest}"], wikipedia=surest == "lid176")


def test_nothing_to_judge(both):
    found = both.measure(Document(" \n"))
    assert (found["language_majority"], found["language_agreement"]) == (None, None)
    assert RankModel().predict(["", "\ud800"])[0] == ("", 0.0)


def test_shares_of_languages_in_a_page():
    f = filter_of("Paragraphs", model="lid.176.ftz")
    text = f"{EN} {EN}\n\nMenu\n{FR}\n"
    found = f.measure(Document(text, language="en"))
    total = 2 * len(EN) + 1 + len(FR)
    assert found["language_own_share"] == found["language_largest_share"] == round((2 * len(EN) + 1) / total, 4)
    assert found["language_shares"] == f"eng:{found['language_own_share']} fra:{round(len(FR) / total, 4)}"
    assert found["language_count"] == 2
    assert found["language_unsure_share"] == 0
    assert f.measure(Document(text, language="de"))["language_own_share"] == 0
    unsure = filter_of("Paragraphs", model="lid.176.ftz", min_score=1.0).measure(Document(f"{FR}\n{EN}"))
    assert unsure["language_unsure_share"] + unsure["language_largest_share"] == pytest.approx(1)
    assert set(f.measure(Document("Menu\nHome", language="en")).values()) == {None}


def test_before_the_first_shard(tmp_path):
    for cls in (BackEnds, Paragraphs):
        with pytest.raises(BadInput, match="needs"):
            cls().check()
    for models in ({"a": "lid.176.ftz"}, ["lid.176.ftz"], {"A b": "lid.176.ftz", "c": "resiliparse"}):
        with pytest.raises(BadInput, match="two or more back-ends"):
            filter_of("BackEnds", models=models)
    (tmp_path / "cut.bin").write_bytes(b"nothing")
    with pytest.raises(BadInput, match="truncated"):
        filter_of("BackEnds", models={"a": str(tmp_path / "cut.bin"), "b": "resiliparse"}).check()


def test_a_report_of_agreement(tmp_path):
    measure = {"languages": [{"languages.BackEnds": {"models": {"lid176": "lid.176.ftz", "ranks": "resiliparse"}}}]}
    change = {"extends": "raw", "deduplicate": [], "measure": {"url": None, "text": None, "redpajama": None, **measure}}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(change))
    run = curated(mirror(tmp_path / "mirror", warcs=1, pages=4), tmp_path / "r.yaml", tmp_path / "store")
    run.context.store.open_for_writing()
    record(run)
    release(run)
    names, found = query(open_run(str(tmp_path / "store"), run.id), named()["language-agreement"])
    report = [dict(zip(names, row, strict=True)) for row in found]
    signals = rows(run, run.pipeline.signals)
    assert sum(r["documents"] for r in report) == len(signals)
    english = [s for s in signals if s["language"] == "en"]
    [row] = [r for r in report if r["language"] == "en"]
    assert row["unanimous"] == pytest.approx(sum(s["language_agreement"] == 1 for s in english) / len(english), abs=1e-4)


@pytest.mark.data
def test_web_text_checked_by_people(both):
    """docs/languages.md has the figures of all of it and of the other label sets."""
    from tests.benchmarks.languages import SETS, sample
    from tests.shared import DATA

    if not DATA.exists():
        pytest.skip("needs ../shared/data")
    pairs = sample(*SETS["HPLT web text, checked by people"])[:600]
    found = [(both.measure(Document(text)), truth) for text, truth in pairs]
    assert sum(folded(m["language_lid176"], wikipedia=True) == truth for m, truth in found) > 0.94 * len(found)
    agreed = [(m, truth) for m, truth in found if m["language_agreement"] == 1]
    assert len(agreed) > 0.85 * len(found)
    assert sum(m["language_majority"] == truth for m, truth in agreed) > 0.95 * len(agreed)
