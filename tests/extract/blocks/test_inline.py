"""What stands inside a line: raised and lowered numbers, readings, quotations, code, elements that nobody knows."""

import pytest

from tests.extract.blocks.pages import as_markdown, as_plain, extracted


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("6 × 10<sup>23</sup> atoms of H<sub>2</sub>O", "6 × 10^23 atoms of H_2O"),
        ("10<sup>-3</sup> m<sup>2</sup>", "10^-3 m^2"),
        ("x<sup>n+1</sup> and a<sub>max</sub>", "x^{n+1} and a_{max}"),
        ("x<sup>n</sup>", "x^n"),
        ("the 21<sup>st</sup> of May, M<sup>me</sup> Curie, 3<sup>e</sup>", "the 21st of May, Mme Curie, 3e"),
        ("Loom<sup>®</sup>", "Loom®"),
        ('the loom<sup><a href="#n1">12</a></sup> stands', "the loom[12] stands"),
        ('the loom<a href="#fn12" role="doc-noteref"><sup>12</sup></a> stands', "the loom[12] stands"),
        ('the loom <a href="#fn12"><em>of</em></a> x<sup>2</sup>, <a href="area">m<sup>2</sup></a>', "the loom of x^2, m^2"),
        (
            'of oak<a class="footnote-anchor" data-component-name="FootnoteAnchorToDOM" href="#footnote-1">1</a> it stands',
            "of oak[1] it stands",
        ),
        ('of oak.<a epub:type="noteref" href="notes.xhtml#n3"><span>12</span></a> It', "of oak.[12] It"),
        ('of oak<a href="#_ftn1" name="_ftnref1"><span class="MsoFootnoteReference"><span>3</span></span></a>', "of oak[3]"),
        ('of oak<sup><a class="noteref" href="#fn1">3</a></sup> and <a class="note" href="#fn1">4</a>', "of oak[3] and 4"),
        ('line A<a href="/lines">1</a> to B<a href="#b2">2</a>, <a class="note" href="#fn1">oak2</a>', "line A1 to B2, oak2"),
        ("<sup>4</sup>He", "4He"),
        ("woven by hand.<sup>12</sup> It held,<sup>3</sup> as she said.”<sup>4</sup>", "woven by hand.[12] It held,[3] as she said.”[4]"),
        ("3<sup>1</sup>/<sub>2</sub> ells, <sup>3</sup>⁄<sub>4</sub> wide", "3 1/2 ells, 3⁄4 wide"),
        ("le XX<sup>e</sup> siècle, n<sup>o</sup> 5, D<sup>r</sup> X", "le XXe siècle, no 5, Dr X"),
        ("x<sup>e</sup> and v<sup>o</sup>", "x^e and v^o"),
        ("<ruby>織<rt>お</rt>物<rt>もの</rt></ruby>が", "織物（おもの）が"),
        ("<ruby>機<rp>(</rp><rt>はた</rt><rp>)</rp></ruby>を織る", "機（はた）を織る"),
        ("she said <q>now</q> twice", "she said “now” twice"),
        ("foot<wbr>ball in the <nobr>town hall</nobr>", "football in the town hall"),
        ("In <st1:place w:st=on><st1:City>Cork</st1:City></st1:place> the <x-cite>weaver</x-cite> lived", "In Cork the weaver lived"),
        ('by <span itemprop=author><meta itemprop=url content="/a">Ann</span> on <link itemprop=x href=y>Friday', "by Ann on Friday"),
        ("rate -3<i>r</i> and 3<i>r</i>/2", "rate -3r and 3r/2"),
        ("a &lt;b&gt; &amp;amp; c&nbsp;d", "a <b> &amp; c d"),
        ("Reise&shy;kosten\u2060ab\ufeffrech\u200bnung", "Reisekostenabrechnung"),
        ("ภาษา\u200bไทย", "ภาษา\u200bไทย"),
        ("one line<br>and <em>another</em>", "one line\nand another"),
    ],
)
def test_a_line(html, text):
    assert as_plain(f"<p>{html}</p>") == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("call <code>warp(`3`)</code> now", "call ``warp(`3`)`` now"),
        ("call <code><a href=/w>warp</a></code> now", "call `warp` now"),
        ("see <code>a</code><code>b</code>", "see `ab`"),
        ("<b>Bold</b> and <em>so </em>on", "**Bold** and *so* on"),
    ],
)
def test_a_line_in_markdown(html, text):
    assert as_markdown(f"<p>{html}</p>", emphasis=True) == text


def test_emphasis_is_only_marked_on_request():
    assert as_markdown("<p><b>Bold</b> and <em>so</em> on</p>") == "Bold and so on"


def test_of_an_article():
    assert "has 10^6 threads of C_2H_4" in extracted(
        "<p>The largest cloth in the museum has 10<sup>6</sup> threads of C<sub>2</sub>H<sub>4</sub>, says the book.</p>"
    )
