"""The command line: ``python -m npyvtk info FILE...``, ``convert FROM TO``, ``show FILE`` and ``plugin-path``.

It parses words; what they ask for is one call each, of which `info` makes what is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import fields
from typing import TYPE_CHECKING

from . import __version__
from .errors import FileError, NumPyIOError, OptionError, UnsupportedError
from .files.formats import EXTENSIONS
from .files.recompress import recompress
from .info import for_scripts, in_words
from .options import ASSOCIATIONS, COMPLEX_AS, DATASET_TYPES, ReadOptions, WriteOptions
from .series import Series
from .series_files import SERIES, series_name, write_series
from .vtk import vtk_files
from .write import write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from vtkmodules.vtkCommonDataModel import vtkDataObject

__all__ = ["main"]


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 1 after one line on stderr."""
    arguments = _parser().parse_args(words)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except NumPyIOError as error:
        print(f"npyvtk: {error}", file=sys.stderr)  # noqa: T201 - a command
        return 1
    except BrokenPipeError:  # what reads the output, such as head, has seen enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - Python flushes it at its end
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="npyvtk", description="NumPy files as VTK datasets, and back; see the README for axes and names."
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    info = commands.add_parser("info", help="say what files are and what is assumed; reads headers only")
    info.add_argument("files", nargs="+", metavar="FILE")
    info.add_argument("--json", action="store_true", help="for scripts: a list with one object for each file")
    _reading(info)
    info.set_defaults(run=_info)

    convert = commands.add_parser("convert", help="convert between NumPy's files and VTK's, or from NumPy to NumPy")
    convert.add_argument("source", metavar="FROM", help=f"{' '.join(EXTENSIONS)} {' '.join(vtk_files.VTK_EXTENSIONS)}")
    convert.add_argument("target", metavar="TO", help="the same; the extension says which")
    _reading(convert)
    convert.add_argument("--arrays", nargs="+", metavar="NAME", help="read only these")
    convert.add_argument("--voi", nargs=6, type=int, metavar="N", help="read only x0 x1 y0 y1 z0 z1")
    convert.add_argument("--sample-rate", nargs=3, type=int, metavar="N", help="read only every n-th point")
    convert.add_argument("--step", type=int, metavar="N", help="the time step to convert, from 0")
    convert.add_argument("--all-steps", action="store_true", help="convert each time step into a file of its own")
    convert.add_argument("--array", default="", metavar="NAME", help="for a .npy: which array to write")
    convert.add_argument("--compression", type=int, default=0, metavar="0-9", help="for a .npz: 0 stored to 9 small")
    convert.set_defaults(run=_convert)

    show = commands.add_parser("show", help="draw a file as ParaView does at first; needs PyVista")
    show.add_argument("file", metavar="FILE")
    show.add_argument("--array", default="", metavar="NAME", help="what to colour by; default: the first")
    show.add_argument("--step", type=int, default=0, metavar="N", help="the time step to draw, from 0")
    show.add_argument("--screenshot", default="", metavar="PNG", help="draw into this picture, without a window")
    _reading(show)
    show.set_defaults(run=_show)

    place = commands.add_parser("plugin-path", help="print where the plugin for ParaView is")
    place.set_defaults(run=_plugin_path)
    return parser


def _reading(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--axes", help="what each axis means, such as zyx, -yxc or tzyx")
    parser.add_argument("--dataset-type", choices=DATASET_TYPES)
    parser.add_argument("--positions", metavar="NAME", help="which array holds positions, or x,y,z")
    parser.add_argument("--association", choices=ASSOCIATIONS)
    parser.add_argument("--origin", nargs=3, type=float, metavar="N", help="x y z of the first point of an image")
    parser.add_argument("--spacing", nargs=3, type=float, metavar="N", help="distance of points along x y z")
    parser.add_argument("--direction", nargs=9, type=float, metavar="N", help="3x3 matrix of an image, row by row")
    parser.add_argument("--complex-as", choices=COMPLEX_AS)


def _options(arguments: argparse.Namespace) -> ReadOptions:
    names = {field.name for field in fields(ReadOptions)}
    given: dict[str, Any] = {name: v for name, v in vars(arguments).items() if name in names and v is not None}
    given = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}  # argparse gives lists
    return ReadOptions(**given)


