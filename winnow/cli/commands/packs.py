"""``winnow packs``: FineWeb2's language packs, as a folder and a recipe."""

from pathlib import Path

from winnow.cli.options import print_json

PANEL = "Extend"


def command(source: str = "", /, *, out: str = "fineweb2", json: bool = False) -> None:
    """Import FineWeb2's 1,929 language packs: bounds and stop words of each language. Writes a folder and a recipe that uses them all.

    Args:
        source: A checkout of FineWeb2's repository, or an archive of it: a path or URI. Without one its published repository is fetched, and checked.
        out: The folder that is written.
        json: Print JSON.
    """
    from winnow.tasks.recipes.import_packs import PUBLISHED, import_packs

    made = import_packs(source or PUBLISHED, Path(out))
    if json:
        print_json(
            {"recipe": str(made.recipe), "languages": made.languages, "digest": made.digest, "by_characters": list(made.by_characters)}
        )
        return
    print(f"{made.languages} language packs, digest {made.digest}{' (those of the published repository)' if made.published else ''}")
    print(f"recipe      {made.recipe}: winnow run SOURCE --recipe {made.recipe}")
    if made.segmented:
        print(f"segmented   {', '.join(made.segmented)}: pip install 'winnow[segmentation]'")
    if made.by_characters:
        print(f"characters  {', '.join(made.by_characters)}: their words are cut by characters, as Winnow brings no segmenter for them")
