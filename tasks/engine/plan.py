"""The plan: which shards of which steps are missing, known from the store before anything starts.

A stage is a run of steps of the same width that one worker does shard by shard; a step over the whole crawl is a stage of its own and the
border between two others. Only what a wanted result needs is planned: an input that was pruned is not made again for nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.step import ShardStep, Step


@dataclass(frozen=True)
class Stage:
    """Steps that are done together, inputs first."""

    steps: tuple[Step, ...]

    @cached_property
    def label(self) -> str:
        first, last = self.steps[0].label, self.steps[-1].label
        return first if len(self.steps) == 1 else f"{first} to {last}"


@dataclass(frozen=True)
class Work:
    """What is missing of one stage: shard -> the addresses of its steps that are to be made."""

    stage: Stage
    todo: Mapping[str, tuple[str, ...]]

    @property
    def size(self) -> int:
        """Shards times steps."""
        return sum(len(addresses) for addresses in self.todo.values())


def lineage(targets: Iterable[Step]) -> tuple[Step, ...]:
    """All steps that the targets need, and the targets, inputs before those that read them."""
    found: dict[str, Step] = {}
    for target in targets:
        found |= {s.address: s for s in target.lineage()}
    return tuple(found.values())


def stages(targets: Iterable[Step]) -> tuple[Stage, ...]:
    """The stages in an order in which they can run."""
    depth: dict[str, int] = {}
    groups: dict[tuple[int, str], list[Step]] = {}
    for step in lineage(targets):
        whole = not isinstance(step, ShardStep)
        depth[step.address] = max((depth[i.address] + (whole or not isinstance(i, ShardStep)) for i in step.inputs), default=0)
        groups.setdefault((depth[step.address], step.address if whole else ""), []).append(step)
    return tuple(Stage(tuple(steps)) for _, steps in sorted(groups.items(), key=lambda kv: kv[0][0]))


class Plan:
    """What is done and what is missing. Asks the store once per step, then keeps account of what the run reports."""

    def __init__(self, targets: Iterable[Step], context: ShardContext) -> None:
        self.targets, self.context = tuple(targets), context
        self.stages = stages(self.targets)
        self._done: dict[str, set[str]] = {}
        self._folded: set[str] = set()
        self.computed = 0

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for stage in self.stages for step in stage.steps)

    def mark(self, address: str, shard: str, *, made: bool = True) -> None:
        """One shard of one step is done now: made by this run, or by somebody else since it was planned."""
        self._done.setdefault(address, set()).add(shard)
        self.computed += made

    def fold(self, stage: Stage) -> int:
        """Gather the reports of a stage that is done into few objects (folds.py), once in this plan; how many were gathered."""
        new = {step.address: shards for step in stage.steps if step.address not in self._folded and (shards := step.shards(self.context))}
        self._folded.update(new)
        return sum(self.context.store.reports.fold(address, shards) for address, shards in new.items())

    def forget(self) -> None:
        """Ask the store anew: something was found damaged, or another process works on the same store."""
        self._done.clear()

    def missing(self) -> list[Work]:
        """Work to do, by stage, in order. Stages behind a step whose width is not known yet count as far as they are known."""
        wanted: dict[str, set[str]] = {t.address: set(t.shards(self.context) or ()) for t in self.targets}
        todo: dict[str, set[str]] = {}
        for step in reversed(lineage(self.targets)):
            shards = step.shards(self.context)
            todo[step.address] = wanted.get(step.address, set()) - self._done_of(step) if shards is not None else set()
            for source in step.inputs:
                into = wanted.setdefault(source.address, set())
                if shards is None:
                    into.update(source.shards(self.context) or ())
                for shard in todo[step.address]:
                    into.update(step.needs(source, shard, self.context))
                    if not isinstance(source, ShardStep) or not isinstance(step, ShardStep):
                        break  # every shard needs the same, all of them
        works = []
        for stage in self.stages:
            missed = [s for s in (stage.steps[0].shards(self.context) or ()) if any(s in todo[step.address] for step in stage.steps)]
            works.append(Work(stage, {s: tuple(step.address for step in stage.steps if s in todo[step.address]) for s in missed}))
        return [w for w in works if w.todo]

    def total(self) -> int:
        """Shards times steps of the whole run, as far as their number is known."""
        return sum(len(step.shards(self.context) or ()) for step in self.steps)

    def _done_of(self, step: Step) -> set[str]:
        if step.address not in self._done:
            self._done[step.address] = self.context.store.done(step, step.shards(self.context) or ())
        return self._done[step.address]
