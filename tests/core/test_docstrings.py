"""What docstrings and CONTRIBUTING.md name is there: parameters, attributes, whatever stands in single backquotes."""

import ast
import os
import re

import npyvtk
import numpy as np
import pytest
from npyvtk.options import ReadOptions
from npyvtk.plan import dtypes

pytestmark = pytest.mark.once  # They read the sources.
PACKAGE = os.path.dirname(npyvtk.__file__)
ELSEWHERE = ("numpy", "vtk", "zlib")  # what begins with these is documented by others
SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
Documented = (ast.Module, ast.ClassDef, *FUNCTIONS)


def modules():
    """Every module of the package: its name below the package, such as ``plan.axes``, and its tree."""
    for folder, _folders, files in os.walk(PACKAGE):
        for file in sorted(files):
            if file.endswith(".py"):
                path = os.path.join(folder, file)
                with open(path, encoding="utf-8") as text:
                    name = os.path.relpath(path, PACKAGE)[:-3].replace(os.sep, ".")
                    yield name, ast.parse(text.read())


MODULES = dict(modules())


def defined_in(body):
    """Names that statements define, those of imports and within ``if`` and ``try`` included."""
    for node in body:
        if isinstance(node, (ast.ClassDef, *FUNCTIONS)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name))
        elif isinstance(node, (ast.If, ast.Try)):
            yield from defined_in([*node.body, *node.orelse])


def parameters(function):
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    return [one.arg for one in every if one is not None and one.arg not in ("self", "cls")]


def members(node):
    """Fields, methods and attributes of a class, those of its bases in the package included."""
    found = set(defined_in(node.body))
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id == "self":
            found.add(one.attr)
    for base in node.bases:
        if isinstance(base, ast.Name) and base.id in CLASSES and CLASSES[base.id] is not node:
            found |= members(CLASSES[base.id])
    return found


CLASSES = {one.name: one for tree in MODULES.values() for one in ast.walk(tree) if isinstance(one, ast.ClassDef)}
MODULE_NAMES = {part for name in MODULES for part in (name, name.rpartition(".")[2])}
PUBLIC = {name for tree in MODULES.values() for name in defined_in(tree.body) if not name.startswith("_")}


def arguments_of(node):
    """What a caller hands in: to a function, or to make an object of a class."""
    if not isinstance(node, ast.ClassDef):
        return parameters(node)
    made = [one for one in node.body if isinstance(one, FUNCTIONS) and one.name in ("__init__", "__new__")]
    return parameters(made[0]) if made else members(node)


def entries(docstring, wanted):
    """Names that a section lists: of ``a, b : int`` both."""
    parts = SECTION.split(docstring)
    for title, text in zip(parts[1::2], parts[2::2]):
        if title == wanted:
            for line in text.splitlines():
                if line and not line[0].isspace():
                    yield from (name.strip(" *") for name in line.partition(":")[0].split(","))


def documented():
    """Every docstring with where it stands, and the classes and functions around it from the outside."""

    def walk(name, node, around):
        text = ast.get_docstring(node)
        if text:
            yield ".".join([name, *(one.name for one in around[1:])]), text, around
        for one in ast.iter_child_nodes(node):
            if isinstance(one, Documented):
                yield from walk(name, one, (*around, one))

    for name, tree in MODULES.items():
        yield from walk(name, tree, (tree,))


DOCSTRINGS = {name: (text, around) for name, text, around in documented()}


def known(name, around):
    """Whether a reader of a docstring finds what it names."""
    first, *rest = name.split(".")
    if first in ELSEWHERE and rest:
        return True
    local = set(defined_in(around[0].body))
    for node in around[1:]:
        local |= {node.name, *arguments_of(node)}
        local |= members(node) if isinstance(node, ast.ClassDef) else set(defined_in(ast.walk(node)))
    if not rest:
        return first in local or first in MODULE_NAMES or first in PUBLIC
    if first in CLASSES:
        return rest[0] in members(CLASSES[first])
    inside = [tree for module, tree in MODULES.items() if module.rpartition(".")[2] == first or module == first]
    if name in MODULES:
        return True
    return first in local if not inside else any(rest[0] in set(defined_in(tree.body)) for tree in inside)


