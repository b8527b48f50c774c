"""Addresses: equal in every process, different for every change of config, refused for what has no stable form."""

import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.identity import canonical, describe, digest


@dataclass(frozen=True)
class Leaf:
    size: int
    name: str = "leaf"
    later: float | None = None


@dataclass(frozen=True)
class Other:
    size: int
    name: str = "leaf"


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
    assert describe(Leaf(1)) == {"type": "Leaf", "size": 1, "name": "leaf"}
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
