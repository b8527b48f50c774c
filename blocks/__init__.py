"""Where things are: typed configuration with secrets, filled in once in the Prefect UI. No logic of curation.

Register with ``prefect block register -m blocks``; name one in a run as ``--store block:NAME`` or as the flow's ``store`` parameter.
"""

from blocks.models import RegisteredModel
from blocks.runner import ShardRunner
from blocks.source import SnapshotSource
from blocks.store import ArtifactStore

BLOCKS = (SnapshotSource, ArtifactStore, RegisteredModel, ShardRunner)

__all__ = ["BLOCKS", "ArtifactStore", "RegisteredModel", "ShardRunner", "SnapshotSource"]
