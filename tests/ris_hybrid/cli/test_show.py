from __future__ import annotations

import io
import json
import os
import sys

import pytest

from ris_hybrid.cli import show

ROWS = [("wucci", 1024, True, ("a", "b")), ("q.example", 7, False, ())]
COLUMNS = ("NAME", "NODES", "PHI", "MEMBERS")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal_of_40(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Both streams as one terminal of 40 columns with colours."""
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return screen


def test_a_piped_table_is_plain_and_numbers_stand_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(COLUMNS, ROWS)
    assert capsys.readouterr().out == (
        "NAME       NODES  PHI  MEMBERS\n"
        "wucci       1024  yes  a, b\n"
        "q.example      7  no   -\n"
    )  # fmt: skip


def test_a_piped_table_never_cuts_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    long = "x" * 500
    show.table(("NAME",), [(long,)])
    assert capsys.readouterr().out == f"NAME\n{long}\n"


def test_a_table_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(COLUMNS, [])
    assert capsys.readouterr().out == "NAME  NODES  PHI  MEMBERS\n"


def test_on_a_terminal_the_header_is_bold_and_long_cells_fold(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of_40(monkeypatch)
    show.table(("NAME", "PATH"), [("wucci", "/storage1/" + "y" * 60)])
    drawn = terminal.getvalue()
    assert "\x1b[1m" in drawn
    assert drawn.count("y") == 60
    assert len(drawn.splitlines()) > 2


def test_on_a_terminal_labels_are_coloured_unless_no_color_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_of_40(monkeypatch)
    show.warn("[red]not markup[/]")
    assert terminal.getvalue() == "\x1b[1;33mwarning:\x1b[0m [red]not markup[/]\n"
    terminal.truncate(0)
    terminal.seek(0)
    monkeypatch.setenv("NO_COLOR", "1")
    show.note("plain " * 20)
    assert terminal.getvalue() == f"\x1b[1mnote:\x1b[0m {'plain ' * 20}\n"


def test_fields_stand_in_one_column(capsys: pytest.CaptureFixture[str]) -> None:
    show.fields({"name": "wucci", "quota_bytes": None, "share": 0.5})
    assert capsys.readouterr().out == "name         wucci\nquota_bytes  -\nshare        0.5\n"
    show.fields({})
    assert capsys.readouterr().out == ""


def test_json_keeps_the_order_of_keys(capsys: pytest.CaptureFixture[str]) -> None:
    show.json_object({"b": [1, None], "a": "\ud800é"})
    out = capsys.readouterr().out
    assert out.startswith('{\n  "b": [\n    1,\n    null\n  ],\n')
    assert json.loads(out) == {"b": [1, None], "a": "\ud800é"}


def test_everything_that_is_not_data_goes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    show.note("a")
    show.warn("b")
    show.error("c\nd", "e\ng")
    show.error("f")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "note: a\nwarning: b\nerror: c\nerror: d\nhint: e\nhint: g\nerror: f\n"


def test_a_bug_names_its_kind_and_shows_its_trace_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    show.bug(KeyError("x"), trace=False)
    assert capsys.readouterr().err == (
        "internal error (this is a bug): KeyError: 'x'\n"
        "hint: report it with what `ris-hybrid --debug ...` (or RIS_HYBRID_DEBUG=1) prints\n"
    )
    show.bug(AssertionError(), trace=True)
    assert capsys.readouterr().err == "AssertionError\ninternal error (this is a bug): AssertionError\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *[(None, "-"), ("", "-"), ((), "-"), ([], "-"), (True, "yes"), (3, "3"), (0.25, "0.25"), (["a", None], "a, -")],
        ({"site": 0.5, "lee": 1.0}, "site 0.5, lee 1"),
        ({}, "-"),
        ([["cpu", "lee", 2], ["big", "", 1]], "cpu, lee, 2; big, -, 1"),
    ],
)
def test_a_cell_is_as_people_read_it(value: object, text: str) -> None:
    assert show.cell(value) == text


def test_control_characters_are_shown_as_escapes() -> None:
    assert show.printable("a\x1b[2Jb\nc\u202ed é") == "a\\x1b[2Jb\\nc\\u202ed é"


def test_a_narrow_encoding_shows_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    show.tolerant_streams()
    show.line("über")
    assert raw.getvalue() == b"\\xfcber\n"


def test_what_a_library_prints_meanwhile_goes_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    with show.aside():
        os.write(1, b"noise\n")
    show.line("data")
    assert capfd.readouterr() == ("data\n", "noise\n")
