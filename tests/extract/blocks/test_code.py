"""Code is kept as it is, whatever the highlighter, and without what the highlighter put beside it."""

import numpy as np
import pytest

from tests.extract.blocks.pages import all_blocks, as_markdown, as_plain, extracted
from winnow.tasks.extract.blocks import choosing
from winnow.tasks.extract.blocks.units import Tree, units
from winnow.tasks.extract.extractors.block_features import features
from winnow.tasks.extract.extractors.page_blocks import page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

CODE = 'def warp(n):\n    """Threads."""\n    for i in range(n):\n\n        print("<thread>", i)\n\n\nwarp(3)'
ESCAPED = CODE.replace("<", "&lt;").replace(">", "&gt;")
LINES = ESCAPED.split("\n")
SPANS = [f'<span class="line">{line}</span>' for line in LINES]
NUMBERS = "\n".join(str(n + 1) for n in range(len(LINES)))
FORMS = {
    "plain": f"<pre>{ESCAPED}</pre>",
    "code": f'<pre><code class="language-python">{ESCAPED}\n</code></pre>',
    "carriage returns": f"<pre>{ESCAPED}</pre>".replace("\n", "\r\n"),
    "breaks": "<pre>" + "<br>".join(LINES) + "</pre>",
    "rouge": f'<div class="language-python highlighter-rouge"><div class="highlight"><pre class="highlight"><table class="rouge-table"><tbody><tr><td class="rouge-gutter gl"><pre class="lineno">{NUMBERS}\n</pre></td><td class="rouge-code"><pre>{ESCAPED}\n</pre></td></tr></tbody></table></pre></div></div>',
    "pygments": f'<div class="highlight-python notranslate"><table class="highlighttable"><tr><td class="linenos"><div class="linenodiv"><pre>{NUMBERS}</pre></div></td><td class="code"><div class="highlight"><pre><span></span>{ESCAPED}\n</pre></div></td></tr></table></div>',
    "pygments inline": '<div class="highlight"><pre>'
    + "\n".join(f'<span class="linenos">{n:>2} </span>{line}' for n, line in enumerate(LINES, 1))
    + "</pre></div>",
    "chroma": '<div class="highlight"><pre tabindex="0" class="chroma"><code class="language-python" data-lang="python">'
    + "".join(f'<span class="line"><span class="ln">{n}</span><span class="cl">{line}\n</span></span>' for n, line in enumerate(LINES, 1))
    + "</code></pre></div>",
    "chroma by style": "<pre><code>"
    + "".join(
        f'<span style="display:flex"><span style="-webkit-user-select:none;user-select:none"> {n}</span><span>{line}\n</span></span>'
        for n, line in enumerate(LINES, 1)
    )
    + "</code></pre>",
    "shiki": '<pre class="shiki"><code>' + "\n".join(SPANS) + "</code></pre>",
    "lines without feeds": "<pre><code>" + "".join(SPANS) + "</code></pre>",
    "hexo": f'<figure class="highlight python"><table><tr><td class="gutter"><pre>{"<br>".join(f"<span class=line>{n + 1}</span>" for n in range(len(LINES)))}</pre></td><td class="code"><pre>{"<br>".join(SPANS)}</pre></td></tr></table></figure>',
    "divs": "<pre>" + "".join(f"<div>{line}</div>" for line in LINES) + "</pre>",
    "copy button": f'<div class="codeblock"><pre><button class="copy-btn">Copy</button><code>{ESCAPED}</code></pre></div>',
    "github": '<table class="highlight js-file-line-container"><tbody>'
    + "".join(
        f'<tr><td id="L{n}" class="blob-num" data-line-number="{n}"></td><td class="blob-code blob-code-inner js-file-line">{line or chr(10)}</td></tr>'
        for n, line in enumerate(LINES, 1)
    )
    + "</tbody></table>",
    "gitea": '<div class="file-view"><table><tbody>'
    + "".join(
        f'<tr><td class="lines-num"><span data-line-number="{n}"></span></td><td rel="L{n}" class="lines-code chroma"><code class="code-inner">{line}\n</code></td></tr>'
        for n, line in enumerate(LINES, 1)
    )
    + "</tbody></table></div>",
    "syntaxhighlighter": '<div class="syntaxhighlighter python"><table><tbody><tr><td class="gutter">'
    + "".join(f'<div class="line number{n}">{n}</div>' for n, _ in enumerate(LINES, 1))
    + '</td><td class="code"><div class="container">'
    + "".join(f'<div class="line">{line.replace("    ", "&nbsp;&nbsp;&nbsp;&nbsp;") or "&nbsp;"}</div>' for line in LINES)
    + "</div></td></tr></tbody></table></div>",
    "doxygen": '<div class="fragment">'
    + "".join(
        f'<div class="line"><a id="l{n:05d}" name="l{n:05d}"></a><span class="lineno">{n:5d}</span>&#160;{line.replace("    ", "&#160;" * 4)}</div>'
        for n, line in enumerate(LINES, 1)
    )
    + "</div>",
    "numbers as anchors": "<pre>"
    + "\n".join(f'<a href="#l{n}" id="l{n}" class="line">{n}</a> {line}' for n, line in enumerate(LINES, 1))
    + "</pre>",
    "gitweb": "<pre>"
    + "\n".join(f'<a id="l{n}" href="#l{n}" class="linenr">{n:4d}</a> {line}' for n, line in enumerate(LINES, 1))
    + "</pre>",
    "prettify": '<pre class="prettyprint linenums"><ol class="linenums">'
    + "".join(f'<li class="L{n}"><code>{line}</code></li>' for n, line in enumerate(LINES))
    + "</ol></pre>",
    "listing": f"<listing>{ESCAPED}</listing>",
    "xmp": f"<xmp>{CODE}</xmp>",
    "style": f'<div style="font-family:monospace; white-space: pre">{ESCAPED}</div>',
    "dp highlighter": '<div class="dp-highlighter"><ol class="dp-py">'
    + "".join(f'<li class="alt"><span>{line.replace("    ", "&nbsp;&nbsp;&nbsp;&nbsp;") or "&nbsp;"}</span></li>' for line in LINES)
    + "</ol></div>",
    "codemirror": '<div class="CodeMirror"><div class="CodeMirror-code">'
    + "".join(f'<pre class="CodeMirror-line"><span>{line or chr(0x200B)}</span></pre>' for line in LINES)
    + "</div></div>",
    "inline code with breaks": "<p><code>" + "<br />\n".join(line.replace("    ", "&nbsp; &nbsp; ") for line in LINES) + "</code></p>",
    "read-only text area": f"<textarea readonly>{ESCAPED}</textarea>",
    "example to run": f'<textarea class="Documentation-exampleCode code" spellcheck="false">{ESCAPED}\n</textarea>',
    "playground": f'<textarea itemprop="description" id="code" name="code" autocorrect="off" spellcheck="false" wrap="off">{ESCAPED}\n</textarea>',
    "editor of a lesson": f'<textarea autocomplete="off" id="textareaCode" wrap="logical" spellcheck="false">{ESCAPED}</textarea>',
    "listing to select": f'<textarea readonly="readonly" onclick="this.select()">{ESCAPED}</textarea>',
}


