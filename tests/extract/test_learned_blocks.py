"""The parts of the learned extractor: blocks of a page, trees as plain data, the choice of blocks, the text they become."""

import json
import os
import re
import subprocess
import sys
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from resiliparse.parse.html import HTMLTree

from tests.extract.blocks.pages import as_markdown, as_plain
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.extract.extractors import block_trees, feature_kernels
from winnow.tasks.extract.extractors.block_features import char_classes, features
from winnow.tasks.extract.extractors.block_trees import best_blocks, shipped
from winnow.tasks.extract.extractors.nesting import nesting
from winnow.tasks.extract.extractors.page_blocks import GROUP_BIT, HIDDEN_BIT, page_blocks
from winnow.tasks.models.trees import CERTAIN, from_json

STRUCTURE = """<h1>Mills</h1><p>A  first
paragraph.</p><ul><li>Wheat<ul><li>Red wheat</li></ul></li><li>Rye</li></ul><ol><li>Grind</li><li>Sift<p>twice</p></li></ol>
<pre>def mill(grain):
    return <b>flour</b>

x = 1</pre><table><tr><th>Grain</th><th>Price</th></tr><tr><td>Wheat</td><td>1|2</td></tr></table>
<blockquote><p>Quoted.</p></blockquote><p>One line<br>and another.</p><h2>More &amp; more</h2>"""
MARKUP = r"""# Mills

A first paragraph.

- Wheat
  - Red wheat
- Rye

1. Grind
2. Sift

  twice

```
def mill(grain):
    return flour

x = 1
```

| Grain | Price |
| --- | --- |
| Wheat | 1\|2 |

> Quoted.

One line
and another.

## More & more"""
PLAIN = """Mills

A first paragraph.

• Wheat
• Red wheat
• Rye

• Grind
• Sift

twice

def mill(grain):
    return flour

x = 1

Grain\tPrice
Wheat\t1|2

Quoted.

One line
and another.

More & more"""


def blocks(html):
    return page_blocks(HTMLTree.parse(html))


@pytest.mark.parametrize(("markup", "text"), [(True, MARKUP), (False, PLAIN)], ids=["markup", "plain"])
def test_structure_is_kept(markup, text):
    assert (as_markdown if markup else as_plain)(STRUCTURE) == text


def test_what_is_no_text_makes_no_block():
    html = "<p>Text</p><script>a</script><style>b</style><!-- c --><svg><text>d</text></svg><select><option>e</option></select><template>f</template>"
    assert blocks(html).run_text == ["Text"]


@pytest.mark.parametrize("part", ["<script ", '<a y="" ', "<a b>", "<!-- ", "<? ", "<xmp"])
@pytest.mark.parametrize("way", ["<plaintext>{}", "<plaintext></plaintext>{}", "<svg><style>&lt;/style>{}</style></svg>"])
def test_what_is_smuggled_in_raw_takes_linear_time(way, part):
    # Many minutes when each "<" looked for an end that is not there.
    assert blocks("<p>Text</p>" + way.format(part.replace("<", "&lt;") * 100_000 if "svg" in way else part * 100_000)).run_text[0] == "Text"


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("chars", range(18))
def test_a_raw_element_ends_at_its_end_tag_wherever_it_stands(before, chars):
    # Raw text is looked through eight bytes at once.
    html = f"<p>{'a' * before}</p><script>{'é<'[: chars % 3]}{'x' * chars}</script><p>Text</p>"
    assert blocks(html).run_text == [*(["a" * before] if before else []), "Text"]
    assert nesting(html.encode(), 400)[0] == nesting(f"<p>{'a' * before}</p><p>Text</p>".encode(), 400)[0]


TEXT_PARTS = ["<p>", "</p>", "<b class=x>", "</b>", "<br>", "<li id='a b'>", "<!-- c -->", "<x-y z>", "a", " ", "&amp;lt;", "&lt;p>", "&nbsp;", "&copy;", "&", "< ", "é", "水", "🌾", "\u2003", "\x85"]  # fmt: skip


@given(st.lists(st.sampled_from(TEXT_PARTS), max_size=40).map("".join))
def test_the_runs_are_the_text_of_the_tree(html):
    tree = HTMLTree.parse(html)
    found = "".join(page_blocks(tree).run_text)
    assert "".join(found.split()) == "".join((tree.body.text if tree.body else "").split())


