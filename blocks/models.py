"""The block ``winnow-model``: one file of a model that recipes may name, with its digest."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field


class RegisteredModel(Block):
    """A model file. A recipe names it wherever a model goes, as ``block:NAME``; its sha256 is part of every address that used it."""

    _block_type_name: ClassVar[str] = "Winnow model"
    _block_type_slug: ClassVar[str] = "winnow-model"
    _description: ClassVar[str] = "A model file (fastText, KenLM, SentencePiece) by name, path or URI, with its digest."

    uri: str = Field(
        description="A known name (lid.176.ftz, glotlid, cc_net/en.kenlm), a path, or a URI: https://, s3://, hf://OWNER/REPO/FILE.",
        examples=["s3://models/en.binary"],
    )
    sha256: str = Field(
        default="",
        description="SHA-256 of the file in hex. Without it a remote file is pinned on first use, on each machine for itself.",
        pattern="^([0-9a-fA-F]{64})?$",
    )
    kind: str = Field(default="", description="fasttext, kenlm or sentencepiece.")
    version: str = Field(default="", description="For people; the sha256 is what tells files apart.")
    licence: str = Field(default="", description="Licence of the model, for the dataset card.")
    training_run: str = Field(default="", description="The flow run that trained it, if one did.")
