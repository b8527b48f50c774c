"""What people install: the distributions hold what they need and nothing else, and run outside the repository in an environment of their own.

``WINNOW_PYTHONS`` names the interpreters to try ("3.11 3.12 /usr/bin/python3.13"); without it the one that runs the tests is tried.
"""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.shared import ROOT

PYTHONS = os.environ.get("WINNOW_PYTHONS", sys.executable).split()
SAMPLE = ROOT / "tests" / "data" / "sample"
OFFLINE = ("dns error", "Failed to fetch", "error sending request", "client error (Connect)")


def uv(*args, **options):
    done = subprocess.run([sys.executable, "-m", "uv", *map(str, args)], capture_output=True, text=True, check=False, **options)
    if done.returncode and any(sign in done.stderr for sign in OFFLINE):
        pytest.skip(f"no package index can be reached: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """The source distribution, and the wheel that is built from it (not from the repository)."""
    folder = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--no-create-gitignore", "--out-dir", folder, ROOT)
    [wheel], [source] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, source


def bring_kernels(environment):
    """What numba has compiled for this checkout serves an installed copy of it, too, if interpreter and numba are the same; otherwise it compiles there."""
    [package] = environment.glob("lib/python*/site-packages/winnow")
    for made in (ROOT / "tasks").rglob("__pycache__/*.nb[ic]"):
        there = package / "tasks" / made.relative_to(ROOT / "tasks")
        there.parent.mkdir(exist_ok=True)
        shutil.copy(made, there)
    for source in (ROOT / "tasks").rglob("*_kernels.py"):
        shutil.copystat(source, package / "tasks" / source.relative_to(ROOT / "tasks"))  # by whose time numba knows what it compiled


@pytest.mark.server
def test_the_distributions_hold_one_package_with_all_its_files(distributions):
    wheel, source = distributions
    packed = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    tracked = subprocess.run(
        ["git", "ls-files", "winnow", "tasks", "flows", "blocks"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    wanted = {
        n if n.startswith("winnow/") else f"winnow/{n}" for n in tracked.split() if not (ROOT / n).is_symlink() and (ROOT / n).exists()
    }
    assert packed == wanted
    with tarfile.open(source) as archive:
        assert not [n for n in archive.getnames() if "/tests/" in n]


@pytest.mark.server
@pytest.mark.parametrize("python", PYTHONS)
def test_a_bare_environment_curates_the_sample_outside_the_repository(distributions, tmp_path, python):
    environment, home = tmp_path / "environment", tmp_path / "home"
    uv("venv", "--quiet", "--python", python, environment)
    uv("pip", "install", "--quiet", "--python", environment / "bin" / "python", distributions[0])
    bring_kernels(environment)
    for name in ("flows", "tasks", "blocks", "tests"):  # somebody's own, of the same names as ours in the repository
        (home / name).mkdir(parents=True)
        (home / name / "__init__.py").write_text("raise SystemExit('this is not Winnow')\n")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "PYTHON", "WINNOW_"))}

    def winnow(*args):
        return subprocess.run(
            [environment / "bin" / "winnow", *map(str, args)],
            cwd=home,
            env=clean | {"HOME": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )

    # One worker: each would compile all kernels and byte code that it finds nowhere yet, at the same time as the others.
    ran = winnow("run", SAMPLE, "--recipe", "fineweb", "--limit", "2", "--workers", "1", "--store", "store", "--json")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    manifest = json.loads((home / "store" / "corpora").glob("*/fineweb-*/manifest.json").__next__().read_text())
    assert sum(f["rows"] for f in manifest["files"]) > 0
    examined = winnow("doctor")
    assert examined.returncode == 0, examined.stdout

    # What an extra brings is asked for in words, before anything starts.
    (home / "mine.yaml").write_text("extends: gopher\nextractor: trafilatura_text.TrafilaturaText\n")
    for arguments, extra in {("--recipe", "mine.yaml"): "trafilatura", ("--runner", "dask"): "dask", ("--runner", "ray"): "ray"}.items():
        refused = winnow("run", SAMPLE, "--store", "other", *arguments)
        assert refused.returncode == 2, refused.stdout + refused.stderr
        assert f"pip install 'winnow[{extra}]'" in refused.stderr
        assert "Traceback" not in refused.stderr
