"""What every training flow shares: is there anything to do, and what is left behind when it is done (blocks, a description of the card)."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.models.files import Card, registered, with_licence

if TYPE_CHECKING:
    from prefect.client.schemas import State


def already_trained(out: str, digest: str, licence: str) -> Card | None:
    """The model registered under a name, if it was trained from the same things in the same way and its files are there. A ``licence`` that is given is written into its
    card."""
    try:
        found = registered(out)
    except BadInput:
        return None
    whole = all(Path(file.location).is_file() for file in found.files.values())
    if not whole or found.card.get("training", {}).get("digest") != digest:
        return None
    return with_licence(found, licence) if licence not in ("", found.card["licence"]) else found


def cached(card: Card) -> "State[Any]":
    """The state in which a training flow ends that finds its model trained already."""
    from prefect import get_run_logger
    from prefect.states import Completed

    _save_blocks(card)
    said = f"Nothing to do: {card.folder} was trained from the same examples with the same options"
    get_run_logger().info("%s", said)
    return Completed(name="Cached", message=said, data=dict(card.card))


def done(card: Card, description: str) -> "State[Any]":
    """The state in which a training flow ends once its model is registered; the description is left behind."""
    # Here and below Prefect is imported late: `already_trained` is asked before a command has made the settings that Prefect reads.
    from prefect import get_run_logger
    from prefect.artifacts import create_markdown_artifact
    from prefect.states import Completed

    create_markdown_artifact(description, key="model", description=f"Model {card.name}")
    _save_blocks(card)
    get_run_logger().info("Registered %s", card.folder)
    return Completed(message=f"Registered {card.folder}", data=dict(card.card))


def _save_blocks(card: Card) -> None:
    """On a server one block per file, so that a recipe on another machine can name it: block:NAME-PART."""
    from prefect.settings import PREFECT_API_URL

    from winnow.blocks.models import RegisteredModel

    if not PREFECT_API_URL.value():
        return
    for part, file in card.files.items():
        RegisteredModel(
            uri=file.location,
            sha256=file.sha256,
            kind=part,
            version=str(card.card["version"]),
            licence=str(card.card["licence"]),
            training_run=str(card.card["training"]["run"]),
        ).save(f"{card.name}-{part}".lower().replace("_", "-").replace(".", "-"), overwrite=True)


def files_and_digest(card: Card) -> list[str]:
    """The last lines of a description."""
    return [
        *(f"{part}: `{file.location}` sha256 `{file.sha256}`" for part, file in card.files.items()),
        f"Training digest: `{card.card['training']['digest']}`",
    ]
