"""Release: what a finished run shows a person without a server, ``report.html`` and the dataset card. Counts become words and shares here.

What they look like is in ``tasks/report/templates/``, how a histogram lies on its axis in ``tasks/report/histogram.py``; nothing is read but the templates.
The card's fields: Hugging Face Hub, dataset card metadata; what it should tell: Gebru et al. 2021, Datasheets for Datasets; Elazar et al.
2024, What's In My Big Data? The report is hostile territory, since hosts and MIME types are what some server said: all of it is escaped.
"""

import math
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml

from winnow.tasks.corpus.tokens import estimated_tokens
from winnow.tasks.report.histogram import HEIGHT, WIDTH, Histogram, histogram
from winnow.tasks.report.insight import Spread, diversity, perplexity, rules, samples

if TYPE_CHECKING:
    from jinja2 import Environment

REASONS_SHOWN, LANGUAGES_SHOWN, DOMAINS_SHOWN = 10, 12, 15
REASONS_LISTED, DOMAINS_LISTED = 1000, 200
CARD_LANGUAGES, CARD_REASONS, CARD_TLDS = 100, 15, 20
NO_LICENCE = "to-be-chosen"
BUSY_SHARE = 0.7  # below this a step mostly waits
COMMON_CRAWL = re.compile(r"CC-MAIN-[0-9A-Za-z-]+")
ISO_639 = re.compile(r"([a-z]{2,3})(?:_[A-Z][a-z]{3})?")
RENAMED = {"bh": "bih", "sh": "hbs"}  # lid.176 keeps codes that ISO 639 has withdrawn

COPIES = {"url": "The same URL", "text": "The same text", "minhash": "Nearly the same text"}
LARGEST_SHOWN = 10
STEPS = {
    "extract": "reads the archive's records, takes the text out of pages, names its language",
    "read": "reads the rows, names the language of their text",
    "correct": "takes single lines out of the text",
    "measure": "measures signals of every document",
    "signals": "puts all signals side by side",
    "fingerprint": "makes the keys that copies share",
    "select": "applies the limits of the recipe",
    "scatter": "sorts the keys for the comparison across shards",
    "cluster": "finds which documents share a key",
    "dedup-url": "drops further captures of a URL",
    "dedup-text": "drops further copies of a text",
    "sign": "computes MinHash signatures",
    "band-buckets": "finds which documents share a bucket",
    "cutoffs": "finds the percentiles between head, middle and tail",
    "bucket": "cuts documents into head, middle and tail",
    "components": "finds which documents hang together",
    "candidates": "collects what near copies are compared by",
    "dedup-minhash": "drops near copies",
    "paragraphs": "makes the keys of lines",
    "repeated-paragraphs": "finds which lines repeat",
    "unrepeat-paragraphs": "cuts repeated lines out",
    "dedup-paragraph": "drops documents of which too little is left",
    "windows": "makes the keys of runs of tokens",
    "repeated-windows": "finds which runs of tokens repeat",
    "unrepeat-substrings": "cuts repeated passages out",
    "dedup-substring": "drops documents of which too little is left",
    "lookup": "looks up what earlier snapshots kept",
    "known": "drops near copies of what earlier snapshots kept",
    "redact": "replaces personal data",
    "profile": "counts for this report",
    "layout": "plans which rows go into which file",
    "publish": "writes the corpus",
}
REASONS = {
    "type:revisit": "points to an earlier capture, holds no page",
    "extract:empty": "a page without any text",
    "empty_payload": "no bytes behind the header",
    "oversized": "larger than the recipe reads (max_record_mib)",
    "file:not_an_archive": "a whole file that is no WARC or ARC",
    "empty_text": "nothing was left after the line corrections",
    "malformed": "not a JSON object",
    "no_text": "no string in the column text",
    "empty": "a text of white space only",
    "url_cluster_rank:high": "another capture of the same URL stays",
    "text_cluster_rank:high": "another document with the same text stays",
    "minhash_cluster_rank:high": "a document with nearly the same text stays",
    "paragraph_chars_left:low": "too little is left without the lines that other documents have too",
    "substring_chars_left:low": "too little is left without the passages that stand elsewhere too",
    "minhash_cluster_size:high": "it has near copies, of which the recipe keeps none",
    "minhash_known_bands:high": "an earlier snapshot kept a document with nearly the same text",
    "where": "the condition of the recipe does not hold",
    "mime:missing": "no type declared, and not HTML by its looks",
    "mime:malformed": "the declared type is not one",
}
FAMILIES = {
    "type": "a {} record, which holds no page",
    "http_status": "the server answered {}, not 200",
    "http": "the HTTP message cannot be read: {}",
    "mime": "declared as {}, not HTML or plain text",
    "damaged": "a damaged record: {}",
    "extract": "the extractor gave up: {}",
    "file": "a whole file: {}",
}
DAMAGES = {
    "block_digest_mismatch": "The bytes of the record are not those its own digest was made of: they were changed later.",
    "content_length": "Content-Length is missing, unreadable or wrong, and there is no digest that could prove the record whole.",
    "bad_header": "A record begins, but its header cannot be read.",
    "garbage": "Bytes that belong to no record, up to the place where the next record or gzip member begins.",
    "truncated": "The file, or its gzip member, ends inside the record.",
    "gzip_crc": "The member could be inflated, but its checksum does not hold.",
    "gzip_data": "The compressed data are broken and cannot be inflated further.",
    "oversized": "The record is larger than the reader holds in memory.",
}


