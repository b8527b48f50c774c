"""Files that the source lists and that could not be read at all: not there, or not what their name says."""

from winnow.tasks.report.section import RUN, Content, Evidence, Section, section

MOST_NAMED = 100


@section
class LostFiles(Section):
    """Every lost file by its path, up to a hundred, and how many there are."""

    name, title, chapter, place = "lost_files", "Files that could not be read", RUN, 9

    def content(self, evidence: Evidence) -> Content:
        reading = evidence.summary.reading
        lost = sorted(reading.notes.get("lost_files", {})) if reading else []
        reasons = {r: n for r, n in reading.dropped.items() if r.startswith("file:")} if reading else {}
        card = f"{len(lost)} listed files could not be read and are not in this corpus.\n" if lost else ""
        return Content({"lost": lost[:MOST_NAMED], "more": len(lost) - MOST_NAMED, "reasons": reasons}, card=card)