@pytest.mark.parametrize("tag", ["script-x", "style='a", "xmp2"])
def test_only_a_whole_name_makes_an_element_raw(tag):
    assert blocks(f"<p>One<{tag}>two</{tag}></p><p>three</p>").run_text == ["One", "two", "three"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["class", "id", "role", "itemprop", "itemtype", "title", "data-class", "style", "hidden", "aria-hidden", "data-hidden", "bria-hidden"]),
            st.one_of(
                st.sampled_from(["", "true", "TRUE", "trap", "display:none", "color: red; DISPLAY : none", "display: \u2003None", "visibility:\u2003HIDDEN", "visibility: visible", "x" * 4000, "sidebar " * 150]),
                st.lists(st.sampled_from(["nav", "Side", "BAR", "foo", "a", "B", "-", "_", " ", "7", "é", "水", "x" * 29, "Y" * 30]), max_size=12).map("".join),
            ),
        ),
        max_size=5,
        unique_by=lambda pair: pair[0],
    )
)  # fmt: skip
def test_names_are_words_of_five_attributes(attributes):
    shown = "".join(f' {name}="{value}"' for name, value in attributes)
    named = " ".join(re.findall(r" (?:class|id|role|itemprop|itemtype)=\"([^\"]*)\"", shown[:4000]))[:1000]
    words = dict.fromkeys(word.lower() for word in re.findall(r"[a-z]{2,30}|[A-Z][a-z]{1,30}|[A-Z]{2,30}", named))
    bits = 0
    for word in words:
        bits |= GROUP_BIT.get(word, 0)
    if re.search(r' hidden="| aria-hidden="true"| style="[^"]*(?:display\s*:\s*none|visibility\s*:\s*hidden)', shown, re.I):
        bits |= HIDDEN_BIT
    page = blocks(f"<div{shown}>text</div>")
    assert (page.element_bits[-1], page.element_checksum[-1]) == (bits, zlib.crc32(" ".join(words).encode()))


@pytest.mark.slow
def test_kernels_say_the_same_without_their_compiler():
    extract = (
        "from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks\nfrom tests.extract.test_extractors import PAGE, THREAD\n"
        "from tests.extract.test_learned_blocks import STRUCTURE\nprint([LearnedBlocks(structure='markdown').extract(p * 3) for p in (PAGE, THREAD, STRUCTURE)])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", extract], env={**os.environ, **other}, capture_output=True, text=True, check=True
        ).stdout
        for other in ({}, {"NUMBA_DISABLE_JIT": "1"})
    ]
    assert "sentence number 7" in said[0]
    assert said[0] == said[1]


def test_an_attribute_with_an_odd_name_ends_where_it_ends():
    assert blocks('<p>One <a href=x "">two</a></p><p>three</p>').run_text == ["One ", "two", "three"]


def test_names_of_elements_mark_their_blocks():
    html = "<div class='SideBar-box'><p>Aside</p></div><p hidden>Unseen</p><p>Seen</p>"
    names, matrix, _ = features(blocks(html))
    assert matrix[names.index("side_above")].tolist() == [1, 0, 0]
    assert matrix[names.index("unseen_above")].tolist() == [0, 1, 0]


def test_ancestors_are_counted_at_any_depth():
    html = "<ul><li>" * 37 + "deep"
    names, matrix, _ = features(blocks(html))
    assert matrix[names.index("depth"), 0] == 75  # the body is one


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<li>", "word ", "<a href=/>", "</a>", "<h2>", "<td>", "<table>", "。", "\u200b", "<br>"]),
        max_size=60,
    )
)
def test_features_are_finite(parts):
    page = blocks("".join(parts))
    if len(page.block_element):
        names, matrix, texts = features(page)
        assert matrix.shape == (len(names), len(texts))
        assert np.isfinite(matrix).all()


def test_white_space_is_what_python_strips():
    from winnow.tasks.extract.extractors.feature_kernels import SPACE, is_white

    spaces = np.flatnonzero(char_classes() == SPACE).tolist()
    assert [c for c in spaces if is_white(c)] == [c for c in range(0x110000) if chr(c).isspace()]


