"""Card: the README.md of a corpus as the Hugging Face Hub reads it. The same for equal corpora: free of times, paths and the machine.

Its fields: Hugging Face Hub, dataset card metadata. What it should tell: Gebru et al. 2021, Datasheets for Datasets; Elazar et al. 2024, What's
In My Big Data?
"""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from winnow.tasks.report.facts import bound, funnel
from winnow.tasks.report.page import templates
from winnow.tasks.report.section import Content, Evidence, Section, contents
from winnow.tasks.report.sections.edits import ranked, replaced
from winnow.tasks.report.summary import Summary
from winnow.tasks.report.tallies import Group

LANGUAGES_SHOWN, REASONS_SHOWN, TLDS_SHOWN = 100, 15, 20
NO_LICENCE = "to-be-chosen"
COMMON_CRAWL = re.compile(r"CC-MAIN-[0-9A-Za-z-]+")
ISO_639 = re.compile(r"([a-z]{2,3})(?:_[A-Z][a-z]{3})?")
RENAMED = {"bh": "bih", "sh": "hbs"}  # lid.176 keeps codes that ISO 639 has withdrawn


def dataset_card(summary: Summary, shown: Mapping[Section, Content] | None = None) -> str:
    """The dataset card of a run. ``shown``: the sections of its report with their content, if they were gathered before."""
    shown = contents(Evidence(summary)) if shown is None else shown
    text = templates().get_template("card.md.j2").render(_values(summary), sections=[(s, c.card) for s, c in shown.items() if c.card])
    return "".join(_tidy(text))


def _tidy(text: str) -> Iterator[str]:
    """Lines without white space at their ends, one blank line between paragraphs; code stays as it is."""
    blank, in_code = False, False
    for line in text.strip().split("\n"):
        in_code ^= line.startswith("```")
        line = line if in_code else line.rstrip()
        if line or not blank or in_code:
            yield line + "\n"
        blank = not line


def _values(summary: Summary) -> dict[str, Any]:
    recipe, snapshot = summary.recipe, summary.snapshot
    defaults: dict[str, Any] = {"about": "", "source": "", "redact": (), "deduplicate": ()}
    common_crawl = bool(COMMON_CRAWL.fullmatch(snapshot))
    languages = _languages(summary)
    codes = sorted({c for name, *_ in languages[:LANGUAGES_SHOWN] if (c := iso_code(name))})
    front = {
        "pretty_name": " ".join(f"{recipe['name']} · {snapshot}".split()),
        **({"language": codes} if codes else {}),
        **({"multilinguality": ["multilingual" if len(codes) > 1 else "monolingual"]} if codes else {}),
        "size_categories": [size_category(summary.kept)],
        "task_categories": ["text-generation"],
        "tags": [*(["common-crawl"] if common_crawl else []), "winnow", recipe["name"]],
        "configs": [{"config_name": "default", "data_files": "data/**/*.parquet"}],
    }
    source = snapshot if common_crawl else f"SOURCE --snapshot {shlex.quote(' '.join(snapshot.split()))}"
    stages = funnel(summary)
    return {
        "summary": summary,
        "recipe": defaults | {k: v for k, v in recipe.items() if v is not None} | {"redact": replaced(recipe)},
        "front": yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000),
        "licence": yaml.safe_dump(dict(summary.licence), sort_keys=False, allow_unicode=True, width=1000) if summary.licence else "",
        "common_crawl": common_crawl,
        "stages": [s for s in stages if s.dropped or s is stages[0] or s is stages[-1]],
        "losing": [s for s in stages if s.reasons],
        "reasons_shown": REASONS_SHOWN,
        "limits": [(limit["signal"], bound(limit)) for limit in recipe.get("limits") or ()],
        "languages": languages,
        "languages_shown": LANGUAGES_SHOWN,
        "tlds_shown": TLDS_SHOWN,
        "personal_data": ranked(summary.notes("redact").get("personal_data", {})),
        "tagged": ranked(summary.notes("redact").get("personal_data_tagged", {})),
        "text_chars": summary.notes("redact").get("text_chars"),
        "bias": bias(summary),
        "corrected": any(s.name == "correct" for s in summary.steps) and bool((recipe.get("refine") or {}).get("correct", True)),
        "refined": bool(recipe.get("refine")),
        "deduplicated": [rule["by"] for rule in recipe.get("deduplicate") or () if rule.get("drop", True)],
        "command": f"winnow run {source} --recipe {shlex.quote(recipe['name'])}",
    }


