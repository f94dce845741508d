"""Many ranks, one file: with threads for ranks, so that every layout is tried fast and without MPI."""

from __future__ import annotations

import contextlib
import os
import queue
import threading

import npyvtk
import numpy as np
import pytest
from equal import assert_same, cells
from npyvtk.describe import describe
from npyvtk.errors import Aborted, NumPyIOError, OptionError, UnsupportedError
from npyvtk.files import npy
from npyvtk.load import load
from npyvtk.options import ExportOptions, ReadOptions, WriteOptions
from npyvtk.parallel import collective, write
from npyvtk.parallel.numbering import Numbering
from npyvtk.parallel.pieces import Piece
from npyvtk.parallel.ranks import Communicator
from test_roundtrip import (
    array,
    blocks,
    cell_array,
    image,
    mixed,
    points,
    poly,
    polyhedra,
    rectilinear,
    rich_image,
    structured,
    table,
    tetras,
    vertices,
)
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkIdList, vtkPoints, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkMultiBlockDataSet, vtkPolyData, vtkTable
from vtkmodules.vtkCommonExecutionModel import vtkExtentTranslator
from vtkmodules.vtkParallelCore import vtkCommunicator

# One rank at a time works, as in Python with its lock: without it VTK's own classes, which are made for one thread, end
# the process (VTK 9.7). Real ranks are processes.
TURN = threading.Lock()


@contextlib.contextmanager
def waiting():
    """Let other ranks work."""
    TURN.release()
    try:
        yield
    finally:
        TURN.acquire()


class Threads:
    """What a vtkMultiProcessController does, for threads instead of processes."""

    def __init__(self, rank, queues):
        self._rank, self._queues = rank, queues

    def GetLocalProcessId(self):  # noqa: N802
        return self._rank

    def GetNumberOfProcesses(self):  # noqa: N802
        return len(self._queues)

    def Send(self, array, rank, _tag):  # noqa: N802
        self._queues[self._rank][rank].put(vtk_to_numpy(array).copy())

    def Receive(self, array, rank, _tag):  # noqa: N802
        with waiting():
            values = self._queues[rank][self._rank].get(timeout=120)  # a deadlock ends so
        array.SetNumberOfValues(len(values))
        vtk_to_numpy(array)[:] = values

    def AllReduce(self, mine, result, operation):  # noqa: N802
        assert operation == vtkCommunicator.BITWISE_OR_OP
        others = [k for k in range(len(self._queues)) if k != self._rank]
        vtk_to_numpy(result)[:] = vtk_to_numpy(mine)
        for k in others:
            self.Send(mine, k, 0)
        for k in others:
            received = vtkUnsignedCharArray()
            self.Receive(received, k, 0)
            vtk_to_numpy(result)[:] |= vtk_to_numpy(received)


