"""``winnow recipes``: the shipped recipes, and any recipe written out."""

from winnow.cli.options import JsonOption, print_json

PANEL = "Curate"


def command(name: str = "", /, *, json: JsonOption = False, schema: bool = False) -> None:
    """The shipped recipes, or one recipe with everything that it extends and every default: YAML that can be run again.

    Args:
        name: A shipped recipe or the path of a YAML file.
        json: Print JSON: of one recipe what the manifest of its corpus holds, else the names.
        schema: Print the JSON Schema of recipe files, for editors.
    """
    from winnow.tasks.recipes import load, write

    if schema:
        print_json(write.json_schema())
    elif name:
        recipe = load.load(name)
        print(write.as_json(recipe) if json else write.as_yaml(recipe), end="\n" if json else "")
    else:
        shipped = {each: load.load(each) for each in load.names()}
        if json:
            print_json([{"name": each, "about": recipe.about, "source": recipe.source} for each, recipe in shipped.items()])
        else:
            for each, recipe in shipped.items():
                print(f"{each:<12} {recipe.about}")
