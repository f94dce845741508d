"""Hooks of MkDocs: what lies outside docs/ becomes pages of the site, and links lead there.

README.md is the first page; examples are pages with their code; the API is made from docstrings.  A link to anything
else in the repository, which the site has no page for, becomes its text.
"""

from __future__ import annotations

import os
import posixpath
import re

from mkdocs.structure.files import File, InclusionLevel

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
PAGES["examples/README.md"] = "examples/index.md"
LANGUAGES = {".py": "python", ".sh": "sh", ".yml": "yaml"}
API = """# API

What is public in the package `npyvtk`; how to use it is in [the package](package.md).

::: npyvtk.read.read
    options:
      heading: npyvtk.read

::: npyvtk.write.write
    options:
      heading: npyvtk.write

::: npyvtk.read.to_vtk
    options:
      heading: npyvtk.to_vtk

::: npyvtk.write.from_vtk
    options:
      heading: npyvtk.from_vtk

## Errors

::: npyvtk.errors
    options:
      show_root_heading: false
      heading_level: 2
      filters: ["!^[a-z_]"]
"""
_LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!\w+:)([^)#\s]*)(#[^)\s]*)?\)")
_MARK = re.compile(r"^<!--.*?-->\n", re.MULTILINE | re.DOTALL)


def _examples():
    """Map the files of the examples to their pages."""
    for folder, _, names in os.walk(os.path.join(REPOSITORY, "examples")):
        for name in names:
            if os.path.splitext(name)[1] in LANGUAGES:
                path = os.path.relpath(os.path.join(folder, name), REPOSITORY).replace(os.sep, "/")
                yield path, path + ".md"


def _pages():
    return {**PAGES, **dict(_examples())}


def on_files(files, config):
    """Add the pages that docs/ does not hold."""
    for path, page in _pages().items():
        with open(os.path.join(REPOSITORY, path), encoding="utf-8") as file:
            text = file.read()
        language = LANGUAGES.get(os.path.splitext(path)[1])
        if language:
            text = f"# {posixpath.basename(path)}\n\n````{language}\n{text}````\n"
        # The examples are listed in a page of their own, and not beside it.
        inclusion = InclusionLevel.NOT_IN_NAV if language else InclusionLevel.INCLUDED
        files.append(File.generated(config, page, content=text, inclusion=inclusion))
    files.append(File.generated(config, "api.md", content=API))
    return files


def on_page_markdown(markdown, page, **_):
    """Take the marks for the tests out, and let links lead to pages."""
    pages = _pages()
    place = page.file.src_uri
    if place == "api.md" or place.endswith(tuple(f"{ending}.md" for ending in LANGUAGES)):
        return markdown
    source = next((path for path, name in pages.items() if name == place), f"docs/{place}")

    def link(match):
        bang, text, target, heading = match[1], match[2], match[3], match[4] or ""
        if not target:
            return match[0]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        path = "examples/README.md" if path == "examples" else path
        inside = pages.get(path) or (path[5:] if path.startswith("docs/") else "")
        if not inside:
            # MkDocs says of those that lead nowhere what is wrong.
            return text if os.path.exists(os.path.join(REPOSITORY, path)) else match[0]
        return f"{bang}[{text}]({posixpath.relpath(inside, posixpath.dirname(place) or '.')}{heading})"

    return _LINK.sub(link, _MARK.sub("", markdown))