def report_html(summary: Mapping[str, Any]) -> str:
    """The report of a run as one self-contained page: no script, no request, readable offline and in print.

    ``summary`` is what ``winnow.tasks.runs.run.release`` gathers. The page holds times and the corpus's place, so equal runs may differ in it.
    """
    return _templates().get_template("report.html.j2").render(_report(summary))


def dataset_card(summary: Mapping[str, Any]) -> str:
    """The README.md of a corpus as the Hugging Face Hub reads it. The same for equal corpora: free of times, paths and machine."""
    return _templates().get_template("card.md.j2").render(_card(summary))


def essentials(summary: Mapping[str, Any]) -> dict[str, tuple[str, list[dict[str, Any]]]]:
    """Small tables of a run for a server's UI: key -> (what it tells, rows)."""
    profile, found = summary["profile"], _facts(summary)
    every: dict[str, tuple[str, list[dict[str, Any]]]] = {
        "rules": (
            "Which limits documents cross, and which documents one limit alone drops",
            [{"rule": r.name, "crossed by": r.documents, "alone": r.alone} for r in rules(profile).rules],
        ),
        "overlaps": (
            "Limits that the same documents cross",
            [{"rule": o.one, "and": o.other, "documents": o.documents, "of the rarer": percent(o.share, 1)} for o in rules(profile).pairs],
        ),
        "languages": (
            "Documents by language",
            [{"language": t.name, "documents": t.documents, "kept": t.kept} for t in _tallies(summary, "language")[:CARD_LANGUAGES]],
        ),
        "diversity": (
            "Entropy in bits after each step",
            [
                {"after": d.step, "documents": d.documents} | {k: round(getattr(d, k), 2) for k in ("language", "domain", "length")}
                for d in diversity(profile, [s.name for s in found.counted])
            ],
        ),
        "cost": (
            "Time and cost of the steps",
            [
                {
                    "step": c.name,
                    "time": duration(c.seconds),
                    "CPU": duration(c.cpu_s),
                    "stored": size(c.size_bytes),
                    "memory": size(c.peak_rss_bytes),
                }
                for c in _costs(summary)
            ],
        ),
        "forecast": (
            "The forecast of winnow plan, and what happened",
            [
                {"figure": words, "forecast": value, "interval": interval, "happened": actual}
                for words, value, interval, actual, *_ in (summary.get("forecast") or {"rows": []})["rows"]
            ],
        ),
    }
    return {key: entry for key, entry in every.items() if entry[1]}


