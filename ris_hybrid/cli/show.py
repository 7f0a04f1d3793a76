"""The only module of the command that prints: data on stdout, everything else on stderr.

On a terminal tables are drawn by rich, which honours NO_COLOR; piped, they are plain padded text in which no
cell is ever cut. Control characters in names are shown as escapes, so that a name cannot drive a terminal.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

READER_GONE = 141
"""Exit code when the reader of stdout went away (``... | head``): 128 + SIGPIPE, as other Unix tools."""


def line(text: str = "", *, raw: bool = False) -> None:
    """One line of data on stdout; ``raw`` text is printed as it is."""
    _write(sys.stdout, f"{text if raw else printable(text)}\n")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under their column names; a column of nothing but numbers is set to the right."""
    cells = [[cell(value) for value in row] for row in rows]
    right = [bool(rows) and all(_is_number(row[index]) for row in rows) for index in range(len(columns))]
    drawn = _drawn(columns, cells, right) if sys.stdout.isatty() else _padded(columns, cells, right)
    _write(sys.stdout, drawn)


def fields(pairs: Mapping[str, object]) -> None:
    """One ``name  value`` line for each pair, the values in one column."""
    width = max(map(len, pairs), default=0)
    _write(
        sys.stdout,
        "".join(f"{name:<{width}}  {cell(value)}".rstrip() + "\n" for name, value in pairs.items()),
    )


def json_line(value: object) -> None:
    """A JSON document on one line, for output that goes on."""
    _write(sys.stdout, json.dumps(value, default=str) + "\n")


def json_object(value: object) -> None:
    """A JSON document on stdout, keys in the order given, indented by two."""
    _write(sys.stdout, json.dumps(value, indent=2) + "\n")


def clear() -> None:
    """An empty screen on a terminal; nothing where the output goes to a file."""
    if sys.stdout.isatty():
        _write(sys.stdout, "\x1b[2J\x1b[H")


def note(text: str) -> None:
    """Something worth knowing, on stderr."""
    _labelled("note", "cyan", text)


def warn(text: str) -> None:
    """Something to mend, on stderr."""
    _labelled("warning", "yellow", text)


def error(message: str, hint: str = "") -> None:
    """Why the command failed, on stderr, one ``error:`` a line, and what to do next, one ``hint:`` a line."""
    for text in message.splitlines():
        _labelled("error", "red", text)
    for text in hint.splitlines():
        _labelled("hint", "cyan", text)


def trace_of(failure: BaseException) -> None:
    """The trace of a failure, on stderr; only when a person asked for it."""
    _write(sys.stderr, "".join(traceback.format_exception(failure)))


def bug(failure: BaseException, *, trace: bool) -> None:
    """A failure nobody foresaw, on stderr, with its trace when asked for."""
    if trace:
        trace_of(failure)
    said = f"{type(failure).__name__}: {failure}".rstrip(": ")
    _labelled("internal error (this is a bug)", "red", said)
    if not trace:
        _labelled("hint", "cyan", "report it with what `ris-hybrid --debug ...` (or RIS_HYBRID_DEBUG=1) prints")


def cell(value: object) -> str:
    """A value as people read it: ``-`` for None, yes/no, lists with commas, lists of lists with semicolons."""
    if value is None or value in ("", ()):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{cell(key)} {cell(one)}" for key, one in value.items()) or "-"
    if isinstance(value, tuple | list):
        nested = any(isinstance(one, tuple | list) for one in value)
        return ("; " if nested else ", ").join(map(cell, value)) or "-"
    return f"{value:g}" if isinstance(value, float) else printable(str(value))


def printable(text: str) -> str:
    """The text with every control or unprintable character as its escape."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def tolerant_streams() -> None:
    """Let a terminal of a narrow encoding show an escape instead of failing on a name it cannot print."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def aside() -> Iterator[None]:
    """What a library's compiled code prints meanwhile goes to stderr: stdout is for data."""
    from ctypes import CDLL

    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        CDLL(None).fflush(None)  # C keeps lines of its own until then
        os.dup2(kept, 1)
        os.close(kept)


def _write(stream: TextIO, text: str) -> None:
    """Write and flush.

    Nobody reading stderr is no reason to end: what is being built goes on, and what thread says it may wait for no
    answer.

    Raises:
        SystemExit: with READER_GONE when the other end of stdout's pipe is closed.
        ConfigError: the file or device takes no more.
    """
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        if stream is not sys.stderr:
            raise SystemExit(READER_GONE) from None
    except OSError as error:
        _discard(stream)
        raise ConfigError(f"output cannot be written: {error.strerror}", "make room, or write elsewhere") from error


def _discard(stream: TextIO) -> None:
    """Python flushes once more at exit: give that somewhere to go."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _labelled(label: str, style: str, text: str) -> None:
    shown = f"{label}: {printable(text)}\n"
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        with console.capture() as capture:
            console.print(Text.assemble((f"{label}:", f"bold {style}"), f" {printable(text)}"))
        shown = capture.get()
    _write(sys.stderr, shown)


_FOLDED = 20
"""Cells up to this wide are never folded; a terminal with no room for them gets whole lines, which it wraps itself."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _padded(columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lines = (
        "  ".join(
            text.rjust(width) if end else text.ljust(width) for text, width, end in zip(row, widths, right, strict=True)
        )
        for row in (columns, *cells)
    )
    return "".join(f"{text.rstrip()}\n" for text in lines)


def _drawn(columns: Sequence[str], cells: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    if sum(min(width, _FOLDED) + 2 for width in widths) - 2 > console.width:
        return _padded(columns, cells, right)
    drawing = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for column, end, width in zip(columns, right, widths, strict=True):
        drawing.add_column(column, justify="right" if end else "left", overflow="fold", no_wrap=width <= _FOLDED)
    for row in cells:
        drawing.add_row(*map(Text, row))
    with console.capture() as capture:
        console.print(drawing)
    return capture.get()
