"""Addresses: equal in every process, different for every change of config, refused for what has no stable form; and what a class is called in them."""

import importlib
import subprocess
import sys
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.identity import canonical, classes_in, code_of, describe, digest, outside_name, stable
from winnow.tasks.signals.filters.c4 import C4


@dataclass(frozen=True)
class Leaf:
    size: int
    name: str = "leaf"
    later: float | None = None


@dataclass(frozen=True)
class Other:
    size: int
    name: str = "leaf"


@dataclass(frozen=True)
class Join:
    left: Any
    right: Any


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_value_has_one_digest(value):
    assert digest(value) == digest(value)
    assert canonical(canonical(value)) == canonical(value)


def test_order_of_keys_does_not_count_and_order_of_items_does():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest((1, 2)) != digest((2, 1))


def test_a_new_optional_field_does_not_move_old_addresses():
    assert {k: v for k, v in describe(Leaf(1)).items() if k not in ("type", "source")} == {"size": 1, "name": "leaf"}
    assert digest(Leaf(1)) != digest(Leaf(1, later=0.5))


def test_type_and_every_field_count():
    assert len({digest(v) for v in (Leaf(1), Leaf(2), Leaf(1, "x"), Other(1))}) == 4


@pytest.mark.parametrize("value", [lambda: 1, {1, 2}, object(), Leaf, b"bytes", {1: "x"}], ids=lambda v: type(v).__name__)
def test_what_has_no_stable_form_is_refused(value):
    with pytest.raises(TypeError, match="no stable form"):
        canonical(value)


def test_the_digest_does_not_depend_on_the_process():
    code = "from winnow.tasks.engine.identity import digest; print(digest({'b': (1, 2.5, 'ü'), 'a': None}))"
    seen = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in "12"
    }
    assert seen == {digest({"a": None, "b": (1, 2.5, "ü")}) + "\n"}


SHOUT = """
from dataclasses import dataclass

from winnow.tasks.signals.filter import Filter
{more}

@dataclass(frozen=True)
class Shout(Filter):
    {body}
"""


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Writes modules into a folder on the path and imports them; a call for a name that is there imports it anew."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written = []

    def write(name, body="loud: int = 1", more=""):
        (tmp_path / f"{name}.py").write_text(SHOUT.format(body=body, more=more))
        for known in [m for m in sys.modules if m == name]:
            del sys.modules[known]
        importlib.invalidate_caches()
        written.append(name)
        return importlib.import_module(name).Shout

    yield write
    for name in written:
        sys.modules.pop(name, None)


def fresh(cls):
    """The description as another process would make it."""
    from winnow.tasks.engine import identity

    identity._described.cache_clear()
    identity._sources.cache_clear()
    return describe(cls())


def test_two_classes_of_one_name_in_two_modules_are_two(modules):
    one, two = modules("one"), modules("two")
    assert describe(one()) != describe(two())
    assert outside_name(one) == "one.Shout"


def test_a_class_of_a_user_is_never_taken_for_a_shipped_one(modules, tmp_path):
    (tmp_path / "mine.py").write_text("from winnow.tasks.signals.filters.c4 import C4 as Shipped\nclass C4(Shipped): pass\n")
    mine = importlib.import_module("mine").C4
    assert describe(mine())["type"] != describe(C4())["type"]
    assert describe(mine())["bases"] == ["filter/c4 1"]


@pytest.mark.parametrize(
    ("body", "more", "moves"),
    [("loud: int = 1  # a comment", "# another\n\n", False), ("loud: int = 2", "", True), ("loud: int = 1", "LIMIT = 3", True)],
)
def test_the_source_of_a_class_from_outside_counts_and_its_comments_do_not(modules, body, more, moves):
    before = fresh(modules("loudly"))
    assert (fresh(modules("loudly", body, more))["source"] != before["source"]) == moves


def test_a_helper_beside_the_class_counts(modules, tmp_path):
    (tmp_path / "beside.py").write_text("FACTOR = 1\n")
    before = fresh(modules("loudly", more="import beside"))
    (tmp_path / "beside.py").write_text("FACTOR = 2\n")
    assert fresh(modules("loudly", more="import beside"))["source"] != before["source"]


def test_strings_keep_what_looks_like_comments_and_blank_lines():
    text = 'a = """\n# stays\n\n"""  # goes\n\n# goes\nb = 1\n'
    assert code_of(text) == 'a = """\n# stays\n\n"""\nb = 1'


def test_what_comes_from_outside_declares_no_name():
    with pytest.raises(ValueError, match="not a part of winnow"):
        stable("filter/gopher")(Leaf)


def test_a_declared_name_is_taken_once():
    from winnow.tasks.signals.limit import Limit

    with pytest.raises(ValueError, match=r"c4\.C4 is"):
        stable("filter/c4")(Limit)


def test_a_shipped_class_without_a_name_is_refused():
    unnamed = type("Unnamed", (Leaf,), {"__module__": "winnow.tasks.somewhere"})
    with pytest.raises(TypeError, match=r"somewhere\.Unnamed declares no stable name"):
        describe(unnamed(1))


def test_classes_are_found_without_walking_every_way_to_them():
    """A chain of links that each read the two before has more ways through it than there are atoms: the walk must look at each value once."""
    chain: tuple[Join, ...] = (Join(Leaf(1), Leaf(2)),)
    for _ in range(60):
        chain = (*chain, Join(chain[-1], (chain[-1], {"also": chain[-1]})))
    found = list(islice(classes_in(chain), 1000))
    assert len(found) < 100
    assert set(found) == {Join, Leaf}
