"""The ledger on a synthetic run of a million documents: what-if and SQL, in seconds, with peak memory.

    python -m tests.benchmarks.ledger [--rows 1000000]

The tables have the columns of the recipe `gopher`; values are drawn at random, and the decisions are what its limits say of them.
"""

import argparse
import json
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from winnow.tasks.engine.parquet import footer_sha256, to_parquet
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.sql import named, query
from winnow.tasks.ledger.what_if import changed, sweep, what_if
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.limit import apply_limits

ROWS_PER_SHARD = 25_000


def synthetic(root: Path, rows: int) -> None:
    """A store with one finished run, as far as the ledger reads it."""
    recipe = recipes.load("gopher")
    shards = [f"{i:016x}" for i in range(-(-rows // ROWS_PER_SHARD))]
    entry = {
        "id": "gopher-synthetic", "snapshot": "synthetic", "recipe": "gopher", "source": "nowhere", "home": "corpora/synthetic/gopher-synthetic",
        "steps": {name: {"label": name, "by_shard": True} for name in ("documents", "signals", "decisions")},
        "tables": {name: name for name in ("documents", "signals", "decisions")}, "shards": shards, "started": "2026-11-24T00:00:00+00:00",
    }  # fmt: skip
    (root / "runs").mkdir()
    (root / "runs/gopher-synthetic.json").write_text(json.dumps(entry))
    (root / entry["home"]).mkdir(parents=True)
    (root / entry["home"] / "manifest.json").write_text(json.dumps({"recipe": recipe.described(), "files": [], "steps": []}))
    for number, shard in enumerate(shards):
        rng = np.random.default_rng(number)
        n = min(ROWS_PER_SHARD, rows - number * ROWS_PER_SHARD)
        ids = pa.array([f"{number:08x}{i:08x}" for i in range(n)])
        signals = {"id": ids, "language": pa.array(rng.choice(["en", "fr", "de"], n, p=[0.6, 0.2, 0.2]))}
        for limit in recipe.limits:
            if limit.one_of is None:
                middle = limit.low if limit.low is not None else limit.high
                signals[limit.signal] = pa.array(float(middle) * np.exp(rng.normal(0.5 if limit.low is not None else -1.0, 0.5, n)))
        table = pa.table(signals)
        crossed, reason = apply_limits({limit.signal: table[limit.signal] for limit in recipe.limits}, recipe.limits, n)
        kept = pa.array([r is None for r in reason.to_pylist()])
        hosts = [f"site{i}.example" for i in rng.integers(0, 5000, n)]
        urls = pa.array([f"http://{h}/{i}" for i, h in enumerate(hosts)])
        documents = {
            "id": ids,
            "url": urls,
            "host": pa.array(hosts),
            "language": table["language"],
            "text_chars": pa.array(rng.integers(100, 9000, n)),
        }
        for name, made in (
            ("documents", pa.table(documents)),
            ("signals", table),
            ("decisions", pa.table({"id": ids, "kept": kept, "reason": reason, "crossed": crossed})),
        ):
            data = to_parquet(made)
            (root / "steps" / name).mkdir(parents=True, exist_ok=True)
            (root / f"steps/{name}/{shard}.parquet").write_bytes(data)
            report = {"data": {"path": f"steps/{name}/{shard}.parquet", "footer_sha256": footer_sha256(data)}}
            (root / f"steps/{name}/{shard}.json").write_text(json.dumps(report))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        synthetic(Path(folder), rows)
        made_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        run = open_run(folder)
        print(f"{rows} documents, {len(run.limits)} limits; making them took {made_mb:.0f} MB\n\n| what | seconds |\n| --- | --- |")
        ways = {
            "what-if, two bounds moved": lambda: what_if(
                run, changed(run.limits, ["word_count.low=30", "stop_word_count.low=3"], ["word_count", "stop_word_count"])
            ),
            "what-if, sweep of one signal": lambda: sweep(run, "word_count"),
            "sql, funnel": lambda: query(run, named()["funnel"]),
            "sql, gopher's rules": lambda: query(run, f"SELECT count(*) FROM ({named()['gopher']})"),
            "sql, hosts (a join)": lambda: query(run, named()["hosts"]),
        }
        for name, way in ways.items():
            begin = time.monotonic()
            way()
            print(f"| {name} | {time.monotonic() - begin:.2f} |")
        print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
