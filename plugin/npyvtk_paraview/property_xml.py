"""The XML of single properties, as ParaView's proxies have them.

Labels are names with blanks, for scripts know a property by its label without them.
"""

from __future__ import annotations

from html import escape

__all__ = ["LAST_ERROR", "check_box", "enumeration", "menu", "vector"]


def vector(
    kind: str, name: str, *, default: str, documentation: str, inside: str = "", more: str = "", advanced: bool = False
) -> str:
    """Make a property of some numbers or a text.

    Parameters
    ----------
    kind : str
        ``Int``, ``Double`` or ``String``.
    default : str
        Of numbers one word for each.
    inside : str
        XML of its domain, and of hints.
    more : str
        XML attributes.
    advanced : bool
        The panel shows it only when it shows all.
    """
    count = 1 if kind == "String" else len(default.split())
    more += ' panel_visibility="advanced"' if advanced else ""
    return f"""
<{kind}VectorProperty name="{name}" command="Set{name}" number_of_elements="{count}" default_values="{default}" {more}>
  {inside}
  <Documentation>{escape(documentation)}</Documentation>
</{kind}VectorProperty>"""


def enumeration(name: str, choices: tuple[str, ...], documentation: str, *, advanced: bool = False) -> str:
    """Make a choice of one word, which is set by its number."""
    entries = "".join(f'<Entry text="{escape(text)}" value="{k}"/>' for k, text in enumerate(choices))
    domain = f'<EnumerationDomain name="enum">{entries}</EnumerationDomain>'
    return vector("Int", name, default="0", documentation=documentation, inside=domain, advanced=advanced)


def check_box(name: str, documentation: str, *, default: int = 0, advanced: bool = False) -> str:
    """Make a switch, which is set by 0 or 1."""
    domain = '<BooleanDomain name="bool"/>'
    return vector("Int", name, default=f"{default}", documentation=documentation, inside=domain, advanced=advanced)


def menu(name: str, documentation: str) -> str:
    """Make a text that may be any, with a menu of what suits the file, which the proxy gives by `Get...Choices`."""
    domain = f"""<StringListDomain name="list">
    <RequiredProperties><Property name="{name}Info" function="ArrayList"/></RequiredProperties>
  </StringListDomain>"""
    offered = f"""
<StringVectorProperty name="{name}Info" command="Get{name}Choices" information_only="1"
  si_class="vtkSIStringVectorProperty"/>"""
    return offered + vector("String", name, default="auto", documentation=documentation, inside=domain)


LAST_ERROR = """
<StringVectorProperty name="LastError" command="GetLastError" information_only="1" panel_visibility="advanced">
  <SimpleStringInformationHelper/>
  <Documentation>Empty, or the one line that was shown when something went wrong.</Documentation>
</StringVectorProperty>"""
