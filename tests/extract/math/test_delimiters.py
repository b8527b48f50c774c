"""Formulas in text: the page's own delimiters, amounts of money, escapes, environments, and any text at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.extract.math.delimiters import Delimiters, Pair, page_delimiters, split
from winnow.tasks.extract.math.sources import Formula

PLAIN = page_delimiters("<script src='MathJax.js'></script>")


def formulas(text, page="<script src='MathJax.js'></script>"):
    return [(part.latex, part.display) for part in split(text, page_delimiters(page)) if isinstance(part, Formula)]


def test_a_page_without_a_renderer_and_without_commands_has_no_delimiters():
    assert page_delimiters("<p>It costs $5 or $6.</p>") is None
    assert page_delimiters(r"<p>The $\alpha$ particle</p>") is not None


@pytest.mark.parametrize(
    ("page", "left", "right", "display"),
    [
        (r"MathJax.Hub.Config({tex2jax: {inlineMath: [['§','§'], ['\\(','\\)']], processEscapes: true}});", "§", "§", False),
        (r'MathJax.Hub.Config({"tex2jax":{"displayMath":[ ["!!", "!!"] ]}})', "!!", "!!", True),
        (r"window.MathJax = {tex: {inlineMath: {'[+]': [['@', '@']]}}}; // mathjax", "@", "@", False),
        (r"MathJax = { tex: { displayMath: [['\u0040\u0040', '@@']] } }", "@@", "@@", True),
        (r"katex; renderMathInElement(document.body, {delimiters: [{left: '%%', right: '%%', display: true}]})", "%%", "%%", True),
        (
            r'katex; delimiters: [{"left": "\\(", "right": "\\)", "display": false}, {"left":"~", "right":"~", "display":false}]',
            "~",
            "~",
            False,
        ),
        (r"katex; delimiters: [ { display: true, left: '::', right: '::' } ]", "::", "::", True),
    ],
)
def test_the_delimiters_that_a_page_names(page, left, right, display):
    assert Pair(left, right, display, "latex", True) in page_delimiters(page).pairs


def test_asciimath_has_its_own_delimiters():
    page = "MathJax.Hub.Config({asciimath2jax: {delimiters: [['`','`'], ['@@','@@']]}})"
    assert split("so `x/2` and @@y@@", page_delimiters(page)) == [
        "so ",
        Formula(r"\frac{x}{2}", False, "asciimath"),
        " and ",
        Formula("y", False, "asciimath"),
    ]
    assert formulas("`code` in a page of MathJax") == []
    assert split(r"type \`x\` and `y`", page_delimiters(page)) == ["type `x` and ", Formula("y", False, "asciimath")]
    assert formulas(r"space `\ \ ` and `the words that follow here`", page) == []


def test_backslash_brackets_are_displays_and_parentheses_are_not():
    assert formulas(r"\(a\) \[b\] $$c$$ $d$ [itex]e[/itex] [tex]f[/tex]") == [
        ("a", False),
        ("b", True),
        ("c", True),
        ("d", False),
        ("e", False),
        ("f", True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and $10 for all of you.",
        "I paid $5, he paid $6 and she $7.",
        "Between $2,000-$3,000 per month, or US$20 and CA$30.",
        "From 5$ to 10$ each.",
        "$100 million in 2010 and $30 million in 2011",
        "$10/month or $100/year",
        "HOME=$HOME and PATH=$PATH",
        "One $ and another $ stand here",
        "$open and nothing more",
        "$first paragraph\n\nsecond$ paragraph",
    ],
)
def test_dollars_that_are_money_or_nothing(text):
    assert split(text, PLAIN) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x$ is $n$-fold", ["x", "n"]),
        ("$100 million, and $a_1$ more", ["a_1"]),
        ("between $0.5$ and $1$", ["0.5", "1"]),
        (r"$\text{if $x$}$ holds", [r"\text{if $x$}"]),
        (r"costs \$5 for $k$", ["k"]),
        ("$5x + 3$ apples", ["5x + 3"]),
        (r"\\(no\\) $$ \frac{1}{2} $$", [r"\frac{1}{2}"]),
    ],
)
def test_dollars_that_are_formulas(text, expected):
    assert [latex for latex, _ in formulas(text)] == expected


def test_escaped_dollars_become_dollars_where_the_page_says_so():
    assert split(r"\$5 and $n$", PLAIN) == ["$5 and ", Formula("n", False, "delimiters")]
    without = page_delimiters("MathJax tex2jax: {processEscapes: false}")
    assert not without.escapes


def test_environments_are_kept_whole_and_those_of_text_are_none():
    aligned = r"\begin{align}a&=b\\ \begin{cases}c\end{cases}&=d\end{align}"
    assert split(f"so {aligned} holds", PLAIN) == ["so ", Formula(aligned, True, "environment"), " holds"]
    assert formulas(r"\begin{itemize}\item one\end{itemize}") == []


def test_macros_that_a_page_defines_are_no_formulas():
    assert formulas(r"\( \newcommand{\vecs}[1]{\overset{\rightharpoonup}{#1}} \) and $\begingroup$ and \(x\)") == [("x", False)]
    assert split(r"so \( \newcommand{\id}{\mathrm{id}} \) on", PLAIN) == ["so ", " on"]


@pytest.mark.parametrize(
    "unit",
    ["$ {", "$$ {", r"\(", r"\begin{align}", r"\[ { \]", "$", "[math]", "$5 and ", r"\begin{a}", "$x"],
    ids=lambda unit: unit.replace(" ", "_"),
)
def test_delimiters_that_are_never_closed(unit):
    text = unit * 20_000
    assert "".join(part if isinstance(part, str) else part.latex for part in split(text, PLAIN))


TEXTS = st.lists(
    st.sampled_from(["$", "$$", "\\(", "\\)", "\\[", "\\]", "{", "}", "\\", "\\begin{a}", "\\end{a}", "x^2", " ", "\n\n", "5", "[math]"])
    | st.text(max_size=4)
).map("".join)


@settings(max_examples=300)
@given(TEXTS)
def test_any_text_keeps_its_order_and_loses_nothing_but_delimiters(text):
    parts = split(text, Delimiters(PLAIN.pairs, escapes=False))
    at = 0
    for part in parts:
        if isinstance(part, str):
            found = text.find(part, at)
            assert found >= 0
            at = found + len(part)
        else:
            assert part.latex
    assert split(text, PLAIN) == split(text, PLAIN)


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_any_page_gives_delimiters_or_none(page):
    found = page_delimiters("mathjax " + page)
    assert found.pairs
    assert all(pair.left and pair.right for pair in found.pairs)


class Watched(str):
    """A text that counts the characters that are read to find something in it."""

    read = 0

    def find(self, what, start=0, *other):
        found = super().find(what, start, *other)
        self.read += (len(self) if found < 0 else found) - start
        return found


def test_environments_that_end_nowhere_are_read_in_linear_time_whatever_their_names():
    def read(n):
        text = Watched(" ".join(rf"\begin{{a{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{chr(97 + i // 676)}}}" for i in range(n)))
        split(text, page_delimiters("mathjax"))
        return text.read

    assert read(12_000) <= 5 * read(3_000)


def test_an_environment_behind_many_that_end_nowhere_is_read_all_the_same():
    text = "\\begin{gone} " * 200 + "\\begin{align}a&=b\\end{align}"
    assert [f.latex for f in split(text, page_delimiters("mathjax")) if not isinstance(f, str)] == ["\\begin{align}a&=b\\end{align}"]
