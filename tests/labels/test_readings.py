"""What is read from an answer: what was said, never a guess, and the reason if nothing can be read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.endpoint.answers import Answer
from winnow.tasks.endpoint.queries import Chat
from winnow.tasks.labels.heads import head, parsed, shipped_heads
from winnow.tasks.labels.prompts import Asked, asked
from winnow.tasks.labels.readings import PROBLEMS, readings

LABELS = ["Health", "Science, Math & Technology", "Home & Hobbies", "Home", "I"]
CHAT = Chat((("user", ""),))
ONE = parsed({"name": "t", "form": "choice", "prompt": "?", "labels": LABELS}, "t")
TWO = parsed({"name": "t", "form": "choices", "prompt": "?", "labels": LABELS}, "t")
KEYS = tuple(zip("ABCDI", LABELS, strict=True))


def read(found, text, *, finish="stop", lines=(), keys=KEYS, **more):
    return readings(found, Asked(CHAT, keys, lines), Answer(text, finish, **more))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("A: it is about medicine.", "Health"),
        ("B", "Science, Math & Technology"),
        (" **C**: gardening", "Home & Hobbies"),
        ("**Answer: B**\nBecause it is.", "Science, Math & Technology"),
        ("The best label is C.", "Home & Hobbies"),
        ("(b) since", "Science, Math & Technology"),
        ("a", "Health"),
        ("B - Science, Math & Technology", "Science, Math & Technology"),
        ("B Science, Math & Technology", "Science, Math & Technology"),
        ("I: it is about me.", "I"),
        ("I", "I"),
        ("Home & Hobbies: pets", "Home & Hobbies"),
        ("home", "Home"),
        ("# Health\n", "Health"),
        ('{"label": "B"}', "Science, Math & Technology"),
        ('```json\n{"label": "Health", "why": "{"}\n```', "Health"),
        ("<think>A or B? B: no.</think>\nA: medicine", "Health"),
        ("A: medicine, and then it was cut", "Health"),
    ],
)
def test_a_label(text, label):
    assert [r.labels for r in read(ONE, text)] == [(label,)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("I think it is A.", "unreadable"),
        ("A page about medicine is what this seems to be, all in all, if one looks at it.", "unreadable"),
        ("Es geht um Medizin, also wäre die Antwort wohl der erste Buchstabe.", "unreadable"),
        ("这是关于健康的。", "off_list"),
        ("E: none", "off_list"),
        ("Politics", "off_list"),
        ("Home improvement, I would say, is what it is about.", "unreadable"),
        ("B: Health, clearly", "contradictory"),
        ("I'm sorry, but I cannot classify this content.", "refused"),
        ("I can’t help with that.", "refused"),
        ("I'm sorry, I cannot.", "refused"),
        ("I can't.", "refused"),
        ('{"label": "B"', "unreadable"),
        ('{"label": ["A", "B"]}', "unreadable"),
        ('{"label": null}', "unreadable"),
        ("<think>It may be A", "unreadable"),
    ],
)
def test_no_label(text, problem):
    assert [(r.labels, r.problem) for r in read(ONE, text)] == [((), problem)]


def test_what_was_cut_and_what_was_never_answered():
    assert read(ONE, "A: a long reason", finish="length")[0].labels == ("Health",)
    assert read(ONE, "Let us see, this page", finish="length")[0].problem == "cut"
    assert read(ONE, "<think>Let us see", finish="length")[0].problem == "cut"
    assert read(ONE, "", finish="length")[0].problem == "cut"
    assert read(ONE, "A: x", problem="filtered")[0].problem == "filtered"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ('{"label": "A", "second": "B"}', ("Health", "Science, Math & Technology")),
        ('{"label": "A", "second": null}', ("Health",)),
        ('{"label": "A", "second": "None"}', ("Health",)),
        ('{"label": "A", "second": "A"}', ("Health",)),
        ('{"label": "A", "second": "Z"}', ("Health",)),
        ("A: medicine", ("Health",)),
    ],
)
def test_two_choices(text, labels):
    assert read(TWO, text)[0].labels == labels


@pytest.mark.parametrize(
    ("text", "score", "problem"),
    [
        ("It is useful.\nScore: 3", 3, None),
        ("Educational score: **4**", 4, None),
        ("Score: 4/5", 4, None),
        ("Score: 0.", 0, None),
        ("5", 5, None),
        ('{"score": 2, "reason": "short"}', 2, None),
        ('{"score": "2"}', 2, None),
        ("Score: 1 for the first step, so the final score is 3", 3, None),
        ("Score: 6", None, "off_scale"),
        ("Score: -1", None, "off_scale"),
        ("Score: 8/10", None, "off_scale"),
        ("Score: 3.5", None, "off_scale"),
        ("It has 3 points of interest.", None, "unreadable"),
        ("Puntuación: tres", None, "unreadable"),
        ('{"score": true}', None, "unreadable"),
        ('{"score": 1e400}', None, "unreadable"),
        ("I cannot rate this page.", None, "refused"),
    ],
)
def test_a_score(text, score, problem):
    assert [(r.score, r.problem) for r in read(head("educational"), text)] == [(score, problem)]


def test_a_score_comes_at_the_end_so_a_cut_answer_has_none():
    assert read(head("educational"), "First of all, this page", finish="length")[0].problem == "cut"


@pytest.mark.parametrize(
    ("text", "labels", "problem"),
    [
        ('{"label": "512.5", "second": "510"}', ("512.5", "510"), None),
        ('{"label": 512}', ("512",), None),
        ("512 - Algebra", ("512",), None),
        ("It is about algebra, hence 512.", (), "unreadable"),
        ('{"label": "51"}', (), "off_list"),
        ('{"label": "5123"}', (), "off_list"),
    ],
)
def test_a_code(text, labels, problem):
    assert [(r.labels, r.problem) for r in read(head("essential_web_fdc"), text)] == [(labels, problem)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1: A\n2: B\n3: A", ["Health", "Science, Math & Technology", "Health"]),
        ("Line 1: A\nLine 2: Health\n3) b: since", ["Health", "Health", "Science, Math & Technology"]),
        ('{"1": "A", "2": "B", "3": "A"}', ["Health", "Science, Math & Technology", "Health"]),
        ("1: A\n3: A", ["Health", "missing_line", "Health"]),
        ("1: A\n1: B\n2: Q\n3: A\n4: A\n99: B", ["contradictory", "off_list", "Health"]),
        ("1: A\n1: A\n2: A\n3: A", ["Health"] * 3),
        ("All lines are fine.", ["unreadable"] * 3),
        ("I'm sorry, I cannot do that.", ["refused"] * 3),
        ("", ["empty"] * 3),
    ],
)
def test_lines(text, expected):
    found = read(parsed({"name": "l", "form": "lines", "prompt": "?", "labels": LABELS, "clean": "Health"}, "l"), text, lines=(4, 7, 8))
    assert [r.problem or r.labels[0] for r in found] == expected


def test_lines_that_were_cut_off():
    lines = parsed({"name": "l", "form": "lines", "prompt": "?", "labels": LABELS, "clean": "Health"}, "l")
    assert [r.problem or r.labels[0] for r in read(lines, "1: A\n2:", finish="length", lines=(0, 1))] == ["Health", "cut"]


@pytest.mark.parametrize("found", shipped_heads().values(), ids=lambda h: h.name)
def test_the_asked_form_is_understood(found):
    """Every head, answered as its own prompt says."""
    [question] = asked(found, "", "First line\nSecond line")
    for name in found.names or ("512.5",):
        key = {n: k for k, n in question.keys}.get(name, name)
        said = {
            "choice": f"{key}: because of what it says.",
            "choices": json.dumps({"label": key, "second": None}),
            "code": json.dumps({"label": key, "second": None}),
            "score": f"It is what it is.\nScore: {key}",
            "lines": f"1: {key}\n2: {key}",
        }[found.form]
        got = readings(found, question, Answer(said))
        assert {r.problem for r in got} == {None}
        assert {r.labels[0] if r.labels else f"{r.score:g}" for r in got} == {name}


ANY = (
    st.text(max_size=200)
    | st.text(alphabet='ABI12:.{}"[]\n labelscore<think>/', max_size=80)
    | st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["label", "second", "score", "1"]), x),
        max_leaves=5,
    ).map(json.dumps)
)


@given(
    ANY,
    st.sampled_from([ONE, TWO, head("educational"), head("essential_web_fdc"), head("line_quality")]),
    st.sampled_from(["stop", "length", ""]),
)
def test_every_text_gives_a_reading(text, found, finish):
    for reading in read(found, text, finish=finish, lines=(1, 2)):
        assert (reading.problem in PROBLEMS) != bool(reading.labels or reading.score is not None)


def test_long_answers_take_linear_time():
    for text in ("{" * 100_000, "score " * 50_000, "1: A\n" * 100_000, "<think>" * 50_000, "I'm " * 50_000):
        for found in (ONE, head("educational"), head("line_quality")):
            read(found, text, lines=(1,))
