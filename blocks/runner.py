"""The block ``winnow-runner``: who makes the shards of a run."""

from typing import ClassVar, Literal

from prefect.blocks.core import Block
from pydantic import Field


class ShardRunner(Block):
    """Worker processes of the machine a run is on, or a Dask or Ray cluster. Name it in a run as ``block:NAME``; it never changes a result."""

    _block_type_name: ClassVar[str] = "Winnow runner"
    _block_type_slug: ClassVar[str] = "winnow-runner"
    _description: ClassVar[str] = "Who makes the shards: local processes, a Dask or a Ray cluster."

    kind: Literal["local", "dask", "ray"] = Field(default="local", description="local processes, or whose cluster.")
    address: str = Field(
        default="",
        description="Of a running cluster: tcp://HOST:8786 (Dask), ray://HOST:10001 (Ray). Empty starts one on the machine of the run.",
        examples=["tcp://scheduler:8786"],
    )

    def spec(self) -> str:
        """As ``winnow run --runner`` takes it."""
        return f"{self.kind}:{self.address}" if self.address else self.kind
