"""Sites: documents by registered domain, top-level domain and year of capture."""

from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section
from winnow.tasks.report.tallies import Group, Tallies

SHOWN = 12


@section
class Sites(Section):
    """The most frequent domains in sight, some hundred more behind a line, the rest as one number."""

    name, title, chapter, place = "sites", "Domains and years", CONTENT, 30
    about = (
        "Registered domains by the Public Suffix List. Of each shard the most frequent are counted, so a domain with few pages may be missing "
        "where there are many shards."
    )

    def content(self, evidence: Evidence) -> Content:
        tallies = evidence.summary.tallies
        domains, tlds = (sorted(tallies.of(d).groups, key=lambda g: (-g.kept, -g.documents, g.name)) for d in ("domain", "tld"))
        rows = [{"domain": g.name, "documents": g.documents, "kept": g.kept} for g in domains[:SHOWN]]
        values = {"domains": domains, "dimension": tallies.of("domain"), "tlds": tlds, "years": years(tallies), "shown": SHOWN}
        return Content(values, rows=rows)


def years(tallies: Tallies) -> list[Group]:
    """Documents by year of capture, ascending."""
    counts: dict[str, list[int]] = {}
    for group in tallies.of("hour").groups:
        sums = counts.setdefault(group.name[:4] if group.name != "unknown" else group.name, [0, 0])
        sums[0], sums[1] = sums[0] + group.documents, sums[1] + group.kept
    return [Group(name, *sums) for name, sums in sorted(counts.items())]
