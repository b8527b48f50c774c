"""Decontamination: benchmark items that were found, with both sides, and the n-grams that were set aside as common."""

from collections import Counter
from typing import Any

from winnow.tasks.report.section import CHANGES, Content, Evidence, Section, section

SAMPLES = 20
FOUND, COMMON = "find-items", "common-ngrams"


@section
class Decontamination(Section):
    """Hits per benchmark, twenty of them with the text and the item, and what the run showed to be common."""

    name, title, chapter, place = "decontamination", "Benchmark items", CHANGES, 30
    about = "Items of benchmarks that stand in documents. A hit most of whose n-grams are common in the run or in one host is no evidence, and is set aside."
    needs = (f"step:{FOUND}",)

    def content(self, evidence: Evidence) -> Content:
        suites: Counter[str] = Counter()
        documents: Counter[str] = Counter()
        samples: list[dict[str, Any]] = []
        for table in evidence.read(FOUND, ["id", "suite", "instance", "part", "score", "text", "item_text"], table="hits"):
            suites.update(table["suite"].to_pylist())
            rows = table.select(["suite", "id"])
            documents.update(suite for suite, _ in set(zip(*(rows[c].to_pylist() for c in rows.column_names), strict=True)))
            if len(samples) < SAMPLES:
                samples += table.slice(0, SAMPLES - len(samples)).to_pylist()
        levels: Counter[str] = Counter()
        for table in evidence.read(COMMON, ["host", "documents"]):
            levels.update("the run" if host is None else host for host in table["host"].to_pylist())
        decided = evidence.summary.notes("decontaminate")
        per_suite = [(suite, n, documents[suite]) for suite, n in sorted(suites.items(), key=lambda kv: (-kv[1], kv[0]))]
        values = {"suites": per_suite, "samples": samples, "common": levels.most_common(20), "set_aside": decided.get("hits_set_aside", 0)}
        return Content(values, rows=[{"benchmark": suite, "hits": n, "documents": d} for suite, n, d in per_suite])
