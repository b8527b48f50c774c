"""What is taken off a formula, and what is not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.extract.math.cleaning import clean


@pytest.mark.parametrize(
    ("latex", "cleaned"),
    [
        (r"{\displaystyle \mu }", r"\mu"),
        (r"{\textstyle {a}+{b}}", "{a}+{b}"),
        (r"\displaystyle s", "s"),
        (r"{a}+{b}", "{a}+{b}"),
        (r"\textcolor{red}{x} + \color{blue} y", "{x} + y"),
        (r"\textcolor[rgb]{1,0,0}{x}", "{x}"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        (r"10\% of x", r"10\% of x"),
        ("a % a comment\n + b", "a + b"),
        ("$x$", "x"),
        ("$$ x $$", "x"),
        (r"\[x\]", "x"),
        ("$a$ and $b$", "$a$ and $b$"),
        (r"\text{if $x > 0$}", r"\text{if $x > 0$}"),
        (r"\newcommand{\id}{\mathrm{id}} \id(x)", r"\id(x)"),
        (r"\def\R{\mathbb{R}}", ""),
        (r"\DeclareMathOperator*{\argmin}{arg\,min}", ""),
        ("  a \n\t b  ", "a b"),
        ("", ""),
    ],
)
def test_rules(latex, cleaned):
    assert clean(latex) == cleaned


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(["\\displaystyle", "{", "}", "$", "\\(", "\\)", "%", "\n", "\\newcommand", "\\def", "&amp;", "\\color{", "x"])
        | st.text(max_size=3)
    ).map("".join)
)
def test_any_text_is_one_line(latex):
    assert "\n" not in clean(latex)


@pytest.mark.parametrize("unit", ["{\\displaystyle ", "\\newcommand{", "\\def{", "%", "\\color{", "$", "&lt;", "\\begingroup"])
def test_a_long_run_of_the_same(unit):
    assert isinstance(clean(unit * 20_000), str)
