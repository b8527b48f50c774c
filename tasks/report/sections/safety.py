"""Safety: what was done with harmful documents, to how many, by head and by language."""

from winnow.tasks.report.section import CHANGES, Content, Evidence, Section, section

STEP, MARK = "safety", "mark-harmful"


@section
class Safety(Section):
    """Documents kept so far, by what was done with them."""

    name, title, chapter, place = "safety", "Safety", CHANGES, 40
    about = "What was done with the documents that the heads of the recipe's matrix call harmful. A document is counted under every head that asks for something, and once by language."
    needs = (f"step:{STEP}",)

    def content(self, evidence: Evidence) -> Content:
        notes, marked = evidence.summary.notes(STEP), evidence.summary.notes(MARK)
        heads = [(*name.rpartition(" ")[::2], n) for name, n in sorted(notes.get("actions_by_head", {}).items())]
        languages: dict[str, dict[str, int]] = {}
        for name, n in sorted(notes.get("actions_by_language", {}).items()):
            language, _, action = name.rpartition(" ")
            languages.setdefault(language, {})[action] = n
        ranked = sorted(languages.items(), key=lambda kv: (-sum(kv[1].values()), kv[0]))
        rows = [{"head": head, "action": action, "documents": n} for head, action, n in heads]
        values = {"actions": notes.get("actions", {}), "heads": heads, "languages": ranked, "marked": marked}
        return Content(values, rows=rows)
