"""Languages by several back-ends and by paragraph: right on plain text, one code per language whoever wrote the label."""

import pyarrow as pa
import pytest
import yaml

from tests import pipelines
from tests.extract.test_language import SENTENCES
from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.language import HeliModel, RankModel
from winnow.tasks.extract.language_codes import folded
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.sql import named, query
from winnow.tasks.report.section import Evidence
from winnow.tasks.report.sections.language_back_ends import LanguageBackEnds
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.run import release
from winnow.tasks.signals.filters import languages
from winnow.tasks.signals.filters.languages import BackEnds, Ensemble, Paragraphs
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


@pytest.mark.slow
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


class Named:
    """A back-end that says what it is told, of languages that it is told it knows."""

    def __init__(self, name, code, score, languages):
        self.name, self._said, self.languages = name, (code, score), frozenset(languages)

    def predict(self, text):
        return self._said

    def code(self, label):
        return label


@pytest.mark.parametrize(
    ("first", "second", "best", "differ"),
    [
        (("spa", 0.5, {"spa"}), ("spa", 0.1, {"spa", "ext"}), "spa", False),
        (("spa", 0.95, {"spa"}), ("ext", 0.1, {"spa", "ext"}), "ext", True),  # the first cannot name the second's
        (("spa", 0.95, {"spa", "ext"}), ("ext", 0.1, {"spa", "ext"}), "spa", True),  # both can: the first is sure
        (("spa", 0.85, {"spa", "ext"}), ("ext", 0.1, {"spa", "ext"}), "ext", True),  # ... and here is not
        (("ast", 0.4, {"spa", "ast"}), ("ext", 0.9, {"spa", "ext"}), "ast", True),  # the second cannot name the first's
        (("ast", 0.2, {"spa", "ast"}), ("ext", 0.9, {"spa", "ext"}), "ext", True),
        (("nor", 0.99, {"nor", "nno"}), ("nno", 0.1, {"nor", "nno"}), "nno", True),  # the finer label
        (("", 0.0, {"spa"}), ("spa", 0.1, {"spa"}), "spa", False),
        (("spa", 0.5, {"spa"}), ("", 0.0, {"spa"}), "spa", False),
        (("", 0.0, {"spa"}), ("", 0.0, {"spa"}), None, False),
    ],
)
def test_who_has_a_say(first, second, best, differ):
    found = Ensemble(models=(Named("a", *first), Named("b", *second))).measure(Document("x"))
    assert (found["language_best"], found["language_back_ends_differ"]) == (best, differ)
    assert found["language_votes"] == f"a:{first[0] or '-'} b:{second[0] or '-'}"
    assert (found["language_best_score"] is None) == (best is None)


def test_a_third_back_end_adds_what_it_knows():
    models = (Named("a", "spa", 0.9, {"spa"}), Named("b", "spa", 0.9, {"spa", "por"}), Named("c", "ext", 0.2, {"spa", "ext"}))
    assert Ensemble(models=models).measure(Document("x"))["language_best"] == "ext"


@pytest.mark.slow
def test_heliport_in_an_ensemble():
    pytest.importorskip("heliport")
    ensemble = filter_of("Ensemble", models={"lid176": "lid.176.ftz", "heliport": "heliport"})
    ensemble.check()
    assert [m.name for m in ensemble.models] == ["lid176", "heliport"]  # the order is the recipe's
    for text, code in ((EN, "eng"), (FR, "fra"), (EN.upper(), "eng"), ("Ngiyabonga kakhulu ngosizo lwakho namhlanje ekuseni.", "zul")):
        assert ensemble.measure(Document(text))["language_best"] == code
    assert ensemble.measure(Document(" \n"))["language_best"] is None
    assert ensemble.measure(Document("\ud800 Let us go home now, it is late."))["language_best"] == "eng"


@pytest.mark.slow
def test_labels_of_heliport_are_codes():
    pytest.importorskip("heliport")
    labels = set(HeliModel().labels)
    assert {"hbs", "msa", "fin", "est", "zul"} <= labels
    assert not labels & {"hrv", "ind", "vro"}, "it names no members, so it has no say about them"
    assert {len(label) for label in labels} == {3}
    assert not labels & {"und", "zxx"}
    assert HeliModel().predict(["Pemerintah Indonesia mengatakan bahwa kebijakan tersebut akan segera berlaku."])[0][0] == "msa"


def test_heliport_that_is_missing_is_asked_for(monkeypatch):
    monkeypatch.setattr(languages, "_installed", lambda package: languages.MISSING)
    ensemble = filter_of("Ensemble", models={"lid176": "lid.176.ftz", "heliport": "heliport"})
    with pytest.raises(BadInput, match=r"pip install 'winnow\[heliport\]'.*GPL-3.0"):
        ensemble.check()


def test_the_report_says_where_they_differ():
    table = pa.table(
        {
            "language_best": ["ext", "ext", "spa", None],
            "language_back_ends_differ": [True, True, False, False],
            "language_votes": ["a:spa b:ext", "a:spa b:ext", "a:spa b:spa", None],
        }
    )
    content = LanguageBackEnds().content(
        Evidence(None, lambda step, columns=None, table_=table, *, table="": iter([table_.select(columns)]))
    )
    assert content.rows[0] == {"language": "ext", "documents": 2, "back_ends_differ": 2}
    assert content.values["cases"] == [("a:spa b:ext", "ext", 2)]
    assert "2 of 4 documents" in content.card
    assert LanguageBackEnds().content(Evidence(None)) is None


@pytest.mark.slow
def test_an_ensemble_in_a_run_has_its_section(tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "extends: raw\nmeasure: {redpajama: null, languages: [{languages.Ensemble: {models: {lid176: lid.176.ftz, ranks: resiliparse}}}]}\n"
    )
    run = curated(mirror(tmp_path / "mirror", warcs=1, pages=6), tmp_path / "mine.yaml", tmp_path / "store")
    release(run)
    page = run.context.store.get(f"{run.home}/report.html").decode()
    assert "Where language back-ends differ" in page
