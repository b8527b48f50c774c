"""``decontaminate`` in recipes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from winnow.tasks.decontamination.modes import MODES, mode
from winnow.tasks.decontamination.steps import COLUMNS, ITEMS, BenchmarkFile, CommonNgrams, CutItems, Decontaminate, FindItems
from winnow.tasks.edit.edits import FIGURES, RequireTextLeft
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Section, rooted_paths

ACTIONS = ("drop", "cut", "tag")


@stable("option/decontaminate")
@dataclass(frozen=True)
class DecontaminateOptions:
    """``against`` are benchmark files, ``mode`` the rule; ``action`` drops documents, cuts the items out of them, or tags them alone. Dropped are documents whose best match has a score above ``max_score``. An n-gram is common, and no evidence, from ``common_in_host`` documents of a host or ``common_in_run`` of the run."""

    against: tuple[BenchmarkFile, ...]
    mode: str = "winnow"
    action: Literal["drop", "cut", "tag"] = "drop"
    max_score: float = 0.0
    common_in_host: int = 10
    common_in_run: int = 100


class DecontaminateSection(Section):
    key = "decontaminate"
    order = 70
    about = "Finds benchmark items in documents, and drops, cuts or tags them."
    options = DecontaminateOptions
    columns: ClassVar[Mapping[str, str]] = {
        "contaminated_suite": "benchmark of the best match",
        "contaminated_instance": "its item",
        "contamination_score": "share of the item that stands in the text, by weight",
        "contamination_items": "how many items stand in the text",
        "decontaminate_chars_*": "what was cut, and what is left",
    }

    def read(self, value: Any, reader: Reader) -> DecontaminateOptions:
        said = reader.mapping(value, self.key)
        files = said.pop("against", None)
        names = [files] if isinstance(files, str) else reader.items(files, "decontaminate.against")
        against = tuple(self._file(str(name), reader) for name in names)
        if not against:
            raise reader.error("decontaminate.against is empty. Name the benchmark files, JSONL with a `question` per line.")
        options: DecontaminateOptions = reader.options(DecontaminateOptions, {"against": against, **said}, self.key)
        mode(options.mode)
        if options.action not in ACTIONS:
            raise reader.error(f"decontaminate.action is {options.action!r}; it is {', '.join(ACTIONS)}.")
        if isinstance(options.max_score, bool) or not isinstance(options.max_score, int | float) or not 0 <= options.max_score <= 1:
            raise reader.error(f"decontaminate.max_score is {options.max_score!r}; it must lie between 0 and 1.")
        if options.max_score and options.action != "drop":
            raise reader.error("decontaminate.max_score says which documents are dropped: it goes with action: drop.")
        for key in ("common_in_host", "common_in_run"):
            reader.whole_number(getattr(options, key), f"decontaminate.{key}", 0)
        return options

    def rooted(self, value: Any, beside: Path) -> Any:
        return rooted_paths(value, beside, "against") if isinstance(value, Mapping) else value

    def _file(self, name: str, reader: Reader) -> BenchmarkFile:
        path = Path(name) if Path(name).is_absolute() else reader.beside / name
        try:
            return BenchmarkFile(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), str(path.absolute()))
        except OSError as e:
            raise reader.error(f"the benchmark file {path} cannot be read: {e.strerror}. Paths start from the recipe's folder.") from None

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.text is not None
        items = FindItems(draft.text, options.against, options.mode)
        common = CommonNgrams(draft.crawl_digest, items, options.common_in_host, options.common_in_run)
        own = None if entry == self.key else entry
        max_score = options.max_score if options.action == "drop" else None
        max_items = (mode(options.mode).most_pieces or None) if options.action == "cut" else None
        decide = Decontaminate(draft.decisions, items, common, max_score, max_items, own)
        if options.action == "cut":
            edit = CutItems(draft.text, draft.decisions, items, common)
            draft.decide(decide)
            draft.decide(RequireTextLeft(draft.decisions, edit, 1, own))
            draft.edit(edit)
        else:
            draft.decide(decide)

    def decided(self, options: Any, entry: str) -> Iterable[str]:
        cuts = [f"{entry}_{figure}" for figure in FIGURES] if options.action == "cut" else []
        return [*COLUMNS, ITEMS, *cuts]

    def written(self, options: Any, said: Any) -> Any:
        plain = {key: getattr(options, key) for key in ("mode", "action", "max_score", "common_in_host", "common_in_run")}
        return plain | {"against": [file.location for file in options.against]}

    def schema(self) -> dict[str, Any]:
        whole = {"type": "integer", "minimum": 0}
        properties = {
            "against": {"type": "array", "items": {"type": "string"}},
            "mode": {"enum": list(MODES)},
            "action": {"enum": list(ACTIONS)},
            "max_score": {"type": "number", "minimum": 0, "maximum": 1},
            "common_in_host": whole,
            "common_in_run": whole,
        }
        return {"type": "object", "properties": properties, "required": ["against"], "additionalProperties": False}
