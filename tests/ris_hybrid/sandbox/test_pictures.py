"""What people see of a replay: the picture, the report, the live view."""

from __future__ import annotations

import io
import re
import sys
from dataclasses import fields
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from ris_hybrid.sandbox import live
from ris_hybrid.sandbox.bill import Bill
from ris_hybrid.sandbox.history import History, Sample
from ris_hybrid.sandbox.report import clock_text, render
from ris_hybrid.sandbox.shares import Share
from ris_hybrid.sandbox.takeover import TakeOver
from ris_hybrid.sandbox.timeline import draw, turns


@pytest.fixture(scope="module")
def drawing(told: Any) -> str:
    return draw({"planned": told.history(), "without": told.history()})


def test_the_same_history_gives_the_same_bytes(told: Any, drawing: str) -> None:
    assert draw({"planned": told.history(), "without": told.history()}) == drawing


def test_the_picture_is_svg_with_its_words_as_text(drawing: str) -> None:
    words = {"".join(node.itertext()).strip() for node in ET.fromstring(drawing).iter() if node.tag.endswith("}text")}  # noqa: S314  # our own drawing
    assert {"pending slots", "slots in use", "cloud nodes", "virtual time, hours"} <= words
    assert {"with bursting", "without bursting", "launch", "wanted, not launched"} <= words
    assert "<dc:date>" not in drawing


def test_a_picture_needs_neither_happenings_nor_a_second_replay(told: Any) -> None:
    history = told.history()
    history.happenings.clear()
    drawn = draw({"thresholds": history})
    assert "with bursting" in drawn
    assert "without bursting" not in drawn
    assert ">launch<" not in drawn


LOADS = re.compile(
    r"""<(?:link|script|img|iframe|object|embed)\b|\bsrc\s*=|\bhref\s*=\s*["'](?!\#)|@import|url\((?!\#)"""
)


def test_the_report_escapes_what_it_is_told_and_loads_nothing(told: Any) -> None:
    page = render(told.summary(), {"thresholds": told.history(), "without": told.history()})
    assert "1 nodes of cpu for &lt;lee&gt; &amp; co: full" in page
    assert "<h1>Burst replay of a &lt;b&gt;.swf</h1>" in page
    assert "<lee>" not in page
    assert LOADS.findall(page) == []
    assert '<td>mean wait, min</td><td class="n">1.0</td><td class="n">10.0</td>' in page
    assert "<td>lee</td>" in page
    assert page == render(told.summary(), {"thresholds": told.history(), "without": told.history()})


def test_report_and_picture_show_every_replay(told: Any) -> None:
    summary = told.summary(thresholds=told.run(), planned=told.run(0.5))
    histories = {"thresholds": told.history(), "planned": told.history(), "without": told.history()}
    histories["planned"].happenings.append(told.happening("moved", "2 jobs sent to the cloud's queue: 1, 2", 3))
    page = render(summary, histories)
    assert "<th>thresholds</th><th>planned</th><th>without</th>" in page
    assert "planned beats thresholds: $0.50 for $0.99" in page
    assert "What happened, and why: planned" in page
    assert "2 jobs sent to the cloud&#39;s queue: 1, 2" in page
    words = {"".join(n.itertext()).strip() for n in ET.fromstring(draw(histories)).iter() if n.tag.endswith("}text")}  # noqa: S314  # our own drawing
    assert {"thresholds", "planned", "jobs moved", "without bursting"} <= words


@pytest.mark.parametrize(
    ("minutes", "text"), [(0, "0:00"), (0.99, "0:00"), (59.9, "0:59"), (60, "1:00"), (1501, "25:01")]
)
def test_virtual_time_is_hours_and_minutes(minutes: float, text: str) -> None:
    assert clock_text(minutes) == text


def test_plain_lines_tell_each_thing_once(told: Any, capsys: pytest.CaptureFixture[str]) -> None:
    history = told.history()
    with live.Lines() as lines:
        lines.show(history)
        lines.show(history)
        history.happenings.append(told.happening("leaving", "ip-1: idle", 74))
        lines.show(history)
    assert capsys.readouterr().err.splitlines() == [
        " 0:04  decision  1 of 2 nodes of cpu for lee: gate: open",
        " 0:04  launch    1 nodes of cpu for lee (add-1)",
        " 0:04  refused   1 nodes of cpu for <lee> & co: full",
        f" 1:15  {live.state_line(history.samples[-1])}",
        " 1:14  leaving   ip-1: idle",
    ]


