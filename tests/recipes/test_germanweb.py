"""The recipe ``germanweb``: its rules on German pages, and its buckets with students that learnt the shipped heads."""

import pytest
import xxhash

from tests.models.classify.students import train
from tests.pipelines import curated
from tests.recipes.test_mathematics import documents, reasons
from winnow.tasks.models.classify.labelled import Question, Row
from winnow.tasks.models.files import register
from winnow.tasks.models.texts import Text

NOUNS = "Garten Bahnhof Brief Wald Markt Fluss Turm Stuhl Berg Platz Abend Schlüssel Koffer Vertrag Bericht Versuch".split()
VERBS = "findet kennt sucht beschreibt verlässt bemerkt zeichnet erreicht".split()
ADJECTIVES = "alten großen neuen kleinen hellen stillen schönen breiten".split()


def sentence(n, *, right):
    pick = lambda words, k: words[xxhash.xxh3_64_intdigest(f"{n} {k}") % len(words)]  # noqa: E731
    a, b, c, d = (pick(NOUNS, k) for k in range(4))
    v, w, x, y = pick(VERBS, 4), pick(VERBS, 5), pick(ADJECTIVES, 6), pick(ADJECTIVES, 7)
    forms = [
        (f"Der Nachbar {v} den {x} {a}.", f"Das Nachbar {v} das {x} {a}."),
        (f"Auf dem {a} {v} sie einen {x} {b}, der uns {w}.", f"Auf das {a} {v} sie eine {x} {b}, das wir {w}."),
        (f"Mit dem {x} {a} {v} man sich nie.", f"Mit die {x} {a} {v} man sie nie."),
        (f"Wer den {a} {v}, {w} auch den {y} {b}.", f"Wer die {a} {v}, {w} auch das {y} {b}."),
        (f"Ein {a} und der {b} von gestern: er {v} beide.", f"Eine {a} und die {b} von gestern: er {v} beide."),
        (f"Zu dem {c} gehört ein {y} {d}.", f"Zu der {c} gehören einen {y} {d}."),
    ]
    return pick(forms, 8)[0 if right else 1]


def page(seed, *, right=True, sentences=4):
    return "\n".join(" ".join(sentence(seed * 31 + 4 * i + k, right=right) for k in range(4)) for i in range(sentences))


NAMES = " ".join(
    f"Große {a} {b} {n}, kleiner {b} {a}." for n, (a, b) in enumerate(zip(NOUNS * 2, [*NOUNS[3:], *NOUNS, *NOUNS[:3]], strict=True))
)
"""German without a word of grammar."""


@pytest.mark.slow
def test_the_rules(tmp_path):
    pages = {
        "https://a.example/good": page(1),
        "https://a.example/copy": page(1),
        "https://a.example/short": page(2, sentences=1),
        "https://a.example/english": " ".join(
            f"The neighbour found {n} letters and went with them to the market of the town." for n in range(20)
        ),
        "https://a.example/no-stop-words": NAMES,
    }
    found = reasons(curated(documents(tmp_path / "pages.jsonl", pages), "germanweb", tmp_path / "store"))
    assert found["https://a.example/good"] is None
    assert found["https://a.example/copy"] == "text_cluster_rank:high"
    assert found["https://a.example/short"] == "word_count:low"
    assert found["https://a.example/english"] == "language:other"
    assert found["https://a.example/no-stop-words"] is not None


@pytest.fixture
def students(tmp_path, monkeypatch):
    """Who learnt the two shipped heads: pages with mistakes are 0 of 1, and 1 to 2 of 5."""
    monkeypatch.setenv("WINNOW_MODELS", str(tmp_path / "models"))
    for name, grades in (("german_grammar", ("0", "1")), ("german_quality", ("1", "5"))):
        given = [
            Row(Text(page(n, right=right), f"https://h{n}.example/"), (grades[right],), "de") for right in (False, True) for n in range(40)
        ]
        register(name, "student", train(given, Question(name, "scale")).files, {})


@pytest.mark.slow
def test_buckets_of_two_students(students, tmp_path):
    pages = {f"https://a{n}.example/{right}": page(100 + n, right=right) for n in range(10) for right in (False, True)}
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(
        "extends: germanweb\nmeasure:\n  grammar: [{student.Student: {model: german_grammar}}]\n  quality: [{student.Student: {model: german_quality}}]\n"
        "rating: {raters: [german_grammar.grade, german_quality.grade]}\nlimits: {rating_percentile: {low: 0.4}}\n"
        "deduplicate: [{by: url}, {by: text}]\ncarry_signals: [rating_percentile]\n"
    )
    found = reasons(curated(documents(tmp_path / "pages.jsonl", pages), recipe, tmp_path / "store"))
    kept = {url for url, reason in found.items() if reason is None}
    assert {url for url in pages if url.endswith("True")} <= kept
    assert 10 <= len(kept) <= 13, "three of five buckets of twenty pages"
    assert {reason for reason in found.values() if reason} == {"rating_percentile:low"}
