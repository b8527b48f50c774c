"""``Profile``, the step: the counts of one shard, which the report adds up."""

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from winnow.tasks.corpus.profile.copies import clusters, copies
from winnow.tasks.corpus.profile.groups import groups
from winnow.tasks.corpus.profile.histograms import histograms, perplexity
from winnow.tasks.corpus.profile.limits import limits
from winnow.tasks.corpus.profile.read import Read, flags_of
from winnow.tasks.corpus.profile.samples import samples
from winnow.tasks.corpus.profile.steps import steps
from winnow.tasks.corpus.profile.tables import PROFILE, Row
from winnow.tasks.dedup.resolve import Decisions
from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.step import Kind, ShardStep, Step, StepResult
from winnow.tasks.signals.measure import Signals


@stable("step/profile")
@dataclass(frozen=True)
class Profile(ShardStep):
    """Documents, signals and decisions in; the counts of one shard out (schema PROFILE). All are in documents unless the name says otherwise.

    ``groups``: documents and kept documents, and their characters, by the ``dimension`` ``language``, ``domain`` (registered), ``tld``, ``hour``
    or ``truncated`` (why a crawler cut the page; ``no`` if it did not), and by every signal whose name ends with ``.label``. Of a shard's domains only the most frequent are named; the row whose
    ``name`` is null has the rest.

    ``signals``: a histogram of every numeric signal, and of the length under the name ``text_chars``. ``lower_edge`` is that of the bin, 1/50
    wide between -1 and 1 and half an octave wide elsewhere; null holds documents without a value. ``alone``: documents that no *other* limit
    drops, from which follows what would be kept with any other bound.

    ``limits``: documents that cross a limit, and those that cross nothing else. ``overlaps``: documents that cross both of two.

    ``step_languages``, ``step_lengths``, ``step_domains``: what each deciding step found (documents) and left (kept). The last has the Shannon
    entropy in bits of the registered domains of this shard before and after the step.

    ``cluster_sizes``: clusters and their members by the power of two that their size reaches, each counted where the member lies that stays.
    ``largest_clusters`` shows that member. ``copies``: documents that met no limit, and those that no deduplication dropped either.

    ``perplexity``: by language, in bins an eighth of an octave wide.

    ``samples``: a few documents per ``reason`` (null: kept), drawn by a hash of their ids. Personal data in shown texts is replaced; ``adult``
    says that a page may be pornographic (``tasks/corpus/adult.py``).
    """

    version: ClassVar[str] = "7"

    name: ClassVar[str] = "profile"
    title: ClassVar[str] = ""
    about: ClassVar[str] = "counts for this report"
    kind: ClassVar[Kind] = "aggregate"

    documents: Step
    signals: Signals
    decisions: Decisions

    def run(self, shard: str, context: ShardContext) -> StepResult:
        read = Read.of(self.documents, self.signals, self.decisions, shard, context)
        tables: dict[str, list[Row]] = {
            "groups": list(groups(read)),
            "signals": list(histograms(read)),
            **limits(read.decisions),
            **steps(read, {step.label: flags_of(context.read(step, shard, ["kept"])) for step in deciding(self.decisions)}),
            **clusters(read),
            "copies": list(copies(read)),
            "perplexity": list(perplexity(read)),
            "samples": list(samples(read)),
        }
        return StepResult(pa.Table.from_pylist([tables], schema=PROFILE), read.documents.num_rows, 1)


def deciding(decisions: Decisions) -> list[Step]:
    """The steps that decide, first to last."""
    chain: list[Step] = []
    step: Step | None = decisions
    while step is not None:
        chain.append(step)
        step = getattr(step, "decisions", None)
    return chain[::-1]
