"""The changes that docs/extending.md shows: they are made in a copy of the plugin, and tried there."""

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap

import npyvtk
import pytest

pytestmark = pytest.mark.once  # They read the sources.
PLUGIN = os.path.dirname(os.path.dirname(npyvtk.__file__))
ROOT = os.path.dirname(PLUGIN)
PAGE = os.path.join(ROOT, "docs", "extending.md")

TRIED = {
    "A dtype": """
        values = np.zeros(4, [("raw", "V2"), ("x", "f8")])
        values["raw"] = np.arange(4, dtype="u2").view("V2")
        np.save("a.npy", values)
        read = npyvtk.read("a.npy")
        found = [read.GetRowData().GetArray("raw").GetValue(k) for k in range(4)], npyvtk.from_vtk(read)["a"].dtype
        assert found == ([0, 1, 2, 3], values.dtype), found
        npyvtk.write("b.npy", read)
        assert np.load("b.npy").tobytes() == values.tobytes()
    """,
    "A name": """
        np.savez("a.npz", particles=np.ones((3, 3), int), m=np.arange(3.0))
        found = npyvtk.read("a.npz")
        assert found.GetNumberOfPoints() == found.GetNumberOfCells() == 3, found
    """,
    "A property of the reader": """
        np.savez("a.npz", a=np.arange(3.0), b=np.array(["x", "y", "z"]))
        for skip, names in ((False, ["a", "b"]), (True, ["a"])):
            found = npyvtk.read("a.npz", skip_text=skip).GetRowData()
            assert [found.GetArrayName(k) for k in range(found.GetNumberOfArrays())] == names, names
        from npyvtk_paraview import proxies_xml
        commands = re.findall(r'command="(Set\\w*Text)"', "".join(map(str, vars(proxies_xml).values())))
        assert commands == ["SetSkipText"], commands
        from npyvtk_paraview.choices import CHOICES
        assert [one.value(1) for one in CHOICES if (one.name, one.option) == ("SkipText", "skip_text")] == [True]
    """,
    "A method of compression": """
        import io, lzma, struct, zipfile
        file = io.BytesIO()
        np.save(file, np.arange(1000))
        raw = file.getvalue()
        with zipfile.ZipFile("a.npz", "w") as archive:  # which does not know the method itself
            archive.writestr("a.npy", lzma.compress(raw))
        data = bytearray(open("a.npz", "rb").read())
        for mark, method, crc in ((b"PK\\3\\4", 8, 14), (b"PK\\1\\2", 10, 16)):
            at = data.index(mark)
            struct.pack_into("<H", data, at + method, 95)
            struct.pack_into("<I", data, at + crc, zlib.crc32(raw))
            struct.pack_into("<I", data, at + crc + 8, len(raw))
        open("a.npz", "wb").write(data)
        assert np.array_equal(npyvtk.from_vtk(npyvtk.read("a.npz"))["a"], np.arange(1000))
    """,
    "A fault in saving with MPI": """
        from test_parallel import merged, places
        from test_roundtrip import tetras
        parts = [tetras(), tetras()]
        parts[1].GetPoints().SetPoint(0, 7, 8, 9)
        assert places(merged(pathlib.Path("."), parts)) != places(parts[0]) + places(parts[1])
    """,
    "A kind of dataset": """
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkPointSet
        points, data = vtkPoints(), vtkPointSet()
        points.InsertNextPoint(1, 2, 3)
        data.SetPoints(points)
        npyvtk.write("a.npz", data)
        found = npyvtk.read("a.npz")
        assert found.GetClassName() == "vtkPointSet" and found.GetPoint(0) == (1, 2, 3), found
        from test_parallel import merged
        assert merged(pathlib.Path("."), [data, data]).GetClassName() == "vtkPointSet"
    """,
    "A format": """
        npyvtk.write("a.json", npyvtk.to_vtk({"a": np.arange(3.0), "b": np.arange(3)}), array="a")
        assert "a" in open("a.json").read()
        assert npyvtk.read("a.json").GetRowData().GetNumberOfArrays() == 2
    """,
}


def changes():
    """List the changes of the page: heading, text of the diff."""
    with open(PAGE, encoding="utf-8") as file:
        return re.findall(r"^## ([^\n]*)\n(?:(?!^## ).)*?^```diff\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


def make(folder, text):
    """Make a change in a copy of the plugin."""
    for path, hunks in re.findall(r"^--- [^\n]*\n\+\+\+ b/([^\n]*)\n(.*?)(?=^--- |\Z)", text, re.MULTILINE | re.DOTALL):
        place = os.path.join(folder, *path.split("/"))
        whole = ""
        if os.path.exists(place):
            with open(place, encoding="utf-8") as file:
                whole = file.read()
        for hunk in re.split(r"^@@[^\n]*\n", hunks, flags=re.MULTILINE)[1:]:
            lines = hunk.splitlines(keepends=True)
            old, new = ("".join(line[1:] for line in lines if line[0] in kept) for kept in (" -", " +"))
            assert whole.count(old) == 1 or not whole, f"{path} has no longer, once:\n{old}\nMend docs/extending.md."
            whole = whole.replace(old, new) if whole else new
        with open(place, "w", encoding="utf-8") as file:
            file.write(whole)


RUN = """
import json, os, pathlib, re, sys, traceback, zlib
import npyvtk
import numpy as np
PLUGIN = pathlib.Path(npyvtk.__file__).parents[1]
raised = {}
for number, (heading, code) in enumerate(json.load(sys.stdin).items()):
    os.mkdir(str(number))
    os.chdir(str(number))
    try:
        exec(code)
    except Exception:
        raised[heading] = traceback.format_exc()
    os.chdir("..")
pathlib.Path("raised.json").write_text(json.dumps(raised))
"""


@pytest.fixture(scope="module", params=["before", "after"])
def raised(request, tmp_path_factory):
    """What the code of each change raises, by heading, in a Python of its own: before the changes, and after them."""
    folder = tmp_path_factory.mktemp(request.param)
    plugin = PLUGIN
    if request.param == "after":
        plugin = str(folder / "plugin")
        shutil.copytree(PLUGIN, plugin, ignore=shutil.ignore_patterns("__pycache__"))
        for _heading, text in changes():
            make(folder, text)
    paths = os.pathsep.join([plugin, os.path.dirname(__file__), *filter(None, sys.path)])
    subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths},
        input=json.dumps({heading: textwrap.dedent(code) for heading, code in TRIED.items()}),
        text=True,
        check=True,
    )
    return request.param, json.loads((folder / "raised.json").read_text())


@pytest.mark.parametrize("heading", TRIED)
def test_a_change_does_what_it_says(heading, raised):
    when, errors = raised
    if when == "before":
        assert heading in errors, "it is so without the change"
    else:
        assert heading not in errors, errors[heading]


def test_every_change_of_the_page_is_tried():
    assert [heading for heading, _text in changes()] == list(TRIED)
    with open(PAGE, encoding="utf-8") as file:
        assert re.findall(r"^\| \[.*?\]\(#([\w-]+)\)", file.read(), re.MULTILINE) == [
            heading.lower().replace(" ", "-") for heading in TRIED
        ]
