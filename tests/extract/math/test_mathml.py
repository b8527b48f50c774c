"""MathML as LaTeX: what each writer of MathML means by its markup, and any markup at all."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.benchmarks.formulas import FOLDER, similarity, tokens
from winnow.tasks.extract.math.mathml.to_latex import to_latex

CASES = [
    # scripts, fractions, roots
    ("<math><msup><mi>a</mi><mn>2</mn></msup><mo>+</mo><msub><mi>b</mi><mrow><mi>i</mi><mi>j</mi></mrow></msub></math>", "a^{2}+b_{ij}"),
    ("<mfrac><mrow><mi>p</mi><mo>−</mo><mn>1</mn></mrow><mi>q</mi></mfrac>", r"\frac{p-1}{q}"),
    ("<msqrt><mi>u</mi><mo>+</mo><mi>v</mi></msqrt>", r"\sqrt{u+v}"),
    ("<mroot><mi>u</mi><mn>5</mn></mroot>", r"\sqrt[5]{u}"),
    ("<msubsup><mi>w</mi><mi>k</mi><mo>∗</mo></msubsup>", "w_{k}^{*}"),
    ("<msup><msup><mi>w</mi><mi>k</mi></msup><mn>3</mn></msup>", "{w^{k}}^{3}"),
    ("<msup><mi>g</mi><mrow><mo>′</mo><mo>′</mo></mrow></msup>", "g''"),
    ("<msub><mrow></mrow><mn>4</mn></msub>", "{}_{4}"),
    # letters and their styles, by attribute and by character; commands kept apart from letters
    ("<mrow><mi>α</mi><mi>x</mi></mrow>", r"\alpha x"),
    ('<mi mathvariant="bold">v</mi>', r"\mathbf{v}"),
    ('<mi mathvariant="bold">ω</mi>', r"\boldsymbol{\omega}"),
    ("<mrow><mi>ℝ</mi><mi>𝐯</mi><mi>𝑧</mi><mi>ℎ</mi></mrow>", r"\mathbb{R}\mathbf{v}zh"),
    ('<mi mathvariant="normal">Σ</mi>', r"\Sigma"),
    ('<mrow><mi mathvariant="normal">k</mi><mi mathvariant="normal">m</mi></mrow>', r"\mathrm{km}"),
    ("<mn>12.5</mn>", "12.5"),
    ("<mtext>if it rains &amp; pours</mtext>", r"\text{if it rains \& pours}"),
    # functions
    ("<mrow><mi>cos</mi><mo>&#x2061;</mo><mi>t</mi></mrow>", r"\cos t"),
    ("<mrow><mi>rank</mi><mo>⁡</mo><mi>A</mi></mrow>", r"\operatorname{rank}A"),
    ("<mrow><mi>a</mi><mo>&InvisibleTimes;</mo><mi>b</mi></mrow>", "ab"),
    # big operators and limits
    ("<munderover><mo>∑</mo><mrow><mi>k</mi><mo>=</mo><mn>0</mn></mrow><mi>m</mi></munderover>", r"\sum_{k=0}^{m}"),
    ("<munder><mi>max</mi><mi>s</mi></munder>", r"\max_{s}"),
    ("<munder><mi>argmax</mi><mi>s</mi></munder>", r"\operatorname*{argmax}_{s}"),
    ("<mover><mo>=</mo><mtext>def</mtext></mover>", r"\overset{\text{def}}{=}"),
    # accents, braces, arrows
    ('<mover accent="true"><mi>r</mi><mo>^</mo></mover>', r"\hat{r}"),
    ('<mover><mi>r</mi><mo stretchy="false">¯</mo></mover>', r"\bar{r}"),
    ('<mover><mi>r</mi><mo accent="false">¯</mo></mover>', r"\overline{r}"),
    ("<mover><mrow><mi>A</mi><mi>B</mi></mrow><mo>→</mo></mover>", r"\overrightarrow{AB}"),
    ("<munder><munder><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mo>⏟</mo></munder><mi>n</mi></munder>", r"\underbrace{a+b}_{n}"),
    ("<mover><mo>→</mo><mi>f</mi></mover>", r"\xrightarrow{f}"),
    # fences: stretched, plain, of a fixed size, empty
    ("<mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow>", r"\left(x\right)"),
    ('<mrow><mo stretchy="false">(</mo><mi>x</mi><mo stretchy="false">)</mo></mrow>', "(x)"),
    ("<math><mi>f</mi><mo>(</mo><mi>x</mi><mo>)</mo></math>", "f(x)"),
    ("<mrow><mo>(</mo><mi>a</mi><mo>)</mo><mo>+</mo><mo>(</mo><mi>b</mi><mo>)</mo></mrow>", "(a)+(b)"),
    ('<mfenced open="[" close=")"><mi>a</mi><mi>b</mi></mfenced>', r"\left[a,b\right)"),
    ('<mrow><mo fence="true"></mo><mfrac><mi>y</mi><mi>x</mi></mfrac><mo>|</mo></mrow>', r"\left.\frac{y}{x}\right|"),
    ('<mo minsize="2.047em" maxsize="2.047em">[</mo>', r"\bigg["),
    ('<mrow data-mjx-texclass="OPEN"><mo minsize="1.2em">(</mo></mrow>', r"\bigl("),
    ('<mrow><mo fence="true">(</mo><mfrac linethickness="0px"><mi>m</mi><mi>j</mi></mfrac><mo fence="true">)</mo></mrow>', r"\binom{m}{j}"),
    # tables by their fences and columns
    (
        "<mrow><mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mn>3</mn></mtd><mtd/></mtr></mtable><mo>]</mo></mrow>",
        r"\begin{bmatrix}1 & 2 \\ 3 &\end{bmatrix}",
    ),
    (
        '<mrow><mo>{</mo><mtable columnalign="left left"><mtr><mtd><mn>0</mn></mtd><mtd><mi>x</mi></mtd></mtr></mtable></mrow>',
        r"\begin{cases}0 & x\end{cases}",
    ),
    (
        '<mtable columnalign="right left"><mtr><mtd><mi>y</mi></mtd><mtd><mi/><mo>=</mo><mi>x</mi></mtd></mtr></mtable>',
        r"\begin{aligned}y&=x\end{aligned}",
    ),
    # KaTeX puts rows into tokens; prefixes; comments; the first child of semantics
    ("<mi><munder><mo><mi>arg</mi><mo>⁡</mo><mi>min</mi><mo>⁡</mo></mo><mi>x</mi></munder></mi>", r"\arg\min_{x}"),
    ('<mml:math xmlns:mml="x"><mml:msup><mml:mi>q</mml:mi><mml:mn>7</mml:mn></mml:msup></mml:math>', "q^{7}"),
    ("<mi>σ<!-- σ --></mi>", r"\sigma"),
    ('<semantics><mi>y</mi><annotation encoding="application/x-tex">z</annotation></semantics>', "y"),
    # numbers of equations
    (
        "<mtable><mlabeledtr><mtd><mtext>(7)</mtext></mtd><mtd><mi>a</mi><mo>=</mo><mi>b</mi></mtd></mlabeledtr></mtable>",
        r"a=b \tag{7}",
    ),
    (
        '<mtable width="100%"><mtr><mtd width="50%"></mtd><mtd><mi>a</mi></mtd><mtd width="50%"></mtd><mtd><mtext>(7)</mtext></mtd></mtr></mtable>',
        r"a \tag{7}",
    ),
    ("<munder><mo>lim&#x2006;inf</mo><mi>n</mi></munder>", r"\liminf_{n}"),
    # spaces, enclosures, scripts before the base, what is not shown
    ('<mrow><mi>a</mi><mspace width="1em"/><mi>b</mi></mrow>', r"a\quad b"),
    ("<mrow><mi>a</mi><mtext>&#x2005;&#x200a;</mtext><mi>b</mi></mrow>", r"a\;b"),
    ('<menclose notation="updiagonalstrike"><mi>c</mi></menclose>', r"\cancel{c}"),
    ("<mmultiscripts><mi>U</mi><mprescripts/><mn>92</mn><mn>238</mn></mmultiscripts>", "{}_{92}^{238}U"),
    ("<mrow><mphantom><mi>x</mi></mphantom><mi>y</mi></mrow>", "y"),
    ("<mrow><mn>5</mn><mo>%</mo></mrow>", r"5\%"),
]


@pytest.mark.parametrize(("markup", "latex"), CASES)
def test_what_markup_means(markup, latex):
    assert to_latex(markup) == latex


@pytest.mark.parametrize(
    ("markup", "latex"),
    [
        ("", ""),
        ("no markup", r"\text{no markup}"),
        ("<math><mi>x", "x"),
        ("<math><mfrac><mi>a</mi>", r"\frac{a}{}"),
        ("</mi></math>", ""),
        ("<mi>a<mi>b<mo>+", "ab+"),
        ("<math><mi x='", ""),
        ("<!-- never closed <mi>x</mi>", ""),
        ("<mo><</mo>", "<"),
    ],
)
def test_markup_that_is_broken(markup, latex):
    assert to_latex(markup) == latex


@pytest.mark.parametrize(
    "markup",
    [
        "<mrow>" * 20_000,
        "<msup>" * 9_000 + "<mi>x</mi>",
        "<!--" * 25_000,
        '<a "' * 25_000,
        "<" * 100_000,
        "<mtable><mtr><mtd>" * 3_000,
        "<mfenced>" * 10_000,
    ],
    ids=lambda markup: markup[:12],
)
def test_markup_of_a_hundred_kilobytes_gives_a_text_that_is_not_longer_by_much(markup):
    assert len(to_latex(markup)) <= len(markup) + 10_000


NAMES = [
    "mi",
    "mn",
    "mo",
    "mrow",
    "msup",
    "msubsup",
    "munderover",
    "mover",
    "mfrac",
    "mtable",
    "mtr",
    "mtd",
    "mfenced",
    "mtext",
    "mmultiscripts",
    "none",
    "b",
]
PIECES = st.one_of(
    st.sampled_from([f"<{name}>" for name in NAMES] + [f"</{name}>" for name in NAMES]),
    st.sampled_from(
        [
            '<mo fence="true">',
            '<mo stretchy="false">',
            '<mstyle displaystyle="true">',
            "<mspace width='1em'/>",
            "<!--",
            "-->",
            "<![CDATA[",
            "&",
            "&lt;",
            '"',
        ]
    ),
    st.text(max_size=4),
)


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_any_markup_gives_the_same_text_twice(markup):
    latex = to_latex(markup)
    assert isinstance(latex, str)
    assert to_latex(markup) == latex


@pytest.mark.data
@pytest.mark.skipif(not FOLDER.is_dir(), reason="no shared data")
def test_formulas_of_real_pages_are_those_that_their_authors_wrote():
    pairs = [json.loads(line) for line in (FOLDER / "mathml_latex_pairs.jsonl").read_text().splitlines()]
    both = []
    for pair in pairs:
        markup = re.sub(r'alttext="[^"]*"', "", re.sub(r"<annotation.*?</annotation>", "", pair["mathml"], flags=re.DOTALL))
        both.append((tokens(pair["latex"]), tokens(to_latex(markup))))
    assert sum(similarity(a, b) for a, b in both) / len(both) >= 0.96
    assert sum(a == b for a, b in both) / len(both) >= 0.75
