"""A process that has loaded what commands and runs load (Prefect, modules, models, kernels, templates, the versions of libraries) and keeps nothing that it
made: those of tests/forked.py are forked from it. Without that each of them spends most of its time on loading. It starts no threads of its own, as none
lives through a fork."""

import tempfile
from pathlib import Path

import duckdb
import fastapi

import winnow
from tests.golden.test_golden import CRAWL
from tests.pipelines import finished
from tests.tiny import mirror
from winnow.cli import terminal
from winnow.cli.main import app
from winnow.flows import annotate, curate, rate, recall, train_classifier, train_importance, train_lines, train_lm
from winnow.tasks.engine.libraries import versions_behind
from winnow.tasks.recipes import build as recipes

__all__ = [
    "annotate",
    "curate",
    "duckdb",
    "fastapi",
    "rate",
    "recall",
    "terminal",
    "train_classifier",
    "train_importance",
    "train_lines",
    "train_lm",
]

TEXT = "The grain is carried to the mill before the rain begins, and people of the village have long been used to that. " * 20

pipeline = recipes.build(recipes.load("fineweb"), CRAWL)
pipeline.check()
versions_behind(pipeline.steps)
winnow.extract(f"<html><body><p>{TEXT}</p></body></html>", recipe="fineweb")
winnow.measure(TEXT, recipe="fineweb")
app()
with tempfile.TemporaryDirectory() as folder:
    finished(mirror(Path(folder) / "mirror", warcs=1, pages=2), "gopher", Path(folder) / "store")
