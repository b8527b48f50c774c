"""Sixteen bytes at once, for kernels that look for a byte in a page (and a hash, of four at once): vector instructions that LLVM has for every processor, and numba no word for.

Each is a plain function here, which runs where nothing is compiled, and instructions for kernels. *Places* are bits, that of the first byte the lowest. No
bounds are looked at: whoever calls has sixteen bytes there. Numba does not see that a kernel it remembers was compiled with another version of this file: who changes
it removes what is compiled (``*.nbi`` and ``*.nbc``).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from winnow.tasks.engine.compiled import compiled, inlined

Bytes = npt.NDArray[np.uint8]

WIDTH = 16
BYTE, INT = ir.IntType(8), ir.IntType(64)
LANES = ir.VectorType(BYTE, WIDTH)


def equal(html: Bytes, at: int, byte: int) -> int:
    """The places of a byte in the sixteen that begin here."""
    return sum(1 << n for n in range(WIDTH) if html[at + n] == byte)


def equal_small(html: Bytes, at: int, byte: int) -> int:
    """The same, with capitals as small letters."""
    return sum(1 << n for n in range(WIDTH) if html[at + n] | 32 == byte)


def first_of(places: int) -> int:
    """The number of the first of some places; there is one."""
    return (places & -places).bit_length() - 1


def copy(to: Bytes, at: int, html: Bytes, begin: int) -> None:
    """Write the sixteen bytes of ``html`` that begin at a place to a place of another array."""
    to[at : at + WIDTH] = html[begin : begin + WIDTH]


# --- the same as instructions ---------------------------------------------------------------------------------------------------------------


def _lanes(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    """The address of the sixteen bytes at a place."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), LANES.as_pointer())


def _comparison(*, small: bool) -> Any:
    def typed(_: Any, html: Any, at: Any, byte: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            lanes = builder.load(_lanes(context, builder, signature.args[0], values[0], values[1]), align=1)
            if small:
                lanes = builder.or_(lanes, ir.Constant(LANES, [32] * WIDTH))
            unset, number = ir.Constant(LANES, ir.Undefined), ir.IntType(32)
            one = builder.insert_element(unset, builder.trunc(values[2], BYTE), ir.Constant(number, 0))
            wanted = builder.shuffle_vector(one, unset, ir.Constant(ir.VectorType(number, WIDTH), [0] * WIDTH))
            return builder.zext(builder.bitcast(builder.icmp_unsigned("==", lanes, wanted), ir.IntType(WIDTH)), INT)

        return types.int64(html, types.int64, types.int64), code

    return intrinsic(typed)


def _first(_: Any, places: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), code


def _copying(_: Any, to: Any, at: Any, html: Any, begin: Any) -> Any:
    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        lanes = builder.load(_lanes(context, builder, signature.args[2], values[2], values[3]), align=1)
        builder.store(lanes, _lanes(context, builder, signature.args[0], values[0], values[1]), align=1)
        return context.get_dummy_value()

    return types.none(to, types.int64, html, types.int64), code


_equal, _equal_small = _comparison(small=False), _comparison(small=True)
_first_of: Any = intrinsic(_first)
_copy: Any = intrinsic(_copying)


def _in_kernels(function: Callable[..., Any], put: Callable[..., Any]) -> None:
    overload(function, jit_options={"forceinline": True})(put)


_in_kernels(equal, lambda html, at, byte: lambda html, at, byte: _equal(html, at, byte))
_in_kernels(equal_small, lambda html, at, byte: lambda html, at, byte: _equal_small(html, at, byte))
_in_kernels(first_of, lambda places: lambda places: _first_of(places))
_in_kernels(copy, lambda to, at, html, begin: lambda to, at, html, begin: _copy(to, at, html, begin))


@inlined
def next_byte(html: Bytes, at: int, byte: int) -> int:
    """The place of the next such byte; the end where there is none."""
    n = len(html)
    while at + WIDTH <= n:
        places = equal(html, at, byte)
        if places != 0:
            return at + first_of(places)
        at += WIDTH
    while at < n and html[at] != byte:
        at += 1
    return at


@compiled
def find_bytes(html: Bytes, wanted: Bytes) -> int:
    """The first place of two bytes or more, -1 where they are not. By the first of them and the last: in the worst case as slow as their number is high."""
    n, length = len(html), len(wanted)
    at = 0
    while at + length <= n:
        if at + length - 1 + WIDTH <= n:
            places = equal(html, at, wanted[0]) & equal(html, at + length - 1, wanted[length - 1])
            step = WIDTH
        else:
            places, step = 1, 1
        while places != 0:
            place = at + first_of(places)
            k = 0
            while k < length and html[place + k] == wanted[k]:
                k += 1
            if k == length:
                return place
            places &= places - 1
        at += step
    return -1


@inlined
def hash_of(html: Bytes, begin: int, end: int) -> np.uint64:
    """A hash of html[begin:end]: FNV-1a of every fourth byte, four times: a step of one need not wait for that of another."""
    prime = np.uint64(1099511628211)
    a, b, c, d = np.uint64(14695981039346656037), np.uint64(1), np.uint64(2), np.uint64(3)
    k = begin
    while k + 4 <= end:
        a = (a ^ np.uint64(html[k])) * prime
        b = (b ^ np.uint64(html[k + 1])) * prime
        c = (c ^ np.uint64(html[k + 2])) * prime
        d = (d ^ np.uint64(html[k + 3])) * prime
        k += 4
    while k < end:
        a = (a ^ np.uint64(html[k])) * prime
        k += 1
    return (((a * prime ^ b) * prime ^ c) * prime ^ d) * prime