def on_ranks(size, action):
    """Do ``action(communicator)`` on so many ranks, all at once; raise what they raised, the same on all."""
    queues = [[queue.Queue() for _ in range(size)] for _ in range(size)]
    results, raised = [None] * size, [None] * size

    def rank(k):
        try:
            with TURN:
                results[k] = action(Communicator(Threads(k, queues)))
        except BaseException as error:  # noqa: BLE001
            raised[k] = error

    threads = [threading.Thread(target=rank, args=(k,)) for k in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    unexpected = [e for e in raised if e is not None and not isinstance(e, NumPyIOError)]
    for error in sorted(unexpected, key=lambda e: isinstance(e, queue.Empty)):
        raise error
    assert len({str(e) for e in raised}) == 1
    assert all(q.empty() for row in queues for q in row), "a message that nobody waited for"
    if raised[0] is not None:
        raise raised[0]
    return results


def save(path, pieces, options=None, progress=None):
    """Save the `pieces` with one rank each."""

    def rank(communicator):
        own = progress[communicator.rank] if isinstance(progress, list) else progress
        write.save_pieces(path, pieces[communicator.rank], options or WriteOptions(), communicator, own)

    on_ranks(len(pieces), rank)


def extents(whole, n, mode="block", ghosts=0):
    translator = vtkExtentTranslator()
    translator.SetWholeExtent(*whole)
    translator.SetNumberOfPieces(n)
    translator.SetGhostLevel(ghosts)
    if mode != "block":
        getattr(translator, f"SetSplitModeTo{mode}Slab")()
    found = []
    for k in range(n):
        translator.SetPiece(k)
        translator.PieceToExtent()
        found.append(tuple(translator.GetExtent()))
    return found


def taken(array, numbers):
    """The tuples `numbers` of any VTK array, with all that it carries."""
    ids = vtkIdList()
    for number in numbers:
        ids.InsertNextId(int(number))
    made = array.NewInstance()
    made.SetName(array.GetName())
    made.SetNumberOfComponents(array.GetNumberOfComponents())
    made.SetNumberOfTuples(len(numbers))
    array.GetTuples(ids, made)
    made.CopyComponentNames(array)
    if array.HasInformation():
        made.CopyInformation(array.GetInformation(), 1)
    return made


def cut(make, extent):
    """The piece of a structured dataset in `extent`, with all its arrays."""
    data = make()
    piece = data.NewInstance()
    if extent[0] > extent[1]:
        return piece
    piece.SetExtent(extent)
    whole = data.GetExtent()
    index = [range(extent[2 * k] - whole[2 * k], extent[2 * k + 1] - whole[2 * k] + 1) for k in (2, 1, 0)]
    shape = [whole[2 * k + 1] - whole[2 * k] + 1 for k in (2, 1, 0)]
    own = [range(r.start, max(r.stop - 1, r.start + 1)) for r in index]
    own_shape = [max(n - 1, 1) for n in shape]
    point_ids = np.ravel_multi_index(np.meshgrid(*index, indexing="ij"), shape).ravel()
    cell_ids = np.ravel_multi_index(np.meshgrid(*own, indexing="ij"), own_shape).ravel()
    if data.IsA("vtkImageData"):
        piece.SetOrigin(data.GetOrigin())
        piece.SetSpacing(data.GetSpacing())
        piece.SetDirectionMatrix(data.GetDirectionMatrix())
    elif data.IsA("vtkRectilinearGrid"):
        for name, own in zip("ZYX", index):
            getattr(piece, f"Set{name}Coordinates")(taken(getattr(data, f"Get{name}Coordinates")(), own))
    else:
        some = vtkPoints()
        some.SetData(taken(data.GetPoints().GetData(), point_ids))
        piece.SetPoints(some)
    for name, numbers in (("Point", point_ids), ("Cell", cell_ids)):
        source, target = getattr(data, f"Get{name}Data")(), getattr(piece, f"Get{name}Data")()
        for k in range(source.GetNumberOfArrays()):
            target.AddArray(taken(source.GetAbstractArray(k), numbers))
        for kind in range(source.NUM_ATTRIBUTES):
            active = source.GetAbstractAttribute(kind)
            if active is not None:
                target.SetActiveAttribute(active.GetName(), kind)
    piece.GetFieldData().ShallowCopy(data.GetFieldData())
    return piece


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("mode", ["block", "X", "Y", "Z"])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("axes", ["zyx", "xyz"])
def test_image_is_byte_equal(tmp_path, name, mode, n, axes):
    def make():
        return image((-3, 4, 0, 5, 2, 9))

    options = WriteOptions(content=ExportOptions(axes))
    npyvtk.write(tmp_path / f"serial_{name}", make(), axes=axes)
    save(tmp_path / name, [cut(make, e) for e in extents((-3, 4, 0, 5, 2, 9), n, mode)], options)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"serial_{name}").read_bytes()
    assert sorted(os.listdir(tmp_path)) == [name, f"serial_{name}"]


@pytest.mark.parametrize("ghosts", [0, 1])
@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("compression", [0, 5])
@pytest.mark.parametrize("make", [rich_image, rectilinear, structured], ids=lambda make: make.__name__)
def test_grids_are_byte_equal(tmp_path, make, n, compression, ghosts):
    options = WriteOptions(compression=compression)
    npyvtk.write(tmp_path / "serial.npz", make(), compression=compression)
    whole = make().GetExtent()
    save(tmp_path / "a.npz", [cut(make, e) for e in extents(whole, n, ghosts=ghosts)], options)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes()


