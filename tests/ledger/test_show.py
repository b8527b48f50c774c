"""How what was measured of lines is shown."""

from types import SimpleNamespace

from winnow.tasks.ledger.show import LINE_CHARS, MOST_LINES, lines_said


def said(text, **signals):
    return lines_said(SimpleNamespace(before=text, signals=signals))


def test_each_line_stands_behind_what_was_measured_of_it():
    assert said("Home\n \nA text.", line_quality=[0.1, 0.9], line_host_documents=[12.0, 1.0]) == [
        "   0.1      12  Home",
        "   0.9       1  A text.",
    ]
    assert said("Home\n \nA text.", line_quality=[0.1, 0.9], line_host_documents=None) == ["   0.1  Home", "   0.9  A text."]


def test_whatever_is_measured_of_lines_is_shown():
    assert said("Home\n \nA text.", line_quality=[0.1, 0.9], line_quality_mean=0.5, line_sentences=[0.0, 1.0]) == [
        "     0     0.1  Home",
        "     1     0.9  A text.",
    ]


def test_nothing_is_said_where_no_line_was_measured_or_other_lines_were():
    assert said("Home", word_count=1) == said("Home\nText", line_quality=[0.5]) == said("", line_quality=None) == []


def test_long_pages_and_lines_are_cut():
    found = said("\n".join(["x" * 500] * (MOST_LINES + 5)), line_quality=[0.5] * (MOST_LINES + 5))
    assert (len(found), found[-1]) == (MOST_LINES + 1, "… and 5 more: --json has all")
    assert len(found[0]) < LINE_CHARS + 20
