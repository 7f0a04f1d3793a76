"""LSF's ways to print: ``-o`` layouts and ``-json``, in the forms LSF 10.1 was recorded with (sandbox)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DELIMITER = re.compile(r"""\bdelimiter\s*=\s*(?:'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<bare>\S))""")
_CUT_AT_THE_LEFT = frozenset({"job_name"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One name ``-o`` understands: other spellings, and the width that ``name:`` gives."""

    name: str
    width: int = 10
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field of a layout; ``width`` 0 prints the value in full."""

    name: str
    width: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A parsed ``-o``."""

    columns: tuple[Column, ...]
    delimiter: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The field names, lower case, aliases resolved."""
        return tuple(column.name for column in self.columns)


def parse_layout(text: str, fields: Iterable[Field]) -> Layout:
    """``jobid stat:5 job_name: delimiter='|'`` to columns; ``ConfigError`` in LSF's words for an unknown name."""
    known = {spelling: field for field in fields for spelling in (field.name, *field.aliases)}
    match = _DELIMITER.search(text)
    delimiter = next((found for found in match.groups() if found is not None), "") if match else ""
    if len(delimiter) > 1:
        raise ConfigError(f"<{delimiter}>: delimiter: expected one character", "e.g. delimiter='|'")
    columns = tuple(_column(word, known) for word in _DELIMITER.sub("", text).split())
    if not columns:
        raise ConfigError("-o: expected at least one field name", 'e.g. -o "jobid stat"')
    return Layout(columns=columns, delimiter=delimiter)


def _column(word: str, known: Mapping[str, Field]) -> Column:
    name, colon, width = word.partition(":")
    field = known.get(name.lower())
    if field is None or not (width.isascii() and (width.isdigit() or not width)):
        raise ConfigError(f"<{word}> in the format string is not a valid field name.")
    return Column(name=field.name, width=int(width or field.width) if colon else 0)


def text_table(layout: Layout, records: Iterable[Mapping[str, str]], *, header: bool) -> str:
    """The ``-o`` text form: one line a record, ``-`` for what is unset."""
    lines = [_line(layout, [column.name.upper() for column in layout.columns])] if header else []
    lines += [_line(layout, [record[name] or "-" for name in layout.names]) for record in records]
    return "".join(f"{line}\n" for line in lines)


def _line(layout: Layout, values: Sequence[str]) -> str:
    if layout.delimiter:
        return layout.delimiter.join(values)
    return " ".join(fit(value, column) for value, column in zip(values, layout.columns, strict=True))


def fit(value: str, column: Column) -> str:
    """Pad or cut a value to its column; a cut is marked ``*``, for a job name at its left end."""
    if not column.width:
        return value
    if len(value) <= column.width:
        return value.ljust(column.width)
    if column.name in _CUT_AT_THE_LEFT:
        return f"*{value[len(value) - column.width + 1 :]}"
    return f"{value[: column.width - 1]}*"


def json_text(command: str, count_key: str, records: Sequence[Mapping[str, str]]) -> str:
    """LSF's envelope: the count is a number, every field a string, unset is the empty string."""
    envelope = {"COMMAND": command, count_key: len(records), "RECORDS": records}
    return json.dumps(envelope, indent=2, separators=(",", ":"), ensure_ascii=False) + "\n"


def json_record(layout: Layout, record: Mapping[str, str]) -> dict[str, str]:
    """The asked fields of a record under LSF's upper-case keys."""
    return {name.upper(): record[name] for name in layout.names}


def short_time(at: float | None) -> str:
    """Epoch seconds to ``Sep  3 20:32`` (UTC), as LSF prints times; empty for None."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{_MONTHS[moment.month - 1]} {moment.day:2d} {moment.hour:02d}:{moment.minute:02d}"


def long_time(at: float | None) -> str:
    """Epoch seconds to ``Tue May  6 15:45:10`` (UTC), as the long form prints times; empty for None."""
    if at is None:
        return ""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{_DAYS[moment.weekday()]} {short_time(at)}:{moment.second:02d}"


def seconds(value: float) -> str:
    """``57208 second(s)``."""
    return f"{int(value)} second(s)"
