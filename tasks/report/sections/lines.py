"""Lines: what the model of lines cut, by language."""

from winnow.tasks.report.section import CHANGES, Content, Evidence, Section, section

STEP = "cut-noisy-lines"


@section
class Lines(Section):
    """The share of the text of each language that was cut as noise."""

    name, title, chapter, place = "noisy_lines", "Noisy lines", CHANGES, 20
    about = "Lines that the model of lines calls noise, below the threshold of the recipe, and lines that more documents of the host have than it allows, if it says so. A language that loses much more than others may be one that the model does not know."
    needs = (f"step:{STEP}",)

    def content(self, evidence: Evidence) -> Content:
        notes = evidence.summary.notes(STEP)
        before, gone = notes.get("chars_by_language", {}), notes.get("chars_removed_by_language", {})
        languages = sorted(((name, n, gone.get(name, 0)) for name, n in before.items()), key=lambda row: (-row[1], row[0]))
        rows = [{"language": name, "chars": n, "chars_removed": cut} for name, n, cut in languages]
        return Content({"notes": notes, "languages": languages}, rows=rows)
