"""Back-ends of language identification: where they name different languages (``languages.Ensemble``)."""

from collections import Counter

from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

SHOWN = 20


@section
class LanguageBackEnds(Section):
    """By language how many documents the back-ends differ about, and what they say in the most frequent such cases."""

    name, title, chapter, place = "language_back_ends", "Where language back-ends differ", CONTENT, 11
    about = "Documents by the language that the back-ends settle on. Where one cannot name a language that another names, only the other has a say."
    needs = ("signal:language_best_score",)

    def content(self, evidence: Evidence) -> Content | None:
        documents: Counter[str] = Counter()
        differ: Counter[str] = Counter()
        votes: Counter[tuple[str, str]] = Counter()
        for table in evidence.read("signals", ["language_best", "language_back_ends_differ", "language_votes"]):
            for best, different, said in zip(*(column.to_pylist() for column in table.columns), strict=True):
                documents[best or ""] += 1
                if different:
                    differ[best or ""] += 1
                    votes[said or "", best or ""] += 1
        if not documents:
            return None
        rows = [
            {"language": language or "none", "documents": n, "back_ends_differ": differ[language]}
            for language, n in sorted(documents.items(), key=lambda kv: (-differ[kv[0]], -kv[1], kv[0]))[:SHOWN]
        ]
        cases = [(said, best, n) for (said, best), n in sorted(votes.items(), key=lambda kv: (-kv[1], kv[0]))[:SHOWN]]
        whole = documents.total()
        card = f"The back-ends of language identification differ about {differ.total():,} of {whole:,} documents."
        return Content({"rows": rows, "cases": cases, "differ": differ.total(), "whole": whole}, rows=rows, card=card)