# ------------------------------------------------------------------ what both tell


@dataclass(frozen=True)
class Reason:
    """One reason of one step: in how many rows, of how many that came in; ``limit`` is empty where no limit of the recipe is behind it."""

    name: str
    meaning: str
    limit: str
    rows: int
    of: int


@dataclass(frozen=True)
class Stage:
    """One step's account. ``reasons`` are sorted by rows, the most frequent first."""

    name: str
    meaning: str
    kind: str
    shards: int
    address: str
    rows_in: int
    rows_out: int
    reasons: tuple[Reason, ...]

    @property
    def dropped(self) -> int:
        return sum(r.rows for r in self.reasons)


@dataclass(frozen=True)
class Tally:
    """Documents, and how many of them were kept, of one language, domain or year."""

    name: str
    label: str
    documents: int
    kept: int


@dataclass(frozen=True)
class _Facts:
    """Both documents begin with these."""

    recipe: dict[str, Any]
    stages: tuple[Stage, ...]
    unit: str
    records: int
    documents: int
    kept: int
    files: tuple[dict[str, Any], ...]
    size_bytes: int

    @property
    def counted(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.stages if s.kind == "filter")

    @property
    def losing(self) -> tuple[Stage, ...]:
        return tuple(s for s in self.counted if s.reasons)


def _facts(summary: Mapping[str, Any]) -> _Facts:
    manifest = summary["manifest"]
    limits = {limit["signal"]: limit for limit in manifest["recipe"].get("limits") or ()}
    stages = tuple(_stage(step, limits) for step in manifest["steps"])
    reading = next((s for s in stages if s.kind == "filter"), None)
    return _Facts(
        recipe={"about": "", "source": "", "correct": None, "deduplicate": (), "carry_signals": ()} | manifest["recipe"] | {"redact": _redacted(manifest)},
        stages=stages,
        unit="rows" if reading and reading.name == "read" else "records",
        records=reading.rows_in if reading else 0,
        documents=reading.rows_out if reading else 0,
        kept=sum(f["rows"] for f in manifest["files"]),
        files=tuple(manifest["files"]),
        size_bytes=sum(f["bytes"] for f in manifest["files"]),
    )


