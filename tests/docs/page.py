"""A page of docs/ that is followed to the letter: what it says to write is written, what it says to run is run.

A fenced block belongs to the last path in backticks of the paragraph before it, if that paragraph says "Write the file" or "this `FILE`"; a block of
``sh`` is run. Everything is taken out of the page as it stands, so a page that is wrong makes its test fail.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from tests import forked
from tests.shared import ROOT

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w+)\n(?P<body>.*?)^ *```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:Write the file|[Tt]his) `([^`\s]+\.\w+)`")
FOLDERS = ("winnow", "tasks", "flows", "blocks", "tests")


@dataclass(frozen=True)
class Block:
    """One fenced block; ``path`` is the file that it is the content of, '' if it is none."""

    language: str
    body: str
    path: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of docs/``page``, in order."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found, end = [], 0
    for match in FENCE.finditer(text):
        paragraph = text[end : match.start()].rstrip().rpartition("\n\n")[2]
        named = FILE.findall(paragraph)
        found.append(Block(match["language"], dedent(match["body"]), named[-1] if named else ""))
        end = match.end()
    return found


def checkout(folder: Path) -> Path:
    """A copy of the sources, for pages that add files to them; with `__pycache__`, as compiling the kernels anew takes half a minute."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=shutil.ignore_patterns("sample", "golden"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def write(block: Block, folder: Path) -> Path:
    path = folder / block.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.body, encoding="utf-8")
    return path


def run(block: Block, folder: Path, *more_path: Path, server: str = "") -> str:
    """Run the commands of a block of ``sh`` as somebody in ``folder`` would, whose Prefect server is ``server``; what they print on stdout. With ROOT in
    ``more_path`` Winnow is that of this checkout, whose commands are forked."""
    python = os.pathsep.join(map(str, (*more_path, folder)))
    said = []
    for line in block.body.strip().splitlines():
        program, *words = shlex.split(line, comments=True)
        command = {"winnow": [sys.executable, "-m", "winnow"], "python": [sys.executable]}[program]
        environment = {**os.environ, "PYTHONPATH": python, "PREFECT_API_URL": server}
        if program == "winnow" and ROOT in more_path:
            done = forked.done(words, environment, folder)
        else:
            done = subprocess.run([*command, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        said.append(done.stdout)
    return "".join(said)


def install(package: Path, target: Path) -> None:
    """Install a package into a folder, as ``pip install --target`` does, without asking an index."""
    quiet = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    subprocess.run([sys.executable, "-m", "pip", "install", *quiet, "--target", str(target), str(package)], check=True)
