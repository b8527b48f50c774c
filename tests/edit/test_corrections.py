"""Line rules: cases by the published rules, conservation of lines, and against datatrove's C4 block."""

from dataclasses import replace

import pytest
from datatrove.data import Document as Trove
from datatrove.pipeline.filters.c4_filters import C4QualityFilter
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.edit.corrections import LineRules

C4 = LineRules(
    max_word_chars=1000, citations=True, terminal_punctuation=True, min_words=3, javascript=True, policy=True, page_rules_first=True
)
FINEWEB = LineRules(max_word_chars=1000, citations=True, min_words=3, javascript=True, policy=True)
REFINEDWEB = LineRules(max_upper_share=0.5, numeric=True, counters=True, min_words=2, edit_interface=True)

CASES = [
    (C4, "A line that ends well.", "A line that ends well.", ""),
    (C4, "A line that does not end", "", "terminal_punctuation"),
    (C4, "A line that trails off...", "", "terminal_punctuation"),
    (C4, 'He said "go now"', 'He said "go now"', ""),
    (C4, "Too short.", "", "min_words"),
    (C4, "Please enable JavaScript in your browser.", "", "javascript"),
    (C4, "We say in our Privacy Policy what we do.", "", "policy"),
    (C4, "This site uses cookies, sorry.", "", "policy"),
    (C4, "Water is wet.[12] It is known.[citation needed]", "Water is wet. It is known.", ""),
    (C4, "It is said [edit]", "", "terminal_punctuation"),
    (C4, f"One {'x' * 1001} word.", "", "max_word_chars"),
    (C4, f"One {'x' * 1000} word.", f"One {'x' * 1000} word.", ""),
    (FINEWEB, "A line that does not end", "A line that does not end", ""),
    (REFINEDWEB, "CLICK HERE NOW please", "", "max_upper_share"),
    (REFINEDWEB, "Click HERE now please", "Click HERE now please", ""),
    (REFINEDWEB, "12 34", "12 34", ""),
    (REFINEDWEB, "2 + 3 = 5", "2 + 3 = 5", ""),
    (REFINEDWEB, "$ 4.50 - $ 9.99", "$ 4.50 - $ 9.99", ""),
    (REFINEDWEB, "RFC 5295", "RFC 5295", ""),
    (REFINEDWEB, "RFC HTTP 5", "", "max_upper_share"),
    (LineRules(numeric=True), "12345", "", "numeric"),
    (LineRules(numeric=True), "１２３", "", "numeric"),
    (C4, "Our privacy policy is a block { of code }.", "Our privacy policy is a block { of code }.", ""),
    (C4, "Lorem ipsum needs JavaScript and cookie policy.", "Lorem ipsum needs JavaScript and cookie policy.", ""),
    (C4, "Enable JavaScript to see { this }.", "", "javascript"),
    (FINEWEB, "Our privacy policy is a block { of code }.", "", "policy"),
    (REFINEDWEB, "3 likes", "", "counters"),
    (REFINEDWEB, "1.2k Views", "", "counters"),
    (REFINEDWEB, "He likes 3 cats", "He likes 3 cats", ""),
    (REFINEDWEB, "Home", "", "min_words"),
    (REFINEDWEB, "The end of a story. Read more...", "The end of a story.", ""),
    (REFINEDWEB, "Sign-in to your account", "to your account", ""),
    (REFINEDWEB, "You have 2 items in cart today", "You have 2  today", ""),
    (REFINEDWEB, "Read more...", "", "edit_interface"),
    (
        REFINEDWEB,
        "A long line of more than ten words that asks you to sign in or read more...",
        "A long line of more than ten words that asks you to sign in or read more...",
        "",
    ),
]


@pytest.mark.parametrize(("rules", "line", "text", "reason"), CASES)
def test_a_line(rules, line, text, reason):
    corrected = rules.apply(line)
    assert (corrected.text, corrected.removed) == (text, {reason: 1} if reason else {})


def test_blank_lines_stay_where_refinedweb_is_followed_and_go_where_c4_is():
    text = "The first line is here.\n\nThe second one is here."
    assert REFINEDWEB.apply(text).text == text
    assert C4.apply(text).text == text.replace("\n\n", "\n")


def test_words_removed():
    assert REFINEDWEB.apply("one two three four\nHome\nfive six seven. Read more...").words_removed_share == pytest.approx(3 / 10)
    assert REFINEDWEB.apply("").words_removed_share == 0
    assert C4.apply("a b\n").words_removed_share == 1


any_text = st.text(st.characters(exclude_categories=()), max_size=120)
web_text = st.lists(
    st.sampled_from([c[1] for c in CASES] + ["", " ", "  x  ", "\ud800", "[", "[3]", "a { b c.", "Lorem ipsum cookie policy."]), max_size=12
).map("\n".join)


@pytest.mark.parametrize("rules", [C4, FINEWEB, REFINEDWEB, LineRules()], ids=["c4", "fineweb", "refinedweb", "none"])
@given(text=st.one_of(any_text, web_text))
def test_no_line_is_lost_without_a_reason(rules, text):
    corrected = rules.apply(text)
    assert corrected.lines_in == corrected.lines_out + sum(corrected.removed.values()) == len(text.splitlines())
    assert 0 <= corrected.words_removed_share <= 1
    words = len(text.split())
    assert corrected.words_removed_share == pytest.approx(1 - len(corrected.text.split()) / words if words else 0, abs=1e-12)
    assert rules.apply(text) == corrected


@given(text=st.one_of(any_text, web_text), punctuation=st.booleans())
def test_the_text_is_datatroves(text, punctuation):
    block = C4QualityFilter(
        filter_no_terminal_punct=punctuation, min_num_sentences=-1, filter_lorem_ipsum=False, filter_curly_bracket=False
    )
    doc = Trove(text=text, id="0")
    assert block.filter(doc) is True
    assert replace(C4 if punctuation else FINEWEB, page_rules_first=False).apply(text).text == doc.text


@given(text=st.one_of(any_text, web_text), punctuation=st.booleans())
def test_the_pages_that_c4_drops_for_a_bracket_or_a_filler_are_datatroves(text, punctuation):
    block = C4QualityFilter(filter_no_terminal_punct=punctuation, min_num_sentences=-1)
    left = replace(C4 if punctuation else FINEWEB, page_rules_first=True).apply(text).text
    assert ("{" in left or "lorem ipsum" in left.lower()) == (block.filter(Trove(text=text, id="0")) is not True)
