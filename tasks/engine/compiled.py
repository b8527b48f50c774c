"""Functions compiled by numba: loops over bytes and numbers that arrays cannot say.

Kernels stand in modules of their own (``*_kernels.py``), which import nothing but NumPy and this: numba remembers what it compiled by that file's
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
    try:
        return cast(Callable[P, R], njit(function, cache=True))
    except RuntimeError:  # no such place can be written
        return cast(Callable[P, R], njit(function))
