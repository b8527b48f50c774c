"""Law of identity: every class of the package that may stand in a step's fields has a name of its own, and no two importable classes share one."""

import importlib
import pkgutil
import sys
from dataclasses import fields, is_dataclass
from typing import get_args, get_type_hints

import pytest

import winnow.tasks
from winnow.tasks.engine.identity import stable_classes
from winnow.tasks.engine.step import Step
from winnow.tasks.extract.extractors.base import Extractor
from winnow.tasks.signals.filter import Filter


@pytest.fixture(scope="module")
def classes():
    """Every class of every module of winnow.tasks that can be imported here; extras may be missing."""
    found = {}
    for place in pkgutil.walk_packages(winnow.tasks.__path__, "winnow.tasks."):
        try:
            module = importlib.import_module(place.name)
        except ModuleNotFoundError as e:
            if (e.name or "").startswith("winnow"):
                raise
            continue
        found |= {value: None for value in vars(module).values() if isinstance(value, type) and value.__module__ == place.name}
    return list(found)


@pytest.mark.parametrize("base", [Step, Filter, Extractor])
def test_every_kind_declares_its_name(classes, base):
    declared = set(stable_classes().values())
    kinds = [c for c in classes if issubclass(c, base) and not c.__subclasses__()]
    assert kinds
    assert [c.__qualname__ for c in kinds if c not in declared] == []


def _mentioned(hint):
    """Classes in a type hint."""
    if isinstance(hint, type):
        yield hint
    for part in get_args(hint):
        yield from _mentioned(part)


def test_what_stands_in_the_fields_of_a_declared_class_is_declared(classes):
    declared = set(stable_classes().values())
    for cls in declared:
        hints = get_type_hints(cls, vars(sys.modules[cls.__module__]) | {c.__name__: c for c in classes})
        for field in fields(cls):
            if field.metadata.get("identity", True):
                for part in _mentioned(hints[field.name]):
                    bases = part in (Step, Filter, Extractor) or part.__subclasses__()
                    assert not is_dataclass(part) or part in declared or bases, f"{cls.__qualname__}.{field.name}: {part.__qualname__}"


def test_no_two_classes_share_a_name(classes):
    """The registry refuses a second class at import; here that every declared class is the one that the module has, and a dataclass."""
    named = stable_classes()
    assert {c for c in named.values() if c.__module__.startswith("winnow.tasks.")} <= set(classes)
    assert all(is_dataclass(c) and c.__dataclass_params__.frozen for c in named.values())
    assert len({id(c) for c in named.values()}) == len(named)
