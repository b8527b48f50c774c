"""Recipe: everything that makes the run reproducible."""

import yaml

from winnow.tasks.report.section import RUN, Content, Evidence, Section, section


@section
class RecipeUsed(Section):
    """The recipe with every default, the versions and the addresses of all steps."""

    name, title, chapter, place = "recipe", "Recipe", RUN, 90

    def content(self, evidence: Evidence) -> Content:
        text = yaml.safe_dump(_plain(evidence.summary.recipe), sort_keys=False, allow_unicode=True, width=100)
        return Content({"text": text})


def _plain(value: object) -> object:
    """Dictionaries and lists only, which YAML writes without tags."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value
