"""Failures with several ranks: no rank waits for ever, one line is shown, and the next reading works."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import said_in
from ranks import FOLDER

BROKEN = [0, 2]  # the ranks whose own reads fail, one after the other: a file that breaks on one node only
SCRIPT = """
sys.path.append({tests!r})
import ranks
from paraview import simple

def last_error(reader):
    reader.UpdatePropertyInformation()
    return reader.GetProperty("LastError").GetData()

def report(title, reader, *filters):
    for source in (reader, *filters):
        source.UpdatePipeline()
    sys.stderr.write(f"== {{title}}\\n")
    sys.stderr.flush()
    points = reader.GetDataInformation().GetNumberOfPoints()
    print(f"{{title}}|{{points}}|{{last_error(reader)}}", flush=True)

# Broken for all.
reader = NumPyReader(FileNames=["absent.npy"])
report("absent", reader)
reader = NumPyReader(FileNames=["short.npy"])
contour = Contour(Input=reader, Isosurfaces=[0.5])
subset = ExtractSubset(Input=reader, VOI=[0, 1, 0, 1, 0, 1])
report("short", reader, contour, subset)
ranks.everywhere(simple, "if ranks.rank() == 0: import shutil; shutil.copy('whole.npy', 'short.npy')")
ReloadFiles(reader)
report("repaired", reader)
reader = NumPyReader(FileNames=["crc.npz"])
report("crc", reader)
reader = NumPyReader(FileNames=["mesh.npz"])
report("mesh", reader)
reader = NumPyReader(FileNames=["whole.npy"], MemoryLimit=0)
report("whole", reader)

# On one rank only: it cannot be opened, is shorter there, or fails while it is read.
for broken in {broken!r}:
    for title, code in {{
        "vanished": "raise FileNotFoundError(2, '')",
        "cut": "return 0",
        "late": "if offset >= 128 and len(buffer) > 4096: raise OSError(5, '')",
    }}.items():
        reader = NumPyReader(FileNames=["whole.npy"])
        if title != "vanished":
            reader.UpdatePipelineInformation()
        ranks.everywhere(simple, f"ranks.spoil({{code!r}}, broken={{broken}})")
        contour = Contour(Input=reader, Isosurfaces=[0.5])
        report(f"{{title}} on {{broken}}", reader, contour)
        ranks.everywhere(simple, "ranks.spoil(None)")
        ReloadFiles(reader)
        report(f"{{title}} on {{broken}} repaired", reader, contour)
print("done")
"""


@pytest.fixture(scope="module")
def received(run_in, tmp_path_factory):
    """What pvbatch printed: {title: [points, error]} and {title: messages}."""
    folder = tmp_path_factory.mktemp("failures")
    whole = np.random.default_rng(0).random((30, 20, 10))
    np.save(folder / "whole.npy", whole)
    data = (folder / "whole.npy").read_bytes()
    (folder / "short.npy").write_bytes(data[: len(data) // 2])
    np.savez(folder / "crc.npz", a=whole)
    data = bytearray((folder / "crc.npz").read_bytes())
    data[data.index(b"\x93NUMPY") + 10 : data.index(b"\x93NUMPY") + 11] = b"["
    (folder / "crc.npz").write_bytes(data)
    np.savez(folder / "mesh.npz", points=np.zeros((9, 3)), faces=np.full((12, 3), 9))
    done = run_in(folder, SCRIPT.format(tests=FOLDER, broken=BROKEN), program="pvbatch", ranks=3, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "done" in done.stdout, done.stdout + done.stderr
    results = {line.split("|")[0]: line.split("|")[1:] for line in done.stdout.splitlines() if "|" in line}
    lines, said = [], {}
    for line in done.stderr.splitlines():
        if line.startswith("== "):
            said[line[3:]] = said_in("\n".join(lines))
            lines = []
        else:
            lines.append(line)
    return results, said


@pytest.mark.parametrize(
    ("title", "match"),
    [
        ("absent", "there is no such file"),
        ("short", "short.npy"),
        ("crc", "crc.npz"),
        ("mesh", "names point 9"),
        *((f"vanished on {rank}", "there is no such file") for rank in BROKEN),
        *((f"cut on {rank}", "cut short meanwhile") for rank in BROKEN),
        *((f"late on {rank}", "input/output error") for rank in BROKEN),
    ],
)
def test_one_line_and_no_data(received, title, match):
    results, said = received
    points, error = results[title]
    assert points == "0"
    assert match in error
    assert len(said[title]) == 1, said[title]
    assert error in said[title][0]


REPAIRED = [f"{title} on {rank} repaired" for title in ("vanished", "cut", "late") for rank in BROKEN]


@pytest.mark.parametrize("title", ["repaired", "whole", *REPAIRED])
def test_it_works_again(received, title):
    results, said = received
    points, error = results[title]
    assert error == ""
    assert said[title] == []
    assert int(points) >= 30 * 20 * 10
