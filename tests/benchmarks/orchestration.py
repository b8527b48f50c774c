"""Does Prefect bear a full snapshot? 90,000 shards of the fineweb recipe through the real flow on a real server, with workers that do nothing.

    python -m tests.benchmarks.orchestration [--shards 90000] [--slots 64]

Measured while it runs: answers of the API that the UI asks for a flow run's graph, list and task runs; memory of server and flow; afterwards,
whether the server knows an end of every task run.
"""

import argparse
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

SETTLE_S = 300


def ask(url, body=None):
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.read()


class Watcher(threading.Thread):
    """Asks what the UI asks, every two seconds, and notes how long the answers take."""

    def __init__(self, api, server_pid):
        super().__init__(daemon=True)
        self.api, self.pid, self.took, self.peak_mb, self.graph_kb, self.over = api, server_pid, {}, 0.0, 0.0, threading.Event()

    def timed(self, name, url, body=None):
        begin = time.perf_counter()
        answer = ask(url, body)
        self.took.setdefault(name, []).append(time.perf_counter() - begin)
        return answer

    def run(self):
        while not self.over.wait(2):
            try:
                runs = json.loads(self.timed("list of runs", f"{self.api}/flow_runs/filter", {"limit": 50, "sort": "START_TIME_DESC"}))
                for run in runs[:3]:
                    graph = self.timed("graph of a run", f"{self.api}/flow_runs/{run['id']}/graph-v2")
                    self.graph_kb = max(self.graph_kb, len(graph) / 1024)
                    self.timed(
                        "task runs of a run", f"{self.api}/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"]]}}, "limit": 200}
                    )
                status = Path(f"/proc/{self.pid}/status").read_text()
                self.peak_mb = max(self.peak_mb, int(status.split("VmRSS:")[1].split()[0]) / 1024)
            except OSError as e:
                self.took.setdefault(f"failed: {e}", []).append(0.0)


def simulate(api, shards, slots):
    """The flow, in this process, with the real plan of a crawl and a runner that reports at once what nobody made."""
    os.environ |= {"PREFECT_API_URL": api, "PREFECT_LOGGING_LEVEL": "ERROR"}
    from prefect import flow
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    from winnow.flows import curate
    from winnow.tasks.engine.context import ShardContext
    from winnow.tasks.engine.crawl import Crawl, SourceFile
    from winnow.tasks.engine.plan import Plan
    from winnow.tasks.engine.runners.base import Outcome
    from winnow.tasks.engine.store import Store
    from winnow.tasks.recipes import build as recipes
    from winnow.tasks.runs.parameters import Request
    from winnow.tasks.runs.run import Run
    from winnow.tasks.sources.source import Source

    class Nothing:
        def __init__(self):
            self.slots = slots

        def run(self, steps, todo):
            for shard, addresses in todo.items():
                yield Outcome(shard, tuple({"address": a, "rows_in": 1, "data": {"bytes": 1}} for a in addresses))

        def close(self): ...

    path = "crawl-data/CC-MAIN-2026-43/segments/1792292511204.18/warc/CC-MAIN-20261018031502-20261018061502-{:05d}.warc.gz"
    crawl = Crawl("CC-MAIN-2026-43", "warc", tuple(SourceFile(i, path.format(i)) for i in range(shards)))
    with tempfile.TemporaryDirectory() as folder, temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        pipeline = recipes.build(recipes.load("fineweb"), crawl)
        run = Run(Request("CC-MAIN-2026-43", workers=slots), pipeline, ShardContext(crawl, Source("/nowhere"), Store(folder)))
        # The width of these two is read from a table that nobody makes here.
        run.plan = Plan([step for step in pipeline.steps if step.label not in ("layout", "publish")], run.context)

        @flow(name="simulated-snapshot")
        def simulated():
            curate.work_off(run, Nothing())

        begin, cpu = time.perf_counter(), time.process_time()
        simulated()
        return len(run.plan.stages), time.perf_counter() - begin, time.process_time() - cpu


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shards", type=int, default=90_000)
    parser.add_argument("--slots", type=int, default=64)
    args = parser.parse_args()
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    home = tempfile.mkdtemp()
    env = os.environ | {"PREFECT_HOME": home, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    os.environ["PREFECT_HOME"] = home
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    api = f"http://127.0.0.1:{port}/api"
    try:
        while True:
            try:
                ask(f"{api}/health")
                break
            except OSError:
                time.sleep(0.5)
        watcher = Watcher(api, server.pid)
        watcher.start()
        stages, wall_s, cpu_s = simulate(api, args.shards, args.slots)
        ended = {"task_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]}}}}
        begin = time.perf_counter()
        counts = (0, 1)
        while counts[0] != counts[1] and time.perf_counter() - begin < SETTLE_S:
            time.sleep(1)
            counts = int(ask(f"{api}/task_runs/count", ended)), int(ask(f"{api}/task_runs/count", {}))
        settled_s = time.perf_counter() - begin
        watcher.over.set()
        watcher.join()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()
    print(f"{args.shards} shards, {stages} stages, {args.slots} slots: {wall_s:.0f} s wall, {cpu_s:.0f} CPU-s of the flow")
    print(f"task runs: {counts[1]} known to the server, {counts[1] - counts[0]} without an end {settled_s:.0f} s after the flow's")
    for name, took in watcher.took.items():
        ms = sorted(1000 * t for t in took)
        print(f"{name}: median {statistics.median(ms):.0f} ms, p95 {ms[int(0.95 * len(ms))]:.0f} ms, max {ms[-1]:.0f} ms of {len(ms)}")
    database = sum(p.stat().st_size for p in Path(home).glob("prefect.db*")) / 1e6
    own_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"largest graph {watcher.graph_kb:.0f} KiB, server {watcher.peak_mb:.0f} MB, flow {own_mb:.0f} MB, database {database:.1f} MB")


if __name__ == "__main__":
    main()
