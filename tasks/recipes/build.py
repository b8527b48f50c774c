"""From a recipe and a crawl to the steps: a loop over the sections of the recipe, in their order. What a section adds is beside its steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from winnow.tasks.corpus.profile.step import Profile
from winnow.tasks.corpus.publish import Publish
from winnow.tasks.dedup.minhash import ComputeSignatures
from winnow.tasks.dedup.take_downs import ApplyTakeDowns, TakeDowns
from winnow.tasks.engine.crawl import Crawl
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.plan import lineage
from winnow.tasks.engine.sections import Draft
from winnow.tasks.engine.step import Step
from winnow.tasks.engine.text_column import TextColumn
from winnow.tasks.extract.extract import Extract
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.extract.language_codes import which
from winnow.tasks.models.files import ModelFile
from winnow.tasks.recipes.load import load, names
from winnow.tasks.recipes.recipe import Recipe
from winnow.tasks.signals.measure import Signals
from winnow.tasks.signals.select import ApplyLimits

__all__ = ["Pipeline", "Recipe", "build", "load", "names"]


@dataclass(frozen=True)
class Pipeline:
    """The steps of a recipe on a crawl. ``documents``, ``signals`` and ``decisions`` are kept tables beside the corpus; ``kept`` has further ones, by name.
    ``text`` is the text that the corpus gets, but for redaction."""

    recipe: Recipe
    documents: Step
    signals: Signals
    decisions: Step
    profile: Profile
    publish: Publish
    text: TextColumn
    kept: Mapping[str, Step] = field(default_factory=dict)
    steps: tuple[Step, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "steps", lineage(self.targets))

    @property
    def signatures(self) -> ComputeSignatures | None:
        """The signatures that an index of this run would hold; None without deduplication by minhash."""
        return next((s for s in self.steps if isinstance(s, ComputeSignatures)), None)

    @property
    def targets(self) -> tuple[Step, ...]:
        return (self.documents, self.signals, self.decisions, self.profile, self.publish, *self.kept.values())

    def check(self) -> None:
        """Build every extractor, model and filter once, so that what is missing fails before the first shard. Raises BadInput."""
        for step in self.steps:
            step.check()
        if isinstance(self.documents, Extract):
            self._check_languages(self.documents.model)

    def _check_languages(self, file: ModelFile) -> None:
        """A limit that no label of the language model can pass would leave an empty corpus. Raises BadInput."""
        labels = LanguageModel.of(file).labels
        for limit in self.recipe.limits:
            if limit.signal == "language" and limit.one_of and not any(which(label, limit.one_of) for label in labels):
                some = ", ".join(labels[:5])
                raise BadInput(
                    f"Recipe {self.recipe.name}: nothing can pass the limit on language, which allows {', '.join(limit.one_of)}: the model {file.name} "
                    f"has no such label. Its labels are like {some}; write a language as any of these, or in two or three letters."
                )


def build(recipe: Recipe, crawl: Crawl, indexes: Mapping[str, Any] | None = None, take_downs: TakeDowns | None = None) -> Pipeline:
    """The steps of a recipe for a crawl; ``indexes`` are those that its deduplication names, ``take_downs`` what the store forbids. Pure: nothing is read or loaded."""
    draft = Draft(crawl, recipe.options, recipe.name, indexes or {}, take_downs, recipe.asked("tables"), measured=recipe.signals())
    chain = False
    for key, section in recipe.sections().items():
        if section.phase == "decide":
            if not chain:
                _decide(draft, recipe)
            chain = True
        elif key in recipe.options or section.hidden:
            section.build(draft, recipe.options.get(key), key)
    assert draft.documents is not None
    assert draft.text is not None
    profile = Profile(draft.documents, draft.signals, draft.decisions)
    return Pipeline(recipe, draft.documents, draft.signals, draft.decisions, profile, draft.publish, draft.text, draft.kept)


def _decide(draft: Draft, recipe: Recipe) -> None:
    """The chain of decisions. It begins with all documents kept; what was taken down goes before copies are compared, so that none of them stays for another."""
    known, chain = recipe.sections(), list(recipe.decide)
    if chain and chain[0].section == "limits":
        first = chain.pop(0)
        known[first.section].build(draft, first.options, first.name)
    else:
        draft.decide(ApplyLimits(draft.signals, ()))
    if draft.take_downs:
        assert draft.text is not None
        draft.decide(ApplyTakeDowns(draft.decisions, draft.text, draft.take_downs))
    for entry in chain:
        known[entry.section].build(draft, entry.options, entry.name)
