"""Replay a state of ParaView on data, and compare its pictures and arrays with a baseline.

    pvbatch check.py [--plugin NumPyIO.py] [--data FOLDER] [--update] STATE BASELINE REPORT

STATE is what File > Save State wrote, ``.py`` or ``.pvsm``, or a macro or trace.  The files that it names are taken
from the folder DATA, the current one unless told, wherever they lay when it was saved.

Each render view is drawn into REPORT/VIEW.png and compared with BASELINE/VIEW.png, as ParaView's own tests do it,
by vtkImageDifference: neighbouring pixels may differ a little, and what is left is added up in pixels of full contrast.
Each source is saved as REPORT/SOURCE.npz and compared with BASELINE/SOURCE.npz: names, shapes, dtypes and values.
REPORT/junit.xml tells GitHub, GitLab, Jenkins and others what was found.

The exit status is 0 where all is as it was, 1 where something differs, 2 where the words above are wrong.
``--update`` makes the baseline anew; look at it before you commit it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import time
import xml.etree.ElementTree as ET  # it is written here, and never read
from xml.sax.saxutils import escape

import numpy as np
from paraview import servermanager, simple
from vtkmodules.vtkImagingCore import vtkImageDifference
from vtkmodules.vtkIOImage import vtkPNGReader, vtkPNGWriter


def replay(state, data, report):
    """Load a state, with the files that it names taken from the folder `data`."""
    with open(state, encoding="utf-8") as file:
        text = file.read()
    for name in os.listdir(data):
        old = rf"""(?<=['"])[^'"\n]*[/\\]{re.escape(name)}(?=['"])"""
        new = os.path.join(data, name).replace("\\", "/")
        text = re.sub(old, lambda _, new=new: escape(new) if state.endswith(".pvsm") else new, text)
    copy = os.path.join(report, os.path.basename(state))
    with open(copy, "w", encoding="utf-8") as file:
        file.write(text)
    if state.endswith(".pvsm"):
        simple.LoadState(copy)
    else:
        # Not as the main script, for as such a state saves its extracts.
        exec(compile(text, copy, "exec"), {"__name__": "state"})  # noqa: S102 -- your own state


def save_arrays(source, path):
    source.UpdatePipeline()
    source.UpdatePropertyInformation()
    if said := source.GetPropertyValue("LastError"):  # of the reader; other sources have none
        raise ValueError(said)
    simple.SaveData(path, proxy=source)
    if not os.path.exists(path):
        raise ValueError("it could not be saved, see the messages of ParaView")


def save_picture(view, path):
    simple.Render(view)
    simple.SaveScreenshot(path, view, ImageResolution=list(view.ViewSize))


def compare_arrays(found, expected, rtol):
    """List how two files of arrays differ."""
    with np.load(found, allow_pickle=False) as one, np.load(expected, allow_pickle=False) as other:
        faults = [f"there is no array {name}" for name in other.files if name not in one.files]
        faults += [f"the array {name} is new" for name in one.files if name not in other.files]
        for name in one.files:
            if name in other.files:
                faults += compare_array(name, one[name], other[name], rtol)
    return faults


def compare_array(name, found, expected, rtol):
    kind = f"{found.shape} {found.dtype}", f"{expected.shape} {expected.dtype}"
    if kind[0] != kind[1]:
        return [f"{name} is {kind[0]}, in the baseline {kind[1]}"]
    if found.dtype.kind in "fc":
        differs = ~np.isclose(found, expected, rtol=rtol, atol=0, equal_nan=True)
    else:
        differs = np.asarray(found != expected)
    if not differs.any():
        return []
    place = tuple(int(indices[0]) for indices in differs.nonzero()) if differs.ndim else ()
    first = f"{name}{list(place)} is {found[place]!s}, in the baseline {expected[place]!s}"
    return [f"{name} differs in {differs.sum()} of {differs.size} values; {first}"]


def compare_pictures(found, expected, tolerance):
    """List how two pictures differ; where they do, a third beside `found` shows it."""
    readers = [vtkPNGReader(), vtkPNGReader()]
    for reader, path in zip(readers, (found, expected)):
        reader.SetFileName(path)
        reader.Update()
    sizes = [reader.GetOutput().GetDimensions()[:2] for reader in readers]
    if sizes[0] != sizes[1]:
        return [f"the picture has {sizes[0]} pixels, in the baseline {sizes[1]}"]
    difference = vtkImageDifference()
    difference.SetInputConnection(readers[0].GetOutputPort())
    difference.SetImageConnection(readers[1].GetOutputPort())
    difference.Update()
    error = difference.GetThresholdedError()
    if error <= tolerance:
        return []
    writer = vtkPNGWriter()
    writer.SetFileName(os.path.splitext(found)[0] + ".difference.png")
    writer.SetInputConnection(difference.GetOutputPort())
    writer.Write()
    return [f"the picture differs by {error:.1f} pixels, and {tolerance:g} are allowed"]


def cases(options):
    """Yield what is to be compared: the name of its file, the proxy, how to save and compare it, the tolerance."""
    for (name, _), source in simple.GetSources().items():
        yield re.sub(r"[^\w.-]", "_", name) + ".npz", source, save_arrays, compare_arrays, options.rtol
    for (name, _), view in servermanager.ProxyManager().GetProxiesInGroup("views").items():
        if view.IsA("vtkSMRenderViewProxy"):
            yield re.sub(r"[^\w.-]", "_", name) + ".png", view, save_picture, compare_pictures, options.tolerance


def check(options):
    """Replay, save, compare; return (name, seconds, faults) of each file."""
    try:
        replay(options.state, options.data, options.report)
    except Exception as error:  # noqa: BLE001 -- whatever a state stumbles over, the report says it
        return [(os.path.basename(options.state), 0.0, [f"it does not load: {error}"])]
    results = []
    for name, proxy, save, compare, tolerance in cases(options):
        start = time.perf_counter()
        found, expected = os.path.join(options.report, name), os.path.join(options.baseline, name)
        if os.path.exists(found):
            os.remove(found)
        try:
            save(proxy, found)
            if options.update:
                shutil.copyfile(found, expected)
            faults = compare(found, expected, tolerance) if os.path.exists(expected) else ["it is not in the baseline"]
        except (OSError, RuntimeError, ValueError) as error:
            faults = [str(error)]
        results.append((name, time.perf_counter() - start, faults))
    made = {name for name, *_ in results}
    for name in sorted(set(os.listdir(options.baseline)) - made):
        if options.update and name.endswith((".npz", ".png")):
            os.remove(os.path.join(options.baseline, name))
        else:
            results.append((name, 0.0, ["the state makes no such thing any more"]))
    return results


def write_junit(path, state, results):
    """Write the results in the XML of JUnit."""
    totals = {
        "name": os.path.basename(state),
        "tests": str(len(results)),
        "failures": str(sum(bool(faults) for *_, faults in results)),
        "errors": "0",
        "time": f"{sum(seconds for _, seconds, _ in results):.3f}",
    }
    suites = ET.Element("testsuites")
    suite = ET.SubElement(suites, "testsuite", totals)
    for name, seconds, faults in results:
        attributes = {"classname": totals["name"], "name": name, "time": f"{seconds:.3f}"}
        case = ET.SubElement(suite, "testcase", attributes)
        if faults:
            ET.SubElement(case, "failure", message=faults[0]).text = "\n".join(faults)
    ET.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def main(words):
    parser = argparse.ArgumentParser(usage=__doc__, prog="check.py")
    parser.add_argument("state")
    parser.add_argument("baseline")
    parser.add_argument("report")
    parser.add_argument("--data", default=".")
    parser.add_argument("--plugin", help="NumPyIO.py, where ParaView does not load it by itself")
    parser.add_argument("--update", action="store_true", help="make the baseline anew")
    parser.add_argument("--tolerance", type=float, default=10.0, help="of a picture, in pixels of full contrast")
    parser.add_argument("--rtol", type=float, default=0.0, help="of floating-point values; 0: every bit")
    options = parser.parse_args(words)
    for name in ("state", "baseline", "report", "data"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    os.makedirs(options.report, exist_ok=True)
    if options.update:
        os.makedirs(options.baseline, exist_ok=True)
    if not os.path.isdir(options.baseline):
        parser.error(f"{options.baseline}: there is no baseline, --update makes it")
    if options.plugin:
        simple.LoadPlugin(options.plugin, remote=False, ns=vars(simple))
    results = check(options)
    write_junit(os.path.join(options.report, "junit.xml"), options.state, results)
    for name, _, faults in results:
        print(f"{'FAILED' if faults else 'passed'}  {name}", *faults, sep="\n        ")
    return int(any(faults for *_, faults in results))


if __name__ == "__main__":
    # With sys.exit(0) mpiexec takes the first rank for lost.
    if status := main(sys.argv[1:]):
        # Up to ParaView 5.13 sys.exit after a picture is a crash, whose exit status tells nothing.
        simple.Disconnect()
        sys.exit(status)
