"""One model for the parameters of a run: the command, the form in the UI and the checks are made from it."""

import inspect
from dataclasses import asdict

import pytest

from winnow.cli.main import app
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.runs.parameters import FIELDS, Request, takes_request


@pytest.mark.parametrize("name", FIELDS)
def test_every_parameter_is_in_the_form_and_on_the_command_line_with_its_words(name):
    from winnow.flows.curate import curate_snapshot

    field = FIELDS[name]
    form = curate_snapshot.parameters.properties[name]
    assert form["description"] == field.description
    if not field.is_required():
        assert form["default"] == field.default
    for command in ("run", "plan"):
        options = {a.names[0] if a.names else "": a for a in app(command)[command].assemble_argument_collection(parse_docstring=True)}
        found = options.get("--" + name.replace("_", "-")) or options[name.upper()]
        assert found.parameter.help == field.description


def test_the_bounds_of_the_form_are_those_of_the_model():
    from winnow.flows.curate import curate_snapshot

    properties = curate_snapshot.parameters.properties
    assert (properties["workers"]["minimum"], properties["workers"]["maximum"]) == (1, 256)
    assert curate_snapshot.parameters.required == ["source"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"workers": 0}, "workers is 0; it must be greater than or equal to 1"),
        ({"workers": "many"}, "workers is 'many'"),
        ({"limit": -1}, "limit is -1"),
        ({"sample_fraction": 1.5}, "sample-fraction is 1.5"),
        ({"memory_gib": 0}, "memory-gib is 0"),
        ({"worker_memory_gib": -1}, "worker-memory-gib is -1"),
        ({"anonymous": "perhaps"}, "anonymous is 'perhaps'"),
        ({"worker": 3}, "worker is 3; a run has no such parameter"),
        ({"store": "s3://key:hunter2@bucket"}, "credentials"),
    ],
)
def test_a_value_that_cannot_be_is_named(given, said):
    with pytest.raises(BadInput) as e:
        Request("CC-MAIN-2026-43", **given)
    assert said in str(e.value)
    assert "hunter2" not in str(e.value)


def test_a_function_that_takes_a_request_keeps_its_own_parameters():
    @takes_request
    def asks(source, /, *, workers: int = 7, extra: str = "", **request):
        """Ask.

        Args:
            extra: Mine.
        """
        return source, workers, extra, Request(source, workers=workers, **request)

    signature = inspect.signature(asks)
    assert signature.parameters["workers"].default == 7
    assert set(signature.parameters) == {*FIELDS, "extra"}
    assert asks.__doc__.startswith("Ask.\n\nArgs:\n    source: A crawl id")
    assert asks.__doc__.endswith("    extra: Mine.")
    source, workers, extra, request = asks("x", extra="y", limit=3)
    assert (source, workers, extra) == ("x", 7, "y")
    assert asdict(request) == {**asdict(Request("x")), "workers": 7, "limit": 3}
