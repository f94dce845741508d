"""The extractor NumPy, which rests on the inner construction of ParaView's own extractors."""

from __future__ import annotations

import os

import numpy as np
import pytest


@pytest.fixture
def steps(pv, tmp_path):
    values = np.random.default_rng(0).random((3, 4, 5, 7)).astype(np.float32)
    np.savez(tmp_path / "in.npz", T=values, time=[0.5, 1.5, 4.0])
    return pv.OpenDataFile(str(tmp_path / "in.npz")), values


@pytest.fixture(autouse=True)
def without_extractors(pv):
    yield
    for extractor in pv.GetExtractors() if hasattr(pv, "GetExtractors") else []:
        pv.Delete(extractor)


def extract(pv, folder):
    pv.SaveExtracts(ExtractsOutputDirectory=str(folder))
    return sorted(os.listdir(folder))


def test_every_time_step_is_saved(pv, steps, tmp_path):
    source, values = steps
    extractor = pv.CreateExtractor("NumPy", source)
    extractor.Writer.FileName = "out_{timestep:03d}.npz"
    assert extract(pv, tmp_path / "x") == [f"out_{k:03d}.npz" for k in range(3)]
    for k in range(3):
        with np.load(tmp_path / "x" / f"out_{k:03d}.npz", allow_pickle=False) as saved:
            np.testing.assert_array_equal(saved["T"], values[k])
            assert saved["time"] == [0.5, 1.5, 4.0][k]


def test_npy_and_options(pv, steps, tmp_path):
    source, values = steps
    extractor = pv.CreateExtractor("NumPy", source)
    extractor.Writer.FileName = "out_{time:.1f}.npy"
    extractor.Writer.Axes = "xyz"
    extractor.Writer.Array = "T"
    assert extract(pv, tmp_path / "x") == ["out_0.5.npy", "out_1.5.npy", "out_4.0.npy"]
    np.testing.assert_array_equal(np.load(tmp_path / "x" / "out_1.5.npy"), values[1].T)


def test_compression_and_array_choice(pv, steps, tmp_path):
    source, _values = steps
    more = pv.Calculator(Input=source, ResultArrayName="U", Function="2*T")
    extractor = pv.CreateExtractor("NumPy", more)
    extractor.Writer.FileName = "out_{timestep}.npz"
    extractor.Writer.CompressionLevel = 9
    extractor.Writer.ChooseArraysToWrite = 1
    extractor.Writer.PointDataArrays = ["U"]
    extract(pv, tmp_path / "x")
    assert "T" not in np.load(tmp_path / "x" / "out_0.npz")
    assert "U" in np.load(tmp_path / "x" / "out_0.npz")


def test_its_name_in_the_window(pv, steps):
    extractor = pv.CreateExtractor("NumPy", steps[0])
    assert extractor.Writer.SMProxy.GetXMLLabel() == "NumPy"


def test_what_a_npy_leaves_behind_is_said_once(pv, steps, tmp_path, messages):
    extractor = pv.CreateExtractor("NumPy", pv.Calculator(Input=steps[0], ResultArrayName="U", Function="2*T"))
    extractor.Writer.FileName = "out_{timestep}.npy"
    extractor.Writer.Array = "U"
    assert extract(pv, tmp_path / "x") == ["out_0.npy", "out_1.npy", "out_2.npy"]
    (line,) = messages.take()
    assert "only 'U' is saved" in line
    assert "'T'" in line
    assert ".npz" in line


def test_default_name_is_that_of_the_source(pv, tmp_path):
    source = pv.Wavelet(registrationName="waves")
    pv.CreateExtractor("NumPy", source)
    assert "waves_000000.npz" in extract(pv, tmp_path / "x")


def test_failure_is_one_line(pv, tmp_path, messages):
    group = pv.GroupDatasets(Input=[pv.Wavelet(), pv.Wavelet()])
    extractor = pv.CreateExtractor("NumPy", group)
    extractor.Writer.FileName = "out_{timestep}.npy"
    pv.SaveExtracts(ExtractsOutputDirectory=str(tmp_path / "x"))
    assert len({line.split("NumPy Extractor")[1] for line in messages.take()} - {""}) >= 1
    assert not [name for name in os.listdir(tmp_path / "x") if not name.startswith("data")]


@pytest.mark.slow
def test_with_two_ranks(pv, run, tmp_path):
    extractor = pv.CreateExtractor("NumPy", pv.Wavelet(WholeExtent=[0, 20, 0, 20, 0, 20]))
    extractor.Writer.FileName = "w_{timestep}.npy"
    assert "w_0.npy" in extract(pv, tmp_path / "one")
    script = """
    w = Wavelet(registrationName="w", WholeExtent=[0, 20, 0, 20, 0, 20])
    e = CreateExtractor("NumPy", w)
    e.Writer.FileName = "w_{timestep}.npy"
    SaveExtracts(ExtractsOutputDirectory=os.path.abspath("two"))
    """
    run(script, program="pvbatch", ranks=2)
    assert (tmp_path / "two" / "w_0.npy").read_bytes() == (tmp_path / "one" / "w_0.npy").read_bytes()
