"""The text of the member ``vtk``: exact inverses, and strict about everything else."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from npyvtk.errors import FormatError, UnsupportedError
from npyvtk.plan import kinds
from npyvtk.plan.axes import parse_axes
from npyvtk.plan.description import ATTRIBUTES, Schema, dumps, loads
from npyvtk.plan.layout import ArrayPlan, ArrayRecord, Block, blocks_of
from npyvtk.plan.tree import COLLECTION, Child, Composite

IMAGE = {
    "type": "vtkImageData",
    "extent": [0, 1, 0, 1, 0, 1],
    "members": {"origin": "o", "spacing": "s", "direction": "d"},
}

texts = st.text(max_size=6)
axes = st.sampled_from(["zyx", "-yxc", "n", "", "tzyxcc", "ncc"]).map(parse_axes)
records = st.builds(
    ArrayRecord,
    name=st.none() | texts,
    path=st.lists(texts, max_size=2).map(tuple),
    components=st.lists(st.none() | texts, max_size=3).map(tuple),
    active=st.lists(st.sampled_from(ATTRIBUTES), max_size=2).map(tuple),
    vtk_class=st.sampled_from(["", "vtkIdTypeArray"]),
    units=texts,
)


def groups(association):
    """Members with one or two VTK arrays each."""
    listed = st.lists(records, min_size=1, max_size=2).map(tuple)
    plans = st.tuples(texts, axes, listed).map(lambda one: ArrayPlan(*one[:2], association, records=one[2]))
    return st.lists(plans, max_size=2, unique_by=lambda plan: plan.member).map(tuple)


def roles(*names, axes):
    return st.fixed_dictionaries(dict.fromkeys(names, st.tuples(texts, axes).map(lambda two: ArrayPlan(*two))))


numbers = st.floats(allow_nan=False, allow_infinity=False)
N, NC = st.just(parse_axes("n")), st.just(parse_axes("nc"))
PLACES = st.sampled_from(["nc", "-nc", "cn", "tnc", "n-c"]).map(parse_axes)
blocks = st.one_of(
    st.builds(
        Block,
        kind=st.just(kinds.IMAGE),
        dims=st.tuples(*[st.integers(0, 2**31 - 1)] * 3),
        first=st.tuples(*[st.integers(-(2**31) + 2, -1)] * 3),
        origin=st.tuples(*[numbers] * 3),
        roles=roles("origin", "spacing", "direction", axes=N),
        arrays=st.tuples(groups("point"), groups("cell")).map(lambda two: two[0] + two[1]),
        field_data=groups("field"),
    ),
    st.builds(
        Block,
        kind=st.sampled_from([kinds.POLY_DATA, kinds.MESH]),
        cell_type=st.integers(0, 255),
        roles=st.tuples(roles("points", axes=PLACES), roles("cells", axes=NC)).map(lambda two: {**two[0], **two[1]}),
        arrays=groups("point"),
    ),
    st.builds(Block, kind=st.just(kinds.TABLE), arrays=groups("row")),
)


@st.composite
def composites(draw, children):
    vtk_class = draw(st.sampled_from(["vtkMultiBlockDataSet", "vtkPartitionedDataSet", COLLECTION]))
    parts = st.lists(st.none() | blocks, max_size=2).map(tuple)
    data = parts if vtk_class == COLLECTION else st.none() | children
    found = draw(st.lists(st.builds(Child, name=st.none() | texts, data=data), max_size=3))
    assembly = draw(st.none() | texts) if vtk_class == COLLECTION else None
    return Composite(vtk_class, tuple(found), assembly, draw(groups("field")))


@given(st.builds(Schema, data=st.recursive(blocks, composites, max_leaves=5), time=st.none() | texts))
def test_what_is_written_is_read(schema):
    assert loads(dumps(schema)) == schema


def test_datasets_of_a_tree_are_in_order():
    one, two, three = (Block(kinds.TABLE, name) for name in "abc")
    inner = Composite(COLLECTION, (Child(None, (one, None, two)),))
    tree = Composite("vtkMultiBlockDataSet", (Child("x", inner), Child("y", None), Child("z", three)))
    assert blocks_of(tree) == [one, two, three]


def test_arrays_of_one_member_are_one_plan():
    """Whatever stands between them."""
    said = [{"member": member, "name": name, "axes": "n"} for member, name in ("ax", "bx", "ay")]
    found = loads(json.dumps({"version": 1, "data": {"type": "vtkTable", "row_data": said}})).data.arrays
    assert [(plan.member, [record.name for record in plan.records]) for plan in found] == [
        ("a", ["x", "y"]),
        ("b", ["x"]),
    ]


def with_(**changes):
    return {"version": 1, "data": {**IMAGE, **changes}}


WRONG = [
    ("", "JSON"),
    ("[]", "object"),
    ("{}", "version"),
    ("[" * 100_000, "JSON"),
    ({"version": True, "data": IMAGE}, "version"),
    ({"version": 0, "data": IMAGE}, "version"),
    ({"version": 1}, "data"),
    ({"version": 1, "data": 3}, "object"),
    ({"version": 1, "data": IMAGE, "more": 1}, "'more'"),
    ({"version": 1, "data": IMAGE, "time": 3}, "string"),
    ({"version": 1, "data": {"type": "vtkMolecule"}}, "type"),
    (with_(more=1), "'more'"),
    (with_(extent=[0, 1, 0, 1]), "extent"),
    (with_(extent=[0, 1, 0, 1, 0, 1.5]), "integer"),
    (with_(extent=[0, 1, 0, 1, 0, True]), "integer"),
    (with_(extent=[0, 1, 0, 1, 0, 2**31]), "extent"),
    (with_(members={"origin": "o"}), "spacing"),
    (with_(origin=[10**400, 0, 0]), "origin"),
    (with_(origin=[float("nan"), 0, 0]), "origin"),
    (with_(members={"origin": 3, "spacing": "s", "direction": "d"}), "string"),
    (with_(cell_type=5), "'cell_type'"),
    (with_(row_data=[]), "'row_data'"),
    (with_(point_data={}), "list"),
    (with_(point_data=[{"name": "a", "axes": "zyx"}]), "string"),
    (with_(point_data=[{"member": "a", "axes": "zz"}]), "twice"),
    (with_(point_data=[{"member": "a", "axes": "zyx", "active": ["Colour"]}]), "active"),
    ({"version": 1, "data": {"type": "vtkPolyData", "members": {"cells": "c"}}}, "cell_type"),
    ({"version": 1, "data": {"type": "vtkPolyData", "cell_type": 5}}, "cell_type"),
    ({"version": 1, "data": {"type": "vtkPolyData", "point_axes": "zyx"}}, "point_axes"),
    ({"version": 1, "data": {"type": "vtkPolyData", "members": {"points": "p", "x": "x"}}}, "points or x"),
    ({"version": 1, "data": {"type": "vtkPolyData", "members": {"offsets": "o"}}}, "together"),
    (
        {"version": 1, "data": {"type": "vtkUnstructuredGrid", "members": {"polyhedron_faces": "f"}}},
        "polyhedra",
    ),
    ({"version": 1, "data": {"type": COLLECTION, "children": [{"name": "a", "data": IMAGE}]}}, "list"),
    ({"version": 1, "data": {"type": "vtkMultiBlockDataSet", "assembly": "x"}}, "'assembly'"),
]


@pytest.mark.parametrize(("text", "says"), WRONG, ids=range(len(WRONG)))
def test_anything_else_is_refused_in_one_line(text, says):
    text = text if isinstance(text, str) else json.dumps(text)
    with pytest.raises(FormatError, match=r"^a\.npz, member 'vtk'") as caught:
        loads(text, "a.npz, member 'vtk'")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_nesting_has_an_end():
    node = IMAGE
    for _ in range(100):
        node = {"type": "vtkMultiBlockDataSet", "children": [{"data": node}]}
    with pytest.raises(FormatError, match="nested deeper"):
        loads(json.dumps({"version": 1, "data": node}))


def test_a_newer_version_is_not_broken_but_unknown():
    with pytest.raises(UnsupportedError, match="Install a newer plugin"):
        loads('{"version": 2, "data": "anything"}')


KEYS = st.sampled_from(["type", "data", "members", "extent", "children", "version", "name"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


@given(
    ANYTHING
    | ANYTHING.map(lambda value: {"version": 1, "data": value})
    | ANYTHING.map(lambda value: with_(point_data=value))
    | ANYTHING.map(lambda value: with_(members=value))
)
def test_no_other_failure(value):
    with contextlib.suppress(FormatError, UnsupportedError):
        loads(json.dumps(value))
