"""Arrays that may not be written to, exhausted memory while saving, and times in the dtype that they had."""

from __future__ import annotations

import npyvtk
import numpy as np
import pytest
from npyvtk.errors import LimitError
from npyvtk.options import WriteOptions
from npyvtk.parallel import write
from npyvtk.stack import Stack
from other_process import run
from test_parallel import on_ranks
from test_roundtrip import image
from vtkmodules.util.numpy_support import vtk_to_numpy

CHANGE = """
import sys
import numpy as np, npyvtk
from vtkmodules.util.numpy_support import vtk_to_numpy
data = npyvtk.to_vtk(np.load(sys.argv[1], mmap_mode="r"))
values = vtk_to_numpy(data.GetPointData().GetArray(0))
values[:] = 7
print(values.sum())
"""


def test_a_change_in_place_leaves_a_read_only_map_alone(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 6)))
    assert run(CHANGE, tmp_path / "a.npy").strip() == "840.0"
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.zeros((4, 5, 6)))


@pytest.mark.parametrize("writeable", [True, False])
def test_what_may_not_be_written_to_is_copied(writeable):
    given = np.arange(120.0).reshape(4, 5, 6)
    given.flags.writeable = writeable
    shown = vtk_to_numpy(npyvtk.to_vtk(given).GetPointData().GetArray(0))
    np.testing.assert_array_equal(shown, given.ravel())
    assert np.shares_memory(shown, given) == writeable


class NoMemory:
    """Progress that fails as an allocation does."""

    def __call__(self, _fraction):
        raise MemoryError


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("compression", [0, 6])
def test_exhausted_memory_while_saving_is_one_line(name, compression, tmp_path):
    with pytest.raises(LimitError, match="not enough memory") as info:
        npyvtk.write(tmp_path / name, image(), compression=compression, progress=NoMemory())
    text = str(info.value)
    assert len(text.splitlines()) == 1
    assert text.startswith(str(tmp_path / name))
    assert isinstance(info.value, MemoryError)
    assert not list(tmp_path.iterdir())


def test_exhausted_memory_while_stacking_is_one_line(tmp_path):
    with (
        pytest.raises(LimitError, match="not enough memory"),
        Stack(tmp_path / "a.npz", 2, progress=NoMemory()) as stack,
    ):
        stack.add(image(), 0)
    assert not list(tmp_path.iterdir())


def test_exhausted_memory_on_one_rank_is_the_same_line_on_all(tmp_path):
    def save(rank):
        progress = NoMemory() if rank.rank == 1 else None
        piece = image((0, 3, 0, 2, 4 * rank.rank, 4 * rank.rank + 4))
        write.save_pieces(tmp_path / "a.npz", piece, WriteOptions(), rank, progress)

    with pytest.raises(LimitError, match="not enough memory"):
        on_ranks(2, save)
    assert not list(tmp_path.iterdir())


TIMES = [">f8", ">f4", ">f2", "<f4", ">i4", "<i2", ">u8", "u1", "g", ">M8[s]", "<M8[ns]", ">M8[D]", ">m8[ms]", "<m8[h]"]


@pytest.mark.parametrize("shape", [(), (1,), (3,)], ids=str)
@pytest.mark.parametrize("dtype", TIMES)
def test_times_come_back_in_their_dtype(dtype, shape, tmp_path):
    times = np.array([3, 7, 12])[: (shape or (1,))[0]].astype(dtype).reshape(shape)
    np.savez(tmp_path / "in.npz", a=np.random.default_rng(0).random((*shape, 4, 5, 6)), time=times)
    last = times.size - 1
    npyvtk.write(tmp_path / "one.npz", npyvtk.read(tmp_path / "in.npz", step=last))
    with np.load(tmp_path / "one.npz", allow_pickle=False) as file:
        assert file["time"].dtype == times.dtype
        assert file["time"] == times.ravel()[last]
    with Stack(tmp_path / "all.npz", times.size) as stack:
        for k in range(times.size):
            data = npyvtk.read(tmp_path / "in.npz", step=k)
            stack.add(data, data.GetInformation().Get(data.DATA_TIME_STEP()))
    with np.load(tmp_path / "all.npz", allow_pickle=False) as file:
        assert file["time"].dtype == times.dtype
        np.testing.assert_array_equal(file["time"], times.ravel())
