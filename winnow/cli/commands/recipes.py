"""``winnow recipes``: the shipped recipes, and any recipe written out."""

import json

PANEL = "Curate"


def command(name: str = "", /) -> None:
    """The shipped recipes, or one recipe with every default written out.

    Args:
        name: A shipped recipe or the path of a YAML file.
    """
    from winnow.tasks.recipes import build as recipes

    if name:
        print(json.dumps(recipes.load(name).described(), indent=1, ensure_ascii=False))
    else:
        for shipped in recipes.names():
            print(f"{shipped:<12} {recipes.load(shipped).about}")
