"""The block ``winnow-store``: where artifacts and corpora are kept."""

from typing import Any, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr


def s3_options(endpoint_url: str, access_key_id: SecretStr, secret_access_key: SecretStr) -> dict[str, Any]:
    """Options for s3fs; empty where the worker's environment is to decide."""
    options: dict[str, Any] = {}
    if endpoint_url:
        options["endpoint_url"] = endpoint_url
    if access_key_id.get_secret_value():
        options |= {"key": access_key_id.get_secret_value(), "secret": secret_access_key.get_secret_value()}
    return options


class ArtifactStore(Block):
    """A folder or S3 prefix that holds the artifacts of all runs. Runs that share a store never compute the same thing twice."""

    _block_type_name: ClassVar[str] = "Winnow store"
    _block_type_slug: ClassVar[str] = "winnow-store"
    _description: ClassVar[str] = "Folder or S3 prefix for artifacts, corpora and reports."

    root: str = Field(description="A folder, or a URI such as s3://bucket/winnow.", examples=["s3://bucket/winnow"])
    endpoint_url: str = Field(default="", description="Endpoint of an S3 service other than AWS.")
    access_key_id: SecretStr = Field(default=SecretStr(""), description="Leave empty to use the worker's environment.")
    secret_access_key: SecretStr = Field(default=SecretStr(""), description="Leave empty to use the worker's environment.")

    def options(self) -> dict[str, Any]:
        """Options for fsspec; hold secrets, never log them."""
        return s3_options(self.endpoint_url, self.access_key_id, self.secret_access_key)
