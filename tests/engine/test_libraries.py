"""The versions in a manifest are those of what the steps import, and of nothing else."""

import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version

import pytest

from tests.golden.test_golden import CRAWL
from tests.shared import ROOT
from winnow.tasks.engine.libraries import _owners, versions_behind
from winnow.tasks.recipes import build as recipes
from winnow.tasks.signals.filters.datatrove_block import DatatroveBlock

ALWAYS = {"duckdb", "numba", "numpy", "pyarrow", "resiliparse", "unicode", "winnow", "xxhash"}
EXPECTED = {"fineweb": {"datatrove", "scipy"}, "ccnet": {"sentencepiece", "ufal-kenlm"}, "c4": set()}
NEVER = {"fastwarc", "fsspec", "httpx", "prefect", "rich", "s3fs"}


def of(recipe):
    return versions_behind(recipes.build(recipes.load(recipe), CRAWL).steps)


@pytest.mark.parametrize("recipe", EXPECTED)
def test_what_a_recipe_uses_is_there_and_what_it_does_not_use_is_not(recipe):
    found = of(recipe)
    assert ALWAYS | EXPECTED[recipe] <= found.keys()
    assert not found.keys() & NEVER
    assert found["scipy" if "scipy" in found else "numpy"] == version("scipy" if "scipy" in found else "numpy")
    assert found["unicode"] == unicodedata.unidata_version


def test_a_recipe_without_language_models_does_not_depend_on_their_libraries():
    assert not of("fineweb").keys() & {"sentencepiece", "ufal-kenlm"}


def test_a_module_belongs_to_the_distributions_that_python_names():
    found, told = _owners(), packages_distributions()
    assert len(told) > 100
    assert {module: found[module] for module in told} == {
        module: {re.sub(r"[-_.]+", "-", name).lower() for name in names} for module, names in told.items()
    }


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """A package of somebody else's with a step's class, as a plug-in has one."""
    package = tmp_path / "my_steps"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "part.py").write_text("def words(text):\n    import regex\n    return regex.findall('x', text)\n")
    (package / "step.py").write_text(
        "from dataclasses import dataclass\nfrom typing import TYPE_CHECKING\nfrom . import part\n"
        "if TYPE_CHECKING:\n    import jsonschema\n@dataclass(frozen=True)\nclass Mine:\n    n: int = 1\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield __import__("my_steps.step", fromlist=["Mine"]).Mine
    for name in [n for n in sys.modules if n.startswith("my_steps")]:
        del sys.modules[name]


def test_a_library_that_a_function_of_a_neighbouring_module_imports_counts_and_one_for_type_checkers_does_not(outside):
    assert versions_behind([outside()]).keys() == {"regex", "unicode", "winnow"}


def test_what_lies_in_fields_counts(outside):
    @dataclass(frozen=True)
    class Holder:
        parts: tuple

    assert "regex" in versions_behind([Holder(({"a": outside()},))])


def test_what_a_class_loads_by_name_counts():
    assert {"spacy", "nltk"} <= versions_behind([DatatroveBlock(block="filters.gopher_quality_filter.GopherQualityFilter")]).keys()


def test_looking_loads_no_library():
    """Imports are read, not made: a manifest of a recipe without Dask must not load it, nor differ from process to process."""
    code = (
        "import sys\nfrom winnow.tasks.engine.libraries import versions_behind\nfrom winnow.tasks.signals.filters.perplexity import Perplexity\n"
        "assert 'ufal-kenlm' in versions_behind([Perplexity()])\nsys.exit(any(m in sys.modules for m in ('kenlm', 'sentencepiece', 'distributed')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