def _languages(summary: Summary) -> list[tuple[str, int, int]]:
    """Language, rows and bytes of the corpus's folders, the most rows first."""
    sums: dict[str, list[int]] = {}
    for file in summary.files:
        found = re.search(r"(?:^|/)lang=([^/]+)/", file.path)
        counts = sums.setdefault(found[1] if found else "und", [0, 0])
        counts[0], counts[1] = counts[0] + file.rows, counts[1] + file.bytes
    return sorted(((name, rows, size_bytes) for name, (rows, size_bytes) in sums.items()), key=lambda row: (-row[1], row[0]))


@dataclass(frozen=True)
class Bias:
    """What a corpus is a sample of: when its pages were captured, how many a crawler cut, from which domains they are.

    ``tlds``: name, captures in the crawl's index (0 without one), documents, kept documents. ``domains`` and ``domains_kept`` are at least that many
    where ``domains_left_out`` documents were of domains that were not counted.
    """

    first: str
    median: str
    last: str
    undated: int
    truncated: int
    truncated_kept: int
    domains: int
    domains_kept: int
    domains_left_out: int
    largest_share: float
    tlds: tuple[tuple[str, int, int, int], ...]
    index_captures: int
    index_domains: int | None


def bias(summary: Summary) -> Bias:
    """What the tallies and the crawl's index say of a corpus's origin."""
    tallies = summary.tallies
    hours = sorted((g for g in tallies.of("hour").groups if g.name != "unknown"), key=lambda g: g.name)
    kept = [g.name for g in hours if g.kept]
    domain = tallies.of("domain")
    named = [g for g in domain.groups if g.name != "unknown"]
    unknown = next((g for g in domain.groups if g.name == "unknown"), None)
    cut = [g for g in tallies.of("truncated").groups if g.name != "no"]
    tlds = {g.name: (g.documents, g.kept) for g in tallies.of("tld").groups}
    captures: Mapping[str, int] = summary.index.tlds if summary.index else {}
    ranked_tlds = sorted({*tlds, *captures}, key=lambda name: (-captures.get(name, 0), -tlds.get(name, (0, 0))[0], name))
    return Bias(
        first=kept[0] if kept else "",
        median=_median(hours),
        last=kept[-1] if kept else "",
        undated=sum(g.kept for g in tallies.of("hour").groups if g.name == "unknown"),
        truncated=sum(g.documents for g in cut),
        truncated_kept=sum(g.kept for g in cut),
        domains=domain.names - (unknown is not None),
        domains_kept=domain.names_kept - (unknown is not None and unknown.kept > 0),
        domains_left_out=domain.left_out,
        largest_share=sum(sorted((g.kept for g in named), reverse=True)[:10]) / max(1, summary.kept),
        tlds=tuple((name, captures.get(name, 0), *tlds.get(name, (0, 0))) for name in ranked_tlds),
        index_captures=summary.index.captures if summary.index else 0,
        index_domains=summary.index.domains if summary.index else None,
    )


def _median(hours: Sequence[Group]) -> str:
    left = sum(g.kept for g in hours) / 2
    for group in hours:
        left -= group.kept
        if left <= 0 and group.kept:
            return group.name
    return ""


def chosen_licence(card: str) -> dict[str, Any] | None:
    """The licence that somebody wrote into a dataset card in place of ours, as its front matter's fields; None if nobody did."""
    try:
        front = yaml.safe_load(card.split("---\n")[1])
        found = {k: front[k] for k in ("license", "license_name", "license_link") if k in front}
    except (IndexError, TypeError, yaml.YAMLError):
        return None
    return None if not found or found.get("license_name") == NO_LICENCE else found


def iso_code(language: str) -> str:
    """ISO 639 code of what a language model calls a language (``de``, ``deu_Latn``); empty if that is none."""
    found = ISO_639.fullmatch(language)
    return "" if not found or found[1] in ("und", "zxx", "mul", "eml") else RENAMED.get(found[1], found[1])


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows."""
    steps = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    below = next((i for i in range(len(steps)) if rows < 10 ** (i + 3)), len(steps))
    return "n<1K" if below == 0 else "n>1T" if below == len(steps) else f"{steps[below - 1]}<n<{steps[below]}"
