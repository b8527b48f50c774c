"""``winnow explain``: everything that is known of one page: where it lies, what was measured, which limits it crossed and by how much, which copies it
has, what was edited, and what became of it. What is known is in the tables; here it is gathered and put into words."""

import difflib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from winnow.tasks.corpus.refine import COLUMN as TEXT_PASS
from winnow.tasks.corpus.refine import Refine
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.text_column import EDITED_TEXT
from winnow.tasks.ledger.consent import evidence
from winnow.tasks.ledger.find import Finished
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.limit import Limit, apply_limits, columns_of
from winnow.tasks.signals.measure import ARROW
from winnow.tasks.signals.text import Document

AMBIGUOUS = 20
NEAR_AMONG = 20_000
"""Among so many URLs of a host those that are spelt alike are looked for."""
URL = re.compile(r"(?i)https?://(?P<host>[^/?#]+)(?P<rest>.*)\Z", re.DOTALL)


@dataclass(frozen=True)
class Verdict:
    """One limit on one page; ``margin`` is the distance to the bound, positive when it is crossed."""

    limit: Limit
    value: Any
    crossed: bool
    margin: float | None


@dataclass(frozen=True)
class Copy:
    """The page's place among its copies of one kind. ``kept`` is the id of the one that stays."""

    by: str
    size: int | None
    rank: int | None
    kept: str
    kept_url: str
    snapshot: str = ""
    similarity: float | None = None


@dataclass(frozen=True)
class Explained:
    """All about one page. ``document`` is its row of the documents table without the text; ``fate`` is one sentence; ``steps`` are the labels and
    addresses of the steps it passed, in order; a dropped page's last one dropped it. ``consent`` has every statement about the use of the page, with its line and file.
    ``text_pass`` is 2 where ``after`` is the text of a second pass over the kept pages (tasks/corpus/refine.py); ``not_refined`` is why it is not, where it might
    have been."""

    document: dict[str, Any]
    verdicts: tuple[Verdict, ...]
    crossed: tuple[dict[str, Any], ...]
    reason: str | None
    fate: str
    signals: dict[str, Any] = field(default_factory=dict)
    copies: tuple[Copy, ...] = ()
    before: str = ""
    after: str = ""
    steps: tuple[tuple[str, str], ...] = ()
    consent: tuple[dict[str, Any], ...] = ()
    text_pass: int = 1
    not_refined: str | None = None

    def diff(self) -> list[str]:
        """Unified diff of the text as extracted and as the corpus has it before redaction; empty if nothing was edited."""
        return (
            []
            if self.before == self.after
            else list(difflib.unified_diff(self.before.split("\n"), self.after.split("\n"), "extracted", "edited", lineterm="", n=1))
        )


def explain(run: Finished, wanted: str) -> list[Explained]:
    """All captures of a URL, or the document of an id; empty if no document of the run has either (see ``lost``). A URL that no document has exactly
    stands for its other spellings too: http or https, with or without ``www.`` and a slash at the end.

    Raises:
        BadInput: more than 20 documents match. DamagedArtifact: a table that is needed is damaged.
    """
    found, alike = [], []
    variants = spellings(wanted)
    for shard in run.entry["shards"]:
        names = run.read(run.entry["tables"]["documents"], shard, ["id", "url"])
        for row, (identity, url) in enumerate(zip(names["id"].to_pylist(), names["url"].to_pylist(), strict=True)):
            if wanted in (identity, url):
                found.append((shard, row))
            elif url in variants:
                alike.append((shard, row))
    found = found or alike
    if len(found) > AMBIGUOUS:
        raise BadInput(
            f"{len(found)} documents of {run.id} match {wanted}. Give the id of one: `winnow sql` finds it in the table documents."
        )
    return [_one(run, shard, row) for shard, row in found]


