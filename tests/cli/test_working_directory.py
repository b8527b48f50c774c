"""Files of the working directory that are called as a library are none, for all processes that a command starts."""

import subprocess
import sys
from pathlib import Path

import pytest

from winnow.in_process import settings


@pytest.mark.parametrize("words", [["-m", "uvicorn", "--version"], ["-c", "from multiprocessing.spawn import spawn_main; import random"]])
def test_processes_take_no_library_from_the_working_directory(words: list[str], tmp_path: Path) -> None:
    for name in ("random", "asyncio", "prefect", "winnow", "tasks"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('of the working directory')\n")
    settings(verbose=True)
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
