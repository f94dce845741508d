"""What README.md and docs/*.md hold for the tests: blocks of code, and what is known of each.

A fenced block is a `Block`, and so is an HTML comment that begins with one of these words:

``<!-- test``
    Python that is run and not shown: it makes the files that the page speaks of, or looks at a result.
``<!-- message``
    Python that is refused with the message in the heading above, in which … stands for anything.
``<!-- not run: REASON -->``
    The next block is left alone.
``<!-- file: NAME -->``
    The next block is the content of that file, for a command further down.
``<!-- plain Python -->``
    The next block needs no ParaView.
``<!-- needs: MODULE -->``
    The next block needs no ParaView, but that module of Python, and is left alone where it is not installed.

The blocks of one page belong together, like the lines of a session.
A ``text`` block after a Python block is what that prints, and needs what that does.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PLUGIN_FOLDER = os.path.join(REPOSITORY, "plugin")
PLACE = "/path/to/plugin"  # what the pages call the plugin's folder

_BLOCK = re.compile(
    r"^<!-- (?P<word>test\n|message\n|not run: |file: |plain Python|needs: )(?P<rest>.*?) ?-->$"
    r"|^```(?P<language>\w*)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One block of a page."""

    page: str  # file name, from the repository
    line: int  # of its first line of code
    language: str  # python, sh, text, ...; "test" for hidden Python
    code: str
    file: str = ""  # the file that it is the content of
    reason: str = ""  # why it is not run
    plain: bool = False  # needs no ParaView
    needs: str = ""  # a module that it needs beside
    heading: str = ""  # the one above

    @property
    def name(self):
        return f"{self.page}:{self.line}"

    def compiled(self):
        """Compile Python so that tracebacks name the page and the line."""
        return compile("\n" * (self.line - 1) + self.code, self.page, "exec", dont_inherit=True)


def pages():
    """List the pages."""
    docs = os.path.join(REPOSITORY, "docs")
    return ["README.md", *sorted(f"docs/{name}" for name in os.listdir(docs) if name.endswith(".md"))]


def blocks(page):
    """List the blocks of a page."""
    with open(os.path.join(REPOSITORY, page), encoding="utf-8") as file:
        text = file.read()
    found = []
    marks = {}
    headings = [(match.start(), match[1]) for match in re.finditer(r"^#+ (.*)$", text, re.MULTILINE)]
    for match in _BLOCK.finditer(text):
        line = text.count("\n", 0, match.start()) + 2
        word, rest = match["word"], match["rest"]
        if word is None:
            if match["language"] == "text" and found:
                marks = {"plain": found[-1].plain, "needs": found[-1].needs, **marks}
            found.append(Block(page, line, match["language"], match["code"].replace(PLACE, PLUGIN_FOLDER), **marks))
            marks = {}
        elif word in ("test\n", "message\n"):
            code = rest.replace(PLACE, PLUGIN_FOLDER) + "\n"
            above = [heading for start, heading in headings if start < match.start()]
            plain, needs = word == "message\n" or marks.pop("plain", False), marks.pop("needs", "")
            found.append(Block(page, line, word.strip(), code, plain=plain, needs=needs, heading=above[-1]))
        elif word == "plain Python":
            marks["plain"] = True
        elif word == "needs: ":
            marks.update(plain=True, needs=rest)
        else:
            marks["reason" if word == "not run: " else "file"] = rest
    assert not marks, f"{page}: a mark without a block after it: {marks}"
    return found
