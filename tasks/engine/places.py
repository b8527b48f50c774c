"""Names of blocks in requests: ``block:NAME`` becomes a place and its options. Loads Prefect only when such a name is used."""

from importlib import import_module
from pathlib import Path
from typing import Any

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.store import Store
from winnow.tasks.transport.uri import has_credentials, scheme, shown

PREFIX = "block:"
READ_ONLY = ("http", "https")
BLOCKS = "winnow.blocks"  # loaded by name: nothing in tasks/ knows Prefect


def store_place(spec: str) -> tuple[str, dict[str, Any]]:
    """Root and fsspec options of a store: ``spec`` itself, or what the winnow-store block of that name says. Raises BadInput."""
    if not spec.startswith(PREFIX):
        if has_credentials(spec):
            raise BadInput(
                "The store has credentials in its URI, which would end up in logs. Take them out and set them in the environment or a block."
            )
        return spec, {}
    block = _load("ArtifactStore", spec, "winnow-store")
    return block.root, block.options()


def store_at(spec: str, *, to_write: bool = True) -> Store:
    """The store that ``spec`` names: a folder, taken from the working directory, a URI, or block:NAME. Raises BadInput."""
    root, options = store_place(spec)
    if to_write and scheme(root) in READ_ONLY:
        raise BadInput(f"Nothing can be stored at {shown(root)}. Give --store a folder, s3://BUCKET/PREFIX, or block:NAME.")
    return Store(root if "://" in root else str(Path(root).absolute()), tuple(sorted(options.items())))


def source_place(spec: str) -> tuple[str, dict[str, Any]]:
    """Root and fsspec options of a source: ``spec`` itself, or what the winnow-source block of that name says. Raises BadInput."""
    if not spec.startswith(PREFIX):
        return spec, {}
    block = _load("SnapshotSource", spec, "winnow-source")
    return block.root, block.options()


def model_place(spec: str) -> tuple[str, str]:
    """Name, path or URL of a model, and its sha256: ``spec`` itself, or what the winnow-model block says. Raises BadInput."""
    if not spec.startswith(PREFIX):
        return spec, ""
    block = _load("RegisteredModel", spec, "winnow-model")
    return block.uri, block.sha256


def runner_place(spec: str) -> str:
    """``spec`` itself, or what the winnow-runner block of that name says (tasks/engine/runners/base.py reads it). Raises BadInput."""
    if not spec.startswith(PREFIX):
        return spec
    return str(_load("ShardRunner", spec, "winnow-runner").spec())


def endpoint_place(spec: str) -> dict[str, Any]:
    """The fields of an endpoint (tasks/endpoint/endpoint.py) that the winnow-endpoint block says; never its key. Raises BadInput."""
    return dict(_load("ModelEndpoint", spec, "winnow-endpoint").without_key())


def endpoint_key(spec: str) -> str:
    """The secret of a winnow-endpoint block. Raises BadInput."""
    return str(_load("ModelEndpoint", spec, "winnow-endpoint").key.get_secret_value())


def _load(kind: str, spec: str, slug: str) -> Any:
    name = spec.removeprefix(PREFIX)
    try:
        return getattr(import_module(BLOCKS), kind).load(name)
    except ValueError:
        raise BadInput(
            f"There is no block {slug}/{name} on the Prefect server in use. Make it in the UI (Blocks), after `prefect block register -m winnow.blocks`, "
            "or check PREFECT_API_URL; `prefect block ls` lists what there is."
        ) from None
