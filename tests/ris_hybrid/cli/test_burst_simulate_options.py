"""What the options of ``burst simulate`` mean, and how its progress is shown."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from ris_hybrid.cli.burst_simulate_progress import EVERY_S, Bar, Lines, Silence, progress
from ris_hybrid.cli.burst_simulate_site import OnePool, keys_of_what_if, need, target, values, written_settings
from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.scenario import example_site
from ris_hybrid.simulating.recommendation import Target

if TYPE_CHECKING:
    from pathlib import Path

NOTHING = OnePool(instance_type=None, max_nodes=None, boot_s=None)


def test_without_burst_yaml_options_make_the_pool() -> None:
    (plain,) = written_settings(None, NOTHING).pools
    assert (plain.instance_types, plain.max_nodes, plain.boot_s) == (("c7a.4xlarge",), 100, 300.0)
    (other,) = written_settings(None, OnePool(instance_type="c7i.8xlarge", max_nodes=0, boot_s=60.0)).pools
    assert (other.instance_types, other.max_nodes, other.boot_s) == (("c7i.8xlarge",), 0, 60.0)


def test_burst_yaml_leaves_no_room_for_them() -> None:
    conf = example_site() / "burst.yaml"
    assert written_settings(conf, NOTHING).cluster == "compute1"
    with pytest.raises(ConfigError, match="--boot and --conf: expected one of them") as raised:
        written_settings(conf, OnePool(instance_type=None, max_nodes=None, boot_s=60.0))
    assert "--what-if" in raised.value.hint


def test_values_of_v() -> None:
    assert values("0.01, .3,0") == (0.01, 0.3, 0.0)
    for text in ("", "0.01,x", "-1", "nan", "inf"):
        with pytest.raises(ConfigError, match="--v: expected numbers of 0 or more"):
            values(text)


def test_targets() -> None:
    assert target(None, None, "mean") is None
    assert target(500.0, None, "p95") == Target(kind="budget", figure=500.0)
    assert target(None, 30.0, "p95") == Target(kind="wait", figure=1800.0, by="p95")
    for budget, wait in ((500.0, 30.0), (0.0, None), (float("nan"), None), (None, -1.0), (None, float("inf"))):
        with pytest.raises(ConfigError, match="--"):
            target(budget, wait, "mean")


def test_the_shell_completes_keys() -> None:
    assert "pools.*.max_nodes=" in keys_of_what_if("pools.")
    assert keys_of_what_if("budget.u") == ["budget.usd_per_month="]
    assert keys_of_what_if("nothing") == []


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at


def test_lines_come_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Hands()
    with Lines(clock) as lines:
        lines.step("reading a file")
        lines.share(0.5)
        lines.expect(4)
        clock.at += EVERY_S
        lines.step("no cloud")
        clock.at += 1
        lines.share(0.2)
        clock.at += EVERY_S
        lines.share(0.5)
        with lines.aside():
            pass
    assert capsys.readouterr().err == "note: 20%: no cloud, 0% of it\nnote: 30%: no cloud, 50% of it\n"


def test_the_bar_gives_its_line_away(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", stream)
    with progress(quiet=False) as bar:
        assert isinstance(bar, Bar)
        bar.step("reading \x1b[2J")
        bar.share(1.0)
        bar.expect(1)
        with bar.aside():
            print("a line")
        bar.step("no cloud")
        assert bar.done == pytest.approx(0.5)
    assert capsys.readouterr().out == "a line\n"
    assert "\x1b[2J" not in stream.getvalue()


def test_quiet_and_other_streams(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert type(progress(quiet=True)) is Silence
    with (tmp_path / "log").open("w") as file:
        monkeypatch.setattr("sys.stderr", file)
        assert type(progress(quiet=False)) is Lines


def test_what_is_not_installed_is_named_with_its_extra() -> None:
    need("planner", ("json",))
    with pytest.raises(ConfigError, match="burst simulate needs no_such_package") as raised:
        need("report", ("json", "no_such_package"))
    assert raised.value.hint == "install the extra: pip install 'ris-hybrid[report]'"
