"""AsciiMath as LaTeX, with the examples of its grammar, and any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.extract.math.asciimath import asciimath_to_latex, is_asciimath


@pytest.mark.parametrize(
    ("asciimath", "latex"),
    [
        ("y=(a+b)/(2c)", r"y=\frac{a+b}{2c}"),
        ("sum_(k=0)^m k^2", r"\sum_{k=0}^{m}k^{2}"),
        ("root(4)(u+v)", r"\sqrt[4]{u+v}"),
        ("[[1,0],[0,1]]", r"\begin{bmatrix}1 & 0 \\ 0 & 1\end{bmatrix}"),
        ("((p),(q))", r"\begin{pmatrix}p \\ q\end{pmatrix}"),
        ("{(1,if x),(0,else):}", r"\begin{cases}1 & \text{if }x \\ 0 & else\end{cases}"),
        ("AA t in RR", r"\forall t\in\mathbb{R}"),
        ("lim_(n->oo) a_n", r"\lim_{n\to\infty}a_{n}"),
        ("abs(x-1) <= delta", r"\left|x-1\right|\leq\delta"),
        ("hat r + bar(AB)", r"\hat{r}+\overline{AB}"),
        ('"speed" = 3', r"\text{speed}=3"),
        ("bb v * cc L", r"\mathbf{v}\cdot\mathcal{L}"),
        ("(a+b)(c+d)", r"\left(a+b\right)\left(c+d\right)"),
        (r"\ \sqrt(x)\ ", r"\sqrt{x}"),
        ("1,ldots,n times m", r"1,\ldots,n\times m"),
        ("a\\ \\ text(for) b", r"a\ \ \text{for}b"),
        ("", ""),
    ],
)
def test_grammar(asciimath, latex):
    assert asciimath_to_latex(asciimath) == latex


def test_prose_is_no_asciimath():
    assert is_asciimath("sum_(k=1)^n alpha times text(some words of prose here)")
    assert not is_asciimath("gives the letters that follow")


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(["(", ")", "[", "{", ":}", "/", "^", "_", "sqrt", "frac", ",", "x", '"', "text(", "["]) | st.text(max_size=3)
    ).map("".join)
)
def test_any_text(text):
    assert asciimath_to_latex(text) == asciimath_to_latex(text)


@pytest.mark.parametrize("unit", ["(", "sqrt ", "/", "^", "[[", "((1,2),(3,4)),", "\\ ", "x\\ "])
def test_a_long_run_of_the_same(unit):
    assert isinstance(asciimath_to_latex(unit * 3_000), str)
