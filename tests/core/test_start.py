"""What every start of ParaView waits for: nothing that opening a small file does not need."""

from __future__ import annotations

import npyvtk
import numpy as np
import pytest
from other_process import run

OPENING = """
import sys
import npyvtk.series
npyvtk.read(sys.argv[1])
print(*sys.modules)
"""


def test_reading_loads_nothing_of_the_writer(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((2, 3, 4)))
    loaded = run(OPENING, tmp_path / "a.npy").split()
    assert "npyvtk.files.store" in loaded
    writer = ("vtk.export", "vtk.drafts", "vtk.member", "files.publish", "files.zip_write", "parallel.write", "stack")
    writer = {f"npyvtk.{name}" for name in writer}
    assert not writer & set(loaded)


@pytest.mark.parametrize("before", ["", "import npyvtk.parallel.saving", "import npyvtk.__main__"])
def test_the_names_of_the_writer_are_there_all_the_same(before):
    code = f"{before}\nimport npyvtk\nprint(*dir(npyvtk)); print(callable(npyvtk.write), callable(npyvtk.from_vtk))"
    said = run(code).split()
    assert {"read", "to_vtk", "write", "from_vtk"} <= set(said)
    assert said[-2:] == ["True", "True"]


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'wriet'"):
        npyvtk.wriet  # noqa: B018
