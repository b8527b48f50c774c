"""Invented documents of three topics on many hosts, and a student of them that is trained once per process."""

import random
import tempfile
from functools import cache
from pathlib import Path

from winnow.tasks.models.classify.labelled import Question, Row, labelled
from winnow.tasks.models.classify.train_student import StudentOptions, TrainedStudent, train_student
from winnow.tasks.models.texts import Text

SHARED = "the a of and to in it is was for on with as by at from this that water stone house road people day year work".split()
TOPICS = {
    "health": "doctor patient vaccine hospital nurse fever clinic".split(),
    "sports": "goal match league player coach stadium referee".split(),
    "politics": "minister parliament election vote senate treaty law".split(),
}
TOPIC = Question("topic")


def text_of(topic: str, seed: int) -> str:
    rng = random.Random(f"{topic}{seed}")
    return " ".join(rng.choices(SHARED, k=30) + rng.choices(TOPICS[topic], k=5))


def row_of(topic: str, seed: int, language: str = "en") -> Row:
    return Row(Text(text_of(topic, seed), f"https://site{seed % 30}.example/{topic}/{seed}"), (topic,), language)


def rows(count: int = 60) -> list[Row]:
    return [row_of(topic, seed, "en" if seed % 7 > 2 else "de") for topic in TOPICS for seed in range(count)]


def train(given: list[Row], question: Question = TOPIC, **options) -> TrainedStudent:
    chosen = StudentOptions(**options)
    with tempfile.TemporaryDirectory() as folder:
        return train_student(labelled(given, question, chosen.input, seed=chosen.seed), chosen, Path(folder))


@cache
def trained(**options) -> TrainedStudent:
    return train(rows(), **options)