@pytest.mark.parametrize(
    "values",
    [
        np.arange(60, dtype=">i4").reshape(3, 4, 5),
        np.arange(60, dtype=np.float16).reshape(3, 4, 5),
        np.arange(60).reshape(3, 4, 5) % 2 == 0,
        np.arange(60, dtype=np.complex64).reshape(3, 4, 5),
        np.arange(60, dtype=np.longdouble).reshape(3, 4, 5) / 4,
        np.arange(60).astype(str).reshape(3, 4, 5),
        np.zeros((3, 4, 5), [("a", "f2"), ("b", ">i4", (2,))]),
    ],
    ids=lambda v: v.dtype.str,
)
@pytest.mark.parametrize("axes", ["zyx", "x-yz", "-zyx"])
def test_arrays_of_files_come_back(tmp_path, values, axes):
    from npyvtk.describe import describe
    from npyvtk.load import load
    from npyvtk.options import ReadOptions

    np.save(tmp_path / "in.npy", values)
    description = describe(str(tmp_path / "in.npy"), ReadOptions(axes=axes))
    whole = description.layout.root.extent
    pieces = [load(description, extent=e) for e in extents(whole, 3)]
    save(tmp_path / "out.npy", pieces)
    found = np.load(tmp_path / "out.npy", allow_pickle=False)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize(
    "place",
    [
        {"spacing": np.array([1, 2, 3]), "origin": np.array([4, 5, 6], "f4")},
        {"dx": np.array(2), "dy": np.array(3), "xmin": np.array(-1, "i1"), "ymin": np.array(0)},
        {"affine": np.diag([2, 3, 4, 1])},
    ],
    ids=["plain", "scalars", "affine"],
)
def test_what_places_an_image_comes_back(tmp_path, place, n):
    from npyvtk.describe import describe
    from npyvtk.load import load
    from npyvtk.parallel.pieces import Piece

    place["dt"] = np.array(0.25, "f4")  # field data without axes
    np.savez(tmp_path / "in.npz", T=np.random.default_rng(0).random((6, 4, 5)), **place)
    npyvtk.write(tmp_path / "serial.npz", npyvtk.read(str(tmp_path / "in.npz")))
    description = describe(str(tmp_path / "in.npz"))
    save(tmp_path / "out.npz", [load(description, piece=Piece(k, n)) for k in range(n)])
    assert (tmp_path / "out.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes()
    with np.load(tmp_path / "out.npz") as back:
        for name, values in place.items():
            assert back[name].dtype == values.dtype
            np.testing.assert_array_equal(back[name], values)


def merged(tmp_path, pieces, **options):
    save(tmp_path / "a.npz", pieces, WriteOptions(**options))
    return npyvtk.read(str(tmp_path / "a.npz"))


def places(data):
    """Cells by the coordinates of their points: what a mesh is, whatever the numbers of its points."""

    def at(ids):
        return tuple(data.GetPoint(k) for k in ids)

    found = []
    for kind, ids, faces in cells(data):
        stream, k = [], 1
        while k < len(faces):
            stream.append(at(faces[k + 1 : k + 1 + faces[k]]))
            k += 1 + faces[k]
        found.append((kind, at(ids), tuple(stream)))
    return found


@pytest.mark.parametrize("make", [tetras, mixed, polyhedra, poly, vertices], ids=lambda make: make.__name__)
@pytest.mark.parametrize("compression", [0, 3])
def test_meshes_follow_each_other(tmp_path, make, compression):
    pieces = [make(), type(make())(), make()]
    back = merged(tmp_path, pieces, compression=compression)
    assert back.GetNumberOfPoints() == 2 * pieces[0].GetNumberOfPoints()
    one = places(pieces[0])
    if make is poly:  # vertices of both, then lines of both
        assert sorted(places(back)) == sorted(one + one)
        assert [c[0] for c in places(back)] == [1, 2, 1, 2, 3, 4, 3, 4, 5, 9, 7, 5, 9, 7, 6, 6]
        values = [back.GetCellData().GetArray("c").GetValue(k) for k in range(16)]
        assert values == [0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 6, 4, 5, 6, 7, 7]
    else:
        assert places(back) == one + one


def test_different_cells_on_each_rank(tmp_path):
    pieces = [tetras(), mixed()]
    for piece in pieces:
        piece.GetCellData().Initialize()
    assert places(merged(tmp_path, pieces)) == places(pieces[0]) + places(pieces[1])


def test_one_piece_alone_is_the_serial_file(tmp_path):
    for make in (poly, mixed, polyhedra, table, vertices):
        npyvtk.write(tmp_path / "serial.npz", make())
        save(tmp_path / "a.npz", [make(), type(make())()])
        assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes(), make


def test_duplicate_cells_are_dropped(tmp_path):
    piece = tetras()
    ghosts = vtkUnsignedCharArray()
    ghosts.SetName("vtkGhostType")
    for value in (0, 1):
        ghosts.InsertNextValue(value)
    piece.GetCellData().AddArray(ghosts)
    back = merged(tmp_path, [tetras(), piece])
    assert places(back) == places(tetras()) + places(tetras())[:1]
    assert back.GetCellData().GetArray("vtkGhostType") is None
    assert piece.GetNumberOfCells() == 2


@pytest.mark.parametrize("make", [tetras, poly], ids=lambda make: make.__name__)
def test_what_is_marked_as_a_duplicate_is_dropped_and_nothing_else(tmp_path, make):
    """Points that no cell uses are nobody else's, and arrays remember what they were in a file."""
    data = make()
    n = data.GetNumberOfPoints()
    data.GetPoints().InsertNextPoint(7, 8, 9)
    for name in ("Point", "Cell"):
        getattr(data, f"Get{name}Data")().Initialize()
    names = array(np.arange(n + 1.0), "p")
    data.GetPointData().AddArray(names)
    data.GetPointData().SetActiveScalars("p")
    npyvtk.write(tmp_path / "in.npz", data)
    with np.load(tmp_path / "in.npz") as file:
        held = dict(file)
    np.savez(tmp_path / "in.npz", **{**held, "points": held["points"].astype(">f8"), "p": held["p"].astype(">i2")})
    piece = npyvtk.read(str(tmp_path / "in.npz"))
    ghosts = vtkUnsignedCharArray()
    ghosts.SetName("vtkGhostType")
    for k in range(piece.GetNumberOfCells()):
        ghosts.InsertNextValue(int(k > 0))
    piece.GetCellData().AddArray(ghosts)
    save(tmp_path / "a.npz", [piece])
    shown = [ids for _kind, ids, _faces in cells(piece)]
    loose = sorted({*range(n + 1)} - {k for ids in shown for k in ids})
    used = sorted({*shown[0], *loose})
    with np.load(tmp_path / "a.npz") as back:
        assert (back["points"].dtype, back["p"].dtype) == (np.dtype(">f8"), np.dtype(">i2"))
        np.testing.assert_array_equal(back["points"], held["points"][used])
        np.testing.assert_array_equal(back["p"], used)
    assert npyvtk.read(str(tmp_path / "a.npz")).GetPointData().GetScalars().GetName() == "p"
    for k in range(piece.GetNumberOfCells()):
        ghosts.SetValue(k, 1)
    save(tmp_path / "b.npz", [piece])
    with np.load(tmp_path / "b.npz") as back:
        np.testing.assert_array_equal(back["points"], held["points"][loose])


@pytest.mark.parametrize("ghosts", [False, True])
def test_arrays_of_one_name_stay_two(tmp_path, ghosts):
    piece = tetras()
    n = piece.GetNumberOfPoints()
    for k in range(2):
        piece.GetPointData().AddArray(array(np.full(n, k), f"v{k}"))
    for k in range(2):
        piece.GetPointData().GetArray(f"v{k}").SetName("v")
    if ghosts:
        piece.GetCellData().AddArray(array(np.array([0, 1], "u1"), "vtkGhostType"))
    save(tmp_path / "a.npz", [piece, piece])
    with np.load(tmp_path / "a.npz") as back:
        assert [set(back[name].tolist()) for name in ("v", "v_point")] == [{0}, {1}]


def test_marked_points_without_cells_are_dropped(tmp_path):
    piece = vtkPolyData()
    piece.SetPoints(points(np.arange(6.0).reshape(2, 3)))
    piece.GetPointData().AddArray(array(np.array([0, 1], "u1"), "vtkGhostType"))
    save(tmp_path / "a.npz", [piece, piece])
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["points"], [[0, 1, 2]] * 2)