def spellings(url: str) -> set[str]:
    """A URL in the ways in which the same page is linked to: http or https, with or without ``www.`` and a slash at the end."""
    match = URL.match(url)
    if not match:
        return {url}
    rest = match["rest"] or "/"
    bare = rest.rstrip("/") if not set("?#") & set(rest) else rest
    host = match["host"].removeprefix("www.")
    ends = {bare, bare + "/"} if bare != rest or not set("?#") & set(rest) else {rest}
    return {f"{scheme}://{www}{host}{end}" for scheme in ("http", "https") for www in ("", "www.") for end in ends}


def near(run: Finished, wanted: str, most: int = 3) -> list[str]:
    """URLs of the run that are spelt most like ``wanted``, those of its own host before others."""
    match = URL.match(wanted)
    host = match["host"].removeprefix("www.") if match else ""
    urls: dict[str, None] = {}
    for shard in run.entry["shards"]:
        for url in run.read(run.entry["tables"]["documents"], shard, ["url"])["url"].to_pylist():
            if url and (not host or host in url):
                urls[url] = None
            if len(urls) >= NEAR_AMONG:
                break
    return difflib.get_close_matches(wanted, urls, n=most, cutoff=0.4)


def lost(run: Finished, wanted: str) -> list[dict[str, Any]]:
    """Records with this URL or record id that became no document: file, offset, length and the reason of each."""
    label = "extract" if run.has("extract") else "read"
    found = []
    for shard in run.entry["shards"]:
        table = run.read(run.address(label), shard, table="dropped")
        if table.num_rows:
            same = pc.is_in(table["url"], value_set=pa.array(sorted(spellings(wanted)), table["url"].type))
            hit = pc.or_(same, pc.equal(table["record_id"], wanted))
            found += table.filter(hit).to_pylist()
    return found


def _one(run: Finished, shard: str, row: int) -> Explained:
    document = run.read(run.entry["tables"]["documents"], shard).slice(row, 1).to_pylist()[0]
    signals = run.signals(shard, bounded=columns_of(run.limits)).slice(row, 1)
    decision = run.read(run.entry["tables"]["decisions"], shard).slice(row, 1).to_pylist()[0]
    before = document.pop("text")
    after = before
    if last := run.entry.get("edit"):
        edited = run.read(last, shard, [EDITED_TEXT])[EDITED_TEXT][row].as_py()
        after = before if edited is None else edited
    refined: dict[str, Any] = {}
    if run.has(Refine.name):
        refined = run.read(run.address(Refine.name), shard, [TEXT_PASS, "not_refined"]).slice(row, 1).to_pylist()[0]
    crossed = tuple(decision["crossed"])
    return Explained(
        document,
        verdicts(signals, run.limits),
        crossed,
        decision["reason"],
        _fate(run, decision, crossed),
        {k: v for k, v in signals.to_pylist()[0].items() if k != "id"},
        tuple(_copies(run, decision)),
        before,
        after,
        tuple(_steps(run, _dropper(run, decision))),
        tuple(evidence(run, shard, decision["id"])),
        **refined,
    )


def _dropper(run: Finished, decision: dict[str, Any]) -> str:
    """Label of the step that dropped the page; empty for one that was kept. The first limit that a page crosses is the one that drops it.

    Raises:
        BadInput: an older version of Winnow made the decisions, which do not say it.
    """
    if any("step" not in entry for entry in decision["crossed"]):
        raise BadInput(
            f"The run {run.id} was made by an older version of Winnow, which did not note the step that dropped a page. To have it noted, run the same `winnow run` again."
        )
    return next((str(entry["step"]) for entry in decision["crossed"] if entry["reason"] == decision["reason"]), "")


def _steps(run: Finished, last: str) -> Iterator[tuple[str, str]]:
    """Labels and addresses up to the step ``last``, all without one."""
    for address, step in run.entry["steps"].items():
        yield step["label"], address
        if step["label"] == last:
            return


def verdicts(signals: pa.Table, limits: tuple[Limit, ...]) -> tuple[Verdict, ...]:
    """Each limit on the first row of a signals table, crossed or not."""
    found = []
    for limit in limits:
        column = signals[limit.signal]
        value = column[0].as_py()
        crossed, _ = apply_limits({name: signals[name].slice(0, 1) for name in columns_of([limit])}, (limit,), 1)
        own = limit.of(signals["language"][0].as_py()) if limit.by_language else limit
        found.append(Verdict(own, value, bool(crossed[0].as_py()), _margin(own, value)))
    return tuple(found)


