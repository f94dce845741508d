"""The planner, against NumPy's own slicing of the bytes; nothing here opens a file."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from npyvtk.files import slices


@st.composite
def selections(draw, max_dims=5, max_side=9):
    """A shape and a normalised selection of it."""
    shape = tuple(draw(st.lists(st.integers(0, max_side), max_size=max_dims)))
    selection = []
    for n in shape:
        start = draw(st.integers(0, n))
        selection.append(slice(start, draw(st.integers(start, n)), draw(st.integers(1, n + 2))))
    return shape, tuple(selection)


def stored(shape, itemsize):
    """Every byte of the array, and the array itself as elements of raw bytes."""
    raw = np.random.default_rng(1).integers(0, 256, int(np.prod(shape, dtype=int)) * itemsize, np.uint8)
    return raw, raw.view(f"V{itemsize}").reshape(shape)


@settings(max_examples=400, deadline=None)
@given(selections(), st.sampled_from([1, 2, 8, 24]), st.integers(1, 500))
def test_runs_put_every_byte_in_its_place(shaped, itemsize, most):
    shape, selection = shaped
    raw, values = stored(shape, itemsize)
    plan = slices.plan_reads(shape, selection, itemsize)
    expected = values[selection]
    assert plan.shape == expected.shape
    assert plan.nbytes == expected.nbytes
    assert plan.whole == (expected.shape == values.shape)
    target = np.zeros(plan.nbytes, np.uint8)
    last = 0
    for group in plan.runs(most):
        assert sum(length for _, _, length in group) <= most
        for to, offset, length in group:
            assert offset >= last, "a stream cannot go back"
            assert length > 0
            last = offset + length
            target[to : to + length] = raw[offset:last]
    assert target.tobytes() == expected.tobytes()
    assert last == plan.end


@settings(max_examples=400, deadline=None)
@given(selections(), st.sampled_from([1, 2, 8, 24]), st.integers(1, 500), st.integers(0, 200))
def test_blocks_hold_every_value_once(shaped, itemsize, most, gap):
    shape, selection = shaped
    raw, values = stored(shape, itemsize)
    plan = slices.plan_reads(shape, selection, itemsize)
    result = np.zeros(plan.shape, values.dtype)
    times = np.zeros(plan.shape, int)
    last = traffic = 0
    for block in plan.blocks(most, gap):
        assert block.size <= max(most, itemsize)
        buffer = np.zeros(block.size, np.uint8)
        for at, offset, length in block.reads():
            assert offset >= last, "a stream cannot go back"
            last = offset + length
            buffer[at : at + length] = raw[offset:last]
        result[block.index] = np.ndarray(block.shape, values.dtype, buffer, 0, block.strides)
        times[block.index] += 1
        traffic += block.size
    assert result.tobytes() == values[selection].tobytes()
    assert (times == 1).all()
    assert last == plan.end
    assert plan.nbytes <= traffic <= plan.traffic(gap), "gaps between blocks are left out"


def described(shape, selection, itemsize=4):
    plan = slices.plan_reads(shape, tuple(np.s_[selection]), itemsize)
    reads = [(offset, length) for block in plan.blocks() for _, offset, length in block.reads()]
    return plan, reads


ALL = slice(0, 512, 1)


def test_a_whole_volume_is_one_run():
    plan, reads = described((512, 512, 512), (ALL, ALL, ALL))
    assert plan.run == plan.nbytes == 512 << 20
    assert len(list(plan.runs())) == 256
    assert sum(length for _, length in reads) == plan.nbytes


def test_a_z_plane_is_one_run():
    plan, _ = described((512, 512, 512), (slice(100, 101, 1), ALL, ALL))
    assert list(plan.runs()) == [[(0, 100 << 20, 1 << 20)]]


def test_a_y_plane_is_a_run_per_row_or_few_larger_reads():
    plan, reads = described((512, 512, 512), (ALL, slice(7, 8, 1), ALL))
    assert plan.run == 2048
    assert reads == [((z << 20) + (7 << 11), 2048) for z in range(512)]


def test_an_x_plane_streams_through_one_small_buffer():
    plan, reads = described((512, 512, 512), (ALL, ALL, slice(9, 10, 1)))
    assert plan.run == 4
    assert len(reads) <= 513
    assert max(length for _, length in reads) <= slices.BLOCK_BYTES


def test_a_box_is_read_by_planes():
    box = slice(200, 264, 1)
    plan, reads = described((512, 512, 512), (box, box, box))
    assert len(reads) == 64
    assert sum(length for _, length in reads) == 64 * (63 * 2048 + 256)
    assert plan.nbytes == 64**3 * 4


def test_a_preview_of_a_huge_file_skips_what_it_can():
    n = 2500
    step = slice(0, n, 25)
    plan, reads = described((n, n, n), (step, step, step), 8)
    assert plan.nbytes == 8 * 10**6
    assert len(reads) == 100 * 100
    assert max(length for _, length in reads) <= 8 * n


def test_planning_does_not_grow_with_the_file():
    n = 10**6
    plan = slices.plan_reads((n, n, n), (slice(0, n, 1),) * 3, 8)
    first = list(itertools.islice(plan.blocks(), 3))
    assert [block.base for block in first] == [0, 1 << 20, 2 << 20] or all(b.size <= 1 << 20 for b in first)
    assert next(plan.runs()) == [(0, 0, 2 << 20)]


@pytest.mark.parametrize("shape", [(), (1,), (1, 1, 1)], ids=str)
def test_single_elements(shape):
    plan = slices.plan_reads(shape, (slice(0, 1, 1),) * len(shape), 8)
    assert list(plan.runs()) == [[(0, 0, 8)]]
    assert plan.whole


@pytest.mark.parametrize("shape", [(0,), (3, 0, 2)], ids=str)
def test_nothing_is_read_for_nothing(shape):
    plan = slices.plan_reads(shape, tuple(slice(0, n, 1) for n in shape), 8)
    assert list(plan.runs()) == list(plan.blocks()) == []
    assert plan.end == 0