def test_tables_follow_each_other(tmp_path):
    back = merged(tmp_path, [table(), vtkTable(), table()])
    column = back.GetRowData().GetAbstractArray("s")
    assert [column.GetValue(k) for k in range(8)] == ["x", "", "ü", "long text"] * 2


def test_strings_of_different_width(tmp_path):
    pieces = [vtkTable(), vtkTable()]
    from test_roundtrip import strings

    pieces[0].AddColumn(strings(["a"], "s"))
    pieces[1].AddColumn(strings(["longer", "é"], "s"))
    save(tmp_path / "a.npz", pieces)
    assert np.load(tmp_path / "a.npz")["s"].tolist() == ["a", "longer", "é"]


def test_blocks(tmp_path):
    def half(extent):
        data = vtkMultiBlockDataSet()
        data.SetBlock(0, cut(rich_image, extent))
        data.SetBlock(1, tetras())
        data.SetBlock(2, image() if extent[4] < 2 else None)
        return data

    whole = rich_image().GetExtent()
    back = merged(tmp_path, [half(e) for e in extents(whole, 2, "Z")])
    assert_same(rich_image(), back.GetBlock(0))
    assert places(back.GetBlock(1)) == places(tetras()) * 2


@pytest.mark.parametrize("name", ["..", "/a", "a\nb", "a/"])
def test_names_of_blocks_are_those_of_one_process(tmp_path, name):
    """No name leads out of the folder that an archive is unpacked in."""

    def named(extent):
        data = vtkMultiBlockDataSet()
        for k in range(2):
            data.SetBlock(k, cut(rich_image, extent))
            data.GetMetaData(k).Set(data.NAME(), name)
        return data

    whole = rich_image().GetExtent()
    save(tmp_path / "all.npz", [named(e) for e in extents(whole, 2, "Z")])
    npyvtk.write(tmp_path / "one.npz", named(whole))
    with np.load(tmp_path / "all.npz") as found, np.load(tmp_path / "one.npz") as expected:
        assert found.files == expected.files


