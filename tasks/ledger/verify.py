"""``winnow verify``: whether the files and counts of a run are still what it wrote, and which command repairs what is not."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from winnow.tasks.engine.merkle import report_digest, root, tables_of
from winnow.tasks.ledger.find import Finished


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written: the path of a file, or a step, and what is wrong with it."""

    what: str
    problem: str


@dataclass(frozen=True)
class Verification:
    """How many files were checked, and what is wrong with them."""

    checked: int
    findings: tuple[Finding, ...]


def verify(run: Finished, *, step: str = "", shard: str = "") -> Verification:
    """Check every file of a run; with ``step`` (a label) or ``shard``, that part alone.

    The corpus: bytes against the manifest. Steps: tables against their reports, reports against the manifest's Merkle tree and its counts.
    """
    checked, findings = 0, []
    if not step and not shard:
        for file in run.manifest["files"]:
            checked += 1
            findings += _file(run, f"{run.entry['home']}/{file['path']}", file["sha256"])
    for entry in run.manifest["steps"]:
        if step and entry["name"] != step:
            continue
        shards, totals, dropped = [], Counter[str](), Counter[str]()
        for name, report in _reports(run, entry["address"], findings):
            shards.append((name, report_digest(report)))
            totals.update({"rows_in": report["rows_in"], "rows_out": report["rows_out"]})
            dropped.update(report["dropped"])
            if not shard or name == shard:
                for table in tables_of(report):
                    checked += 1
                    findings += _file(run, table["path"], table["sha256"])
        if shard:
            continue
        if root(digest for _, digest in sorted(shards)) != entry.get("merkle"):
            findings.append(Finding(f"step {entry['name']}", f"its {len(shards)} reports are not the {entry['shards']} of the manifest"))
        elif (totals["rows_in"], totals["rows_out"], dict(dropped)) != (entry["rows_in"], entry["rows_out"], entry["dropped"]):
            findings.append(Finding(f"step {entry['name']}", "its reports count other rows than the manifest"))
    return Verification(checked, tuple(findings))


def _reports(run: Finished, address: str, findings: list[Finding]) -> Iterator[tuple[str, dict[str, Any]]]:
    by_shard = run.entry["steps"][address]["by_shard"]
    wanted = set(run.entry["shards"])
    for path in sorted(run.store.files(f"steps/{address}")):
        name = path.rsplit("/", 1)[1].removesuffix(".json")
        if not path.endswith(".json") or (by_shard and name not in wanted):
            continue
        try:
            yield name, json.loads(run.store.get(path))
        except json.JSONDecodeError:
            findings.append(Finding(path, "this report cannot be read"))


def _file(run: Finished, path: str, sha256: str) -> list[Finding]:
    try:
        found = hashlib.sha256(run.store.get(path)).hexdigest()
    except FileNotFoundError:
        return [Finding(path, "it is missing")]
    return [] if found == sha256 else [Finding(path, "its bytes are not those that were written")]


def mend(run: Finished, findings: Sequence[Finding]) -> None:
    """Delete what was found damaged, so that the next run makes it again: each file, the report that vouches for it, and the manifest."""
    for finding in findings:
        path = finding.what
        if path.startswith("steps/"):
            run.store.delete(path)
            folder, name = path.rsplit("/", 1)
            run.store.delete(f"{folder}/{name.split('.', 1)[0]}.json")
        elif path.startswith(run.entry["home"]):
            run.store.delete(path)
    if findings:
        run.store.delete(f"{run.entry['home']}/manifest.json")
