"""The parts of the soak: its days, what it notices, what it holds against a provider, and the knife."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from ris_hybrid.cli.sandbox_soak import report
from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.knife import Cut, Knife, deliver, read_cut
from ris_hybrid.sandbox.lsf.calls import Outcome
from ris_hybrid.sandbox.soak.fate import Fate, by_children
from ris_hybrid.sandbox.soak.ordeals import Kind, day_of, never_joins
from ris_hybrid.sandbox.soak.verdict import Figures
from ris_hybrid.sandbox.soak.watch import Watch


def figures(**fields: Any) -> Figures:
    plain: dict[str, Any] = {
        "seed": 7,
        "jobs": 10,
        "finished": 10,
        "faults": {"kill": 2},
        "nodes": 4,
        "most_alive": 3,
        "cap": 12,
        "usd": 5.0,
        "budget_usd": 60.0,
        "hours": 24.0,
        "wall_s": 1.0,
        **dict.fromkeys(("orphans", "unknown", "leaked", "doubled", "breaches"), ()),
    }
    return Figures(**{**plain, **fields})


def test_a_seed_is_a_day_and_another_seed_another() -> None:
    assert day_of(3, 24) == day_of(3, 24)
    assert day_of(3, 24) != day_of(4, 24)
    assert day_of(3, 24).arrivals[-1].at < 24 * 3600


def test_in_a_few_days_everything_goes_wrong() -> None:
    seen = {ordeal.kind for seed in range(5) for ordeal in day_of(seed, 24).ordeals}
    assert seen == set(Kind) - {Kind.KILL, Kind.NO_JOIN}
    day = day_of(1, 24)
    assert 0.04 < sum(never_joins(day, f"i-{n}") for n in range(1000)) / 1000 < 0.12


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, ()),
        ({"finished": 8}, ("2 jobs not finished",)),
        (
            {"orphans": ("i-1",), "unknown": ("i-1",)},
            ("1 machines left running: i-1", "1 machines unknown to LSF: i-1"),
        ),
        ({"leaked": ("i-1", "i-2")}, ("2 machines unknown to LSF for too long: i-1, i-2",)),
        ({"doubled": tuple("abcdefg")}, ("7 requests launched twice: a, b, c, d, e, ...",)),
        ({"most_alive": 13}, ("13 machines at once, the cap is 12",)),
        ({"usd": 60.01}, ("$60.01 spent, the budget is $60.00",)),
        ({"breaches": ("policy: nothing",)}, ("1 answers broke the protocol: policy: nothing",)),
    ],
)
def test_every_guarantee_is_held_against_the_provider(fields: dict[str, Any], words: tuple[str, ...]) -> None:
    assert figures(**fields).failures == words


def test_a_day_that_failed_is_exit_code_6_with_its_history(tmp_path: Any, capsys: Any) -> None:
    with pytest.raises(typer.Exit) as caught:
        report([figures(), figures(seed=8, finished=9)], tmp_path, as_json=False)
    assert caught.value.exit_code == 6
    told = capsys.readouterr()
    assert "kept" in told.out
    assert "failed" in told.out
    assert f"seed 8: 1 jobs not finished\nnote: its history: {tmp_path / 'soak-8.json'}" in told.err
    report([figures()], tmp_path, as_json=True)
    assert json.loads(capsys.readouterr().out)["days"][0]["failures"] == []


class FakeSite:
    """The clouds and LSF as the watch asks them."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.known: list[str] = []
        self.cluster = SimpleNamespace(now=0.0)
        self.world = SimpleNamespace(instances=lambda: self.rows)
        held = lambda: [SimpleNamespace(machine_id=one) for one in self.known]  # noqa: E731
        self.ebrokerd = SimpleNamespace(holdings=held)

    def up(self, machine_id: str, state: str = "running", request: str = "add-1", asked: int = 1) -> None:
        tags = {"ris_request": request, "ris_asked": str(asked)}
        self.rows.append({"id": machine_id, "state": state, "tags": tags})


def test_a_machine_unknown_to_lsf_for_too_long_is_a_leak() -> None:
    site = FakeSite()
    watch = Watch(site, patience_s=100)  # type: ignore[arg-type]
    site.up("i-1", asked=2)
    site.up("i-2", "stopped", asked=2)
    site.up("i-3", "terminated")
    site.known = ["i-1"]
    assert watch.look() == 2
    site.cluster.now = 100.0
    watch.look()
    assert watch.leaked == {}
    site.cluster.now = 101.0
    watch.look()
    assert list(watch.leaked) == ["i-2"]
    assert watch.doubled == {}


def test_a_machine_lsf_came_to_know_is_no_leak_and_one_too_many_is_seen() -> None:
    site = FakeSite()
    watch = Watch(site, patience_s=100)  # type: ignore[arg-type]
    site.up("i-1")
    watch.look()
    site.cluster.now, site.known = 90.0, ["i-1"]
    watch.look()
    site.cluster.now, site.known = 150.0, []
    site.up("i-2")
    watch.look()
    assert watch.leaked == {}
    assert list(watch.doubled) == ["add-1"]
    assert watch.most_alive == 2


@pytest.mark.parametrize("text", ["x before", "1", "1 during", "-1 sent", "before"])
def test_a_cut_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a number and one of before, sent, answered"):
        read_cut(text)


def test_a_knife_cuts_at_one_call_and_names_them_all() -> None:
    ends: list[str] = []
    knife = Knife(cut=read_cut("2 answered"), end=lambda: ends.append("here"))
    for name in ("DescribeInstances", "CreateFleet", "CreateTags"):
        knife.before_send(None, f"before-send.ec2.{name}")
        knife.received()
    assert knife.seen == ["DescribeInstances", "CreateFleet", "CreateTags"]
    assert ends == ["here"]
    assert read_cut("") is None


def test_no_call_but_the_sandboxs_own_is_delivered() -> None:
    with pytest.raises(ConfigError, match="only calls to a sandbox are cut"):
        deliver("POST", "https://ec2.us-east-1.amazonaws.com/", {}, b"")


@pytest.mark.parametrize(("share", "rc"), [(0.0, 0), (1.0, -9)])
def test_a_child_that_fate_wants_is_told_where_and_its_answer_is_lost(share: float, rc: int) -> None:
    fate, seen = Fate(1, share, lambda: 5.0), []

    def child(_argv: Any, env: Any, *, merged: bool) -> Outcome:
        seen.append((read_cut(env["RIS_HYBRID_SANDBOX_CUT"]), merged))
        return Outcome(rc=0, stdout=b"{}")

    outcome = by_children(fate, child)(["/x/policy.sh", "in"], {}, merged=True)
    assert outcome.rc == rc
    assert fate.kills == ([(5.0, "policy")] if rc else [])
    ((cut, merged),) = seen
    assert merged
    assert (cut is None) == (share == 0)
    assert cut is None or isinstance(cut, Cut)
