"""lsf.shared and lsb.modules: rows added to their tables, rows that are there left as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onprem.lsf.conf.edits import Edit, Edited, Kept, insert
from onprem.lsf.conf.sections import Section, sections

if TYPE_CHECKING:
    from collections.abc import Mapping

_RESOURCES = ("RESOURCENAME", "TYPE", "INTERVAL", "INCREASING", "DESCRIPTION")
_MODULES = ("SCH_PLUGIN", "RB_PLUGIN", "SCH_DISABLE_PHASES")


def resources(text: str, file: str) -> dict[str, str]:
    """Every resource lsf.shared declares, with its type."""
    found = {}
    for section in sections(text, file, "Resource"):
        header = section.header()
        at = header.index("TYPE") if "TYPE" in header else 1
        found.update({row[0]: row[at] if at < len(row) else "" for row in section.rows()})
    return found


def declare(text: str, wanted: Mapping[str, tuple[str, str]], edit: Edit, file: str) -> Edited:
    """lsf.shared with every wanted resource (name to type and description); one of another type is kept."""
    there = resources(text, file)
    kept = tuple(
        Kept(where=file, key=name, has=there[name], wanted=kind)
        for name, (kind, _) in wanted.items()
        if name in there and there[name].lower() != kind.lower()
    )
    absent = {name: entry for name, entry in wanted.items() if name not in there}
    return Edited(text=_added(text, file, "Resource", _resource_lines(text, file, absent), edit), kept=kept)


def modules(text: str, file: str) -> tuple[str, ...]:
    """The scheduler plug-ins of lsb.modules."""
    return tuple(row[0] for section in sections(text, file, "PluginModule") for row in section.rows())


def load_module(text: str, name: str, edit: Edit, file: str) -> Edited:
    """lsb.modules with the plug-in in it."""
    if name in modules(text, file):
        return Edited(text=text)
    columns = next((one.header() for one in sections(text, file, "PluginModule")), _MODULES)
    row = [name if column == "SCH_PLUGIN" else "()" for column in columns]
    return Edited(text=_added(text, file, "PluginModule", [_row(row)], edit))


def _resource_lines(text: str, file: str, absent: Mapping[str, tuple[str, str]]) -> list[str]:
    columns = next((one.header() for one in sections(text, file, "Resource")), _RESOURCES)
    cells = {
        name: {"RESOURCENAME": name, "TYPE": kind, "DESCRIPTION": f"({said})"} for name, (kind, said) in absent.items()
    }
    return [_row([entry.get(column, "()") for column in columns]) for entry in cells.values()]


def _row(cells: list[str]) -> str:
    return f"   {cells[0]:<15} " + " ".join(f"{cell:<8}" for cell in cells[1:]).rstrip()


def _added(text: str, file: str, name: str, lines: list[str], edit: Edit) -> str:
    """The rows before the End of the first such table, or in a table of their own at the end of the file."""
    found: tuple[Section, ...] = sections(text, file, name)
    if not lines:
        return text
    if found:
        return insert(text, found[0].end, edit.block(lines))
    header = _RESOURCES if name == "Resource" else _MODULES
    whole = [f"Begin {name}", _row(list(header)), *lines, f"End {name}"]
    return insert(text, len(text.splitlines()), edit.block(whole))
