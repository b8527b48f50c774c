"""``winnow new``: the first version of a filter, extractor, step or recipe of one's own, with its test."""

import sys
from importlib.resources import files
from keyword import iskeyword
from pathlib import Path
from string import Template
from typing import Annotated, Literal

from cyclopts import Parameter

from winnow.cli.options import JsonOption, print_json
from winnow.tasks.engine.errors import BadInput

PANEL = "Extend"
LAYOUT = {"{name}.py": "{kind}.py.txt", "test_{name}.py": "{kind}_test.py.txt", "{name}.yaml": "{kind}.yaml.txt"}
"""File that is written -> its template; a kind without one of the templates has no such file."""


def command(
    kind: Literal["filter", "extractor", "step", "recipe"],
    name: str,
    /,
    *,
    extends: str = "fineweb",
    folder: Annotated[Path, Parameter(help="Where the files are written.")] = Path(),
    json: JsonOption = False,
) -> None:
    """Write a filter, extractor, step or recipe of your own that works, its test, and the recipe that uses it.

    Args:
        kind: What is written.
        name: Its name: small letters, digits and underscores, such as shouted_words.
        extends: The recipe that the new one changes.
    """
    from winnow.tasks.recipes.load import load

    if not name.isidentifier() or iskeyword(name) or name != name.lower() or name.startswith("_"):
        raise BadInput(f"{name!r} cannot name a module. Use small letters, digits and underscores, beginning with a letter: shouted_words.")
    load(extends)
    templates = files("winnow.cli") / "templates"
    words = {"name": name, "cls": name.title().replace("_", ""), "title": name.replace("_", " ").capitalize(), "extends": extends}
    made: dict[Path, str] = {}
    for target, source in LAYOUT.items():
        template = templates / source.format(kind=kind)
        if template.is_file():
            made[folder / target.format(name=name)] = Template(template.read_text(encoding="utf-8")).substitute(words)
    if there := [path for path in made if path.exists()]:
        raise BadInput(f"{there[0]} exists, and nothing was written. Choose another name, or another --folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in made.items():
            path.write_text(text, encoding="utf-8")
    except OSError as e:
        raise BadInput(f"{e.filename} cannot be written: {e.strerror}. Give another --folder.") from None
    if json:
        print_json({"kind": kind, "name": name, "files": [str(path) for path in made]})
    else:
        print("\n".join(map(str, made)))
    recipe, test = folder / f"{name}.yaml", folder / f"test_{name}.py"
    print(f"Try it: python -m pytest {test}, then winnow run SOURCE --recipe {recipe}", file=sys.stderr)