def test_a_tree_that_only_one_rank_has(tmp_path):
    empty = blocks().NewInstance()
    back = merged(tmp_path, [blocks(), empty])
    assert_same(blocks().GetBlock(0), back.GetBlock(0))


def test_failures_are_the_same_on_all_ranks(tmp_path):
    other = tetras()
    other.GetPointData().AddArray(array(np.zeros(8), "only here"))
    for pieces in ([other, tetras()], [tetras(), other], [tetras(), tetras(), other]):
        with pytest.raises(UnsupportedError, match="'only here' is not on all ranks"):
            save(tmp_path / "a.npz", pieces)
    with pytest.raises(UnsupportedError, match="types of data"):
        save(tmp_path / "a.npz", [tetras(), image()])
    with pytest.raises(OptionError, match="there is no array"):
        save(tmp_path / "a.npy", [tetras(), tetras()], WriteOptions("nothing"))
    with pytest.raises(NumPyIOError, match="folder"):
        save(tmp_path / "no" / "a.npz", [tetras(), tetras()])
    with pytest.raises(UnsupportedError, match="gap"):
        save(tmp_path / "a.npz", [image((0, 1, 0, 1, 0, 1)), image((4, 5, 0, 1, 0, 1))])
    assert os.listdir(tmp_path) == []


def test_field_data_of_any_rank(tmp_path):
    pieces = [tetras(), tetras(), tetras()]
    for number, name in ((0, "everywhere"), (1, "everywhere"), (2, "everywhere"), (2, "on the last")):
        pieces[number].GetFieldData().AddArray(array(np.arange(3), name))
    save(tmp_path / "a.npz", pieces)
    with np.load(tmp_path / "a.npz") as back:
        np.testing.assert_array_equal(back["everywhere"], np.arange(3))
        np.testing.assert_array_equal(back["on the last"], np.arange(3))


