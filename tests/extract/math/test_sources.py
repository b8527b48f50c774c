"""Where elements keep their LaTeX: one case for each kind of source, what is a rendering, and what is no formula."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winnow.tasks.extract.math.sources import Formula, formula, role

MATHML = "<math><semantics><mi>q</mi><annotation encoding='application/x-tex'>q_0</annotation></semantics></math>"
KATEX = f'<span class="katex"><span class="katex-mathml">{MATHML}</span><span class="katex-html" aria-hidden="true"><span class="mord">q</span></span></span>'
CHTML = (
    '<mjx-container class="MathJax" jax="CHTML" display="true"><mjx-math><mjx-msup><mjx-mi><mjx-c class="mjx-c1D45F"></mjx-c></mjx-mi>'
    '<mjx-script><mjx-mn><mjx-c class="mjx-c33"></mjx-c></mjx-mn></mjx-script></mjx-msup></mjx-math></mjx-container>'
)
SVG = (
    '<mjx-container class="MathJax" jax="SVG"><svg><g data-mml-node="math"><g data-mml-node="mfrac"><g data-mml-node="mi"><use data-c="1D44E"></use></g>'
    '<g data-mml-node="mn"><use data-c="37"></use></g><rect/></g></g></svg></mjx-container>'
)
KATEX_HTML = (
    '<span class="katex"><span class="katex-html"><span class="base"><span class="mord"><span class="mord mathnormal">x</span><span class="msupsub">'
    '<span class="vlist-t"><span class="vlist-r"><span class="vlist"><span style="top:-3.06em;"><span class="mord mtight">4</span></span></span></span></span>'
    '</span></span><span class="mrel">≤</span><span class="mord mathbb">R</span></span></span></span>'
)
WORDPRESS = "https://s0.wp.com/latex.php?latex=%5Cfrac%7Bp%7D%7Bq%7D+%2B+1&bg=ffffff"

CASES = [
    ("script", {"type": "math/tex"}, r"<script type='math/tex'>a < b</script>", Formula("a < b", False, "script")),
    ("script", {"type": "math/tex; mode=display"}, r"\sum u", Formula(r"\sum u", True, "script")),
    ("script", {"type": "math/tex"}, "% <![CDATA[\na & b %]]>", Formula("a & b", False, "script")),
    ("script", {"type": "math/asciimath"}, "sqrt x/2", Formula(r"\frac{\sqrt{x}}{2}", False, "script")),
    ("script", {"type": "math/mml"}, "<math display='block'><mi>y</mi></math>", Formula("y", True, "script")),
    ("math", {}, MATHML, Formula("q_0", False, "annotation")),
    (
        "math",
        {"display": "block", "alttext": r"{\displaystyle {\frac {1}{s}}}"},
        "<math><mi>s</mi></math>",
        Formula(r"{\frac {1}{s}}", True, "alttext"),
    ),
    ("math", {}, "<math><msup><mi>k</mi><mn>2</mn></msup></math>", Formula("k^{2}", False, "mathml")),
    ("span", {"class": "katex"}, KATEX, Formula("q_0", False, "annotation")),
    ("span", {"class": "katex-display"}, f'<span class="katex-display">{KATEX}</span>', Formula("q_0", True, "annotation")),
    ("span", {"class": "katex"}, KATEX_HTML, Formula(r"x^{4}\leq\mathbb{R}", False, "rendering")),
    ("mjx-container", {"class": "MathJax", "display": "true"}, CHTML, Formula("r^{3}", True, "rendering")),
    ("mjx-container", {"class": "MathJax"}, SVG, Formula(r"\frac{a}{7}", False, "rendering")),
    ("span", {"class": "MathJax", "data-mathml": "<math><mi>z</mi></math>"}, "<span><nobr>z</nobr></span>", Formula("z", False, "mathml")),
    (
        "div",
        {"class": "MathJax_Display"},
        '<div><span class="MathJax" data-mathml="&lt;math&gt;&lt;mi&gt;s&lt;/mi&gt;&lt;/math&gt;">s</span></div>',
        Formula("s", True, "mathml"),
    ),
    ("span", {"class": "tex", "data-expr": r"\phi"}, "<span>φ</span>", Formula(r"\phi", False, "data")),
    ("span", {"class": "math-block", "data-math": "u=v"}, "<span></span>", Formula("u=v", True, "data")),
    ("span", {"class": "ql-formula", "data-value": "d+e"}, "<span></span>", Formula("d+e", False, "data")),
    ("span", {"class": "math-container"}, "<span class='math-container'>$$m \\leq n$$</span>", Formula(r"m \leq n", True, "text")),
    ("span", {"class": "math inline"}, r'<span class="math inline">\(h\)</span>', Formula("h", False, "text")),
    ("div", {"class": "math notranslate"}, "<div>\\[h &lt; 2\\]</div>", Formula("h < 2", True, "text")),
    ("code", {"class": "code math js-render-math", "data-math-style": "display"}, "<code>i^2</code>", Formula("i^2", True, "text")),
    ("span", {"class": "wp-katex-eq", "data-display": "true"}, "<span>o_1</span>", Formula("o_1", True, "text")),
    ("span", {"class": "texerror"}, "<span>Failed to parse: {\\foo + 1}</span>", Formula(r"\foo + 1", False, "text")),
    ("mathjax", {}, "<mathjax>#x/y#</mathjax>", Formula(r"\frac{x}{y}", False, "text")),
    ("img", {"class": "latex", "alt": r"\beta_1", "src": "a.png"}, "<img>", Formula(r"\beta_1", False, "image")),
    (
        "img",
        {"class": "mwe-math-fallback-image-inline", "alt": r"{\displaystyle n!}", "src": "x.svg"},
        "<img>",
        Formula("n!", False, "image"),
    ),
    ("img", {"class": "mwe-math-fallback-image-display", "alt": "n!", "src": "x.svg"}, "<img>", Formula("n!", True, "image")),
    ("img", {"src": WORDPRESS, "alt": ""}, "<img>", Formula(r"\frac{p}{q} + 1", False, "image")),
    ("img", {"src": WORDPRESS, "alt": r"\frac{p}{q} + 1"}, "<img>", Formula(r"\frac{p}{q} + 1", False, "image")),
    (
        "img",
        {"src": "https://latex.codecogs.com/gif.latex?%5Cdpi%7B120%7D%20%5Calpha&space;+1"},
        "<img>",
        Formula(r"\alpha +1", False, "image"),
    ),
    ("img", {"src": "/cgi-bin/mimetex.cgi?x%5E2", "alt": ""}, "<img>", Formula("x^2", False, "image")),
    ("img", {"src": "https://www.zhihu.com/equation?tex=w%5ETx", "alt": "[公式]"}, "<img>", Formula("w^Tx", False, "image")),
    ("img", {"class": "equation_image", "alt": r"LaTeX: \theta", "src": "/e"}, "<img>", Formula(r"\theta", False, "image")),
    ("img", {"alt": r"\operatorname{ord}(g)", "src": "pic.svg"}, "<img>", Formula(r"\operatorname{ord}(g)", False, "image")),
]


@pytest.mark.parametrize(("tag", "attributes", "markup", "expected"), CASES)
def test_each_kind_of_source(tag, attributes, markup, expected):
    assert role(tag, attributes) == "formula"
    assert formula(tag, attributes, markup) == expected


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("span", {"class": "MathJax_Preview"}),
        ("span", {"class": "MathJax", "id": "MathJax-Element-4-Frame"}),
        ("div", {"class": "MathJax_Display"}),
        ("span", {"class": "MathJax_SVG"}),
        ("mjx-container", {"class": "MathJax"}),
    ],
)
def test_what_mathjax_shows_is_a_rendering_where_scripts_have_the_source(tag, attributes):
    assert role(tag, attributes, math_scripts=True) == "rendering"


@pytest.mark.parametrize(
    ("tag", "attributes"),
    [
        ("p", {}),
        ("div", {"class": "aftermath latest"}),
        ("body", {"class": "mathjax"}),
        ("script", {"type": "text/javascript"}),
        ("img", {"src": "cat.jpg", "alt": "A cat"}),
        ("img", {"src": "x.png", "alt": r"C:\Users\me"}),
        ("div", {"data-math": "true"}),
        ("div", {"data-formula": '{"id": 3}'}),
    ],
)
def test_other_elements_are_none(tag, attributes):
    assert role(tag, attributes) == ""


@pytest.mark.parametrize(
    ("tag", "attributes", "markup"),
    [
        ("script", {"type": "math/tex"}, ""),
        ("script", {"type": "math/tex"}, "null"),
        ("span", {"class": "math-container"}, "<span>$a$ and then $b$</span>"),
        ("div", {"class": "math"}, "<div><p>Lessons about fractions</p></div>"),
        ("div", {"class": "math"}, "<div>Lessons about fractions</div>"),
        ("script", {"type": "math/tex"}, r"\newcommand{\R}{\mathbb{R}} \newcommand{\d}[1]{\mathrm{d}#1}"),
        ("img", {"class": "latex", "src": "x.png"}, "<img>"),
    ],
)
def test_what_looks_like_a_source_and_has_no_formula(tag, attributes, markup):
    assert formula(tag, attributes, markup) is None


def test_delimiters_are_backslash_parentheses_in_a_line_and_backslash_brackets_for_a_display():
    assert Formula("a", False, "script").written() == r"\(a\)"
    assert Formula("a", True, "script").written() == r"\[a\]"
    assert Formula(r"\begin{align}a\end{align}", True, "script").written() == r"\begin{align}a\end{align}"


@settings(max_examples=200)
@given(
    st.sampled_from(["script", "math", "span", "img", "mjx-container", "mathjax", "code"]),
    st.dictionaries(
        st.sampled_from(["class", "type", "alt", "src", "data-expr", "alttext", "display"]),
        st.one_of(
            st.text(max_size=12), st.sampled_from(["katex", "MathJax", "math inline", "math/tex", "latex.php?latex=%", "codecogs.com/?"])
        ),
    ),
    st.lists(
        st.sampled_from(
            [
                "<math>",
                "<annotation encoding=TeX>",
                "</annotation>",
                "<mjx-c class='mjx-c41'>",
                "<span class=katex-html>",
                "<mi>x",
                "$",
                "\\(",
                "&",
                "<",
            ]
        )
        | st.text(max_size=5),
        max_size=20,
    ).map("".join),
)
def test_any_element_gives_the_same_twice_and_never_an_empty_formula(tag, attributes, markup):
    found = formula(tag, attributes, markup)
    assert found is None or found.latex.strip()
    assert formula(tag, attributes, markup) == found


def test_mathml_in_an_attribute_as_mathtype_writes_it():
    attributes = {
        "class": "Wirisformula",
        "alt": "v subscript 0",
        "data-mathml": "«math»«msub»«mi»v«/mi»«mn»0«/mn»«/msub»«mo»§#60;«/mo»«mi»c«/mi»«/math»",
    }
    assert role("img", attributes) == "formula"
    assert formula("img", attributes, "<img>").latex == "v_{0}<c"


@pytest.mark.parametrize(
    "state", ['{"persistentExpression":"a^2=b","id":"X"}', "{}", "[]", "{", '{"persistentExpression":1}', "[" * 100_000]
)
def test_the_state_of_a_block_of_substack(state):
    found = formula("div", {"class": "latex-rendered", "data-attrs": state}, "<div></div>")
    assert (found and (found.latex, found.display)) == (("a^2=b", True) if "a^2" in state else None)


def test_the_number_that_sphinx_sets_beside_an_equation_is_no_part_of_it():
    number = '<span class="eqno">(1)<a class="headerlink" href="#e" title="Link to this equation">¶</a></span>'
    found = formula(
        "div", {"class": "math notranslate nohighlight"}, f'<div class="math notranslate nohighlight">\n{number}\\[a^2 = b\\]</div>'
    )
    assert (found.latex, found.display) == ("a^2 = b", True)


@pytest.mark.parametrize(
    "markup",
    ["<annotation>" * 8_000, "<math " * 15_000, "<span class='katex-html'>" * 4_000, "<mjx-mi>" * 12_000, "<" * 100_000],
    ids=lambda m: m[:14],
)
def test_broken_markup_of_a_hundred_kilobytes(markup):
    for tag in ("math", "span", "mjx-container"):
        formula(tag, {"class": "katex MathJax math"}, markup)
