"""What the columns of a corpus mean, as its recipe has them, and what was done to its texts: for the dataset card."""

from fnmatch import fnmatchcase

from winnow.tasks.corpus.redact import Redact
from winnow.tasks.corpus.refine import Refine
from winnow.tasks.recipes.build import Pipeline
from winnow.tasks.recipes.signals import measured


def further_columns(pipeline: Pipeline) -> dict[str, str]:
    """The columns of the corpus behind those that every corpus has, in their order, with what they mean."""
    redact = _redact(pipeline)
    signals = measured(pipeline.recipe)
    decided = [pair for section in pipeline.recipe.sections().values() for pair in section.columns.items()]
    found = {}
    for name in redact.carried_signals:
        if name in signals:
            found[name] = signals[name].meaning
        else:
            found[name] = next(
                (said for pattern, said in sorted(decided, key=_longest) if fnmatchcase(name, pattern)), "as in the decisions table"
            )
    return {**found, **redact.own_columns}


def text_edits(pipeline: Pipeline) -> tuple[str, ...]:
    """What the steps did, in their order, that edited the texts of the corpus. A second pass begins anew."""
    found: list[str] = []
    step = _redact(pipeline).text.edit
    while step is not None and not isinstance(step, Refine):
        found.append(step.about)
        step = getattr(getattr(step, "text", None), "edit", None)
    return tuple(dict.fromkeys(reversed(found)))


def _longest(pair: tuple[str, str]) -> int:
    """Patterns that say the most come first: ``*_cluster_size`` before ``*_size``."""
    return -len(pair[0])


def _redact(pipeline: Pipeline) -> Redact:
    return pipeline.publish.layout.redacted
