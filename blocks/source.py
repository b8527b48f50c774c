"""The block ``snapshot-source``: where snapshots are read from."""

from typing import Any, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from winnow.blocks.store import s3_options


class SnapshotSource(Block):
    """Where a snapshot is read: Common Crawl's servers, a mirror, or a folder of archives.

    Name it in a run as ``block:NAME``; the snapshot is chosen by the run's own parameter.
    """

    _block_type_name: ClassVar[str] = "Winnow snapshot source"
    _block_type_slug: ClassVar[str] = "winnow-source"
    _description: ClassVar[str] = "Common Crawl, a mirror of it, or a folder of WARC, WET, ARC, Parquet or JSONL."

    root: str = Field(
        description="https://data.commoncrawl.org/, s3://commoncrawl/, the root of a mirror, or a folder.", examples=["s3://commoncrawl/"]
    )
    anonymous: bool = Field(default=False, description="Read S3 without credentials.")
    endpoint_url: str = Field(default="", description="Endpoint of an S3 service other than AWS.")
    access_key_id: SecretStr = Field(default=SecretStr(""), description="Leave empty to use the worker's environment.")
    secret_access_key: SecretStr = Field(default=SecretStr(""), description="Leave empty to use the worker's environment.")

    def options(self) -> dict[str, Any]:
        """Options for fsspec; hold secrets, never log them."""
        options = s3_options(self.endpoint_url, self.access_key_id, self.secret_access_key)
        return options | ({"anon": True} if self.anonymous and self.root.startswith("s3://") else {})
