"""docs/names.md says what the table of names says: ``python tests/core/test_names.py`` writes it anew."""

import os

from npyvtk.plan import names

PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "names.md")


def listed(found):
    return ", ".join(f"`{name}`" for name in found) or "-"


def page():
    """The page, from the table."""
    lines = [
        "# Names",
        "",
        "What the members of an `.npz` may be called to mean geometry, topology or time, in order of precedence.",
        "A name counts only where shape, dtype and lengths fit, as [npz](npz.md) says; else the array is plain data.",
        "",
        "## Coordinates",
        "",
        "A family counts as a whole: its letters go together, those of two families never.",
        "",
        "| x | y | z |",
        "|---|---|---|",
        *(f"| {' | '.join(listed(family[letter]) for letter in 'xyz')} |" for family in names.FAMILIES),
        "",
        "Edges of cells:",
        "",
        "| x | y | z |",
        "|---|---|---|",
        f"| {' | '.join(listed(names.EDGES[letter]) for letter in 'xyz')} |",
        "",
        f"`{names.ALL_EDGES}` (axes, edges) holds those of all axes.",
        f"Beside x and y, z may begin with {listed(names.HEIGHTS)}.",
        "",
        "## Positions of points",
        "",
        listed(names.POINTS),
        "",
        f"Three corners for each of M triangles, (M, 3, 3): {listed(names.CORNERS)}.",
        "",
        "## Cells",
        "",
        "| name | columns |",
        "|---|---|",
    ]
    rows = {}
    for (name, columns), kind in names.CELL_TYPES.items():
        rows.setdefault(name, []).append(f"{columns}: {names.CELL_TYPE_NAMES[kind]}")
    alike = {}
    for name, kinds in rows.items():
        alike.setdefault(", ".join(kinds), []).append(name)
    lines += [f"| {listed(found)} | {kinds} |" for kinds, found in alike.items()]
    lines += ["", "## Time", "", listed(names.TIMES), ""]
    return "\n".join(lines)


def test_the_page_is_the_table():
    with open(PAGE, encoding="utf-8") as file:
        assert file.read() == page(), "run: PYTHONPATH=plugin python tests/core/test_names.py"


if __name__ == "__main__":
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page())