@pytest.mark.parametrize("form", FORMS)
def test_code_is_exact(form):
    codes = [b.code for b in all_blocks(f"<p>Before it.</p>{FORMS[form]}<p>Behind it.</p>") if b.kind == "code"]
    assert codes == [CODE]


@pytest.mark.parametrize(
    "area",
    [
        '<textarea name="comment" spellcheck="false">Dear weaver,\nyour comment here</textarea>',
        '<textarea class="promo-code" name="code">Enter your code</textarea>',
        '<textarea class="barcodes">12\n13</textarea>',
        '<textarea id="embed-code" readonly>&lt;iframe src="https://loom.example/1">\n&lt;/iframe></textarea>',
        '<textarea class="jw-sharing-textarea" readonly>https://loom.example/1</textarea>',
        '<textarea id="republication-tracker-tool-shareable-content" readonly>&lt;h1>The loom&lt;/h1>\n&lt;p>It stands.&lt;/p></textarea>',
        '<textarea readonly onfocus="this.select();">&lt;div style="border: 1px solid">\n&lt;a href="https://loom.example/">The loom&lt;/a>&lt;/div></textarea>',
        '<textarea readonly onclick="this.select()">[url=https://loom.example/1]The loom[/url]</textarea>',
    ],
)
def test_a_text_area_to_write_in_or_to_copy_from_is_no_code(area):
    assert as_plain(f"<p>Before it.</p>{area}<p>Behind it.</p>") == "Before it.\n\nBehind it."


@pytest.mark.parametrize("form", ["plain", "rouge", "github", "syntaxhighlighter", "inline code with breaks"])
def test_code_of_an_article_is_chosen_as_a_whole(form):
    assert CODE in extracted(f"<p>Run this on the loom:</p>{FORMS[form]}")


def test_one_short_line_stays():
    assert "loom --warp 3" in extracted(
        "<p>The whole work of an hour is done by one command on the machine in the museum:</p><pre><code>loom --warp 3\n</code></pre>"
    )


