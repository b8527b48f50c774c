"""``winnow verify``: whether the files and counts of a run are still what it wrote. What is not is named, and ``winnow repair`` makes it again
(``tasks/runs/repair.py``)."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from winnow.tasks.corpus.publish import file_shard
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
        shards, totals, dropped = {}, Counter[str](), Counter[str]()
        missed = len(findings)
        for name, report in _reports(run, entry["address"], findings):
            shards[name] = report_digest(report)
            totals.update({"rows_in": report["rows_in"], "rows_out": report["rows_out"]})
            dropped.update(report["dropped"])
            if not shard or name == shard:
                for table in tables_of(report):
                    checked += 1
                    findings += _file(run, table["path"], table["sha256"])
        damaged = {finding.what for finding in findings[missed:]}
        for name in _parts(run, entry["address"]):
            path = f"steps/{entry['address']}/{name}"
            if name not in shards and f"{path}.json" not in damaged and shard in ("", name):
                findings.append(Finding(path, "its report is missing"))
        if shard or len(findings) > missed:
            continue
        if root(digest for _, digest in sorted(shards.items())) != entry.get("merkle"):
            findings.append(Finding(f"step {entry['name']}", f"its {len(shards)} reports are not the {entry['shards']} of the manifest"))
        elif (totals["rows_in"], totals["rows_out"], dict(dropped)) != (entry["rows_in"], entry["rows_out"], entry["dropped"]):
            findings.append(Finding(f"step {entry['name']}", "its reports count other rows than the manifest"))
    return Verification(checked, tuple(findings))


def _reports(run: Finished, address: str, findings: list[Finding]) -> Iterator[tuple[str, dict[str, Any]]]:
    reports, by_shard = run.store.reports, run.entry["steps"][address]["by_shard"]
    findings += [Finding(path, "its bytes are not those that were written") for path in reports.damaged(address)]
    found = reports.shards(address)
    for name, data in reports.many(address, sorted(found & set(run.entry["shards"]) if by_shard else found)):
        try:
            report = json.loads(data or b"")
            report_digest(report), report["rows_in"] + report["rows_out"], dict(report["dropped"])
        except (ValueError, KeyError, TypeError, IndexError):
            findings.append(Finding(reports.path(address, name), "this report cannot be read"))
            continue
        yield name, report


def _parts(run: Finished, address: str) -> Sequence[str]:
    """The names of the parts that a step has in this run, as far as its record or manifest tells."""
    step = run.entry["steps"][address]
    if step["by_shard"]:
        return tuple(run.entry["shards"])
    if step["label"] == "publish":
        return [file_shard(file["path"]) for file in run.manifest["files"]]
    return step.get("parts") or ()


def _file(run: Finished, path: str, sha256: str) -> list[Finding]:
    try:
        found = hashlib.sha256(run.store.get(path)).hexdigest()
    except FileNotFoundError:
        return [Finding(path, "it is missing")]
    return [] if found == sha256 else [Finding(path, "its bytes are not those that were written")]


def clear(run: Finished, findings: Sequence[Finding]) -> None:
    """Delete what was found damaged, so that it is made again: each file, the report that vouches for it, and the manifest. Where a step's reports are not those of the
    manifest and none can be named, all of that step in this run are deleted."""
    damaged: dict[str, set[str]] = {}
    for finding in findings:
        path = finding.what
        if path.startswith("steps/"):
            address, *within, name = path.split("/")[1:]
            if "." in name:
                run.store.delete(path)
            if not within:
                damaged.setdefault(address, set()).add(name.split(".", 1)[0])
        elif path.startswith(run.entry["home"]):
            run.store.delete(path)
        elif path.startswith("step "):
            address = run.address(path.removeprefix("step "))
            damaged.setdefault(address, set()).update(name for name, _ in _reports(run, address, []))
    for address, shards in damaged.items():
        run.store.reports.take_back(address, *sorted(shards))
    if findings:
        run.store.delete(f"{run.entry['home']}/manifest.json")
