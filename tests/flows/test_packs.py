"""Language packs: FineWeb2's files as limits, for documents of their language only, and what is wrong in one is named."""

import pytest
import yaml

from tests.pipelines import curated, rows
from tests.tiny import mirror
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.ledger.explain import verdicts
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.limit import Limit

FIELDS = {
    "dup_line_frac": 0.264,
    "dup_n_grams": [[5, 0.15], [6, 0.141]],
    "language_score": 0.824,
    "line_punct_thr": 0.1,
    "max_avg_word_length": 11,
    "max_non_alpha_words_ratio": 0.812,
    "min_avg_word_length": 2,
    "new_line_ratio": 0.185,
    "stopwords": ["de", "la", "l'"],
    "top_n_grams": [[2, 0.161], [3, 0.149]],
}


def recipe(path, languages, **more):
    path.write_text(yaml.safe_dump({"extends": "gopher", "measure": {"lines": ["fineweb.FineWeb"]}, "languages": languages, **more}))
    return path


def test_the_fields_of_fineweb2_become_limits(tmp_path):
    (tmp_path / "fra_Latn.yml").write_text(yaml.safe_dump(FIELDS))
    loaded = recipes.load(str(recipe(tmp_path / "r.yaml", {"fr": "fra_Latn.yml"})))
    asked = {limit.signal: limit.by_language for limit in loaded.limits if limit.by_language}
    assert asked == {
        "language_score": (("fr", 0.824, None),),
        "duplicate_line_share": (("fr", None, 0.264),),
        "punctuated_line_share": (("fr", 0.1, None),),
        "newline_per_word": (("fr", None, 0.185),),
        "mean_word_chars": (("fr", 2.0, 11.0),),
        "alpha_word_share": (("fr", 0.812, None),),
        "top_2gram_char_share": (("fr", None, 0.161),),
        "top_3gram_char_share": (("fr", None, 0.149),),
        "duplicate_5gram_char_share": (("fr", None, 0.15),),
        "duplicate_6gram_char_share": (("fr", None, 0.141),),
        "stop_word_count": (("fr", 2.0, None),),
    }
    base = {limit.signal: limit for limit in recipes.load("gopher").limits}
    for limit in loaded.limits:
        if limit.signal in base:
            assert limit.of("en") == Limit(**{**vars(base[limit.signal]), "by_language": limit.by_language})
    gopher = next(f for filters in loaded.measure.values() for f in filters if type(f).__name__ == "Gopher")
    assert gopher.language_stop_words == (("fr", ("de", "la", "l'")),)


def test_a_folder_has_a_pack_per_file(tmp_path):
    (tmp_path / "configs").mkdir()
    for label in ("fra_Latn", "deu_Latn"):
        (tmp_path / "configs" / f"{label}.yml").write_text(yaml.safe_dump(FIELDS))
    loaded = recipes.load(str(recipe(tmp_path / "r.yaml", "configs")))
    [limit] = [limit for limit in loaded.limits if limit.signal == "language_score"]
    assert [label for label, *_ in limit.by_language] == ["deu_Latn", "fra_Latn"]


def test_a_run_holds_each_language_to_its_own_bounds(tmp_path):
    source = mirror(tmp_path / "mirror", warcs=1, pages=6)
    pack = {"en": {"min_avg_word_length": 9, "stopwords": ["mill"]}, "de": {"min_avg_word_length": 99}}
    run = curated(source, recipe(tmp_path / "r.yaml", pack, limits={"word_count": None}), tmp_path / "store")
    signals, decisions = rows(run, run.pipeline.signals), rows(run, run.pipeline.decisions)
    for s, d in zip(signals, decisions, strict=True):
        crossed = {c["reason"]: c["limit"] for c in d["crossed"]}
        least = 9 if s["language"] == "en" else 99 if s["language"] == "de" else 3
        assert ("mean_word_chars:low" in crossed) == (s["mean_word_chars"] < least)
        assert s["language"] != "en" or s["stop_word_count"] <= 1
    english = [d for s, d in zip(signals, decisions, strict=True) if s["language"] == "en"]
    assert {c["limit"] for d in english for c in d["crossed"] if c["reason"] == "mean_word_chars:low"} == {9}
    table = run.context.read(run.pipeline.signals, run.context.shard_keys[0])
    row = next(i for i, s in enumerate(signals) if s["language"] == "en")
    [verdict] = [v for v in verdicts(table.slice(row, 1), run.pipeline.recipe.limits) if v.limit.signal == "mean_word_chars"]
    assert verdict.crossed
    assert verdict.margin == 9 - signals[row]["mean_word_chars"]


@pytest.mark.parametrize(
    ("languages", "said"),
    [
        ("nowhere", "has no .yml file"),
        ({"fr": "nowhere.yml"}, "pack of fr cannot be read"),
        ({"fr": {}}, "write the path of a YAML file"),
        ({"fr": {"language_scor": 0.5}}, "unknown field 'language_scor'. Did you mean language_score"),
        ({"fr": {"language_score": "high"}}, "which is no number"),
        ({"fr": {"top_n_grams": [2, 0.1]}}, "write pairs of n"),
        ({"fr": {"stopwords": ["a", False]}}, "in quotes, where YAML"),
        ({False: {"language_score": 0.5}}, "in quotes: 'no'"),
        ({"fr": {"min_avg_word_length": 5, "max_avg_word_length": 3}}, "of fr is impossible"),
        ({"fr": {"dup_n_grams": [[99, 0.1]]}}, "no filter of `measure` gives a signal"),
        (["fr"], "mapping of language"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, languages, said):
    with pytest.raises(BadInput, match=said):
        recipes.load(str(recipe(tmp_path / "r.yaml", languages)))
