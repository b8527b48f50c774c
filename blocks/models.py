"""The block ``winnow-language-model``: a fastText language-ID model that recipes may name."""

from typing import ClassVar

from prefect.blocks.core import Block
from pydantic import Field


class LanguageModelFile(Block):
    """A fastText language-ID model. A recipe names it as ``language_model: block:NAME``; its sha256 is part of every address that used it."""

    _block_type_name: ClassVar[str] = "Winnow language model"
    _block_type_slug: ClassVar[str] = "winnow-language-model"
    _description: ClassVar[str] = "A fastText language-ID model by name, path or URL, with its digest."

    uri: str = Field(
        description="A known name (lid.176.ftz, lid.176.bin, glotlid, openlid), a path, or a URL.", examples=["/models/lid.176.bin"]
    )
    sha256: str = Field(
        default="", description="SHA-256 of the file in hex; required for anything but a known name.", pattern="^([0-9a-fA-F]{64})?$"
    )
    licence: str = Field(default="", description="Licence of the model, for the dataset card.")
