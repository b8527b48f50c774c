"""The sections that read: which extractor, which structure of the text, which tables beside it, which language model, how large a record may be. Their step is made
by the source's own reader."""

from typing import Any, ClassVar

from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.options import Reader, near
from winnow.tasks.engine.plugins import named_classes
from winnow.tasks.engine.sections import Draft, Phase, Section, WholeNumberSection
from winnow.tasks.extract.extract import KIB, MIB, OPTIONAL
from winnow.tasks.extract.extractors.base import STRUCTURES, Extractor
from winnow.tasks.models.files import ModelFile
from winnow.tasks.sources.base import Reading, reader

PACKAGE = "winnow.tasks.extract.extractors"
GROUP = "winnow.extractors"
COMPONENT = {
    "description": "module.Class, plain or with options",
    "oneOf": [
        {"type": "string"},
        {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": ["object", "null"]}},
    ],
}


class LanguageModelSection(Section):
    key = "language_model"
    phase: ClassVar[Phase] = "read"
    order = 10
    about = "The model that names the language of each document: a name, a path, or a mapping of name and sha256."
    options = ModelFile
    default = "lid.176.ftz"

    def read(self, value: Any, reader: Reader) -> Any:
        return reader.model(value)

    def schema(self) -> dict[str, Any]:
        named = {"name": {"type": "string"}, "sha256": {"type": "string"}}
        return {"oneOf": [{"type": "string"}, {"type": "object", "properties": named, "required": ["name"], "additionalProperties": False}]}


class MaxRecordSection(WholeNumberSection):
    key = "max_record_mib"
    phase: ClassVar[Phase] = "read"
    order = 20
    about = "Records of an archive that are larger are dropped and counted."
    default = 32


class MaxHeaderSection(WholeNumberSection):
    key = "max_header_kib"
    phase: ClassVar[Phase] = "read"
    order = 21
    about = "Records of an archive with a longer header are damaged and counted."
    default = 1024


class StructureSection(Section):
    key = "structure"
    phase: ClassVar[Phase] = "read"
    order = 40
    about = "Which writer makes the text of the page's blocks: plain (where nothing is said), or markdown with headings, lists, tables and code marked."
    options = str

    def read(self, value: Any, reader: Reader) -> str:
        if value not in STRUCTURES:
            raise reader.error(f"structure is {value!r}; it must be {' or '.join(STRUCTURES)}.")
        return str(value)

    def amend(self, options: dict[str, Any], reader: Reader) -> None:
        extractor, wanted = options["extractor"], options[self.key]
        own = getattr(extractor, "structure", wanted)
        if own not in (wanted, STRUCTURES[0]):
            raise reader.error(f"`structure` says {wanted}, and the extractor's own option says {own}. Leave one of them out.")
        options["extractor"] = extractor.writing(wanted)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(STRUCTURES)}


class TablesSection(Section):
    key = "tables"
    phase: ClassVar[Phase] = "read"
    order = 41
    about = "Tables that extraction makes beside the documents: spans (where each block stands in the text), links, images, metadata, headers, policy_files."
    options = tuple[str, ...]
    default: ClassVar[Any] = ()

    def read(self, value: Any, reader: Reader) -> tuple[str, ...]:
        names = tuple(reader.items(list(value) if isinstance(value, tuple) else value, self.key))
        for name in names:
            if name not in OPTIONAL:
                raise reader.error(
                    f"there is no table {name!r} to be made beside the documents.{near(name, OPTIONAL)} There are {', '.join(OPTIONAL)}."
                )
        return names

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"enum": list(OPTIONAL)}, "uniqueItems": True}


class ExtractorSection(Section):
    key = "extractor"
    phase: ClassVar[Phase] = "read"
    order = 50
    about = "How HTML becomes text."
    options = Extractor
    required = True
    needs = ("language_model", "max_record_mib", "max_header_kib", "measure", "tables")

    def read(self, value: Any, reader: Reader) -> Any:
        return reader.component(value, PACKAGE, Extractor, named_classes(GROUP, Extractor, reader.plugins))

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        largest = draft.options["max_record_mib"] * MIB, draft.options["max_header_kib"] * KIB
        asked, second = set(draft.options["tables"]), draft.options.get("refine")
        if second is not None and second.extractor.tells_blocks and not options.tells_blocks:
            asked.discard("spans")  # they are those of the second pass
        asked |= {need for filters in draft.options["measure"].values() for f in filters for need in f.needs}.union(draft.tables)
        needs = sorted(asked)
        if "spans" in needs and not options.tells_blocks:
            raise BadInput(
                f"The extractor {type(options).__name__} does not report blocks, so there is no table `spans` with it. Use learned_blocks.LearnedBlocks."
            )
        given = Reading(options, draft.options["language_model"], *largest, draft.crawl.text_column, tuple(needs))
        draft.read(reader(draft.crawl.kind).documents(given))

    def written(self, options: Any, said: Any) -> Any:
        return said  # a class, or a class with its options: what the class has besides is not written under the key

    def schema(self) -> dict[str, Any]:
        return COMPONENT