def test_repeated_lines_stay():
    line = "09:10 the shuttle passed from the left to the right of the loom"
    assert f"{line}\n{line}\n{line}" in extracted(f"<pre>{line}<br>{line}<br>{line}</pre>")


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ('<pre><code class="language-rust">x</code></pre>', "rust"),
        ('<pre class="lang-py s-code-block"><code>x</code></pre>', "py"),
        ('<div class="highlight highlight-source-c++"><pre>x</pre></div>', "c++"),
        ('<pre class="rust rust-example-rendered"><code>x</code></pre>', "rust"),
        ('<pre class="rust item-decl"><code>x</code></pre>', "rust"),
        ('<pre class="brush: js; toolbar: false">x</pre>', "js"),
        ('<pre data-language="yaml"><code>x</code></pre>', "yaml"),
        ('<pre><code class="hljs python">x</code></pre>', "python"),
        (
            '<div class="language-ruby highlighter-rouge"><div class="highlight"><pre class="highlight"><code>x</code></pre></div></div>',
            "ruby",
        ),
        ('<figure class="highlight go"><pre>x</pre></figure>', "go"),
        ('<pre><code class="language-none">x</code></pre>', None),
        ('<pre class="wide">x</pre>', None),
    ],
)
def test_the_language_that_a_page_names(written, language):
    (block,) = all_blocks(written)
    assert (block.kind, block.language) == ("code", language)


def test_only_marked_prompts_go():
    assert all_blocks('<div class="highlight"><pre><span class="gp">$ </span>ls\nout</pre></div>')[0].code == "$ ls\nout"
    assert all_blocks('<pre class="language-console"><span class="gp">$ </span>ls\nout</pre>')[0].code == "ls\nout"
    assert all_blocks("<pre>$ ls\nout</pre>")[0].code == "$ ls\nout"


def test_a_fence_is_longer_than_those_inside():
    assert as_markdown("<pre>```\nx\n```</pre>") == "````\n```\nx\n```\n````"


def test_tabs_and_entities_are_as_written():
    assert (
        all_blocks("<pre>\tif a &amp;&amp; b &lt; c:\n\t\treturn &quot;&amp;lt;&quot;</pre>")[0].code
        == '\tif a && b < c:\n\t\treturn "&lt;"'
    )


def test_a_list_of_inline_code_is_a_list():
    blocks = all_blocks("<ul><li><code>warp</code></li><li><code>weft</code></li></ul>")
    assert [b.kind for b in blocks] == ["item", "item"]


def test_a_single_line_with_its_number_is_code():
    html = (
        '<p>The second issue:</p><table class="highlight js-file-line-container"><tbody><tr><td id="L213" class="blob-num" data-line-number="213"></td>'
        '<td id="LC213" class="blob-code blob-code-inner js-file-line"><span class="k">const</span> sheets = load()</td></tr></tbody></table>'
    )
    assert [b.code for b in all_blocks(html) if b.kind == "code"] == ["const sheets = load()"]


@pytest.mark.parametrize("as_the_other", [True, False])
def test_code_behind_the_text_is_in_where_it_is_set_as_other_code_that_is_in(as_the_other):
    page = page_blocks(
        parsed(
            '<p>Text.</p><div class="set"><pre>first()</pre></div><p>More.</p>'
            + "<p>Aside.</p>" * 9
            + f'<div class="{"set" if as_the_other else "ad"}"><pre>second()</pre></div>'
        )
    )
    tree = Tree(page)
    _, _, texts = features(page)
    words = np.ones(len(texts), np.int64)
    found = units(page, tree, texts, words)
    probabilities = np.full(len(texts), 100_000)
    probabilities[:3], probabilities[found[1].first] = 800_000, 450_000
    _, taken = choosing.with_units(tree, probabilities > 500_000, found, words, probabilities)
    assert [texts[unit.first] for unit in taken] == ["first()", "second()"][: 1 + as_the_other]


def test_code_behind_the_text_that_is_most_unlikely_stays_out():
    page = page_blocks(parsed("<p>Text.</p><pre>first()</pre>" + "<p>Aside.</p>" * 9 + "<pre>second()</pre>"))
    tree = Tree(page)
    _, _, texts = features(page)
    words = np.ones(len(texts), np.int64)
    probabilities = np.full(len(texts), 100_000)
    probabilities[:2] = 800_000
    _, taken = choosing.with_units(tree, probabilities > 500_000, units(page, tree, texts, words), words, probabilities)
    assert [texts[unit.first] for unit in taken] == ["first()"]


@pytest.mark.parametrize(
    "html",
    [
        '<div class="highlight-python notranslate"><div class="highlight"><pre>{}</pre></div></div>',
        '<div class="mw-highlight mw-highlight-lang-python mw-content-ltr"><pre>{}</pre></div>',
        '<pre data-syntaxhighlighter-params="brush: python; gutter: false">{}</pre>',
        '<pre data-enlighter-language="python">{}</pre>',
        '<pre lang="python">{}</pre>',
        '<pre class="python">{}</pre>',
        '<pre><code class="python">{}</code></pre>',
        '<div class="wp_syntax"><table><tr><td class="line_numbers"><pre>1\n2\n</pre></td><td class="code"><pre class="python" style="x">{}</pre></td></tr></table></div>',
    ],
)
def test_the_language_where_the_page_says_it(html):
    assert "```python\n" in as_markdown(html.format("a = 1\nb = 2"))