def _is_numpy(path: str) -> bool:
    return path.lower().endswith((*EXTENSIONS, *(one + SERIES for one in EXTENSIONS)))


def _info(arguments: argparse.Namespace) -> None:
    failed, listed = [], []
    for path in arguments.files:
        try:
            if arguments.json:
                listed.append(for_scripts(path, _options(arguments)))
            else:
                print("\n  ".join(in_words(path, _options(arguments))))  # noqa: T201
        except NumPyIOError as error:  # noqa: PERF203 - one broken file must not hide the others
            failed.append(str(error))
            listed.append({"file": path, "error": str(error)})
    if arguments.json:
        print(json.dumps(listed, indent=2))  # noqa: T201
    if failed:
        raise FileError("\nnpyvtk: ".join(failed))


def _show(arguments: argparse.Namespace) -> None:
    try:
        from npyvtk_pyvista.show import show
    except ImportError as error:
        raise UnsupportedError(
            f"{arguments.file}: cannot be drawn, as PyVista is not installed ({error}). Install it with: pip install "
            "pyvista"
        ) from None
    options = _options(arguments)
    show(arguments.file, options, array=arguments.array, step=arguments.step, screenshot=arguments.screenshot)


def _convert(arguments: argparse.Namespace) -> None:
    for path in (arguments.source, arguments.target):
        if not (_is_numpy(path) or vtk_files.is_vtk_file(path)):
            raise OptionError(
                f"{path}: the extension must be one of {' '.join((*EXTENSIONS, *vtk_files.VTK_EXTENSIONS))}. "
                "Rename the file."
            )
    if _as_it_is(arguments):
        recompress(arguments.source, arguments.target, WriteOptions(compression=arguments.compression).compression)
        return
    if vtk_files.is_vtk_file(arguments.source):
        _write(arguments.target, vtk_files.read_file(arguments.source), arguments)
        return
    found = Series([arguments.source], _options(arguments))
    steps = found.steps
    names = found.first.layout.names if arguments.arrays is None else arguments.arrays  # large field data as well
    if arguments.all_steps:
        targets = [series_name(arguments.target, "_%d", k) for k in range(len(steps))]
        for step, target in zip(steps, targets):
            _write(target, found.load(step, arrays=names), arguments)
        write_series(arguments.target, targets, [step.time for step in steps])
        return
    if arguments.step is None and len(steps) > 1:
        raise OptionError(
            f"{arguments.source}: there are {len(steps)} time steps. Choose one with --step 0 to {len(steps) - 1}, or "
            "--all-steps."
        )
    number = arguments.step or 0
    if not 0 <= number < len(steps):
        raise OptionError(f"{arguments.source}: --step is {number}; it must be 0 to {len(steps) - 1}.")
    _write(arguments.target, found.load(steps[number], arrays=names), arguments)


def _as_it_is(arguments: argparse.Namespace) -> bool:
    """Whether an archive is only to be compressed otherwise."""
    chosen = arguments.arrays or arguments.array or arguments.all_steps or arguments.step is not None
    both = all(path.lower().endswith(".npz") for path in (arguments.source, arguments.target))
    return both and not chosen and _options(arguments) == ReadOptions()


def _write(path: str, data: vtkDataObject, arguments: argparse.Namespace) -> None:
    if vtk_files.is_vtk_file(path):
        vtk_files.write_file(path, data)
    else:
        write(path, data, array=arguments.array, compression=arguments.compression)


def _plugin_path(_arguments: argparse.Namespace) -> None:
    here = os.path.dirname(os.path.realpath(__file__))
    # Beside the package in a checkout; in a folder of its own, with its own copy, where pip installed both.
    for folder in (os.path.dirname(here), os.path.join(os.path.dirname(here), "npyvtk_plugin")):
        plugin = os.path.join(folder, "NumPyIO.py")
        if os.path.exists(plugin):
            print(plugin)  # noqa: T201
            return
    raise FileError(f"{here}: there is no NumPyIO.py near it. Install the whole project with pip.")


if __name__ == "__main__":
    sys.exit(main())