def _redacted(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds of personal data that were replaced."""
    given = manifest["recipe"].get("redact") or {}
    return tuple(given.get("replace", ()) if isinstance(given, Mapping) else given)  # a list in manifests of version 0.1


def _stage(step: Mapping[str, Any], limits: Mapping[str, Any]) -> Stage:
    ranked = sorted(step["dropped"].items(), key=lambda kv: (-kv[1], kv[0]))
    reasons = tuple(_reason(name, rows, step["rows_in"], limits) for name, rows in ranked if rows)
    name, kind = step["name"], step.get("kind", "filter")
    return Stage(name, _purpose(name), kind, step["shards"], step["address"], step["rows_in"], step["rows_out"], reasons)


def _purpose(step: str) -> str:
    return STEPS.get(step) or STEPS.get(step.split("-")[0], "")


def _reason(name: str, rows: int, of: int, limits: Mapping[str, Any]) -> Reason:
    signal, _, detail = name.partition(":")
    if signal in limits:
        said = {"low": "below the limit", "high": "above the limit", "missing": "has no value", "other": "none of those allowed"}
        return Reason(name, said.get(detail, "the filter's own verdict"), bound(limits[signal]), rows, of)
    detail = re.sub("[\u202a-\u202e\u2066-\u2069]", "\ufffd", detail)  # or a server's word could turn round the sentence it stands in
    meaning = REASONS.get(name) or (FAMILIES[signal].format(detail.replace("_", " ")) if signal in FAMILIES else "")
    return Reason(name, meaning, "", rows, of)


def bound(limit: Mapping[str, Any]) -> str:
    """What a limit of a recipe asks for, in words."""
    if own := limit.get("by_language"):
        general = {k: v for k, v in limit.items() if k != "by_language"}
        rest = f"{bound(general)}, " if limit.get("low") is not None or limit.get("high") is not None else ""
        return f"{rest}other values for {len(own)} languages"
    low, high = limit.get("low"), limit.get("high")
    if low is not None and high is not None:
        return f"{number(low)} to {number(high)}"
    if low is not None:
        return f"at least {number(low)}"
    if high is not None:
        return f"at most {number(high)}"
    if words := limit.get("one_of"):
        return f"one of {', '.join(words[:8])}" + (f" and {len(words) - 8} more" if len(words) > 8 else "")
    return "no verdict"


def _tallies(summary: Mapping[str, Any], what: str, label: Callable[[str], str] = str) -> list[Tally]:
    rows = [Tally(r["bin"], label(r["bin"]), r["documents"], r["kept"]) for r in summary["profile"] if r["what"] == what]
    return sorted(rows, key=lambda t: (-t.kept, -t.documents, t.name))


# ------------------------------------------------------------------ the report


@dataclass(frozen=True)
class Bound:
    """A limit in a histogram: a line at ``x``; what lies beyond, from ``x_from`` over ``width``, is dropped."""

    x: float
    label: str
    x_from: float
    width: float
    anchor: str


@dataclass(frozen=True)
class Curve:
    """What is kept with a bound elsewhere: ``points`` of a line in the drawing, for the side "low" or "high"."""

    side: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """A histogram with what is said around it. ``top_share`` is what the full height stands for, for the curves."""

    name: str
    asks: str
    crossed: str
    bars: Histogram
    bounds: tuple[Bound, ...]
    curves: tuple[Curve, ...] = ()
    top_share: float = 0.0


@dataclass(frozen=True)
class Cost:
    """What a step took, summed over its shards; ``busy_share`` is CPU time by wall time, above 1 where it has several threads."""

    name: str
    meaning: str
    seconds: float
    cpu_s: float
    busy_share: float
    peak_rss_bytes: int
    size_bytes: int


def _report(summary: Mapping[str, Any]) -> dict[str, Any]:
    facts, notes, manifest = _facts(summary), summary["notes"], summary["manifest"]
    charts, others = _charts(summary, facts)
    costs = _costs(summary)
    reading = facts.counted[0] if facts.counted else None
    profile = summary["profile"]
    shown = samples(profile)
    return {
        "css": (files("winnow.tasks.report") / "templates" / "report.css").read_text(encoding="utf-8"),
        "id": summary["id"],
        "home": summary["home"],
        "snapshot": summary["snapshot"],
        "facts": facts,
        "digest": manifest["digest"],
        "versions": manifest["versions"],
        "text_chars": notes.get("redact", {}).get("text_chars"),
        "archive_bytes": notes.get(reading.name, {}).get("archive_bytes") if reading else None,
        "mismatches": notes.get(reading.name, {}).get("payload_digest_mismatches", 0) if reading else 0,
        "damage": [(r, DAMAGES.get(_damage(r.name), "")) for r in reading.reasons if _damage(r.name)] if reading else [],
        "dropped_files": _dropped_files(summary["home"], reading),
        "languages": _tallies(summary, "language", language_name),
        "domains": _tallies(summary, "domain"),
        "tlds": _tallies(summary, "tld"),
        "years": _years(summary),
        "tokens": tokens(profile),
        "rules": rules(profile),
        "diversity": diversity(profile, [s.name for s in facts.counted]),
        "perplexity": perplexity(profile),
        "samples": [(r.name, r.meaning, shown[r.name]) for s in facts.losing for r in s.reasons if r.name in shown],
        "samples_kept": shown.get("", []),
        "forecast": summary.get("forecast"),
        "copies": [_copies(summary, by) for by in COPIES if any(r["what"] == f"copies:{by}" for r in summary["profile"])],
        "copies_languages": _tallies(summary, "copies_language", language_name),
        "copies_domains": sorted(_tallies(summary, "copies_domain"), key=lambda t: (t.kept - t.documents, t.name)),
        "charts": charts,
        "other_charts": others,
        "personal_data": _ranked(notes.get("redact", {}).get("personal_data", {})),
        "lines": _ranked({k: n for k, n in notes.get("correct", {}).get("lines", {}).items() if k != "lines_in"}),
        "lines_in": notes.get("correct", {}).get("lines", {}).get("lines_in", 0),
        "costs": costs,
        "seconds": sum(c.seconds for c in costs),
        "stored_bytes": sum(c.size_bytes for c in costs),
        "cpu_s": sum(c.cpu_s for c in costs),
        "bottleneck": bottleneck(costs),
        "recipe_text": yaml.safe_dump(manifest["recipe"], sort_keys=False, allow_unicode=True, width=100),
        "shown": {
            "reasons": REASONS_SHOWN,
            "copies": COPIES,
            "reasons_listed": REASONS_LISTED,
            "languages": LANGUAGES_SHOWN,
            "domains": DOMAINS_SHOWN,
            "domains_listed": DOMAINS_LISTED,
        },
    }


def tokens(profile: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """Tokens of all documents and of those kept, estimated from their characters by language (tasks/corpus/tokens.py)."""
    chars = [(r["bin"], r["documents"], r["kept"]) for r in profile if r["what"] == "chars"]
    languages = [name for name, *_ in chars]
    every, kept = (round(estimated_tokens([row[i] for row in chars], languages).sum()) for i in (1, 2))
    return every, kept


def _years(summary: Mapping[str, Any]) -> list[Tally]:
    years: dict[str, list[int]] = {}
    for row in _tallies(summary, "hour"):
        counts = years.setdefault(row.name[:4] if row.name != "unknown" else row.name, [0, 0])
        counts[0], counts[1] = counts[0] + row.documents, counts[1] + row.kept
    return [Tally(name, name, *counts) for name, counts in sorted(years.items())]


@dataclass(frozen=True)
class Copies:
    """Clusters of one kind: (size from, size to, clusters, members) by powers of two, and the largest as (size, URL, a bit of text)."""

    by: str
    sizes: tuple[tuple[int, int, int, int], ...]
    largest: tuple[tuple[int, str, str], ...]

    @property
    def clusters(self) -> int:
        return sum(n for _, _, n, _ in self.sizes)

    @property
    def members(self) -> int:
        return sum(n for *_, n in self.sizes)


def _copies(summary: Mapping[str, Any], by: str) -> Copies:
    rows = [r for r in summary["profile"] if r["what"] == f"copies:{by}"]
    sizes = tuple(sorted((int(r["bin"]), 2 * int(r["bin"]) - 1, r["documents"], r["kept"]) for r in rows))
    largest = sorted((r for r in summary["profile"] if r["what"] == f"largest:{by}"), key=lambda r: (-r["documents"], r["bin"]))
    return Copies(by, sizes, tuple((r["documents"], *r["bin"].split("\n", 1)) for r in largest[:LARGEST_SHOWN]))


def _damage(reason: str) -> str:
    return reason.removeprefix("damaged:") if reason.startswith("damaged:") else reason if reason == "oversized" else ""


def _dropped_files(home: str, reading: Stage | None) -> str:
    """Glob of the tables that name every lost record: the store's root is three folders above the corpus."""
    return f"{home.rsplit('/', 3)[0]}/steps/{reading.address}/*.dropped.parquet" if reading else ""


def _charts(summary: Mapping[str, Any], facts: _Facts) -> tuple[list[Chart], list[Chart]]:
    """The histograms that matter to the recipe, and those of all other signals."""
    counted: dict[str, list[tuple[str, int, int]]] = {"text_chars": []}
    alone: dict[str, list[tuple[str, int]]] = {}
    for row in summary["profile"]:
        if row["what"].startswith("alone:"):
            alone.setdefault(row["what"].removeprefix("alone:"), []).append((row["bin"], row["documents"]))
        if row["what"] == "text_chars" or row["what"].startswith("signal:"):
            counted.setdefault(row["what"], []).append((row["bin"], row["documents"], row["kept"]))
    bins = {what.removeprefix("signal:"): found for what, found in counted.items()}  # a signal of that name takes the place of the length
    numeric = (limit for limit in facts.recipe.get("limits") or () if limit.get("low") is not None or limit.get("high") is not None)
    limits = {limit["signal"]: limit for limit in numeric}
    first = list(dict.fromkeys(["language_score", "text_chars", *limits]))
    reasons = {r.name: r.rows for stage in facts.losing for r in stage.reasons}
    return (
        [c for name in first if name in bins and (c := _chart(name, bins[name], limits.get(name), reasons, alone.get(name, [])))],
        [c for name in sorted(bins) if name not in first and (c := _chart(name, bins[name], None, reasons, alone.get(name, [])))],
    )


def _chart(
    name: str,
    bins: Sequence[tuple[str, int, int]],
    limit: Mapping[str, Any] | None,
    reasons: Mapping[str, int],
    alone: Sequence[tuple[str, int]],
) -> Chart | None:
    sides = [(side, limit[side]) for side in ("low", "high") if limit and limit.get(side) is not None]
    bars = histogram(bins, [value for _, value in sides])
    if bars is None:
        return None
    drawn = []
    for side, value in sides:
        x = bars.bound_x(value, side)
        beyond = (0.0, x) if side == "low" else (x, WIDTH - x)
        drawn.append(Bound(x, f"{'≥' if side == 'low' else '≤'} {number(value)}", *beyond, "start" if x < WIDTH / 2 else "end"))
    crossed = [f"{number(n)} {said}" for side, said in (("low", "below"), ("high", "above")) if (n := reasons.get(f"{name}:{side}", 0))]
    given = dict(sides)
    wanted = list(given) or ["low", "high"]
    other = {"low": given.get("high"), "high": given.get("low")}
    found = [(side, bars.curve(alone, side, bars.documents + bars.missing, other[side])) for side in wanted if alone]
    top = max((share for _, points in found for _, share in points), default=0.0)
    curves = tuple(Curve(side, tuple((x, HEIGHT * (1 - share / top)) for x, share in points)) for side, points in found if top)
    return Chart(name, bound(limit) if limit else "", ", ".join(crossed), bars, tuple(drawn), curves, top)


def _costs(summary: Mapping[str, Any]) -> list[Cost]:
    costs = [
        Cost(
            c["name"],
            _purpose(c["name"]),
            c["seconds"],
            c["cpu_s"],
            c["cpu_s"] / c["seconds"] if c["seconds"] else 0.0,
            c["peak_rss_bytes"],
            c["size_bytes"],
        )
        for c in summary["costs"]
    ]
    return sorted(costs, key=lambda c: (-c.seconds, c.name))


def bottleneck(costs: Sequence[Cost]) -> str:
    """Which step to make faster next, and what that could bring at most (Amdahl). ``costs`` sorted, the slowest first."""
    total = sum(c.seconds for c in costs)
    if not total:
        return "No time was measured."
    worst = costs[0]
    said = f"The next bottleneck is {worst.name}, with {percent(worst.seconds, total)} of the time of all steps. "
    if worst.busy_share >= BUSY_SHARE:
        said += "It computes nearly all that time: faster code there, or more cores, would help; a faster disk or network would not."
    else:
        busy = percent(worst.cpu_s, worst.seconds)
        said += f"It computes for only {busy} of that and waits for the rest: for the source, the store, or a core that others use."
    rest = total - worst.seconds
    if rest > 0:
        said += f" If it cost nothing, all steps together would be {total / rest:.1f} times as fast; no more can be won there."
    return said


def _ranked(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(((k, n) for k, n in counts.items() if n), key=lambda kv: (-kv[1], kv[0]))


# ------------------------------------------------------------------ the card


def _card(summary: Mapping[str, Any]) -> dict[str, Any]:
    facts, manifest = _facts(summary), summary["manifest"]
    recipe, snapshot = facts.recipe, summary["snapshot"]
    common_crawl = bool(COMMON_CRAWL.fullmatch(snapshot))
    by_language: dict[str, list[int]] = {}
    for file in facts.files:
        found = re.search(r"(?:^|/)lang=([^/]+)/", file["path"])
        counts = by_language.setdefault(found[1] if found else "und", [0, 0])
        counts[0] += file["rows"]
        counts[1] += file["bytes"]
    languages = sorted(((name, rows, size_bytes) for name, (rows, size_bytes) in by_language.items()), key=lambda row: (-row[1], row[0]))
    codes = sorted({c for name, *_ in languages[:CARD_LANGUAGES] if (c := iso_code(name))})
    front = {
        "pretty_name": " ".join(f"{recipe['name']} · {snapshot}".split()),
        **({"language": codes} if codes else {}),
        **({"multilinguality": ["multilingual" if len(codes) > 1 else "monolingual"]} if codes else {}),
        "size_categories": [size_category(facts.kept)],
        "task_categories": ["text-generation"],
        "tags": [*(["common-crawl"] if common_crawl else []), "winnow", recipe["name"]],
        "configs": [{"config_name": "default", "data_files": "data/**/*.parquet"}],
    }
    source = snapshot if common_crawl else f"SOURCE --snapshot {shlex.quote(' '.join(snapshot.split()))}"
    return {
        "front": yaml.safe_dump(front, sort_keys=False, allow_unicode=True, width=1000),
        "id": summary["id"],
        "snapshot": snapshot,
        "common_crawl": common_crawl,
        "facts": facts,
        "digest": manifest["digest"],
        "versions": manifest["versions"],
        "languages": languages,
        "languages_shown": CARD_LANGUAGES,
        "reasons_shown": CARD_REASONS,
        "limits": [(limit["signal"], bound(limit)) for limit in recipe.get("limits") or ()],
        "tlds_shown": CARD_TLDS,
        "personal_data": _ranked(summary["notes"].get("redact", {}).get("personal_data", {})),
        "text_chars": summary["notes"].get("redact", {}).get("text_chars"),
        "bias": _bias(summary, facts),
        "licence": yaml.safe_dump(summary["licence"], sort_keys=False, allow_unicode=True, width=1000) if summary.get("licence") else "",
        "tokens": tokens(summary["profile"]),
        "corrected": any(s.name == "correct" for s in facts.stages),
        "deduplicated": [rule["by"] for rule in recipe["deduplicate"] if rule.get("drop", True)],
        "command": f"winnow run {source} --recipe {shlex.quote(recipe['name'])}",
    }


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


def _bias(summary: Mapping[str, Any], facts: _Facts) -> Bias:
    hours = sorted((t for t in _tallies(summary, "hour") if t.name != "unknown"), key=lambda t: t.name)
    kept = [t.name for t in hours if t.kept]
    domains = [t for t in _tallies(summary, "domain") if t.name != "unknown"]
    cut = [t for t in _tallies(summary, "truncated") if t.name != "no"]
    index: Mapping[str, Any] = summary.get("index") or {}
    tlds = {t.name: (t.documents, t.kept) for t in _tallies(summary, "tld")}
    captures: Mapping[str, int] = index.get("tlds", {})
    ranked = sorted({*tlds, *captures}, key=lambda name: (-captures.get(name, 0), -tlds.get(name, (0, 0))[0], name))
    return Bias(
        first=kept[0] if kept else "",
        median=_median(hours),
        last=kept[-1] if kept else "",
        undated=sum(t.kept for t in _tallies(summary, "hour") if t.name == "unknown"),
        truncated=sum(t.documents for t in cut),
        truncated_kept=sum(t.kept for t in cut),
        domains=len(domains),
        domains_kept=sum(t.kept > 0 for t in domains),
        domains_left_out=sum(r["documents"] for r in summary["profile"] if r["what"] == "domains_left_out"),
        largest_share=sum(t.kept for t in domains[:10]) / max(1, facts.kept),
        tlds=tuple((name, captures.get(name, 0), *tlds.get(name, (0, 0))) for name in ranked),
        index_captures=index.get("captures", 0),
        index_domains=index.get("domains"),
    )


def _median(hours: Sequence[Tally]) -> str:
    left = sum(t.kept for t in hours) / 2
    for tally in hours:
        left -= tally.kept
        if left <= 0 and tally.kept:
            return tally.name
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


# ------------------------------------------------------------------ words for numbers


def number(value: float) -> str:
    """1,234,567 and 0.3; never in powers of ten where digits can be read."""
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if 1000 <= abs(value) < 1e15 else f"{value:.4g}"


def short(value: float) -> str:
    """12k, 3.4M: for axes."""
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def percent(part: float, whole: float) -> str:
    """12.3 %; what is not nothing is not shown as nothing, what is not all not as all."""
    if not whole:
        return "–"
    share = 100 * part / whole
    if 0 < share < 0.1:
        return "< 0.1 %"
    if 99.9 < share < 100:
        return "> 99.9 %"
    return f"{share:.0f} %" if share in (0, 100) else f"{share:.1f} %"


def on_log_axis(value: float, spreads: Sequence[Spread]) -> float:
    """Where a value lies between the least and the greatest of the spreads, 0 to 100, on a logarithmic axis."""
    low, high = min(s.low for s in spreads), max(s.high for s in spreads)
    return round(100 * math.log(value / low) / math.log(high / low), 2) if high > low else 50.0


def size(n: float) -> str:
    """12.3 MB, in powers of 1000."""
    for unit, name in ((1e15, "PB"), (1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if n >= unit:
            return f"{n / unit:.1f} {name}" if n < 100 * unit else f"{n / unit:,.0f} {name}"
    return f"{n:.0f} B"


def duration(seconds: float) -> str:
    """3 h 12 min, 4 min 5 s, 12.3 s."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.05 or not seconds else "< 0.1 s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


@cache
def _languages() -> dict[str, str]:
    text = (files("winnow.tasks.report") / "templates" / "languages.txt").read_text(encoding="utf-8")
    return dict(line.split(" ", 1) for line in text.splitlines())


def language_name(code: str) -> str:
    """English name of a language code; empty if none is known."""
    return _languages().get(code, "")


def prose(text: str) -> str:
    """Foreign text for Markdown: one line, nothing in it is markup or ends a table's cell."""
    escaped = str(text).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", " ".join(escaped.split()))


def code(text: str) -> str:
    """Foreign text for Markdown as code, also inside a table's cell."""
    return "`" + (" ".join(str(text).replace("`", "'").split()).replace("|", "\\|") or " ") + "`"


@cache
def _templates() -> "Environment":
    from jinja2 import (  # not at the top: a run with nothing to do need not wait for it
        Environment,
        FunctionLoader,
        StrictUndefined,
        select_autoescape,
    )

    def source(name: str) -> str:
        return (files("winnow.tasks.report") / "templates" / name).read_text(encoding="utf-8")

    made = Environment(
        loader=FunctionLoader(source),
        autoescape=select_autoescape(("html.j2",), disabled_extensions=("md.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "number": number, "short": short, "size": size, "duration": duration, "prose": prose, "code": code, "language": language_name,
    }  # fmt: skip
    made.filters["onlog"] = on_log_axis
    made.globals |= {"percent": percent}
    return made
