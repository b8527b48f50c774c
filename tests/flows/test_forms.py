"""A flow's form asks for what the command of the same name takes, so that the UI and the terminal can do the same."""

import inspect
from importlib import import_module

import pytest

from winnow.flows.annotate import annotate
from winnow.flows.prune import prune
from winnow.flows.rate import rate
from winnow.flows.recall import recall_topic
from winnow.flows.train_importance import train_importance
from winnow.flows.train_lines import train_line_model
from winnow.flows.train_lm import train_language_model

OF_THE_TERMINAL = {"json", "verbose", "batch_in", "batch_out"}
"""How a command shows what it did, and files that go to a batch service and back by hand."""
OTHER_NAMES = {"lang": "language", "seed": "seeds"}
OPTIONS = {"rounds", "sample", "per_host", "per_template", "precision", "url_first", "random_seed"}
"""Options of recall, which the form takes in one field ``options``."""


def _form(flow):
    return set(flow.parameters.properties)


def _command(name, sub=""):
    command = import_module(f"winnow.cli.commands.{name}").command
    return getattr(import_module(f"winnow.cli.commands.{name}"), sub) if sub else command


@pytest.mark.parametrize(
    ("name", "sub", "flow"),
    [
        ("prune", "", prune),
        ("annotate", "", annotate),
        ("rate", "", rate),
        ("recall", "", recall_topic),
        ("train", "lm", train_language_model),
        ("train", "importance", train_importance),
        ("train", "lines", train_line_model),
    ],
)
def test_a_form_asks_for_what_the_command_takes(name, sub, flow):
    form = _form(flow)
    missing = set()
    for option in inspect.signature(_command(name, sub)).parameters:
        asks_somebody = (
            option == "dry_run" and name != "prune"
        )  # what it would cost is said by the command; a run of the flow is the asking
        if option in OF_THE_TERMINAL or option == "examples" or asks_somebody:
            continue
        if option not in form and OTHER_NAMES.get(option) not in form and not (option in OPTIONS and "options" in form):
            missing.add(option)
    assert not missing


def test_what_a_form_of_judging_takes_the_command_takes():
    for name, flow in (("annotate", annotate), ("rate", rate)):
        taken = set(inspect.signature(_command(name)).parameters) | {"options", "notify"}
        assert _form(flow) <= taken, name