def test_the_map_has_every_module():
    """The docstring of the package names each, and what else it names so is none that was."""
    table = npyvtk.__doc__[npyvtk.__doc__.index("=====") : npyvtk.__doc__.rindex("=====")]
    named = set(re.findall(r"``(\w+)``", table))
    modules = {name.rpartition(".")[2] for name in MODULES if not name.endswith("__init__")}
    lost = sorted(named - modules - {"files", "plan", "vtk", "parallel"})
    assert not modules - named, f"the map in npyvtk/__init__.py does not name {', '.join(sorted(modules - named))}"
    assert not lost, f"the map in npyvtk/__init__.py names {', '.join(lost)}, which is no module"


@pytest.mark.parametrize("name", ["float16", *(["longdouble"] if np.dtype(np.longdouble).itemsize > 8 else [])])
def test_the_table_of_dtypes_says_what_becomes_of_values(name):
    (row,) = (line for line in dtypes.__doc__.splitlines() if line.startswith(f"{name} "))
    _name, held, remark = re.split(r"  +", row, maxsplit=2)
    assert dtypes.vtk_dtype(np.dtype(name)) == np.dtype(held)
    assert remark == ("rounded; saved in its own dtype" if dtypes.rounded(np.dtype(name)) else "exact")


@pytest.mark.parametrize("where", sorted(DOCSTRINGS))
def test_what_is_named_is_there(where):
    text, around = DOCSTRINGS[where]
    names = re.findall(r"(?<!`)`([A-Za-z_][\w.]*)`(?!`)", text)
    lost = [name for name in names if not known(name, around)]
    assert not lost, f"{where} names {', '.join(lost)}, which is nowhere: write what it is called now"


@pytest.mark.parametrize("where", [name for name, (text, _) in sorted(DOCSTRINGS.items()) if SECTION.search(text)])
def test_parameters_are_those_of_the_signature(where):
    text, around = DOCSTRINGS[where]
    node = around[-1]
    if isinstance(node, ast.Module):
        return
    real = arguments_of(node)
    lost = sorted(set(entries(text, "Parameters")) - set(real))
    assert not lost, f"{where} has no parameter {', '.join(lost)}, but {', '.join(sorted(real))}"
    if isinstance(node, ast.ClassDef):
        lost = sorted(set(entries(text, "Attributes")) - members(node))
        assert not lost, f"{where} has no attribute {', '.join(lost)}"


def test_read_lists_all_its_options():
    listed = re.search(r"fields of `ReadOptions`:(.*?)\.\n", npyvtk.read.__doc__, re.DOTALL)[1]
    assert re.findall(r"``(\w+)``", listed) == list(ReadOptions.__dataclass_fields__)


def test_the_rules_can_fail():
    """The tests above see a name that is gone, and do not take one for another's."""
    tree = ast.parse("class A:\n    def f(self, a): ...\n\n\ndef g(b): ...\n")
    one, other = tree.body
    assert known("b", (tree, other))
    assert known("f", (tree, one))
    assert not known("a", (tree, other))
    assert not known("axes.nothing", (tree, other))
    assert list(entries("Text.\n\nParameters\n----------\na, b : int\n    c : d\n", "Parameters")) == ["a", "b"]


def test_contributing_names_files_that_are_there():
    root = os.path.dirname(os.path.dirname(PACKAGE))
    with open(os.path.join(root, "CONTRIBUTING.md"), encoding="utf-8") as file:
        named = re.findall(r"`([\w/.-]+(?:\.py|\.md|/))`", file.read())
    places = (root, os.path.join(root, "plugin"), PACKAGE, os.path.join(PACKAGE, "files"))
    lost = [name for name in named if not any(os.path.exists(os.path.join(place, name)) for place in places)]
    assert len(named) > 10
    assert not lost, f"CONTRIBUTING.md names {', '.join(lost)}, which is nowhere"
