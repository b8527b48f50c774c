"""Formulas of a page: each once, in its sentence, in LaTeX; and formulas between delimiters in the text."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.extract.blocks.pages import all_blocks, as_markdown, as_plain, extracted
from winnow.tasks.extract.blocks import choosing
from winnow.tasks.extract.blocks.formulas import InText
from winnow.tasks.extract.blocks.formulas import extracted as without
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.page_blocks import page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed
from winnow.tasks.extract.math import sources

KATEX = (
    '<span class="katex"><span class="katex-mathml"><math><semantics><mrow><mi>a</mi><mo>=</mo><mi>b</mi></mrow><annotation encoding="application/x-tex">a=b^2</annotation></semantics>'
    '</math></span><span class="katex-html" aria-hidden="true"><span class="mord">a</span><span class="mrel">=</span><span class="mord">b2</span></span></span>'
)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (KATEX, r"\(a=b^2\)"),
        (f'<span class="katex-display">{KATEX}</span>', r"\[a=b^2\]"),
        ('<script type="math/tex">a=b^2</script>', r"\(a=b^2\)"),
        ('<span class="MathJax_Preview">[math]</span><script type="math/tex; mode=display">a=b^2</script>', r"\[a=b^2\]"),
        ('<img class="latex" src="x.png" alt="a=b^2">', r"\(a=b^2\)"),
        ("<math><mi>a</mi><mo>=</mo><msup><mi>b</mi><mn>2</mn></msup></math>", r"\(a=b^2\)"),
    ],
)
def test_a_formula_in_its_sentence(html, text):
    marked = as_markdown(f"<p>The ratio {html} holds.</p>")
    assert marked.replace("{2}", "2").replace(" ", "") == f"Theratio{text}holds.".replace(" ", "")


def test_a_formula_alone_is_a_block():
    (block,) = [
        b for b in all_blocks(f'<p>See</p><div><span class="katex-display">{KATEX}</span></div><p>there.</p>') if b.kind == "formula"
    ]
    assert block.runs[0].text == "a=b^2"


def test_formulas_of_an_article_are_chosen():
    assert r"\[a=b^2\]" in extracted(
        f'<p>The weight of the cloth grows with the square of its width, as every weaver knows:</p><div><span class="katex-display">{KATEX}</span></div>'
    )


def test_delimiters_are_read_where_the_page_loads_a_renderer():
    head = '<script src="https://cdn.example/mathjax@3/tex-mml-chtml.js"></script>'
    html = f"<html><head>{head}</head><body><p>We have \\(x^2\\) and <code>\\(y\\)</code> for $5 each.</p></body></html>"
    assert as_markdown(html) == r"We have \(x^2\) and `\(y\)` for $5 each."


def test_prices_are_no_formulas():
    assert [r.kind for b in all_blocks("<p>It costs $5 or $7 a piece.</p>") for r in b.runs] == ["text"]


@given(
    st.lists(
        st.sampled_from(
            [
                "<math>",
                "</math>",
                "<mi>x</mi>",
                "<span class='katex'>",
                "</span>",
                "<pre>",
                "</pre>",
                "text",
                "\ufdd0",
                "0",
                "\ufdd1",
                "<img class=latex alt=x>",
            ]
        ),
        max_size=25,
    ).map("".join)
)
def test_marks_and_formulas_belong_together(html):
    page, formulas = without(html.replace("'", '"').encode())
    assert page.decode().count("\ufdd0") == len(formulas)


def test_short_answers_with_formulas_inside_the_text_are_chosen():
    head = '<script src="https://cdn.example/mathjax@3/tex-mml-chtml.js"></script>'
    middle = "<p>The weaver asks her helpers how many threads she needs for a cloth of this kind and width:</p><div><p>\\(12\\cdot 40\\)</p><p>Answer</p><p>\\(480\\)</p></div>"
    text = extracted(middle, head=head)
    assert "\\(12\\cdot 40\\)" in text
    assert "\\(480\\)" in text


OWN = "<script>window.MathJax = {tex: {inlineMath: [['@@', '@@']], displayMath: [['%%', '%%']]}}</script><script src=\"https://cdn.example/mathjax@3/tex-chtml.js\"></script>"


def test_delimiters_that_a_page_defines_itself_are_read():
    assert as_markdown(f"<html><head>{OWN}</head><body><p>We have @@x^2 + 1@@ here.</p></body></html>") == r"We have \(x^2 + 1\) here."
    page = f"<html><head>{OWN}</head><body><p>So:</p><p>%%x^2 = y%%</p></body></html>"
    assert [(b.kind, b.runs[0].text) for b in all_blocks(page)] == [("paragraph", "So:"), ("formula", "x^2 = y")]


def test_delimiters_of_other_pages_are_text():
    assert as_markdown("<p>We have @@x^2 + 1@@ here.</p>") == "We have @@x^2 + 1@@ here."


def chosen(html, of):
    """The texts of the blocks of a page that are chosen for their formulas, where a model takes only those of more than ``of`` characters."""
    page = page_blocks(parsed(html))
    _, _, texts = features(page)
    taken = np.asarray([len(text) > of for text in texts])
    choosing.with_formulas(page, taken, np.zeros(len(texts), np.bool_), texts, np.where(taken, 900_000, 20_000), InText(html))
    return [re.sub("\ufdd0.*?\ufdd1", "F", text) for text, is_taken in zip(texts, taken, strict=True) if is_taken and len(text) <= of]


def test_formulas_inside_the_text_are_chosen_but_for_links():
    html = f"<p>{'Text. ' * 20}</p><figure><figcaption>Figure {KATEX}</figcaption></figure><ol><li><a href='#e'>Example {KATEX}</a></li></ol><p>{'Text. ' * 20}</p>"
    assert chosen(html, 60) == ["Figure F"]


def test_formulas_alone_between_any_delimiters_are_chosen_next_to_the_text():
    html = f"<html><head>{OWN}</head><body><p>{'Text. ' * 20}</p><p>%%x^2 = y%%</p><p>(2)</p><p>\\[a = b\\]</p></body></html>"
    assert chosen(html, 60) == ["%%x^2 = y%%", "\\[a = b\\]"]


def test_what_leaves_nothing_between_delimiters_chooses_no_block():
    head = "<script>MathJax = {tex2jax: {inlineMath: [['$', '$']]}}</script>"
    html = f"<html><head>{head}</head><body><p>{'Text. ' * 20}</p><p>$\\begingroup$ A comment.</p><p>{'Text. ' * 20}</p></body></html>"
    assert chosen(html, 60) == []


def test_formulas_between_delimiters_in_the_caption_of_a_table_are_read():
    table = "<table><caption>Widths for @@n^2@@ threads</caption><tr><th>n</th><th>width</th></tr><tr><td>3</td><td>9</td></tr></table>"
    caption = all_blocks(f"<html><head>{OWN}</head><body>{table}</body></html>")[0]
    assert [(r.kind, r.text) for r in caption.runs] == [("text", "Widths for "), ("formula", "n^2"), ("text", " threads")]


LATEX = r"\frac{a}{b}"


# Text in an element of these classes is LaTeX only with what MathJax and others write into it.
ONLY_WITH_CONTENT = "mathjax_chtml mathjax_mathml mathjax_preview mathjax_processing mjx-chtml mjx_assistive_mathml mjxc-display mwe-math-element ztext-math".split()


def _elements_of_formulas():
    """One element for each name, class, attribute and address by which a formula is known."""
    for name in ("m:math", "mml:math"):
        yield f"<{name}><mfrac><mi>a</mi><mi>b</mi></mfrac></{name}>"
    for name in ("math-renderer", "la-tex", "tex-math", "mathjax"):
        yield f"<{name}>{LATEX}</{name}>"
    for name in sorted(
        sources.MATH_CLASSES - {"katex", "katex-display", "mathjax_display", "mathjax_svg", "mathjax_svg_display", "ql-formula"}
    ):
        yield f'<span class="x {name}">{LATEX}</span>'
    for tag in ("code", "pre", "p", "div"):
        yield f'<{tag} class="math js-render-math" data-math-style="display">{LATEX}</{tag}>'
    for name in sources.DATA_ATTRIBUTES:
        for tag in ("span", "div", "p", "figure"):
            yield f'<{tag} {name}="{LATEX}">a over b</{tag}>'
    yield f'<span class="ql-formula" data-value="{LATEX}"></span>'
    for name in sorted(sources.IMAGE_CLASSES):
        yield f'<img class="{name}" src="a.png" alt="{LATEX}">'
    for part in sources.ALT_IMAGES:
        yield f'<img src="https://a.example/{part}/1.png" alt="{LATEX}">'
    for address in (
        "//latex.codecogs.com/png.latex?{}",
        "/cgi-bin/mimetex.cgi?{}",
        "/cgi-bin/mathtex.cgi?{}",
        "https://s0.wp.com/latex.php?latex={}&bg=fff",
        "https://www.zhihu.com/equation?tex={}",
        "https://chart.googleapis.com/chart?cht=tx&chl={}",
        "https://render.githubusercontent.com/render/math?math={}",
        "https://math.now.sh?from={}",
        "https://i.upmath.me/svg/{}",
        "https://tex.s2cms.ru/png/{}",
    ):
        yield f'<img src="{address.format("%5Cfrac%7Ba%7D%7Bb%7D")}">'
    for alt in (LATEX, "$x^2$", "$ \\displaystyle a$", "$x$", r"\(x_1\)"):
        yield f'<img src="a.png" alt="{alt}">'


@pytest.mark.parametrize("element", list(_elements_of_formulas()))
def test_no_element_of_a_formula_is_overlooked_by_the_kernel(element):
    html = f"<body><p>The law is</p><div>{element}</div></body>"
    body = parsed(html).body
    expected = without(body.html.encode())[1]
    assert expected or any(name in element for name in ONLY_WITH_CONTENT)
    assert page_blocks(parsed(html)).formulas == expected


@pytest.mark.parametrize(
    "middle",
    [
        "<p>$$<br>a = b^2<br>$$</p>",
        "<p>\\[<br>\n a = b^2<br>\n\\]</p>",
        '<pre><code class="language-math">a = b^2\n</code></pre>',
        '<pre class="code math js-render-math" data-math-style="display"><code>a = b^2</code></pre>',
    ],
)
def test_a_display_over_several_lines_or_as_code_is_one_formula(middle):
    head = '<script src="https://cdn.example/mathjax@3/tex-mml-chtml.js"></script>'
    text = extracted(f"<p>The weight grows so:</p>{middle}<p>as the weaver knows.</p>", head=head)
    assert "\n\n\\[a = b^2\\]\n\n" in text


@pytest.mark.parametrize(
    "mark", ['<sup class="ltx_note_mark">2</sup><span class="ltx_tag ltx_tag_note">2</span>', '<sup class="ltx_note_mark">2</sup>']
)
def test_a_note_of_latexml_is_in_brackets_behind_its_mark(mark):
    note = (
        '<span id="footnote2" class="ltx_note ltx_role_footnote"><sup class="ltx_note_mark">2</sup><span class="ltx_note_outer"><span class="ltx_note_content">'
        f'{mark}In <span class="ltx_text">ells</span>, of <math alttext="n"><mi>n</mi></math>.</span></span></span>'
    )
    html = f'<p>The width is <math alttext="w"><mi>w</mi></math> wide.{note} And {note}</p>'
    assert as_plain(html) == r"The width is \(w\) wide.[2] (In ells, of \(n\).) And 2 (In ells, of \(n\).)"