@pytest.mark.parametrize(("text", "kind"), [("End. \t", "STOP"), ("one,\u3000", "COMMA"), ("word \u200c", "SPACE"), ("9", "DIGIT")])
def test_the_last_character_that_is_no_white_space_has_a_class(text, kind):
    names, matrix, _ = features(blocks(f"<p>{text}</p>"))
    assert matrix[names.index("last_kind")].tolist() == [getattr(feature_kernels, kind)]


def tree(**other):
    """One tree of depth 2: content if longer than 10 and few links."""
    model = {"format": 1, "depth": 2, "leaf_unit": 1, "bias": 0, "borders": {"chars": [10.5], "links": [0.5]}, "questions": [[0, 1]]}
    return from_json({**model, "leaves": [[-2, 3, -5, -1]], **other})


def test_a_tree_asks_its_questions():
    chances = tree().probabilities(["links", "chars"], np.asarray([[0, 0, 1, 1], [5, 20, 5, 20]], np.float32))
    assert [round(1 / (1 + np.exp(-z)), 5) for z in (-2, 3, -5, -1)] == [round(c / CERTAIN, 5) for c in chances]


@pytest.mark.parametrize("part", [1, 7, 64, 65])
def test_a_block_is_scored_alike_in_any_company(part):
    matrix = np.random.default_rng(7).integers(0, 30, (2, 150)).astype(np.float32)
    parts = [tree().probabilities(["links", "chars"], matrix[:, at : at + part].copy()) for at in range(0, 150, part)]
    assert tree().probabilities(["links", "chars"], matrix).tolist() == np.concatenate(parts).tolist()


def test_another_format_is_refused():
    with pytest.raises(BadInput, match="format 2"):
        tree(format=2)


@given(st.lists(st.tuples(st.integers(0, CERTAIN), st.integers(0, 500)), max_size=9))
def test_no_other_cut_has_a_higher_expected_f1(blocks):
    chances, words = (np.asarray([b[k] for b in blocks], np.int64) for k in (0, 1))
    chosen = best_blocks(chances, words)

    def f1(taken):
        wanted = (chances * words).sum()
        return 2 * (chances * words)[taken].sum() / max(1, words[taken].sum() * CERTAIN + wanted)

    assert all(f1(chosen) >= f1(chances >= limit) - 1e-12 for limit in chances)


@given(st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 3)), max_size=12))
def test_the_best_blocks_are_those_of_plain_sums(pairs):
    chances, words = (np.asarray([pair[k] * (10_000 if k == 0 else 1) for pair in pairs], np.int64) for k in (0, 1))
    words[chances < 0] = 0  # as of blocks that are left out
    order = np.argsort(-chances, kind="stable")
    wanted = chances[order] * words[order]
    expected = np.zeros(len(words), np.bool_)
    if wanted.sum():
        f1 = 2 * np.cumsum(wanted) / (np.cumsum(words[order]) * CERTAIN + wanted.sum())
        expected = chances >= chances[order[int(np.argmax(f1))]]
    assert best_blocks(chances, words).tolist() == expected.tolist()


TITLED = st.lists(st.sampled_from(["mill", "Mills", "é", "水车", " ", "\u2003", "\u200b", "\x1c", "a", "."]), max_size=5).map("".join)


@given(st.lists(TITLED, max_size=8), TITLED)
def test_copies_and_words_of_the_title_are_told_as_strings_tell_them(texts, title):
    page = blocks(f"<title>{title}</title>" + "".join(f"<p>{text}</p>" for text in texts))
    names, matrix, found = features(page)
    bare = [text.strip() for text in found]
    shown = " ".join(page.title.split())
    assert matrix[names.index("copies")].tolist() == [bare.count(text) for text in bare]
    assert matrix[names.index("in_title")].tolist() == [3 < len(text) <= len(shown) and text in shown for text in bare]


def test_the_model_fits_the_features_and_the_package():
    trees, digest = shipped()
    names, _, _ = features(blocks("<p>a</p>"))
    assert set(trees.features) <= set(names)
    assert len(digest) == 16
    assert block_trees.MODEL.stat().st_size < 400_000
    card = block_trees.MODEL.with_suffix(".md").read_text()
    for left_out in ("l3s-gn1", "msvcode-ir", "cleaneval", "cleanportaleval"):
        assert f"| {left_out} |" not in card
    assert json.loads(block_trees.MODEL.read_text())["format"] == 1
