"""The table of the reader's properties that are options of reading, in the order in which the panel shows them.

All but Axes, whose menu has words that are no part of the option: see `reader`.

All of them have static defaults: a value of the file in a property would be recorded in states and traces, and be
applied to the next file.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from npyvtk.options import ASSOCIATIONS, COMPLEX_AS, DATASET_TYPES, name_of
from npyvtk.plan.geometry import IDENTITY

from .property_xml import check_box, enumeration, menu, vector
from .server_memory import default_limit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CHOICES", "Choice"]


class Choice(NamedTuple):
    """A property that is an option of reading."""

    option: str  # the field of `ReadOptions`, which gives the property its name
    value: Callable[..., object]  # the option's value, of the text or the numbers that ParaView sets
    xml_of: Callable[[str], str]  # of the property, by its name

    @property
    def name(self) -> str:
        """As scripts in ParaView have it: ``SampleRate`` is set by ``SetSampleRate``."""
        return name_of(self.option)


def _switch(option: str, documentation: str, default: int = 0) -> Choice:
    return Choice(option, bool, partial(check_box, documentation=documentation, default=default, advanced=True))


def _one_of(option: str, choices: tuple[str, ...], documentation: str, *, advanced: bool = False) -> Choice:
    xml_of = partial(enumeration, choices=choices, documentation=documentation, advanced=advanced)
    return Choice(option, choices.__getitem__, xml_of)


def _numbers(option: str, neutral: tuple[float, ...], documentation: str, *, advanced: bool = False) -> Choice:
    """Make a choice of numbers, of which the `neutral` ones leave it to the file."""
    xml_of = partial(
        vector, "Double", default=" ".join(f"{number:g}" for number in neutral), documentation=documentation,
        inside='<DoubleRangeDomain name="range"/>', advanced=advanced,
    )  # fmt: skip
    return Choice(option, lambda *numbers: None if numbers == neutral else numbers, xml_of)


def _whole_numbers(option: str, default: str, documentation: str, **xml: str) -> Choice:
    xml_of = partial(vector, "Int", default=default, documentation=documentation, advanced=True, **xml)
    return Choice(option, lambda *numbers: numbers, xml_of)


CHOICES = (
    _one_of(
        "dataset_type", DATASET_TYPES, "The kind of dataset to make. Auto follows the names and shapes in the file."
    ),
    Choice("positions", lambda text: text or "auto", partial(menu, documentation=(
        "The array with the positions of points, of a mesh or of a structured grid; or the arrays with their x, y and "
        "z, separated by commas. auto follows the names in the file."
    ))),
    _one_of(
        "association",
        ASSOCIATIONS,
        "Whether values belong to points or to cells. Auto follows the lengths of the coordinates; without any, values "
        "belong to points.",
    ),
    _numbers(
        "origin",
        (0, 0, 0),
        "Place of the first point of an image, x y z. 0 0 0 leaves it to the file; Interpretation tells what applies.",
    ),
    _numbers(
        "spacing",
        (1, 1, 1),
        "Distance between the points of an image along x y z. 1 1 1 leaves it to the file; Interpretation tells what "
        "applies.",
    ),
    _numbers(
        "direction",
        IDENTITY,
        "How an image is turned: the rows of the 3x3 matrix from index axes to x y z. The default, which does not turn "
        "it, leaves it to the file.",
        advanced=True,
    ),
    _switch(
        "ignore_file_geometry",
        "Leave the origin, spacing and direction in the file aside; the defaults of Origin, Spacing and Direction then "
        "mean what they say.",
    ),
    Choice("array_name", lambda text: text or "", partial(vector, "String", default="", advanced=True, documentation=(
        "For a .npy: what to call its array, so that filters and colours find it in the next file. Empty: the name of "
        "the file without its extension."
    ))),
    _switch(
        "pad_vectors",
        "Give vectors of two components, floating-point numbers on points or cells, a third one, 0, so that the "
        "filters for vectors take them. Saving takes it off again.",
        default=1,
    ),
    _switch(
        "join_vectors",
        "Join arrays of one shape that are the parts of a vector to one array: Bx, By, Bz to B; u, v, w to uvw; R, G, "
        "B to a colour. Saving takes it apart again.",
    ),
    _one_of(
        "complex_as",
        COMPLEX_AS,
        "How complex numbers are shown: as one array of two components Re and Im, as two arrays of magnitude and phase "
        "(radians), or as one of the two parts.",
        advanced=True,
    ),
    _whole_numbers(
        "voi",
        "0 -1 0 -1 0 -1",
        "Read only this part of a grid: first and last point along x, y and z, counted from 0. 0 -1 is a whole axis.",
        inside='<IntRangeDomain name="range"/>',
        more='label="VOI"',
    ),
    _whole_numbers(
        "sample_rate",
        "1 1 1",
        "Read only every n-th point of a grid along x, y and z: a quick look at a large file.",
        inside='<IntRangeDomain name="range" min="1 1 1"/>',
    ),
    Choice("memory_limit", lambda mib: default_limit() if mib < 0 else (mib << 20) or None, partial(
        vector, "Int", default="-1", inside='<IntRangeDomain name="range" min="-1"/>', advanced=True, documentation=(
            "Refuse to read more than this many MiB at once, and name a SampleRate that fits. -1: three quarters of "
            "the server's memory, or of what its container or batch job may use, shared among the ranks on its node. "
            "0: no limit."
        ),
    )),
    _switch(
        "memory_map",
        "Share the pages of the file instead of copying them, where dtype and order allow it. If another program then "
        "shortens the file, ParaView crashes.",
    ),
)  # fmt: skip
