"""Removal of near copies: who lost most, and how much of what was lost was no copy."""

from typing import Any

import pyarrow.compute as pc

from winnow.tasks.dedup.removal_rates import DIMENSIONS
from winnow.tasks.dedup.removal_sample import FALSE_BELOW, SIMILARITIES, SIZES
from winnow.tasks.report.section import OUTCOME, Content, Evidence, Section, section, stratified_figure
from winnow.tasks.report.summary import Figure
from winnow.tasks.report.words import number, percent

RATES, SAMPLE = "removal-rates-", "removal-sample-"
NAMED = {"source": "Sources", "language": "Languages", "domain": "Registered domains", "host": "Hosts"}
FALSE_REMOVALS = "false removals"
SHOWN = 15
BURST = 5
PAIRS_SHOWN = 20


@section
class Removal(Section):
    """One part per pass of near-duplicate removal."""

    name, title, chapter, place = "removal", "Removal of near copies", OUTCOME, 45
    about = (
        "Which share of a source, a language, a domain or a host near-duplicate removal took, and what was lost with it. Removed texts of a sample were "
        f"compared with the texts that stay for them: a removal is false if less than {percent(FALSE_BELOW, 1)} of the words stand there in the same order."
    )

    def content(self, evidence: Evidence) -> Content | None:
        passes: list[dict[str, Any]] = []
        figures: list[Figure] = []
        rows: list[dict[str, Any]] = []
        for entry in [step.name.removeprefix(RATES) for step in evidence.summary.steps if step.name.startswith(RATES)]:
            groups = _groups(evidence, RATES + entry)
            strata = [row for table in evidence.read(SAMPLE + entry, table="strata") for row in table.to_pylist()]
            pairs = [row for table in evidence.read(SAMPLE + entry) for row in table.to_pylist()]
            if strata:
                figures += _figures(entry, strata, evidence.summary.notes(SAMPLE + entry))
            worst = sorted((p for p in pairs if p["is_false"]), key=lambda p: (p["words_kept_share"], p["removed"]))[:PAIRS_SHOWN]
            rule = evidence.summary.options(entry)
            passes.append(
                {"entry": entry, "rule": rule, "groups": groups, "strata": [_shown(stratum) for stratum in strata], "worst": worst}
            )
            rows += [
                {"pass": entry, **{k: g[k] for k in ("dimension", "name", "documents", "removed")}}
                for every in groups.values()
                for g in every
                if g["outstanding"]
            ]
        if not passes:
            return None
        return Content({"passes": passes, "named": NAMED, "shown": SHOWN, "bursts": _bursts(evidence)}, figures=tuple(figures), rows=rows)


def _groups(evidence: Evidence, step: str) -> dict[str, list[dict[str, Any]]]:
    """Of each dimension the groups that are shown: the outstanding ones and those that lost most, by their loss."""
    found: dict[str, list[dict[str, Any]]] = {dimension: [] for dimension in DIMENSIONS}
    for table in evidence.read(step):
        for row in table.to_pylist():
            every = found[row["dimension"]]
            every.append(row)
            if len(every) > 10 * SHOWN:
                found[row["dimension"]] = _worst(every)
    return {dimension: _worst(every) for dimension, every in found.items() if every}


def _worst(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(groups, key=lambda g: (not g["outstanding"], -g["removed"], g["name"]))[: 2 * SHOWN]


def _bursts(evidence: Evidence) -> list[dict[str, Any]]:
    """The clusters that are spread over most registered domains, from ``BURST`` on."""
    found: list[dict[str, Any]] = []
    for table in evidence.read("cluster-minhash", ["cluster_rank", "cluster_size", "domains", "kept_url"]):
        first = pc.and_(pc.equal(table["cluster_rank"], 0), pc.greater_equal(table["domains"], BURST))
        found += table.filter(first).to_pylist()
        found = sorted(found, key=lambda c: (-c["domains"], -c["cluster_size"], c["kept_url"] or ""))[:SHOWN]
    return found


def _figures(entry: str, strata: list[dict[str, Any]], notes: Any) -> list[Figure]:
    own, removed = notes["own_similarity"], notes["removed"]
    below = Figure(
        f"{entry}: removed below {number(own)}, the similarity that the pass means",
        notes["below"] / removed if removed else 0.0,
        sample_size=removed,
        measured_on="all removed documents",
        source="true Jaccard similarity of their n-grams with the document that stays",
    )
    counts = [(s["removed"], s["sampled"], s["is_false"]) for s in strata]
    words = "words compared by their longest common subsequence, strata weighed by their removals"
    return [below, stratified_figure(f"{entry}: {FALSE_REMOVALS}", counts, measured_on="pairs, drawn by strata", source=words)]


def _shown(stratum: dict[str, Any]) -> dict[str, Any]:
    """A stratum with the words for its bounds."""
    by_similarity, by_size = divmod(stratum["stratum"], len(SIZES))
    low, more = SIMILARITIES[by_similarity], SIMILARITIES[by_similarity + 1 :]
    size, larger = SIZES[by_size], SIZES[by_size + 1 :]
    similarity = f"{number(low)} to below {number(more[0])}" if more else "1, the same n-grams"
    return stratum | {"similarity": similarity, "size": f"{size} to {larger[0] - 1}" if larger else f"{size} and more"}
