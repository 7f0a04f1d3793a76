"""``burst pools`` and ``burst clear`` against the sandbox's AWS: what a pool's marks say, and how they are cleared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from burst.aws.marks import Ec2Ledger
from ris_hybrid.cli.app import main
from ris_hybrid.model import PoolMarks

BURST_YAML = Path(__file__).with_name("one_pool.yaml").read_text(encoding="utf-8")


@pytest.fixture
def conf(tmp_path: Path, ec2_settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    pool = ec2_settings.pools[0]
    path = tmp_path / "burst.yaml"
    path.write_text(
        BURST_YAML.format(url=ec2_settings.endpoint_url, template=pool.launch_template, subnet=pool.subnets[0])
    )
    monkeypatch.setenv("RIS_HYBRID_CONF", str(path))
    return path


@pytest.fixture
def ledger(ec2: Any, ec2_settings: Any) -> Ec2Ledger:
    return Ec2Ledger(ec2, ec2_settings)


@pytest.mark.usefixtures("conf")
def test_a_pool_that_was_never_marked_is_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "pools"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["cpu", "on", "0", "300", "-"]
    assert main(["burst", "clear", "cpu"]) == 0
    assert capsys.readouterr().out == "pool cpu is on: nothing to clear\n"


@pytest.mark.usefixtures("conf")
def test_a_pool_switched_off_says_why_until_it_is_cleared(
    ledger: Ec2Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.mark_pool(
        "cpu", PoolMarks(off="10 nodes in a row never joined", join_failures=10, boot_s=210.0), PoolMarks()
    )
    assert main(["burst", "pools", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["pools"]
    assert row == {
        "pool": "cpu",
        "cloud": "",
        "state": "off",
        "why": "10 nodes in a row never joined",
        "held_until": None,
        "join_failures": 10,
        "boot_s": 210.0,
    }
    assert main(["burst", "clear", "cpu", "--dry-run"]) == 0
    assert capsys.readouterr().out == "would clear pool cpu: 10 nodes in a row never joined\n"
    assert ledger.pools()["cpu"].off
    assert main(["burst", "clear", "cpu"]) == 0
    assert ledger.pools()["cpu"] == PoolMarks(boot_s=210.0)


@pytest.mark.usefixtures("conf")
def test_a_held_pool_says_until_when(
    ledger: Ec2Ledger, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    monkeypatch.setenv("RIS_HYBRID_SANDBOX_CLOCK", str(make.now))
    ledger.mark_pool("cpu", PoolMarks(held_until=make.now + 600, held_for="InsufficientInstanceCapacity"), PoolMarks())
    assert main(["burst", "pools"]) == 0
    assert "held" in (said := capsys.readouterr().out)
    assert "InsufficientInstanceCapacity: left alone until 08:10:00Z" in said


@pytest.mark.usefixtures("conf")
def test_an_unknown_pool_is_told_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["burst", "clear", "gpu"]) == 2
    assert capsys.readouterr().err == "error: no pool gpu in burst.yaml\nhint: there are: cpu\n"
