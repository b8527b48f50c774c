"""Tables: data as a grid with every cell in its column, layout as the text it holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.extract.blocks.pages import all_blocks, as_markdown, as_plain, extracted
from winnow.tasks.extract.blocks import markdown, tables
from winnow.tasks.extract.blocks.formulas import InText

HEAD = "<tr><th>Cloth</th><th>Lengths</th><th>Price</th></tr>"


def test_empty_cells_keep_their_place():
    html = f"<table>{HEAD}<tr><td>Linen</td><td></td><td>9</td></tr><tr><td>Wool</td><td>4</td><td>&nbsp;</td></tr></table>"
    assert as_plain(html) == "Cloth\tLengths\tPrice\nLinen\t\t9\nWool\t4\t"
    assert as_markdown(html) == "| Cloth | Lengths | Price |\n| --- | --- | --- |\n| Linen |  | 9 |\n| Wool | 4 |  |"


def test_what_breaks_lines_in_a_cell_is_a_space():
    html = "<table><tr><th>Cloth<br>(kind)</th><th>Made</th></tr><tr><td><p>Linen</p><p>fine</p></td><td><ul><li>spring</li><li>autumn</li></ul></td></tr></table>"
    assert as_markdown(html) == "| Cloth (kind) | Made |\n| --- | --- |\n| Linen fine | spring autumn |"


def test_a_cell_that_spans_is_repeated():
    html = f'<table>{HEAD}<tr><td rowspan="2">Linen</td><td>3</td><td>8</td></tr><tr><td>5</td><td>9</td></tr><tr><td colspan="2">All cloth</td><td>17</td></tr></table>'
    assert as_plain(html).split("\n")[1:] == ["Linen\t3\t8", "Linen\t5\t9", "All cloth\tAll cloth\t17"]


def test_a_cell_spans_no_section():
    html = f'<table>{HEAD}<tbody><tr><td rowspan="5">Linen</td><td>3</td><td>8</td></tr></tbody><tbody><tr><td>Wool</td><td>5</td><td>9</td></tr></tbody></table>'
    assert as_plain(html).split("\n")[1:] == ["Linen\t3\t8", "Wool\t5\t9"]
    html = '<table><tr><th>A</th><th>B</th></tr><tbody><tr><td rowspan="0">x</td><td>1</td></tr><tr><td>2</td></tr></tbody><tbody><tr><td>y</td><td>3</td></tr></tbody></table>'
    assert as_plain(html).split("\n") == ["A\tB", "x\t1", "x\t2", "y\t3"]


@pytest.mark.parametrize("span", ["3", "50", "100%", "9999"])
def test_a_cell_spans_no_columns_that_the_table_has_not(span):
    html = f'<table>{HEAD}<tr><td colspan="{span}">All cloth</td></tr><tr><td>Linen</td><td>5</td><td>9</td></tr></table>'
    assert as_plain(html).split("\n")[1:] == ["All cloth\tAll cloth\tAll cloth", "Linen\t5\t9"]


def test_a_small_table_in_a_cell_of_data_is_text_of_the_cell():
    html = "<table><tr><th>Loom</th><th>Years</th></tr><tr><td>Old</td><td><table><tr><td>1861</td><td>1862</td></tr></table></td></tr><tr><td>New</td><td>1900</td></tr></table>"
    assert as_plain(html) == "Loom\tYears\nOld\t1861 1862\nNew\t1900"


def test_marks_in_cells():
    html = r"<table><tr><th>Call</th><th>Cost</th></tr><tr><td><code>a|b</code></td><td>10<sup>3</sup></td></tr></table>"
    assert as_markdown(html).endswith("| `a\\|b` | 10^3 |")


@pytest.mark.parametrize("link", ["", '<a class="headerlink" href="#cloth" title="Link to this table">¶</a>'])
def test_a_caption_stands_before_its_table(link):
    blocks = all_blocks(f"<table><caption>Cloth by kind{link}</caption>{HEAD}<tr><td>Linen</td><td>1</td><td>2</td></tr></table>")
    assert [(b.kind, b.runs[0].text if b.runs else "") for b in blocks] == [("caption", "Cloth by kind"), ("table", "")]


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><td><p>One</p><p>Two</p></td><td>Three</td></tr></table>",
        '<table role="presentation"><tr><th>a</th><td>b</td></tr><tr><th>c</th><td>d</td></tr></table>',
        "<table><tr><td><h1>Title</h1><p>Text</p></td><td>side</td></tr><tr><td>a</td><td>b</td></tr></table>",
        "<table><tr><td>only</td></tr><tr><td>one column</td></tr></table>",
    ],
    ids=["one row", "says so", "headings", "one column"],
)
def test_a_table_for_the_layout_is_text(html):
    assert "table" not in [b.kind for b in all_blocks(html)]


def test_a_table_around_a_table_is_layout():
    inner = f"<table>{HEAD}<tr><td>Linen</td><td>3</td><td>8</td></tr></table>"
    blocks = all_blocks(f"<table><tr><td><p>Text before the numbers.</p>{inner}</td><td>side</td></tr></table>")
    assert [b.kind for b in blocks] == ["paragraph", "table", "paragraph"]


def test_repeated_cells_stay():
    hours = "from eight in the morning until four in the afternoon, without a break"
    text = extracted(
        f"<table><tr><th>Day</th><th>Hours of the museum</th></tr><tr><td>Friday</td><td>{hours}</td></tr><tr><td>Saturday</td><td>{hours}</td></tr></table>"
    )
    assert f"Friday\t{hours}\nSaturday\t{hours}" in text


def read(rows):
    html = "".join("<tr>" + "".join(f'<td rowspan="{r}" colspan="{c}">x</td>' for r, c in row) + "</tr>" for row in rows)
    return tables.read(f"<table>{html}</table>", (), InText(""), 0)[0].rows


@given(st.lists(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=5), max_size=6))
def test_rows_are_equally_long(rows):
    assert len({len(row) for row in read(rows)}) <= 1


def test_spans_cost_no_more_than_cells():
    rows = read([[(1000, 1000)] * 50] * 50)
    assert sum(map(len, rows)) < 200_000


SPANNING = f'<table>{HEAD}<tr><td rowspan="2">Linen &amp; <code>&lt;b&gt;</code></td><td>3</td><td>8</td></tr><tr><td>5</td><td>9</td></tr><tr><td colspan="2">All cloth</td><td>17</td></tr></table>'


@pytest.mark.parametrize(
    "row",
    [
        "<tr><td rowspan=1000>1<td>2",
        "<tr><td rowspan=1000 colspan=1000>1<td>2",
        "<tr><td rowspan=0>1<td rowspan=0>2",
        "<tr><td colspan=1000>1",
    ],
)
def test_cells_that_spans_add_are_bounded_by_those_written(row):
    rows = 400
    table, _ = tables.read(f"<table>{row * rows}</table>", (), InText(""), 0)
    assert sum(map(len, table.rows)) <= 2 * (tables.MOST_ADDED + (2 + tables.MOST_ADDED_PER_CELL) * 2 * rows)


def test_a_table_with_spans_may_stay_html():
    blocks = all_blocks(SPANNING)
    assert markdown.write(blocks, keep_spans=True)[0].split("\n") == [
        "<table>",
        "<tr><th>Cloth</th><th>Lengths</th><th>Price</th></tr>",
        '<tr><td rowspan="2">Linen &amp; <code>&lt;b&gt;</code></td><td>3</td><td>8</td></tr>',
        "<tr><td>5</td><td>9</td></tr>",
        '<tr><td colspan="2">All cloth</td><td>17</td></tr>',
        "</table>",
    ]


def test_a_table_without_spans_never_is():
    blocks = all_blocks(f'<table>{HEAD}<tr><td rowspan="1">Linen</td><td>3</td><td>8</td></tr></table>')
    assert markdown.write(blocks, keep_spans=True) == markdown.write(blocks)


def test_html_of_a_table_is_as_long_as_its_cells():
    wide = "<tr>" + '<td colspan="1000" rowspan="1000">a</td>' * 3 + "</tr>"
    [table] = [b.table for b in all_blocks(f"<table>{HEAD}{wide * 40}</table>") if b.kind == "table"]
    assert len(markdown.html_table(table)) < 10_000