@pytest.mark.parametrize(
    "html",
    [
        '<pre lang="cs">{}</pre>',
        '<div class="highlight-line"><pre>{}</pre></div>',
        '<div class="python"><pre>{}</pre></div>',
        '<pre lang="de">{}</pre>',
    ],
)
def test_no_language_where_the_page_says_none(html):
    assert "```\n" in as_markdown(html.format("a = 1\nb = 2"))


def test_a_paragraph_that_keeps_its_white_space_is_no_code():
    (block,) = all_blocks('<p style="white-space: pre">A paragraph out of an editor, on one line.</p>')
    assert block.kind == "paragraph"


def test_a_space_of_the_code_stays_where_the_gutter_has_none():
    assert as_plain('<pre><span class="lineno">1</span> a\n<span class="lineno">2</span>b</pre>') == " a\nb"
    assert as_plain('<pre>see <a href="#n1">1</a> here\nand <a href="#n2">2</a></pre>') == "see 1 here\nand 2"


@pytest.mark.parametrize(
    "line",
    [
        'warp(3) <i class="conum" data-value="1"></i><b>(1)</b>',
        'warp(3) <i class="conum" data-value="1"></i><b>(1)</b> <i class="conum" data-value="2"></i><b>(2)</b>',
        'warp(3) # <b class="conum">(1)</b>',
        'warp(3) <span class="c1"># </span><i class="conum" data-value="1"></i><b>(1)</b>',
        'warp(3) &lt;!--<b class="conum">(12)</b>--&gt;',
        'warp(3) <a class="co" id="CO1-1" href="#CO1-1"></a><i class="conum" data-value="1"></i>',
        'warp(3) <span id="CO1-1"></span><span class="callout">1</span>',
        'warp(3)  <span class="c1"># (1)!</span>',
        'warp(3) <span class="cm">/* (1)! */</span>',
    ],
)
def test_marks_of_remarks_are_no_code(line):
    code = all_blocks(f'<pre><code><span class="k">weft</span>(1)\n{line}\n<span class="n">beat</span>()</code></pre>')[0].code
    assert [part.rstrip() for part in code.split("\n")] == ["weft(1)", "warp(3)", "beat()"]


def test_numbers_and_comments_of_the_code_itself_stay():
    code = '<span class="c1"># (1) and more</span>\n<span class="c1"># 3!</span>\n<b>(1)</b> x <i class="conum"></i>'
    assert all_blocks('<pre>n-- <i class="conum" data-value="1"></i><b>(1)</b>\nn--<b class="conum">(2)</b></pre>')[0].code == "n--\nn--"
    assert all_blocks(f"<pre>{code}</pre>")[0].code == "# (1) and more\n# 3!\n(1) x"


CALLOUTS = (
    '<div class="colist arabic"><table><tbody><tr><td><i class="conum" data-value="1"></i><b>1</b></td><td>The <code>warp</code></td></tr></tbody></table></div>',
    '<div class="calloutlist"><table summary="Callout list"><tr><td><p><a href="#CO1-1"><i class="conum" data-value="1"></i></a></p></td><td><p>The <code>warp</code></p></td></tr></table></div>',
    '<div class="colist arabic"><ol><li><p>The <code>warp</code></p></li></ol></div>',
)


@pytest.mark.parametrize("remarks", CALLOUTS)
def test_remarks_on_code_are_a_list(remarks):
    assert as_markdown(f"<pre>x</pre>{remarks}<p>Text</p>") == "```\nx\n```\n\n1. The `warp`\n\nText"


def test_remarks_are_chosen_with_their_code():
    page = page_blocks(parsed(f"<p>Text.</p><pre>x</pre>{CALLOUTS[0]}<p>Aside.</p>{CALLOUTS[0]}"))
    tree = Tree(page)
    _, _, texts = features(page)
    words = np.ones(len(texts), np.int64)
    found = units(page, tree, texts, words)
    probabilities = np.asarray([800_000] + [100_000] * (len(texts) - 1))
    kept, _ = choosing.with_units(tree, probabilities > 500_000, found, words, probabilities)
    assert [text for text, is_in in zip(texts, kept, strict=True) if is_in] == ["Text.", "x", "1", "The warp"]


def test_lines_that_a_page_hides_from_an_example_are_left_out():
    code = '<span class="boring">fn main() {\n</span>    let x = 1;\n<span class="boring">    y();\n</span>    z(x);\n<span class="boring">}</span>'
    assert all_blocks(f'<pre class="playground"><code class="language-rust">{code}</code></pre>')[0].code == "    let x = 1;\n    z(x);"
