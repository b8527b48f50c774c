"""Languages: documents by language."""

from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

SHOWN, TOLD = 12, 100


@section
class Languages(Section):
    """Documents, and those kept, of every language that the recipe's model named."""

    name, title, chapter, place = "languages", "Languages", CONTENT, 10

    def content(self, evidence: Evidence) -> Content:
        found = evidence.summary.tallies.of("language")
        groups = sorted(found.groups, key=lambda g: (-g.kept, -g.documents, g.name))
        rows = [{"language": g.name, "documents": g.documents, "kept": g.kept} for g in groups[:TOLD]]
        return Content({"groups": groups, "names": found.names, "names_kept": found.names_kept, "shown": SHOWN}, rows=rows)
