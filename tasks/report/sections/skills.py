"""Skills: those of the reference set with most weight, how many documents have them, and how well a selection covers them."""

import numpy as np

from winnow.tasks.report.section import CONTENT, Content, Evidence, Section, section

SHARES = (0.1, 0.3, 0.5)
SHOWN = 15


@section
class SkillsCovered(Section):
    """Documents per skill, and what selections by skill_share keep of all that documents have of skills."""

    name, title, chapter, place = "skills", "Skills", CONTENT, 70
    about = (
        "A skill is a cluster of key phrases of the reference set. A selection by skill_share fills each skill by score up to its quota; beside it stands "
        "how much of all skills of all documents it holds, and in how many skills it has any document. A random selection would hold its own share."
    )
    needs = ("step:skills",)

    def content(self, evidence: Evidence) -> Content | None:
        labels = [label for table in evidence.read("fit-skills", ["label"]) for label in table["label"].to_pylist()]
        if not labels:
            return None
        having, holding = np.zeros(len(labels), np.int64), np.zeros((len(SHARES), len(labels)), np.int64)
        kept = np.zeros(len(SHARES), np.int64)
        documents = 0
        every = zip(
            evidence.read("skills", ["id", "skill_share"]), evidence.read("score-skills", ["id", "skill"], table="skills"), strict=True
        )
        for placed, held in every:
            share = placed["skill_share"].to_numpy()
            documents += len(share)
            of = dict(zip(placed["id"].to_pylist(), share.tolist(), strict=True))
            skill, own = held["skill"].to_numpy(), np.array([of[i] for i in held["id"].to_pylist()])
            having += np.bincount(skill, minlength=len(labels))
            for n, bound in enumerate(SHARES):
                kept[n] += (share <= bound).sum()
                holding[n] += np.bincount(skill[own <= bound], minlength=len(labels))
        rows = [
            {"skill_share": bound, "documents": int(kept[n]), "documents_share": round(int(kept[n]) / max(documents, 1), 4)}
            | {"held": round(int(holding[n].sum()) / max(int(having.sum()), 1), 4), "skills": int((holding[n] > 0).sum())}
            for n, bound in enumerate(SHARES)
        ]
        most = sorted(zip(labels, having.tolist(), strict=True), key=lambda kv: (-kv[1], kv[0]))[:SHOWN]
        return Content({"rows": rows, "most": most, "skills": len(labels)}, rows=rows)