@pytest.mark.parametrize("make", [tetras, table, rich_image], ids=lambda make: make.__name__)
@pytest.mark.parametrize("rank", [0, 1])
def test_field_data_of_a_rank_without_points(tmp_path, make, rank):
    whole, empty = make(), type(make())()
    empty.GetFieldData().AddArray(array(np.arange(3), "k"))
    save(tmp_path / "a.npz", [whole, empty] if rank else [empty, whole])
    whole.GetFieldData().AddArray(array(np.arange(3), "k"))
    assert_same(whole, npyvtk.read(str(tmp_path / "a.npz")))


def test_abort_on_one_rank_stops_all(tmp_path):
    def stop(_fraction):
        raise Aborted("stopped by the user")

    with pytest.raises(Aborted):
        save(tmp_path / "a.npz", [tetras(), tetras()], None, [lambda _f: None, stop])
    assert os.listdir(tmp_path) == []


def test_empty_everywhere(tmp_path):
    assert merged(tmp_path, [vtkPolyData(), vtkPolyData()]).GetNumberOfCells() == 0
    assert merged(tmp_path, [vtkImageData(), vtkImageData()]).GetNumberOfPoints() == 0


def test_points_of_all(tmp_path):
    piece = vtkPolyData()
    piece.SetPoints(points(np.arange(6.0).reshape(2, 3)))
    piece.SetVerts(cell_array([[0], [1]]))
    back = merged(tmp_path, [piece, piece])
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["points"], np.arange(6.0).reshape(2, 3).tolist() * 2)
    assert [ids for _kind, ids, _faces in cells(back)] == [[0], [1], [2], [3]]


def costs(tmp_path, monkeypatch, edge, mode, ranks=8):
    """Messages, their bytes, the longest of them, and writes that saving a cube of `edge` points takes."""
    messages, writes = [], []

    def send(controller, array, rank, tag, plain=Threads.Send):
        messages.append(array.GetNumberOfValues())
        plain(controller, array, rank, tag)

    def put(file, data, plain=npy.put):
        writes.append(len(data))
        plain(file, data)

    monkeypatch.setattr(Threads, "Send", send)
    monkeypatch.setattr(npy, "put", put)
    whole = (0, edge - 1) * 3
    values = np.random.default_rng(0).random((edge, edge, edge), "f4")
    pieces = []
    for extent in extents(whole, ranks, mode):
        piece = vtkImageData()
        piece.SetExtent(extent)
        own = values[tuple(slice(extent[2 * k], extent[2 * k + 1] + 1) for k in (2, 1, 0))]
        piece.GetPointData().AddArray(array(own.reshape(-1), "v"))
        piece.GetPointData().SetActiveScalars("v")
        pieces.append(piece)
    save(tmp_path / "a.npy", pieces)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), values)
    monkeypatch.undo()
    return len(messages), sum(messages), max(messages), len(writes)


@pytest.mark.parametrize("mode", ["X", "Y", "Z", "block"])
def test_nothing_grows_with_the_rows_of_pieces(tmp_path, monkeypatch, mode):
    few, bytes_of_few, _longest, few_writes = costs(tmp_path, monkeypatch, 32, mode)
    many, bytes_of_many, longest, many_writes = costs(tmp_path, monkeypatch, 128, mode)
    assert (few_writes, many_writes) == (2, 8)  # of 64 KiB, and of an eighth
    assert many - few <= 8 * 8
    # What is said beside values does not depend on their number, and values go over once, shared planes twice.
    nbytes = 4 * 128**3
    assert bytes_of_many <= bytes_of_few + nbytes * 1.1
    assert longest <= nbytes / 8
    if mode == "Z":
        assert bytes_of_many <= bytes_of_few + 8 * 4 * 128**2  # what two slabs share


def test_writes_are_as_many_as_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(collective, "BLOCK_BYTES", 1 << 17)
    _messages, _bytes, longest, writes = costs(tmp_path, monkeypatch, 128, "X")
    assert writes == 64
    assert longest <= 1 << 17


