"""KenLM's own estimator ``lmplz``, built once per machine from kenlm's source distribution: what kneser_ney.py is compared with.

It needs cmake, a C++ compiler and the headers of Boost (``make servers`` installs them on Debian), and a package index for the source.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest

REQUIREMENT = "kenlm==0.3.0 --hash=sha256:c4628bb9fb63c8a6f9240035b8b037385cfc404cb72e933cf48878291edac1e8"
PROGRAMS = ("lmplz", "build_binary")


def programs() -> Path:
    """The folder of the built programs. Skips the test, with the reason, where they cannot be built."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "winnow-tests"
    home = cache / "kenlm-0.3.0"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "kenlm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two workers of pytest build it once
        if not home.is_dir():
            _build(cache, home)
    return home


def _build(cache: Path, home: Path) -> None:
    if missing := [p for p in ("cmake", "c++") if shutil.which(p) is None]:
        pytest.skip(f"lmplz cannot be built without {' and '.join(missing)}; `make servers` installs them on Debian")
    if not any(Path(root, "boost", "version.hpp").exists() for root in ("/usr/include", "/usr/local/include", "/opt/homebrew/include")):
        pytest.skip("lmplz cannot be built without the headers of Boost; `make servers` installs them on Debian")
    with tempfile.TemporaryDirectory(dir=cache) as name:
        folder = Path(name)
        (folder / "requirement").write_text(REQUIREMENT)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            "--no-binary=:all:",
            "--no-build-isolation",
            "--require-hashes",
        ]
        fetched = subprocess.run(
            [*pip, "--dest", name, "--requirement", str(folder / "requirement")], capture_output=True, text=True, check=False
        )
        if fetched.returncode:
            pytest.skip(f"the source of kenlm cannot be fetched: {fetched.stderr.strip().splitlines()[-1:]}")
        with tarfile.open(folder / "kenlm-0.3.0.tar.gz") as archive:
            archive.extractall(name, filter="data")
        source, build = folder / "kenlm-0.3.0", folder / "build"
        # Without optimisation it is built in half the time, and counts a few thousand words as fast.
        steps = [
            [
                "cmake",
                "-S",
                str(source),
                "-B",
                str(build),
                "-DCMAKE_BUILD_TYPE=None",
                "-DCMAKE_CXX_FLAGS=-O0",
                "-DCOMPILE_TESTS=OFF",
                "-DCMAKE_POLICY_VERSION_MINIMUM=3.5",
            ],
            ["cmake", "--build", str(build), "--parallel", "2", "--target", *PROGRAMS],
        ]
        for step in steps:
            done = subprocess.run(step, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        finished = folder / "finished"
        finished.mkdir()
        for program in PROGRAMS:
            shutil.copy2(build / "bin" / program, finished / program)
        finished.rename(home)
