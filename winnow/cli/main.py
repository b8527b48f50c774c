"""The command ``winnow``: finds the commands, parses, and turns what went wrong into a sentence and an exit status. Nothing else."""

import ast
import os
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.metadata import entry_points, version
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from cyclopts import App, CycloptsError, Group, Parameter, UnusedCliTokensError

from winnow.cli import commands

ROOT_FLAGS = ("--help", "-h", "--version")
OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
PLUGINS = "winnow.commands"
STANDARD_INPUT = "\ue000-"
"""What stands for ``-`` while words are parsed: a character for private use, and so in no one's path."""
DEFAULTS = Parameter(
    negative=(), allow_repeating=True, show_default=lambda value: value if value not in ("", False, None, [], ()) else None
)
"""Of an option that is given twice the last counts; a default that says nothing is not shown."""
NO_PANEL = "Plug-ins"
PANELS = {
    name: Group(name, sort_key=n) for n, name in enumerate(("Curate", "Look into a run", "Labels", "Models", "Extend", "Operate", NO_PANEL))
}
"""The panels of ``winnow --help``, in their order."""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 done; 1 ran but failed; 2 bad input or configuration, with one paragraph on stderr; 3 done, but without files that
    were not there; 130 stopped by Ctrl-C."""
    words = list(sys.argv[1:] if argv is None else argv)
    from winnow.tasks.engine.errors import Transient, WinnowError
    from winnow.tasks.transport.uri import without_credentials

    try:
        return _called(words)
    except CycloptsError as e:
        where = " ".join(["winnow", *(e.command_chain or ())])
        unused = e.unused_tokens if isinstance(e, UnusedCliTokensError) else ()
        said = f"`{where}` has no place for {' '.join(map(repr, unused))}." if unused else " ".join(str(e).split())
        print(f"winnow: {without_credentials(said)} `{where} --help` lists what there is.", file=sys.stderr)
        return BAD_INPUT
    except WinnowError as e:
        print(f"winnow: {without_credentials(str(e))}", file=sys.stderr)
        return BAD_INPUT
    except Transient as e:
        print(
            f"winnow: {without_credentials(str(e))} This may pass: run the same command again, what is finished is kept.", file=sys.stderr
        )
        return FAILED
    except KeyboardInterrupt:
        print("winnow: stopped. Run the same command again to go on; what is finished is kept.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `winnow inspect FILE | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def _called(words: list[str]) -> int:
    found = outline() if not words or words[0] in ROOT_FLAGS else app(words[0])
    # To the parser a lone hyphen is an option that it does not know.
    shown = [STANDARD_INPUT if word == "-" else word for word in words]
    command, bound, _ = found.parse_args(shown, exit_on_error=False, print_error=False)
    status = command(*map(_as_given, bound.args), **{name: _as_given(value) for name, value in bound.kwargs.items()})
    if getattr(command, "__func__", None) is App.help_print and not {"--help", "-h"} & set(words):
        return BAD_INPUT  # no command, or a group without one
    return status if isinstance(status, int) else OK


def _as_given(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)("-" if each == STANDARD_INPUT else each for each in value)
    return type(value)("-") if isinstance(value, str | Path) and str(value) == STANDARD_INPUT else value


def app(name: str = "") -> App:
    """The application with every command; with the one called ``name`` alone, if Winnow has it."""
    made = _empty()
    own = list(command_names())
    for each in [name] if name in own else own:
        module = import_module(_module(each))
        _add(made, each, module.command, getattr(module, "PANEL", NO_PANEL))
    if name not in own:
        _add_plugins(made)
    return made


def outline() -> App:
    """The application for ``winnow --help``: commands are known by name, panel and first paragraph, which are read without importing them."""
    made = _empty()
    for each in command_names():
        spec = find_spec(_module(each))
        assert spec is not None
        assert spec.origin
        panel, summary = _told(Path(spec.origin).read_text(encoding="utf-8"))
        if summary is None:
            _add(made, each, import_module(_module(each)).command, panel)
        else:
            made.command(f"{_module(each)}:command", name=each, help=summary, group=PANELS[panel])
    _add_plugins(made)
    return made


def _told(source: str) -> tuple[str, str | None]:
    """The panel of a module and the first paragraph of its command; None if the command is a group."""
    panel, summary = NO_PANEL, None
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(targets=[ast.Name(id="PANEL")], value=ast.Constant(value=str(value))):
                panel = value
            case ast.FunctionDef(name="command"):
                summary = (ast.get_docstring(node) or "").partition("\n\n")[0]
    return panel, summary


def _empty() -> App:
    made = App(
        name="winnow",
        help="Common Crawl snapshots in, curated training corpora out.",
        help_format="plaintext",
        version=lambda: f"winnow {version('winnow')}",
        version_flags=["--version"],
        default_parameter=DEFAULTS,
    )
    made.register_install_completion_command()
    return made


def _module(command: str) -> str:
    return f"{commands.__name__}.{command.replace('-', '_')}"


def command_names() -> Iterator[str]:
    """The commands that Winnow brings."""
    for module in iter_modules(commands.__path__):
        yield module.name.replace("_", "-")


def _add_plugins(made: App) -> None:
    for point in entry_points(group=PLUGINS):
        _add(made, point.name, point.load(), NO_PANEL)


def _add(made: App, name: str, command: Any, panel: str) -> None:
    if isinstance(command, App):
        command.group = (PANELS[panel],)
        made.command(command, name=name)
    else:
        made.command(command, name=name, group=PANELS[panel])


if __name__ == "__main__":
    sys.exit(main())
