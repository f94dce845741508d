"""What the documentation of the modules shows is so."""

import doctest
import importlib
import pkgutil

import npyvtk
import pytest

MODULES = ["npyvtk", *sorted(module.name for module in pkgutil.walk_packages(npyvtk.__path__, "npyvtk."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    failed, _tried = doctest.testmod(importlib.import_module(name))
    assert not failed, "its output, captured here, says which"


def test_there_are_examples():
    """Else nothing above could fail."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    with_examples = {name for name in MODULES if any(t.examples for t in finder.find(importlib.import_module(name)))}
    assert {"npyvtk", "npyvtk.files.store", "npyvtk.plan.axes", "npyvtk.read"} <= with_examples
