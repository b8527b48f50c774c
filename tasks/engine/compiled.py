"""Functions compiled by numba: loops over bytes and numbers that arrays cannot say.

Kernels stand in modules of their own (``*_kernels.py``), which import nothing but NumPy, this and ``sixteen.py``: numba remembers what it compiled by that file's
time, so a kernel that calls another must share its file. Modules of kernels are imported where they are called, as numba takes a third of a second
to import and most commands call none. Without ``fastmath`` numba keeps to IEEE 754 in the order written: the same bits on every machine.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """``function`` as machine code, kept on disk for other processes: beside its source, else in the user's cache, else nowhere."""
    return _compiled(function, forceinline=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """``compiled``, and put in at each place of other kernels that calls it, for what is called for each byte or tag: LLVM by itself leaves calls of two
    lines in the hottest loops, and of its choice there changes with every line that is added."""
    return _compiled(function, forceinline=True)


def _compiled(function: Callable[P, R], *, forceinline: bool) -> Callable[P, R]:
    try:
        return cast(Callable[P, R], njit(function, cache=True, forceinline=forceinline))
    except RuntimeError:  # no such place can be written
        return cast(Callable[P, R], njit(function, forceinline=forceinline))
