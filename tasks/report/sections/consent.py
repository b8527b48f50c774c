"""Consent: what is closed, to whom, where and by what, in documents and tokens; and how far whole sites are closed to each agent."""

from typing import Any

from winnow.tasks.consent.agents import Agent
from winnow.tasks.consent.judge import CLASSES, account
from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

JUDGED = "judge-pages"
SHOWN = 12


@section
class Consent(Section):
    """Purposes, mechanisms and agents, with documents and tokens; the classes of the Data Provenance Initiative per agent."""

    name, title, chapter, place = "consent", "Consent", CONTENT, 40
    about = (
        "What sites say about the use of their pages, of all documents, kept or not. A purpose is denied if any mechanism denies it; allowed if one allows it "
        "expressly; else unknown, which is no permission. Agents are judged by robots.txt as it was when the page was captured."
    )
    needs = (f"step:{JUDGED}",)

    def content(self, evidence: Evidence) -> Content:
        summary = evidence.summary
        options = summary.recipe["consent"]
        agents = [Agent(a["name"], tuple(a.get("purposes", ())), a["crawls"]) for a in options["agents"]["agents"]]
        found = account(summary.notes(JUDGED), ((a.name, a.purposes, a.crawls) for a in agents))
        ranked = sorted(found["agents"].items(), key=lambda kv: (-kv[1]["disallowed"], kv[0].lower()))
        closed = sorted(
            ((t, n) for t, n in found["tlds"].items() if n["deny"] or n["allow"]), key=lambda kv: (-kv[1]["deny"], -kv[1]["allow"], kv[0])
        )
        values: dict[str, Any] = found | {
            "ranked": ranked,
            "shown": SHOWN,
            "closed_tlds": closed[:SHOWN],
            "classes": list(CLASSES.values()),
            "date": options["agents"].get("date", ""),
        }
        train = found["purposes"]["train"]
        rows = [{"agent": name, "disallowed": a["disallowed"], "unknown": a["unknown"]} for name, a in ranked[:SHOWN]]
        card = ""
        if found["documents"]:
            known = found["documents"] - found["robots"]["unknown"]
            card = (
                f"Of {found['documents']:,} documents before selection, training is denied of {train['deny']:,} and expressly allowed of {train['allow']:,}; "
                f"the robots.txt of {known:,} is known."
            )
        return Content(values, rows=rows, card=card)
