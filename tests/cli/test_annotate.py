"""What `winnow annotate` says when it is done."""

import pytest

from winnow.cli.commands.annotate import said


@pytest.mark.parametrize(
    ("head", "form", "learns"),
    [("line_quality", "lines", "winnow train lines --labels /j"), ("safety", "score", "winnow train classifier --head safety --labels /j")],
)
def test_the_command_that_learns_from_the_judgements_is_that_of_the_head(head, form, learns):
    report = {
        "head": head,
        "form": form,
        "documents": 1,
        "rows": 2,
        "valid": 2,
        "price": 0.0,
        "problems": {},
        "labels": {},
        "judged": "/j",
        "run": "r",
    }
    assert said({"heads": [report], "asked": None})[-1].startswith(f"learn it  {learns} --run r")
