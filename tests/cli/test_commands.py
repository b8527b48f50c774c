"""The command line as a whole: commands are found, help is cheap, what went wrong is one paragraph and an exit status."""

import subprocess
import sys
from importlib import import_module
from importlib.metadata import EntryPoint, version

import pytest

from tests.shared import ROOT
from winnow.cli import commands, main
from winnow.tasks.engine.errors import BadInput, Transient

EXISTING = {
    "run", "plan", "inspect", "status", "prune", "index", "explain", "sql", "what-if", "diff", "verify", "repair", "take-downs", "threshold", "export", "serve", "deploy",
    "recipes", "train", "doctor",
}  # fmt: skip
LIGHT = ("pydantic", "winnow.tasks.runs", "winnow.cli.commands.run", "urllib.request")
"""What not even the help of all commands together needs."""
HEAVY = ("prefect", "pyarrow", "pandas", "datatrove", "numpy", "numba", "duckdb")


def test_commands_are_found_by_being_there():
    assert set(main.command_names()) >= EXISTING
    every = main.app()
    for name in main.command_names():
        module = import_module(f"{commands.__name__}.{name.replace('-', '_')}")
        assert module.PANEL in main.PANELS
        assert every[name].help


def test_help_of_every_command_loads_nothing_heavy():
    code = (
        "import sys, io, contextlib, winnow.cli.main as m\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert m.main(['--help']) == 0\n"
        "    for name in m.command_names(): assert m.main([name, '--help']) == 0, name\n"
        f"sys.exit(', '.join(h for h in {HEAVY!r} if h in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_first_help_imports_no_command_and_says_what_they_say():
    code = (
        "import sys, io, contextlib, winnow.cli.main as m\n"
        "with contextlib.redirect_stdout(io.StringIO()) as out:\n"
        "    assert m.main(['--help']) == 0\n"
        f"found = [h for h in {LIGHT!r} if h in sys.modules]\n"
        "told = ' '.join(out.getvalue().replace('│', ' ').split())\n"
        "every = m.app()\n"
        "for name in m.command_names():\n"
        "    first = every[name].help.partition('\\n\\n')[0].split('\\n')[0]\n"
        "    if first[:40] not in told: found.append(name)\n"
        "sys.exit(', '.join(found) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_version(capsys):
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out == f"winnow {version('winnow')}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], ""),
        (["train"], ""),
        (["rnu"], 'Did you mean "run"?'),
        (["run"], "SOURCE"),
        (["run", "x", "--nope"], "--nope"),
        (["run", "x", "y"], "y"),
        (["run", "x", "--workers", "many"], "--workers"),
        (["run", "x", "--kind", "wat"], "warc"),
        (["run", "x", "--store"], "--store"),
    ],
)
def test_what_cannot_be_parsed_is_one_paragraph_and_exit_2(words, said, capsys):
    assert main.main(words) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.err.count("\n") == (1 if said else 0)
    assert said or "Usage:" in told.out


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (BadInput("Say it."), 2, "winnow: Say it.\n"),
        (Transient("503."), 1, "winnow: 503. This may pass"),
        (KeyboardInterrupt(), 130, "winnow: stopped."),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_errors_become_an_exit_status(error, status, said, capfd, monkeypatch):
    def command():
        raise error

    monkeypatch.setattr(import_module("winnow.cli.commands.doctor"), "command", command)
    monkeypatch.setattr("os.dup2", lambda a, b: None)
    assert main.main(["doctor"]) == status
    assert capfd.readouterr().err.startswith(said)


def test_a_command_from_outside_is_found_by_its_entry_point(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "outside_of_winnow", type(sys)("outside_of_winnow"))
    sys.modules["outside_of_winnow"].greet = lambda name, /: print(f"hello {name}")
    point = EntryPoint("greet", "outside_of_winnow:greet", main.PLUGINS)
    monkeypatch.setattr(main, "entry_points", lambda group: [point])
    assert main.main(["greet", "you"]) == 0
    assert capsys.readouterr().out == "hello you\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "given", "said"),
    [
        (["extract", "-"], b"<p>Out of a pipe.</p>", "Out of a pipe.\n"),
        (["extract", "-", "--format", "markdown"], b"<p>Out of <code>a</code> pipe.</p>", "Out of `a` pipe.\n"),
        (["extract", "--batch", "-"], b'{"id": 7, "html": "<p>Out of a pipe."}\n', '{"id": 7, "text": "Out of a pipe."}\n'),
        (["extract", "--batch=-"], b'{"id": 7, "html": "<p>Out of a pipe."}\n', '{"id": 7, "text": "Out of a pipe."}\n'),
    ],
)
def test_a_lone_hyphen_is_standard_input(words, given, said):
    done = subprocess.run([sys.executable, "-m", "winnow", *words], input=given, capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode() == said


def test_a_word_too_many_is_named(capsys):
    assert main.main(["status", "of", "yesterday"]) == 2
    assert (
        capsys.readouterr().err
        == "winnow: `winnow status` has no place for 'of' 'yesterday'. `winnow status --help` lists what there is.\n"
    )


def test_of_an_option_that_is_given_twice_the_last_counts(capsys):
    assert main.main(["status", "--store", "/nowhere/first", "--store", "/nowhere/last"]) == 2
    said = capsys.readouterr().err
    assert "/nowhere/last" in said
    assert "first" not in said


def test_every_command_that_prints_something_prints_json_too():
    every = main.app()
    without = set()
    for name in main.command_names():
        inner = [every[name][each] for each in every[name] if not each.startswith("-")]
        for command in inner or [every[name]]:
            options = {n for a in command.assemble_argument_collection() for n in a.names}
            without |= set() if "--json" in options else {name}
    assert without <= {"serve", "extract"}, "these give no JSON; `extract` has --format json"


def test_the_completion_of_a_shell_knows_the_commands():
    script = main.app().generate_completion(shell="bash")
    assert all(name in script for name in ("what-if", "--sample-fraction"))
