"""A process that has loaded what a run of ``fineweb`` loads (modules, models, kernels, the versions of libraries) and has made nothing: those that
test_kills.py kills are forked from it. Without that each of them spends two thirds of its time on loading. It starts no threads of its own, as none
lives through a fork."""

import winnow
from tests.golden.test_golden import CRAWL
from winnow.tasks.engine.libraries import versions_behind
from winnow.tasks.recipes import build as recipes

TEXT = "The grain is carried to the mill before the rain begins, and people of the village have long been used to that. " * 20

pipeline = recipes.build(recipes.load("fineweb"), CRAWL)
pipeline.check()
versions_behind(pipeline.steps)
winnow.extract(f"<html><body><p>{TEXT}</p></body></html>", recipe="fineweb")
winnow.measure(TEXT, recipe="fineweb")
