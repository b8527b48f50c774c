"""Vector instructions against the plain words for them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from winnow.tasks.engine.sixteen import WIDTH, copy, equal, equal_small, find_bytes, first_of, next_byte


@njit
def all_of(html, at, byte):
    return equal(html, at, byte), equal_small(html, at, byte)


@njit
def lowest(places):
    return first_of(places)


@njit
def copied(to, at, html, begin):
    copy(to, at, html, begin)


@njit
def found(html, at, byte):
    return next_byte(html, at, byte)


@given(st.binary(min_size=WIDTH, max_size=3 * WIDTH), st.data())
def test_places_of_a_byte_are_bits(html, data):
    at = data.draw(st.integers(0, len(html) - WIDTH))
    byte = data.draw(st.sampled_from(sorted({*html, 32, 60, 0xC2})))
    lanes = html[at : at + WIDTH]
    same = sum(1 << n for n, lane in enumerate(lanes) if lane == byte)
    small = sum(1 << n for n, lane in enumerate(lanes) if lane | 32 == byte)
    assert all_of(np.frombuffer(html, np.uint8), at, byte) == (same, small)


@given(st.integers(1, (1 << WIDTH) - 1))
def test_the_lowest_bit(places):
    assert lowest(places) == (places & -places).bit_length() - 1


@given(st.binary(min_size=WIDTH, max_size=3 * WIDTH), st.data())
def test_sixteen_bytes_are_copied_and_no_others(html, data):
    begin = data.draw(st.integers(0, len(html) - WIDTH))
    to = np.zeros(4 * WIDTH, np.uint8)
    at = data.draw(st.integers(0, len(to) - WIDTH))
    copied(to, at, np.frombuffer(html, np.uint8), begin)
    assert to.tobytes() == bytes(at) + html[begin : begin + WIDTH] + bytes(len(to) - at - WIDTH)


@given(st.text("<a\u00e9", max_size=5 * WIDTH).map(str.encode), st.data())
def test_the_next_byte_is_found_up_to_the_end(html, data):
    at = data.draw(st.integers(0, len(html)))
    place = html.find(b"<", at)
    assert found(np.frombuffer(html, np.uint8), at, 60) == (len(html) if place < 0 else place)


@pytest.mark.parametrize("place", range(2 * WIDTH))
def test_each_place_is_seen(place):
    html = bytearray(b"x" * 2 * WIDTH)
    html[place] = 34
    assert found(np.frombuffer(bytes(html), np.uint8), 0, 34) == place


@given(st.text("ab\u00e9", max_size=6 * WIDTH).map(str.encode), st.text("ab\u00e9", min_size=2, max_size=5).map(str.encode))
def test_bytes_are_found_where_they_stand_first(html, wanted):
    assert find_bytes(np.frombuffer(html, np.uint8), np.frombuffer(wanted, np.uint8)) == html.find(wanted)
