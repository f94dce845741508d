"""The wings of the package: arrows between modules point downwards only, and few modules know VTK or ParaView."""

import ast
import os

import npyvtk
import pytest

pytestmark = pytest.mark.once  # They read the sources.
PLUGIN = os.path.dirname(os.path.dirname(npyvtk.__file__))

# From the ground up: a module imports only from its own floor and from those before it.
FLOORS = (
    ("errors", "options", "plan.kinds"),  # the kinds of dataset are what a user chooses from
    ("files",),
    ("plan",),
    ("vtk",),
    # the stories
    ("arguments", "describe", "memory_limit", "load", "read", "write", "stack", "records", "series_files", "series"),
    ("parallel",),
    ("", "info", "__main__"),  # "" is the package itself: its map, which re-exports the stories
)
RULES = {
    "vtkmodules": ("files", "plan", "errors", "options", "arguments"),  # these must be usable without VTK
    "paraview": ("",),  # nothing of the package may import it
    "pyvista": ("",),
}
# Who imports what is not in the package, of all files in the plugin's folder.
OUTSIDE = {
    "paraview": ("NumPyIO.py", "npyvtk_paraview/"),  # the proxies, and what runs beside them
    "pyvista": ("npyvtk_pyvista/",),
    "npyvtk_pyvista": ("npyvtk/__main__.py",),  # for the command show
}


def sources(top=PLUGIN):
    """Every Python file below a folder."""
    for folder, _folders, files in os.walk(top):
        yield from (os.path.join(folder, file) for file in sorted(files) if file.endswith(".py"))


def modules():
    """Every module of the package: its name below the package, such as ``plan.axes``, and its path."""
    package = os.path.join(PLUGIN, "npyvtk")
    for path in sources(package):
        name = os.path.relpath(path, package)[:-3].replace(os.sep, ".")
        yield name.removesuffix("__init__").rstrip("."), path


def imports(path, name=""):
    """Every import of a file, those within functions and for type checking included: (line, absolute name)."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    here = f"npyvtk.{name}".rstrip(".").split(".")
    if os.path.basename(path) == "__init__.py":
        here.append("__init__")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: -node.level] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            for alias in node.names:
                whole = f"{module}.{alias.name}"
                yield node.lineno, whole if whole in NAMES else module


NAMES = {f"npyvtk.{name}".rstrip(".") for name, _path in modules()}
MODULES = dict(modules())


def floor(name):
    top = name.split(".", maxsplit=1)[0]
    return next((k for k, names in enumerate(FLOORS) if name in names or top in names), None)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_imports_point_downwards(name):
    assert floor(name) is not None, f"plugin/npyvtk/{name}.py is on no floor: name it in FLOORS of this test"
    wrong = []
    for line, target in imports(MODULES[name], name):
        if not (target == "npyvtk" or target.startswith("npyvtk.")):
            continue
        there = target.removeprefix("npyvtk").removeprefix(".")
        # The version stands in the package itself, which imports the stories.
        if floor(there) > floor(name):
            wrong.append(f"line {line} imports {there or 'the package itself'}")
    assert not wrong, (
        f"{name} is on the floor of {', '.join(FLOORS[floor(name)])}, and {'; '.join(wrong)}, which is higher up. "
        "Move what is needed down, or let the caller hand it in."
    )


@pytest.mark.parametrize("package", sorted(RULES))
def test_who_may_know(package):
    wrong = [
        f"{name}, line {line}"
        for name, path in MODULES.items()
        for line, target in imports(path, name)
        if target.split(".")[0] == package
        and (RULES[package] == ("",) or name.split(".", maxsplit=1)[0] in RULES[package])
    ]
    who = "Nothing in the package" if RULES[package] == ("",) else f"Nothing in {', '.join(RULES[package])}"
    assert not wrong, f"{who} may import {package}, but this does: {'; '.join(wrong)}"


@pytest.mark.parametrize("package", sorted(OUTSIDE))
def test_who_imports_what_is_outside(package):
    found = {
        os.path.relpath(path, PLUGIN).replace(os.sep, "/")
        for path in sources()
        if any(target.split(".")[0] == package for _line, target in imports(path))
    }
    strangers = {path for path in found if not path.startswith(OUTSIDE[package])}
    assert found
    assert not strangers, (
        f"only {' and '.join(OUTSIDE[package])} import {package}, but these do, too: {sorted(strangers)}"
    )


def test_there_is_no_circle():
    """Modules on one floor may import each other, but not in a circle; imports for type checking are left aside."""
    arrows = {name: {t[len("npyvtk.") :] for t in at_run_time(path, name)} for name, path in MODULES.items()}
    done, way = set(), []

    def walk(name):
        if name in way:
            pytest.fail(f"a circle of imports: {' -> '.join([*way[way.index(name) :], name])}")
        if name in done or name not in arrows:
            return
        way.append(name)
        for there in sorted(arrows[name]):
            walk(there)
        done.add(way.pop())

    for name in sorted(arrows):
        walk(name)


def at_run_time(path, name):
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    skipped = {
        sub.lineno
        for node in tree.body
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for sub in ast.walk(node)
        if isinstance(sub, ast.stmt)
    }
    return {t for line, t in imports(path, name) if t.startswith("npyvtk.") and line not in skipped}


def test_a_module_is_one_concept():
    """All that is installed, the proxies included."""
    long = {}
    for path in sources():
        with open(path, encoding="utf-8") as file:
            lines = len(file.readlines())
        if lines > 450:
            long[os.path.relpath(path, PLUGIN)] = lines
    assert not long, f"more than 450 lines: find the second concept in each of {long}, and give it a module"


def test_the_rules_can_fail(tmp_path):
    """The tests above see an import in each of its forms."""
    path = tmp_path / "a.py"
    path.write_text(
        "from . import slices\nfrom ..vtk.arrays import to_vtk_array\ndef f():\n    from .. import read\n"
        "import vtkmodules.util\nfrom paraview.util import vtkAlgorithm\n"
    )
    assert [target for _line, target in imports(str(path), "files.a")] == [
        "npyvtk.files.slices", "npyvtk.vtk.arrays", "vtkmodules.util", "paraview.util", "npyvtk.read",
    ]  # fmt: skip
