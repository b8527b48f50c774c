"""Where things are: typed configuration with secrets, filled in once in the Prefect UI. No logic of curation.

Register with ``prefect block register -m winnow.blocks``; name one in a run as ``--store block:NAME`` or as the flow's ``store`` parameter.
"""

from winnow.blocks.endpoint import ModelEndpoint
from winnow.blocks.models import RegisteredModel
from winnow.blocks.runner import ShardRunner
from winnow.blocks.source import SnapshotSource
from winnow.blocks.store import ArtifactStore

BLOCKS = (SnapshotSource, ArtifactStore, RegisteredModel, ShardRunner, ModelEndpoint)

__all__ = ["BLOCKS", "ArtifactStore", "ModelEndpoint", "RegisteredModel", "ShardRunner", "SnapshotSource"]
