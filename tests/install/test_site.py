"""The documentation as a site: built strictly, so that every link leads somewhere, and its pictures are small."""

from __future__ import annotations

import os
import re
import shutil

import pytest
from conftest import REPOSITORY, command

pytestmark = pytest.mark.once  # It needs no ParaView.


@pytest.fixture(scope="module")
def site(tools, tmp_path_factory):
    """Return the folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    command(tools / "mkdocs", "build", "--strict", "--site-dir", folder, cwd=REPOSITORY, NO_MKDOCS_2_WARNING="1")
    return folder


def text_of(path):
    return path.read_text(encoding="utf-8")


def test_every_page_is_there(site):
    pages = [name[:-3] for name in os.listdir(os.path.join(REPOSITORY, "docs")) if name.endswith(".md")]
    for page in [*pages, "api", "changelog", "contributing", "examples", "examples/ci/check.py"]:
        assert "<h1" in text_of(site / page / "index.html"), page
    assert "Load the plugin" in text_of(site / "index.html")


def test_the_api_is_that_of_the_package(site):
    page = text_of(site / "api" / "index.html")
    text = re.sub(r"<[^>]*>", "", page)
    for name in ("npyvtk.read", "npyvtk.write", "npyvtk.to_vtk", "npyvtk.from_vtk", "NumPyIOError", "LimitError"):
        assert re.search(rf"^\s*{re.escape(name)}\b", text, re.MULTILINE), name
    # The sections of the docstrings have become tables.
    assert "memory_limit" in page
    assert "Raises" in page


def test_the_search_finds_names(site):
    index = text_of(site / "search" / "search_index.json")
    assert "lon_rho" in index
    assert "IgnoreFileGeometry" in index


def test_what_is_for_the_tests_is_not_shown(site):
    for page in ("scripting", "coming-from", "opening"):
        article = re.search(r"<article.*?</article>", text_of(site / page / "index.html"), re.DOTALL)[0]
        assert "<!--" not in article


def test_a_link_that_leads_nowhere_stops_it(tools, tmp_path):
    sources = tmp_path / "sources"
    shutil.copytree(REPOSITORY, sources, ignore=shutil.ignore_patterns("build", ".git", "__pycache__", "tests"))
    with (sources / "docs" / "axes.md").open("a", encoding="utf-8") as file:
        file.write("\n[this](opening.md#no-such-heading) and [that](no-such-page.md)\n")
    said = command(
        tools / "mkdocs", "build", "--strict", "--site-dir", tmp_path / "s", cwd=sources, status=1, errors=True
    )
    assert "no-such-page.md" in said
    assert "no-such-heading" in said


def test_pictures_are_small():
    with open(os.path.join(REPOSITORY, "docs", "gallery.md"), encoding="utf-8") as file:
        pictures = re.findall(r"\]\((images/.*?)\)", file.read())
    assert len(pictures) > 10
    sizes = {name: os.path.getsize(os.path.join(REPOSITORY, "docs", name)) for name in pictures}
    assert {name: size for name, size in sizes.items() if size >= 60_000} == {}
