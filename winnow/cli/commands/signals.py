"""``winnow signals``: what can be measured, and what a recipe measures."""

from winnow.cli.options import JsonOption, print_json

PANEL = "Look into a run"


def command(name: str = "", /, *, recipe: str = "", json: JsonOption = False) -> None:
    """The signals: name, kind, unit, meaning and source of each. Limits, SQL and `what-if` name them.

    Args:
        name: This signal alone.
        recipe: Those that a recipe measures; without it, those of every filter that Winnow brings and of the shipped recipes.
    """
    from difflib import get_close_matches

    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.ledger import show
    from winnow.tasks.recipes.signals import every_signal, signals_of

    found = signals_of(recipe) if recipe else every_signal()
    if name:
        known = {signal.name: signal for signal in found}
        if name not in known:
            alike = get_close_matches(name, known, n=3)
            hint = f" Did you mean {' or '.join(alike)}?" if alike else ""
            raise BadInput(
                f"There is no signal {name}{f' in the recipe {recipe}' if recipe else ''}.{hint} `winnow signals` lists them all."
            )
        found = [known[name]]
    if json:
        print_json([signal._asdict() for signal in found])
    else:
        show.console().print(show.table(("signal", "kind", "unit", "meaning", "source"), found))
