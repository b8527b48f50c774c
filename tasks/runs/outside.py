"""Code from outside that a run uses: what is left of it in the run's record, and what is said when it changed and its version did not."""

from typing import Any

from winnow.tasks.engine.identity import classes_in, is_shipped, outside_name, source_digest
from winnow.tasks.engine.step import Step


def used(steps: tuple[Step, ...]) -> dict[str, dict[str, str]]:
    """Classes from outside among the steps and all that stands in their fields: name -> version and digest of the source."""
    classes = {cls for cls in classes_in(steps) if not is_shipped(cls)}
    return {
        outside_name(cls): {"version": str(getattr(cls, "version", "")), "source": source_digest(cls)}
        for cls in sorted(classes, key=outside_name)
    }


def changed(now: dict[str, dict[str, str]], records: list[dict[str, Any]]) -> list[str]:
    """A sentence for each class whose source no run has used, while runs used another under the same version."""
    said = []
    for name, found in now.items():
        before = [r["outside"][name] for r in records if name in r.get("outside", {})]
        if found not in before and any(b["version"] == found["version"] for b in before):
            said.append(
                f"The source of {name} has changed and its version is still {found['version'] or 'not set'}: what it made before is made anew. Raise `version` "
                "in the class when its values change, so that people can tell the two apart; restore the file to use the old results again."
            )
    return said
