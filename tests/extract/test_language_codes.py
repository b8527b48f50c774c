"""One language has one code, whoever wrote its label."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.extract.language_codes import FOLDED, TWO_LETTERS, first_parts, folded, script, which

LABELS = st.sampled_from([*TWO_LETTERS, *TWO_LETTERS.values(), *FOLDED, "en-US", "srp_Cyrl", "cmn_Hani", "xyz"])


@pytest.mark.parametrize("label", ["en", "EN", "eng", "en-US", "eng_Latn", "en_GB"])
def test_english_is_english(label):
    assert folded(label) == "eng"
    assert which(label, ("fr", "en")) == "en"
    assert which("en", (label,)) == label


@pytest.mark.parametrize(("label", "name"), [("eng_Latn", "latn"), ("zh-hant-TW", "hant"), ("en-US", ""), ("en", "")])
def test_scripts(label, name):
    assert script(label) == name


def test_the_same_label_goes_first_and_another_script_is_another_text():
    assert which("srp_Latn", ("srp_Cyrl", "srp", "srp_Latn")) == "srp_Latn"
    assert which("srp_Latn", ("srp_Cyrl",)) is None
    assert which("sr", ("srp_Cyrl",)) == "srp_Cyrl"
    assert which(None, ("en",)) is None


@given(LABELS, LABELS)
def test_first_parts_are_those_of_the_same_language(a, b):
    assert (folded(a) == folded(b)) == (a.replace("-", "_").split("_")[0].lower() in first_parts(b))


def test_tokens_do_not_depend_on_the_code():
    assert estimated_tokens([4200] * 3, ["en", "eng_Latn", "en-US"]).tolist() == [1000] * 3
    assert estimated_tokens([4200] * 2, ["km", "khm_Khmr"]).tolist() == [7000] * 2
    assert estimated_tokens([4200], [None]).tolist() == [1400]
