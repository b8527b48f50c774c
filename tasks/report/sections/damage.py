"""Damage: records that could not be read whole, and where each lost record is named."""

from winnow.tasks.report.facts import DAMAGES, damage, funnel
from winnow.tasks.report.section import RUN, Content, Evidence, Section, section


@section
class Damage(Section):
    """Every kind of damage with what it means."""

    name, title, chapter, place = "damage", "Damaged records", RUN, 10

    def content(self, evidence: Evidence) -> Content:
        summary = evidence.summary
        reasons = [r for stage in funnel(summary)[:1] for r in stage.reasons if damage(r.name)]
        reading = summary.reading
        values = {
            "damaged": [(r, DAMAGES.get(damage(r.name), "") or r.meaning) for r in reasons],
            "mismatches": reading.notes.get("payload_digest_mismatches", 0) if reading else 0,
            # The store's root is three folders above the corpus.
            "dropped_files": f"{summary.home.rsplit('/', 3)[0]}/steps/{reading.address}/*.dropped.parquet" if reading else "",
        }
        return Content(values, rows=[{"damage": r.name, "records": r.pages} for r in reasons])
