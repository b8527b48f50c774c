"""Bounded samples of groups: the same whatever the shards, no larger than asked, with every document counted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from winnow.tasks.engine.samples import GroupSamples, sample_keys


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(-9, 9)), max_size=40), st.integers(1, 9), st.lists(st.integers(0, 40), max_size=3))
def test_the_sample_does_not_depend_on_the_shards(rows, size, cuts):
    ids = [f"d{n}" for n in range(len(rows))]
    groups, values = np.array([g for g, _ in rows], np.int64), np.array([v for _, v in rows], float)
    whole = GroupSamples(size)
    whole.add(ids, groups, values)
    parts = GroupSamples(size)
    ends = sorted({min(c, len(rows)) for c in cuts} | {len(rows)})
    for begin, end in zip([0, *ends], ends, strict=False):
        parts.add(ids[begin:end], groups[begin:end], values[begin:end])
    assert [(g, v.tolist()) for g, v in whole.samples()] == [(g, v.tolist()) for g, v in parts.samples()]
    assert whole.counts == parts.counts == {g: int((groups == g).sum()) for g in set(groups.tolist())}
    order = np.argsort(sample_keys(ids), kind="stable")
    for group, found in whole.samples():
        assert found.tolist() == values[order][groups[order] == group][:size].tolist()
