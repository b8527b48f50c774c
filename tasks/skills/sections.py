"""``skills`` in recipes."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section, rooted_paths
from winnow.tasks.models.files import file_sha256
from winnow.tasks.skills.steps import SIGNALS, FitSkills, ReferenceFile, ScoreSkills, Skills, SkillScale

MEANINGS = {
    "skill_score": ("score", "how much of the reference's skills the document has, by their importance and their edges"),
    "skill_count": ("skills", "how many of them it has"),
    "skill_top": ("phrases", "the one that it has most of"),
    "skill_share": ("share", "the smallest share of all documents, with caps per skill, that holds this one"),
}


@stable("option/skills")
@dataclass(frozen=True)
class SkillsOptions:
    """``reference`` are JSONL files of texts, ``given`` one of skills with their phrases, ``skills`` how many clusters of phrases there are."""

    reference: tuple[ReferenceFile, ...]
    skills: int = 100
    given: ReferenceFile | None = None


class SkillsSection(Section):
    key = "skills"
    phase: ClassVar[Phase] = "measure"
    order = 70
    about = "Scores every document by the skills of a reference set, and by caps per skill."
    options = SkillsOptions

    def read(self, value: Any, reader: Reader) -> SkillsOptions:
        said = reader.mapping(value, self.key)
        names = said.pop("reference", None)
        listed = said.pop("list", None)
        files = [names] if isinstance(names, str) else reader.items(names, "skills.reference")
        if not files:
            raise reader.error("skills.reference is empty. Name JSONL files with a `text` per line.")
        found = {"reference": tuple(_file(str(f), reader) for f in files), "given": _file(str(listed), reader) if listed else None}
        options: SkillsOptions = reader.options(SkillsOptions, found | said, self.key)
        reader.whole_number(options.skills, "skills.skills", 1)
        return options

    def rooted(self, value: Any, beside: Path) -> Any:
        return rooted_paths(value, beside, "reference", "list") if isinstance(value, Mapping) else value

    def signals(self, options: Any) -> Mapping[str, Any]:
        return SIGNALS

    def unit(self, name: str) -> str:
        return MEANINGS[name][0]

    def meaning(self, name: str) -> str:
        return MEANINGS[name][1]

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        fit = FitSkills(draft.crawl_digest, draft.text, options.reference, options.skills, options.given)
        scored = ScoreSkills(draft.text, fit)
        draft.signal_tables.append(Skills(scored, SkillScale(draft.crawl_digest, scored)))

    def written(self, options: Any, said: Any) -> Any:
        plain = {"reference": [file.location for file in options.reference], "skills": options.skills}
        return plain | ({"list": options.given.location} if options.given else {})

    def schema(self) -> dict[str, Any]:
        files = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        properties = {"reference": files, "skills": {"type": "integer", "minimum": 1}, "list": {"type": "string"}}
        return {"type": "object", "properties": properties, "required": ["reference"], "additionalProperties": False}


def _file(name: str, reader: Reader) -> ReferenceFile:
    path = Path(name) if Path(name).is_absolute() else reader.beside / name
    try:
        return ReferenceFile(path.name, file_sha256(path), str(path.absolute()))
    except OSError as e:
        raise reader.error(f"the file {path} of skills cannot be read: {e.strerror}. Paths start from the recipe's folder.") from None
