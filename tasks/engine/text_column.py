"""The text of the documents as the edits of a recipe leave it. Whoever reads texts is given this, and need not know what edited them.

An edit is a step with one row per document and the column ``corrected_text``: the whole text after it and after every edit before it, null where that is
the extracted one. So only the last edit matters.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Step

EDITED_TEXT = "corrected_text"


@stable("option/text-column")
@dataclass(frozen=True)
class TextColumn:
    """The texts of a documents table after ``edit``; as extracted without one."""

    documents: Step
    edit: Step | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is read."""
        return (self.documents,) if self.edit is None else (self.documents, self.edit)

    def after(self, edit: Step) -> "TextColumn":
        """The column after one more edit."""
        return TextColumn(self.documents, edit)

    def read(self, shard: str, context: ShardContext) -> pa.ChunkedArray:
        """The texts of a shard. Raises DamagedArtifact."""
        return self.of(context.read(self.documents, shard, ["text"]), shard, context)

    def of(self, documents: pa.Table, shard: str, context: ShardContext) -> pa.ChunkedArray:
        """The same, where the documents are at hand already. Raises DamagedArtifact."""
        if self.edit is None:
            return documents["text"]
        return pc.coalesce(context.read(self.edit, shard, [EDITED_TEXT])[EDITED_TEXT], documents["text"])
