"""A run of many small shards: what it leaves in its store, and what is asked of the store while it goes on, again when nothing is left to do, and by ``status``.

    python -m tests.benchmarks.many_shards [--shards 2000] [--recipe fineweb] [--s3] [--keep FOLDER]

The shards hold a page or two, so that what is measured is the store's and the engine's share. Objects are counted by kind. Calls are counted where they leave Winnow: on a
local disk at the Store, on S3 (``--s3``, a service on loopback) at the client, as requests that somebody is billed for. CPU time of this one process, without
Prefect; wall time says nothing on a shared machine.
"""

import argparse
import contextlib
import json
import logging
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.tiny import mirror
from winnow.tasks.engine.store import Store
from winnow.tasks.ledger.find import open_run
from winnow.tasks.ledger.verify import verify
from winnow.tasks.runs.housekeeping import record
from winnow.tasks.runs.parameters import Request
from winnow.tasks.runs.run import Run, prepare, release
from winnow.tasks.runs.status import states

CALLS = ("get", "put", "delete", "exists", "files", "names", "folders", "open")


class Count:
    """Calls by name since the last look, and the CPU time that passed."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self._cpu, self._begin = time.process_time(), time.perf_counter()

    def taken(self) -> str:
        """What there was since the last look, in words."""
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._begin
        named = ", ".join(f"{n:,} {name.strip('_')}" for name, n in self.calls.most_common())
        line = f"{cpu:.1f} CPU-s, {wall:.1f} s wall | {self.calls.total():,} calls: {named}"
        self.calls.clear()
        self._cpu, self._begin = time.process_time(), time.perf_counter()
        return line


def counted_store() -> Count:
    """Counts the Store's calls."""
    count = Count()
    for name in CALLS:
        real = getattr(Store, name)

        def call(self: Store, *args: Any, _real: Any = real, _name: str = name, **options: Any) -> Any:
            count.calls[_name] += 1
            return _real(self, *args, **options)

        setattr(Store, name, call)
    return count


def counted_s3() -> Count:
    """Counts the requests of s3fs, by their name; a listing counts once for each page."""
    import aiobotocore.client

    count, real = Count(), aiobotocore.client.AioBaseClient._make_api_call

    async def call(self: Any, operation: str, arguments: Any) -> Any:
        count.calls[operation] += 1
        return await real(self, operation, arguments)

    aiobotocore.client.AioBaseClient._make_api_call = call  # type: ignore[method-assign]
    return count


def work_off(run: Run, count: Count) -> None:
    """Every stage in this process, with what each cost."""
    shown = ""
    while works := run.plan.missing():
        work, shards = works[0], list(works[0].todo)
        for n, (shard, addresses) in enumerate(work.todo.items()):
            ahead = shards[n + 1 :] if work.stage.steps[0].in_a_row else ()
            made = {report["address"] for report in run.context.make(work.stage.steps, shard, addresses, ahead)}
            for address in addresses:
                run.plan.mark(address, shard, made=address in made)
        shown = work.stage.label
        print(f"| {shown} ({len(work.todo):,}) | {count.taken()} |", flush=True)
        if run.plan.fold(work.stage):
            print(f"| its reports are folded | {count.taken()} |", flush=True)


def objects(store: Store, shards: int) -> Iterator[str]:
    """Lines of a table: how many objects of each kind there are."""
    kinds: Counter[str] = Counter()
    for path in store.files(""):
        parts = path.split("/")
        name = parts[-1]
        if parts[0] != "steps":
            kinds["beside the steps"] += 1
        elif len(parts) > 3:
            kinds["folded reports"] += 1
        elif name.endswith(".json"):
            kinds["reports"] += 1
        else:
            kinds["named tables" if name.count(".") > 1 else "tables"] += 1
    for kind, n in kinds.most_common():
        yield f"| objects: {kind} | {n:,}; {n / shards:.2f} per shard |"
    yield f"| objects | {kinds.total():,}; {kinds.total() / shards:.2f} per shard |"


def measured(source: Path, root: str, recipe: str, count: Count) -> None:
    """The whole life of a run."""
    run = prepare(Request(str(source), recipe, root, 1))
    shards = len(run.context.shard_keys)
    run.context.store.open_for_writing()
    record(run)
    print(f"| planned | {count.taken()} |", flush=True)
    work_off(run, count)
    release(run)
    print(f"| released | {count.taken()} |", flush=True)
    for line in objects(run.context.store, shards):
        print(line)
    count.taken()
    again = prepare(Request(str(source), recipe, root, 1))
    assert not again.plan.missing()
    assert again.is_released()
    print(f"| asked again, nothing to do | {count.taken()} |", flush=True)
    release(again)
    print(f"| released again | {count.taken()} |", flush=True)
    assert not verify(open_run(root)).findings
    print(f"| verified | {count.taken()} |", flush=True)
    store = run.context.store
    manifest = store.get(run.manifest_path)
    store.delete(run.manifest_path)
    count.taken()
    lines = states(root)[0].lines
    print(f"| status, not finished: {lines[-1]} | {count.taken()} |", flush=True)
    store.put(run.manifest_path, manifest)
    print(f"digest of the manifest's steps: {json.loads(manifest)['merkle']}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=2000)
    parser.add_argument("--recipe", default="fineweb")
    parser.add_argument("--s3", action="store_true")
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    with contextlib.ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        source, root = mirror(scratch / "mirror", warcs=args.shards, pages=1), str(args.keep or scratch / "store")
        if args.s3:
            from tests.s3 import s3_service

            logging.getLogger("werkzeug").setLevel(logging.ERROR)
            environment, _ = stack.enter_context(s3_service("work"))
            os.environ |= environment
            root = "s3://work/store"
        count = counted_s3() if args.s3 else counted_store()
        print(f"| {args.shards:,} shards, {'S3' if args.s3 else 'a local disk'} | |\n| --- | --- |")
        measured(source, root, args.recipe, count)
    print(f"peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