@pytest.mark.parametrize("kind", ["points", "image", "joined", "blocks", "table"])
@pytest.mark.parametrize("rank", [0, 1, None])
def test_ranks_agree_on_the_component_that_padding_added(tmp_path, kind, rank):
    """A filter may leave it 0 on some ranks alone."""
    flat = np.random.default_rng(0).random((9, 8, 2) if kind == "image" else (40, 2))
    members = {
        "points": {"points": np.zeros((40, 3)), "v": flat, "text": np.arange(40).astype("U")},
        "image": {"v": flat},
    }
    members["blocks"] = members["table"] = members["points"]
    members["joined"] = {"points": np.zeros((40, 3)), "vx": flat[..., 0], "vy": flat[..., 1]}
    source, target = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(source, **members[kind])
    options = ReadOptions(pad_vectors=True, join_vectors=kind == "joined")

    def save(communicator):
        data = load(describe(str(source), options), options, piece=Piece(communicator.rank, 2))
        if communicator.rank == rank:
            vtk_to_numpy(data.GetPointData().GetArray("v"))[:, 2] = 5
        held = data.GetPointData().GetArray("v")
        before = held.GetMTime(), held.GetInformation().GetMTime()
        whole = data
        if kind == "blocks":
            whole = vtkMultiBlockDataSet()
            whole.SetBlock(0, data)
        elif kind == "table":
            whole = vtkTable()
            whole.GetRowData().ShallowCopy(data.GetPointData())
        write.save_pieces(target, whole, WriteOptions(), communicator)
        assert data.GetPointData().GetArray("v") is held
        assert (held.GetMTime(), held.GetInformation().GetMTime()) == before, "an array of the user was changed"

    on_ranks(2, save)
    with np.load(target) as saved:
        if rank is None:
            for name, values in members[kind].items():
                if kind != "table" or name != "points":
                    np.testing.assert_array_equal(saved[name], values)
            return
        np.testing.assert_array_equal(saved["v"][..., :2], flat)
        assert saved["v"].shape == (*flat.shape[:-1], 3)
        assert sorted({*saved["v"][..., 2].ravel()}) == [0, 5]


GAPS = {"names": ["a", "b"], "formats": ["u1", "f8"], "offsets": [0, 8], "itemsize": 24}


@pytest.mark.parametrize("dtype", ["f4", "G", GAPS])
def test_every_byte_goes_into_the_file(dtype):
    """Those between the fields of an item and in its padding, too: they are what the rank has, not old memory."""
    dtype, shape, cuts = np.dtype(dtype), (6, 5, 4), [0, 1, 2, 4]
    raw = np.random.default_rng(0).integers(0, 256, 120 * dtype.itemsize, np.uint8)
    whole, found = raw.view(dtype).reshape(shape), np.zeros_like(raw)
    starts, stops = (np.array([[0, 0, k] for k in cuts[:-1]]), np.array([[6, 5, k] for k in cuts[1:]]))

    class File:
        arrays = (npy.Outgoing("a", shape, dtype, list),)

        def put(self, _number, offset, data):
            found[offset : offset + len(data)] = data

    def rank(communicator):
        boxes = collective.StoredBoxes(shape, np.arange(3), starts, stops, 0 * starts)
        take = lambda _row, start, stop: whole[tuple(map(slice, start, stop))]  # noqa: E731
        communicator.together(lambda: collective.write_array(communicator, File(), 0, boxes, take))

    on_ranks(3, rank)
    np.testing.assert_array_equal(found, raw)


def test_every_byte_of_points_is_compared_and_sent():
    ids = [np.arange(1, 4), np.arange(3, 5)]
    raw = np.random.default_rng(0).integers(0, 256, (5, 2, 24), np.uint8)
    rows = raw.reshape(-1).view(GAPS).reshape(5, 2)[:, ::-1]  # not as they lie in memory

    def rank(communicator):
        def action():
            first, *_, last = ids[communicator.rank]
            numbering, own = Numbering(communicator, ids[communicator.rank]), rows[first : last + 1]
            return numbering.same(own), numbering.collect(own).tobytes()

        return communicator.together(action)

    found = on_ranks(2, rank)
    assert all(same for same, _bytes in found)
    assert b"".join(collected for _same, collected in found) == raw[1:, ::-1].tobytes()
