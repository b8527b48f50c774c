"""RedPajama-V2's signals against values computed by hand from the published formulas."""

import math

import pytest

from winnow.tasks.signals.filters.redpajama import RedPajama, normalised
from winnow.tasks.signals.text import Document

TEXT = "The CAT, it's {here}...\n\u2022 Lorem ipsum 42!\nno javascript javaScript\n"
# raw words (17): The CAT , it ' s { here }... \u2022 Lorem ipsum 42 ! no javascript javaScript
# normalised words (11): the cat its here \u2022 lorem ipsum 42 no javascript javascript, 54 characters


def measured(text, language="en"):
    return RedPajama().measure(Document(text, language=language))


def test_by_hand():
    counts = [1] * 9 + [2]
    chars = len("thecatitshere\u2022loremipsum42nojavascriptjavascript")
    expected = {
        "rps_doc_curly_bracket": 2 / len(TEXT),
        "rps_doc_lorem_ipsum": 1 / (chars + 10),
        "rps_doc_stop_word_fraction": 4 / 17,  # it s here no
        "rps_doc_num_sentences": 3,
        "rps_doc_word_count": 11,
        "rps_doc_mean_word_length": chars / 11,
        "rps_doc_symbol_to_word_ratio": 1 / 17,
        "rps_doc_frac_lines_end_with_ellipsis": 1 / 3,
        "rps_doc_frac_no_alph_words": 7 / 17,
        "rps_doc_frac_unique_words": 10 / 11,
        "rps_doc_unigram_entropy": -sum(c / 11 * math.log(c / 11) for c in counts),
        "rps_doc_frac_all_caps_words": 1 / 17,
        "rps_lines_ending_with_terminal_punctution_mark": [1.0, 1.0, 0.0],
        "rps_lines_javascript_counts": [0.0, 0.0, 2.0],
        "rps_lines_num_words": [4.0, 4.0, 3.0],
        "rps_lines_numerical_chars_fraction": [0.0, 2 / len("\u2022 lorem ipsum 42"), 0.0],
        "rps_lines_start_with_bulletpoint": [0.0, 1.0, 0.0],
        "rps_lines_uppercase_letter_fraction": [4 / 24, 1 / 18, 1 / 25],
    }
    values = measured(TEXT)
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, abs=1e-8), name


def test_repetition_by_hand():
    values = measured("a bb a bb, A BB! ccc")  # a bb a bb a bb ccc: 12 characters
    assert values["rps_doc_frac_chars_top_2gram"] == pytest.approx(9 / 12)  # (a bb) x 3
    assert values["rps_doc_frac_chars_top_3gram"] == pytest.approx(4 * 2 / 12, abs=1e-8)  # (a bb a) x 2, the earliest of equals
    assert values["rps_doc_frac_chars_top_4gram"] == pytest.approx(6 * 2 / 12)
    assert values["rps_doc_frac_chars_dupe_5grams"] == 0
    five = measured("one two three four five x one two three four five y")
    assert five["rps_doc_frac_chars_dupe_5grams"] == pytest.approx(38 / 40)
    assert five["rps_doc_frac_chars_dupe_6grams"] == 0
    assert measured("one two three")["rps_doc_frac_chars_top_2gram"] == 0  # occurs once


def test_overlapping_ngrams_count_once():
    assert measured("w " * 20)["rps_doc_frac_chars_dupe_10grams"] == 1


def test_what_has_no_denominator_is_null():
    empty = measured("")
    assert {name for name, value in empty.items() if value is None} == {
        f"rps_doc_{n}"
        for n in (
            "mean_word_length",
            "symbol_to_word_ratio",
            "frac_lines_end_with_ellipsis",
            "frac_no_alph_words",
            "frac_unique_words",
            "unigram_entropy",
            "frac_all_caps_words",
        )
    }
    assert [v for k, v in empty.items() if k.startswith("rps_lines")] == [[]] * 6
    assert measured("Wörter und so", "xx")["rps_doc_stop_word_fraction"] is None
    assert measured("Wörter und so", "de")["rps_doc_stop_word_fraction"] == pytest.approx(2 / 3)


def test_normalisation():
    assert normalised("Ça, VA!\n_x-y_") == "c\u0327a va\nxy"


@pytest.mark.parametrize("text", ["a\n\nb", "a\n\nb\n", "\n", "a", "\n\n", "\u2028a\nb"])
def test_one_value_per_line(text):
    lines = text.split("\n") if text[-1] != "\n" else text[:-1].split("\n")
    assert all(len(v) == len(lines) for k, v in measured(text).items() if k.startswith("rps_lines"))
