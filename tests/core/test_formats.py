"""A format is a module and a line: what each of them promises, and one more that nobody above knows."""

import io
import json
import types

import npyvtk
import numpy as np
import pytest
from npyvtk.errors import OptionError
from npyvtk.files import formats, open_store
from npyvtk.files.npy import Outgoing
from npyvtk.files.source import InputFile
from npyvtk.files.store import MemoryStore

VALUES = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x", "yz"])}


def outgoing(kind):
    some = list(VALUES.items())[: 1 if kind.HOLDS_ONE else None]
    return [Outgoing(name, values.shape, values.dtype, lambda values=values: [values]) for name, values in some]


@pytest.fixture(params=formats.FORMATS, ids=lambda kind: kind.EXTENSION)
def kind(request):
    return request.param


def test_a_format_knows_its_own_files_and_no_others(tmp_path, kind):
    assert formats.format_of(tmp_path / f"A{kind.EXTENSION.upper()}") is kind
    path = tmp_path / "a"
    with open(path, "wb") as file:
        kind.write(file, outgoing(kind))
    file = InputFile(path)
    assert [one for one in formats.FORMATS if one.recognises(path.read_bytes()[:512], file)] == [kind]
    with kind.open_file(file, file.read(0, 4096), "a") as store:
        assert store.single == kind.HOLDS_ONE
        assert list(store.arrays) == [one.name for one in outgoing(kind)]


def test_the_layout_tells_where_the_data_is_written(kind):
    file = io.BytesIO()
    arrays = outgoing(kind)
    kind.write(file, arrays)
    layout = kind.stored_layout(arrays)
    data = file.getvalue()
    assert not kind.compresses(0)
    for one, (start, nbytes) in zip(arrays, layout.data):
        assert data[start : start + nbytes] == VALUES[one.name].tobytes()


def test_another_extension_is_refused_with_those_that_there_are(tmp_path):
    with pytest.raises(OptionError, match=r"the extension is '\.txt'; it must be \.npy or \.npz"):
        npyvtk.write(tmp_path / "a.txt", VALUES)


def test_a_further_format_is_a_module_and_a_line(tmp_path, monkeypatch):
    """Lists of numbers in JSON: written, told by its bytes, and read."""

    def write(file, arrays, level=0, progress=None):
        del level, progress
        file.write(json.dumps({one.name: np.concatenate([*one.blocks()]).tolist() for one in arrays}).encode())

    def open_file(file, _head, name):
        del name
        held = json.loads(file.read(0, file.size))
        return MemoryStore({name: np.array(values) for name, values in held.items()}, file.path)

    lists = types.SimpleNamespace(
        EXTENSION=".json",
        HOLDS_ONE=False,
        recognises=lambda head, _file: head.startswith(b"{"),
        open_file=open_file,
        write=write,
        compresses=lambda _level: False,
    )
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, lists))
    monkeypatch.setattr(open_store, "FORMATS", formats.FORMATS)
    npyvtk.write(tmp_path / "a.json", {"a": VALUES["a"]})
    assert json.loads((tmp_path / "a.json").read_text()) == {"a": VALUES["a"].tolist()}
    table = npyvtk.read(tmp_path / "a.json")
    np.testing.assert_array_equal(npyvtk.from_vtk(table)["a"], VALUES["a"])