def test_a_progress_line_comes_every_quarter_of_a_virtual_hour(told: Any, capsys: pytest.CaptureFixture[str]) -> None:
    history, lines = History(started=told.start), live.Lines()
    lines.show(history)  # nothing yet
    for minute in range(1, 31):
        history.samples.append(told.sample(minute))
        lines.show(history)
    assert [line[:5] for line in capsys.readouterr().err.splitlines()] == [" 0:15", " 0:30"]


def test_the_panel_shows_the_newest_state_and_the_last_happenings(told: Any) -> None:
    history = told.history()
    history.happenings += [told.happening("note", f"number {number} [bold]", 20) for number in range(12)]
    console = Console(file=io.StringIO(), force_terminal=True, width=140, color_system=None)
    with live.Panel(console) as panel:
        panel.show(history)
    shown = console.file.getvalue()
    assert "sandbox, virtual time 1:15" in shown
    assert "nodes 0 starting, 0 joined, 1 leaving" in shown
    assert "number 11 [bold]" in shown  # text, not markup
    assert "gate: open" not in shown  # only the last twelve
    assert shown.endswith("\x1b[2K") or "\x1b[?25h" in shown  # the terminal is given back


def test_a_panel_gives_the_terminal_back_whatever_happens(told: Any) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=140)

    def stopped(_history: History) -> None:
        raise KeyboardInterrupt

    def replay() -> None:
        with live.Panel(console) as panel:
            panel.show(told.history())
            stopped(told.history())

    with pytest.raises(KeyboardInterrupt):
        replay()
    assert "\x1b[?25h" in console.file.getvalue()


@pytest.mark.parametrize(("terminal", "kind"), [(True, live.Panel), (False, live.Lines)])
def test_the_view_fits_where_stderr_goes(terminal: bool, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stream(io.StringIO):
        def isatty(self) -> bool:
            return terminal

    monkeypatch.setattr(sys, "stderr", Stream())
    assert type(live.view()) is kind


def test_a_quiet_view_shows_nothing(told: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with live.view(quiet=True) as view:
        view.show(told.history())
    assert capsys.readouterr() == ("", "")


def test_a_sample_in_one_line(told: Any) -> None:
    assert live.state_line(told.sample(nodes_starting=2, cloud_used=8, cloud_slots=16)) == (
        "pending    3 jobs    12 slots | on-prem     4, cloud    8 of 16   slots "
        "| nodes 2 starting, 0 joined, 0 leaving"
    )


def test_a_level_line_needs_its_two_ends_alone() -> None:
    levels = [0, 0, 0, 5, 5, 5, 5, 2]
    nothing = {field.name: 0 for field in fields(Sample)}
    samples = [Sample(**{**nothing, "at": 60.0 * at, "pending_slots": level}) for at, level in enumerate(levels)]
    assert [(sample.at, sample.pending_slots) for sample in turns(samples)] == [
        (0.0, 0),
        (120.0, 0),
        (180.0, 5),
        (360.0, 5),
        (420.0, 2),
    ]
    assert turns([]) == []


def test_the_report_says_which_cloud_did_what_and_who_took_over(told: Any) -> None:
    bill = Bill(nodes=5, node_hours=2.5, usd=0.75, usd_by_lab={"lee": 0.75}, episodes=1)
    share = Share(cloud="research", words="OpenStack research", pools=("campus8",), bill=bill, jobs=10, left=0)
    over = TakeOver(
        at=told.start, pool="campus8", nodes=2, lab="lee", empty="cpu8", code="InsufficientInstanceCapacity"
    )
    summary = told.summary(thresholds=told.run(shares=(share,), takeovers=(over, over)))
    page = render(summary, {"thresholds": told.history()})
    assert "every cloud is an emulator" in page
    assert "<td>OpenStack research</td><td>campus8</td>" in page
    assert '<td class="n">2.5</td><td class="n">0.75</td><td class="n">10</td><td class="n">0</td>' in page
    assert "cpu8 was empty by InsufficientInstanceCapacity: campus8 (OpenStack research) took over with 4 nodes" in page
    run = summary.as_json()["modes"]["thresholds"]
    assert (run["clouds"][0]["cloud"], len(run["takeovers"])) == ("research", 2)
    assert "clouds" not in told.summary().as_json()
