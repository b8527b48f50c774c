"""Where a benchmark ran and on what: the head of every table that is printed."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from tests.shared import DATA, ROOT

REAL = DATA / "snapshot"
SHIPPED = ROOT / "tests" / "data" / "sample"
SOURCE = REAL if REAL.exists() else SHIPPED
VERSIONS = ("winnow", "datatrove", "resiliparse", "trafilatura", "fasttext-numpy2-wheel", "pyarrow", "numpy", "prefect")


def warc_files(most: int | None, source: Path = SOURCE) -> list[Path]:
    return sorted(source.glob("crawl-data/*/segments/*/warc/*.warc.gz"))[:most]


def described() -> str:
    """One line: processor, cores, load, Python, versions."""
    cpu = Path("/proc/cpuinfo")
    model = (
        next((line.split(":")[1].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")), "")
        if cpu.exists()
        else ""
    )
    installed = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    return f"{model or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}, {installed}"
