"""The page about hostile files names tests; each of them exists, and has the row that is named."""

from __future__ import annotations

import importlib
import os
import re

import pytest

PAGE = os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, "docs", "hostile-files.md")
TABLES = {
    "test_refused_with_its_own_line": ("test_npy", "REFUSED"),
    "test_one_bad_member_is_named_and_the_rest_is_read": ("test_npz", "LEFT_OUT"),
    "test_archives_that_lie_are_refused": ("test_npz", "WRONG"),
    "test_damaged_data_is_refused": ("test_npz", "LIES"),
    "test_named_for_what_it_is": ("test_store_other_files", "KINDS"),
}

with open(PAGE, encoding="utf-8") as page:
    TEXT = page.read()
TESTS = sorted(set(re.findall(r"`(test_\w+)\.py::(test_\w+)", TEXT)))
ELSEWHERE = sorted(set(re.findall(r"`(tests/\w+/test_\w+\.py)::(test_\w+)", TEXT)))
ROWS = sorted(set(re.findall(r"\[([^\]\n]+)\]`", TEXT)))


def test_the_page_names_tests():
    assert len(TESTS) > 40
    assert len(ROWS) > 60


@pytest.mark.parametrize(("module", "function"), TESTS)
def test_each_named_test_exists(module, function):
    found = importlib.import_module(module)
    places = [found, *(value for name, value in vars(found).items() if name.startswith("Test"))]
    assert any(callable(getattr(place, function, None)) for place in places)


@pytest.mark.parametrize(("path", "function"), ELSEWHERE)
def test_each_named_test_of_other_folders_exists(path, function):
    with open(os.path.join(os.path.dirname(PAGE), os.pardir, path), encoding="utf-8") as module:
        assert f"\ndef {function}(" in module.read()


@pytest.mark.parametrize("row", ROWS)
def test_each_named_row_exists(row):
    tables = [getattr(importlib.import_module(module), table) for module, table in TABLES.values()]
    assert any(row in table for table in tables)
