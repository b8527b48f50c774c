"""What a stage is called for people, in the terminal and the UI: "Extract and measure", "Exact duplicates: URL". Addresses, files and the manifest keep the
labels of the steps.
"""

from collections.abc import Sequence

from winnow.tasks.engine.plan import Stage


def stage_title(stage: Stage) -> str:
    """What a stage is called for people."""
    names = list(dict.fromkeys(name for step in stage.steps if (name := step.title)))
    if not names:
        return stage.label
    said = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return said[0].upper() + said[1:]


def numbered(stage: Stage, stages: Sequence[Stage]) -> str:
    """With its place among the stages of the run: ``2/12 Exact duplicates: URL``."""
    return f"{stages.index(stage) + 1}/{len(stages)} {stage_title(stage)}"
