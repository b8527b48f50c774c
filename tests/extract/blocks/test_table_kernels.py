"""What is counted in tables, against one look after another."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.extract.blocks import table_kernels as kernels
from winnow.tasks.extract.blocks.units import LONG_HELD_WORDS, MOST_HELD, Tree, _kinds_in_tables
from winnow.tasks.extract.extractors.page_blocks import BLOCK_TAGS, page_blocks
from winnow.tasks.extract.extractors.resiliparse_text import parsed

LONG = "word " * 70
cell = st.sampled_from(["", "7", "a b", LONG, LONG * 4, "<h3>Name</h3>", "<nav>Up</nav>", "<p>a</p><p>b</p><p>c</p><p>d</p>"])
rows = st.lists(
    st.lists(
        cell | st.sampled_from(["<table><tr><td>in it</table>", "<table><tr><th>in<td>it<table><tr><td>deep</table></table>"]), max_size=4
    ),
    max_size=4,
)


def written(table):
    inside = "".join("<tr>" + "".join(f"<{'th' if '7' in one else 'td'}>{one}" for one in row) for row in table)
    return f"<table><caption>Ells</caption><thead></thead>{inside}</table>"


def plain(page, tree, words, table):
    """The facts of a table, told by one look at all its elements for each."""
    tag = [["", *BLOCK_TAGS][t] for t in page.element_tag]
    inside = list(tree.inside(table))
    held = [e for e in inside if tag[e] == "table"]
    own = [e for e in inside if not any(e == t or e in tree.inside(t) for t in held)]
    cells = [e for e in own if tag[e] in ("td", "th")]
    blocks = {e: range(tree.first[e], tree.behind[e]) for e in [*cells, *held]}
    count = {e: sum(words[b] for b in blocks[e]) for e in blocks}
    if any(tag[e] in ("nav", "form", "section") for e in inside) or len(held) > MOST_HELD or any(count[e] > LONG_HELD_WORDS for e in held):
        return [0] * kernels.FACTS
    filled = [e for e in cells if blocks[e]]
    return [
        sum(tag[e] == "tr" for e in own),
        len(cells),
        sum(tag[e] == "th" for e in own),
        sum(tag[e] in ("caption", "thead") for e in own),
        sum(tag[e] in ("h1", "h2", "h3") for e in own),
        len(held),
        len(filled),
        sum(count[e] > kernels.LONG_WORDS for e in filled),
        sum(count[e] > kernels.LONGER_WORDS for e in filled),
        sum(len(blocks[e]) > 3 for e in filled),
    ]


@given(st.lists(rows, max_size=3))
def test_facts_of_tables(tables):
    page = page_blocks(parsed("<p>Before</p>" + "<p>between</p>".join(map(written, tables)) + "<p>After</p>"))
    tree = Tree(page)
    found = np.flatnonzero(page.element_tag == BLOCK_TAGS.index("table") + 1).astype(np.int32)
    starts = [*page.block_run.tolist(), len(page.run_end)]
    ends = [0, *page.run_end.tolist()]
    words = [len(page.text[ends[a] : ends[b]].split()) for a, b in pairwise(starts)]
    facts = np.empty((len(found), kernels.FACTS), np.int32)
    of_page = page.element_tag, page.element_attributes, page.element_end, page.element_first, page.element_behind
    kernels.count_tables(found, *of_page, np.asarray(words, np.int64), _kinds_in_tables(), MOST_HELD, LONG_HELD_WORDS, facts)
    assert facts.tolist() == [plain(page, tree, words, e) for e in found.tolist()]
