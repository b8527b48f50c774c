"""Signals of mathematics and of code, by hand."""

import pytest

from winnow.tasks.models.classify.prepare import prose
from winnow.tasks.signals.filters.code import Code
from winnow.tasks.signals.filters.mathematics import Mathematics
from winnow.tasks.signals.filters.openwebmath import OpenWebMath, listed
from winnow.tasks.signals.text import Document


def test_mathematics_by_hand():
    text = "Let \\(a+b\\) be\n\\[\\alpha\\]\nβ < 3, it costs $5 or $6."
    assert Mathematics().measure(Document(text)) == pytest.approx(
        {
            "formula_count": 2,
            "display_formula_count": 1,
            "formula_char_share": (7 + 10) / len(text),
            "has_latex": True,
            "latex_command_count": 1,
            "math_symbol_share": 1 / len(text),
            "greek_symbol_share": 1 / len(text),
        }
    )


@pytest.mark.parametrize(
    ("text", "formulas", "latex"),
    [
        ("", 0, False),
        ("Plain words, $5 and $10.", 0, False),
        (r"\begin{align}x&=1\end{align} and $$y$$ and $z_1$", 3, True),
        (r"C:\users\me and \foo", 0, False),
        ("Το άλφα και το βήτα", 0, False),
    ],
)
def test_what_counts_as_a_formula_and_as_latex(text, formulas, latex):
    found = Mathematics().measure(Document(text))
    assert (found["formula_count"], found["has_latex"]) == (formulas, latex)
    assert found["greek_symbol_share"] == 0


@pytest.mark.parametrize(
    ("url", "text", "signal", "value"),
    [
        ("https://docplayer.net/1", "", "openwebmath_url_listed", True),
        ("https://a.example/authors/x", "", "openwebmath_url_listed", True),
        ("https://a.example/search?q=x", "", "openwebmath_url_listed", True),
        ("https://a.example//search", "", "openwebmath_url_listed", False),
        ("https://a.example/lesson", "", "openwebmath_url_listed", False),
        ("https://chem.libretexts.org/1", r"Figure \(\PageIndex{1}\)", "openwebmath_libretexts_without_formula", True),
        ("https://chem.libretexts.org/1", r"\(pV=nRT\)", "openwebmath_libretexts_without_formula", False),
        ("https://math.libretexts.org/1", "words", "openwebmath_libretexts_without_formula", False),
        ("", "né à", "openwebmath_accented_char_share", 0.5),
        ("", "four", "openwebmath_char_count", 4),
    ],
)
def test_openwebmath_by_hand(url, text, signal, value):
    assert OpenWebMath().measure(Document(text, url=url))[signal] == value


def test_the_strings_of_openwebmath_are_plain_strings():
    assert listed().search("https://plosone.org/x")
    assert not listed().search("https://plosoneXorg/x")


def test_code_by_hand():
    text = "Use `grep` so:\n\n```sh\ngrep -r x .\n\n```\nand `a` or `b`\n~~~\n```\n~~~\n```\n```"
    found = Code().measure(Document(text))
    assert found == pytest.approx(
        {
            "code_block_count": 2,
            "code_line_count": 2,
            "code_char_share": (12 + 1 + 4) / len(text),
            "code_language_share": 0.5,
            "inline_code_count": 3,
            "word_count_outside_code": 7,
        }
    )


@pytest.mark.parametrize(
    ("text", "blocks"),
    [("```\nnever closed", 1), ("````\n```\n````", 1), ("  - item\n    ```py\n    x\n    ```", 1), ("a ``` b", 0), ("```", 0)],
)
def test_fences(text, blocks):
    assert Code().measure(Document(text))["code_block_count"] == blocks


def test_mathscore_sees_no_formula():
    assert prose(r"Let \(\alpha + b\) be a Group, \emph{say} $x_1$; it costs $5.") == "let be a group , { say } ; it costs $ 5 ."
    assert prose("") == ""