def _margin(limit: Limit, value: Any) -> float | None:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return None
    sides = [limit.low - value] if limit.low is not None else []
    sides += [value - limit.high] if limit.high is not None else []
    return max(sides) if sides else None


def _copies(run: Finished, decision: dict[str, Any]) -> list[Copy]:
    found = []
    for name, size in decision.items():
        if name.endswith("_cluster_size") and size:
            by = name.removesuffix("_cluster_size")
            cluster, rank = decision[f"{by}_cluster"], decision[f"{by}_cluster_rank"]
            kept, url = (decision["id"], "") if rank == 0 else _stays(run, by, cluster)
            found.append(Copy(by, size, rank, kept, decision.get(f"{by}_kept_url") or url, similarity=decision.get(f"{by}_similarity")))
    if decision.get("minhash_known"):
        known = {k: decision[f"minhash_known_{k}"] for k in ("url", "snapshot", "similarity")}
        found.append(Copy("minhash", None, None, decision["minhash_known"], known["url"] or "", known["snapshot"], known["similarity"]))
    return found


def _stays(run: Finished, by: str, cluster: str) -> tuple[str, str]:
    """Id and URL of the member of rank 0."""
    for shard in run.entry["shards"]:
        table = run.read(run.entry["tables"]["decisions"], shard, ["id", f"{by}_cluster", f"{by}_cluster_rank"])
        hit = pc.and_(pc.equal(table[f"{by}_cluster"], cluster), pc.equal(table[f"{by}_cluster_rank"], 0))
        for identity in table.filter(hit)["id"].to_pylist():
            documents = run.read(run.entry["tables"]["documents"], shard, ["id", "url"])
            urls = documents.filter(pc.equal(documents["id"], identity))["url"].to_pylist()
            return identity, urls[0] or ""
    return "", ""


def _fate(run: Finished, decision: dict[str, Any], crossed: tuple[dict[str, Any], ...]) -> str:
    if decision["kept"]:
        return f"Kept: it is in the corpus {run.id}."
    first = next((c for c in crossed if c["reason"] == decision["reason"]), {})
    said = (
        f" ({first['value']:.6g}, limit {first['limit']:.6g})" if first.get("value") is not None and first.get("limit") is not None else ""
    )
    others = f", and {len(crossed) - 1} other limit(s)" if len(crossed) > 1 else ""
    detail = f" {first['detail']}." if first.get("detail") else ""
    return f"Dropped: it crosses {decision['reason']}{said}{others}.{detail}"


def explain_text(recipe: recipes.Recipe, path: Path) -> Explained:
    """What the recipe's filters say of a text file, measured now; limits on what only a crawl knows (language, URL) are left out.

    Raises:
        BadInput: no such file, or it is not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise BadInput(f"{path} cannot be read as UTF-8 text: {e}. Give a URL or id of the run, or a text file.") from None
    edited = recipe.correct.apply(text).text if recipe.correct else text
    values: dict[str, Any] = {}
    kinds: dict[str, str] = {}
    for filters in recipe.measure.values():
        for f in filters:
            values |= f.measure(Document(edited if f.text == "corrected" else text, id=str(path), url="", language=""))
            kinds |= {s.name: s.kind for s in f.signals}
    general = (replace(x, by_language=None) for x in recipe.limits if not x.by_language or x.low is not None or x.high is not None)
    limits = tuple(limit for limit in general if limit.signal in values and not limit.signal.startswith("url_"))
    table = pa.table({name: pa.array([values[name]], ARROW[kinds[name]]) for name in values})
    found = verdicts(table, limits)
    reason = next((v.limit.signal for v in found if v.crossed), None)
    fate = (
        f"By the text alone {recipe.name} would drop it: it crosses the limit on {reason}."
        if reason
        else f"By the text alone {recipe.name} would keep it."
    )
    return Explained({"id": str(path), "url": ""}, found, (), reason, fate, values, (), text, edited)
