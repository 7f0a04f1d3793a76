"""An apply from the rules to the record: in memory, with everything that may go wrong on its way."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.lock import if_free
from ris_hybrid.config.plan_file import read_plan
from ris_hybrid.errors import CloudError, ConfigError, PolicyViolation, SiteUnavailable, TryAgain
from ris_hybrid.mirror.values import EnvironmentPlan, MirrorPlan
from ris_hybrid.mirroring.applying import LAYERS, Order, World, apply, preview
from ris_hybrid.mirroring.fake import FakeDeployer, Program
from ris_hybrid.mirroring.record import applied, read_applied, write_plan

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.holdings.values import Holdings
    from tests.ris_hybrid.mirroring.conftest import Plans

PHI = EnvironmentPlan(name="phi", account="999999999999", region="us-east-1", partition="aws", data_classes=("phi",))


class Killed(BaseException):
    """Ends the process in the middle."""


class Cloud:
    """Stacks that build what the plan's file says, and an AWS that then holds it."""

    def __init__(self, record: Path, plans: Plans, networks: tuple[str, ...] = ("prod", "phi")) -> None:
        self.record, self.plans = record, plans
        self.networks = networks
        self.deployer = FakeDeployer(self.program)
        for name in networks:
            self.deployer.up(f"network-{name}")
        self.broken: tuple[str, ...] = ()
        self.spoil: Any = lambda held: held
        self.unreadable: set[str] = set()
        self.plan_file = record
        self.deployer.calls.clear()

    def program(self, stack: str) -> Program | None:
        layer, _, environment = stack.partition("-")
        if layer == "network":
            return Program(resources={"vpc": {}}, outputs={"vpc_id": "vpc-1"})
        plan = read_plan(self.plan_file)
        here = [one for one in plan.allocations if one.environment == environment]
        return Program(
            resources={f"{layer} of {one.name}": {"plan": one.tags["ris_plan"]} for one in here},
            outputs={"allocations": len(here)},
        )

    def world(self) -> World:
        return World(deployer=self.over, inventory=lambda name: Reader(self, name), judge=lambda _: self.broken)

    def over(self, plan: Path) -> nullcontext[FakeDeployer]:
        self.plan_file = plan
        return nullcontext(self.deployer)

    def held(self, environment: str) -> Holdings:
        if environment in self.unreadable:
            raise TryAgain("throttled")
        plan = read_plan(self.record)
        return self.spoil(self.plans.held(*(one for one in plan.allocations if one.environment == environment)))


class Reader:
    def __init__(self, cloud: Cloud, environment: str) -> None:
        self._cloud, self._environment = cloud, environment

    def holdings(self) -> Holdings:
        return self._cloud.held(self._environment)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "mirror.json"


@pytest.fixture
def cloud(record: Path, plans: Plans) -> Cloud:
    return Cloud(record, plans)


@pytest.fixture
def wanted(plans: Plans) -> MirrorPlan:
    """Two environments, an allocation in each."""
    one = plans.site(plans.allocation(), replace(plans.allocation("trials"), environment="phi"))
    return replace(one, environments=(*one.environments, PHI), allocations=one.allocations[::-1])


def order(wanted: MirrorPlan, record: Path, environment: str = "") -> Order:
    return Order(
        wanted=wanted,
        recorded=read_applied(record),
        record=record,
        environments=tuple(one for one in wanted.environments if environment in {"", one.name}),
    )


def quiet(_: str) -> None: ...


def test_layers_are_built_in_order_then_read_back_and_recorded(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    told: list[str] = []
    done = apply(order(wanted, record), cloud.world(), told.append)
    assert cloud.deployer.calls == [f"up {layer}-{name}" for name in ("prod", "phi") for layer in LAYERS]
    assert told == [f"{call.removeprefix('up ')}: up" for call in cloud.deployer.calls] + [
        "prod: reading back",
        "phi: reading back",
    ]
    assert (done.recorded, done.failure, done.unverified, done.not_done) == (True, None, (), ())
    assert read_applied(record) == read_plan(record)
    assert [plan.name for plan in read_plan(record).allocations] == ["trials", "wucci"]


def test_applying_again_changes_nothing(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    apply(order(wanted, record), cloud.world(), quiet)
    before = record.read_bytes()
    again = apply(order(wanted, record), cloud.world(), quiet)
    assert sum(len(run.changes) for run in again.done) == 0
    assert record.read_bytes() == before == applied(record).read_bytes()


def test_a_rule_that_says_no_leaves_everything_as_it_was(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    cloud.broken = ("SITE.1: wucci: PHI in account 1: list it",)
    for act in (apply, preview):
        with pytest.raises(PolicyViolation, match=r"SITE.1: wucci"):
            act(order(wanted, record), cloud.world(), quiet)
    assert (cloud.deployer.calls, record.exists(), applied(record).exists()) == ([], False, False)


def test_the_network_must_be_there(record: Path, plans: Plans, wanted: MirrorPlan) -> None:
    cloud = Cloud(record, plans, networks=("prod",))
    with pytest.raises(ConfigError, match="network-phi is not built"):
        apply(order(wanted, record), cloud.world(), quiet)
    assert (cloud.deployer.calls, record.exists()) == ([], False)
    assert apply(order(wanted, record, "prod"), cloud.world(), quiet).recorded


def test_a_layer_that_fails_stops_there_and_the_next_apply_goes_on(
    cloud: Cloud, wanted: MirrorPlan, record: Path
) -> None:
    cloud.deployer.failures["identity-prod", "identity of wucci"] = CloudError("AccessDenied")
    done = apply(order(wanted, record), cloud.world(), quiet)
    assert [run.stack for run in done.done] == ["storage-prod"]
    assert (done.failed, str(done.failure), done.recorded) == ("identity-prod", "AccessDenied", False)
    assert done.not_done == ("registry-prod", "guardrails-prod", *(f"{layer}-phi" for layer in LAYERS))
    assert read_applied(record) is None
    cloud.deployer.failures.clear()
    assert apply(order(wanted, record), cloud.world(), quiet).recorded


@pytest.mark.parametrize("at", [f"{layer}-{name}" for name in ("prod", "phi") for layer in LAYERS] + ["prod", "phi"])
def test_killed_anywhere_the_next_apply_finishes_it(cloud: Cloud, wanted: MirrorPlan, record: Path, at: str) -> None:
    old = replace(wanted, cluster="before")
    write_plan(applied(record), old)

    def kill(text: str) -> None:
        if text.startswith(f"{at}:"):
            raise Killed

    with pytest.raises(Killed):
        apply(order(wanted, record), cloud.world(), kill)
    assert read_applied(record) == replace(old)
    assert apply(order(wanted, record), cloud.world(), quiet).recorded
    assert read_applied(record) == read_plan(record)


def test_what_is_not_there_afterwards_is_named_and_not_recorded(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    cloud.spoil = lambda held: replace(held, buckets=tuple(replace(one, versioned=False) for one in held.buckets))
    done = apply(order(wanted, record, "prod"), cloud.world(), quiet)
    assert [(one.name, one.field, one.verdict) for one in done.unverified] == [
        ("ris-wucci-abc123", "versioned", "changed behind our back")
    ]
    assert (done.recorded, done.failure, applied(record).exists()) == (False, None, False)


def test_what_cannot_be_read_is_not_verified(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    cloud.spoil = lambda held: replace(held, buckets=None)
    done = apply(order(wanted, record, "prod"), cloud.world(), quiet)
    assert {one.verdict for one in done.unverified} == {"unknown"}
    assert not done.recorded
    cloud.unreadable.add("prod")
    done = apply(order(wanted, record, "prod"), cloud.world(), quiet)
    assert (done.failed, str(done.failure), done.recorded) == ("reading back prod", "throttled", False)


def test_one_environment_leaves_the_others_as_they_were_recorded(
    cloud: Cloud, wanted: MirrorPlan, record: Path, plans: Plans
) -> None:
    apply(order(wanted, record), cloud.world(), quiet)
    edited = replace(
        wanted,
        allocations=(
            plans.allocation(quota_bytes=7),
            replace(plans.allocation("trials", quota_bytes=9), environment="phi"),
        ),
    )
    done = apply(order(edited, record, "prod"), cloud.world(), quiet)
    assert [run.stack for run in done.done] == [f"{layer}-prod" for layer in LAYERS]
    assert [(plan.name, plan.quota_bytes) for plan in read_plan(record).allocations] == [
        ("trials", 10 * 1024**4),
        ("wucci", 7),
    ]
    assert read_applied(record) == read_plan(record)


def test_a_preview_writes_nothing_and_stops_where_an_earlier_layer_is_not_built(
    cloud: Cloud, wanted: MirrorPlan, record: Path, plans: Plans
) -> None:
    seen = preview(order(wanted, record, "prod"), cloud.world(), quiet)
    assert [(run.stack, len(run.changes)) for run in seen.would] == [("storage-prod", 1)]
    assert seen.unseen == ("identity-prod", "registry-prod", "guardrails-prod")
    assert seen.unbuilt == ("storage-prod",)
    assert (record.exists(), applied(record).exists()) == (False, False)
    apply(order(wanted, record, "prod"), cloud.world(), quiet)
    before = record.read_bytes()
    edited = replace(wanted, allocations=(plans.allocation(quota_bytes=7),))
    seen = preview(order(edited, record, "prod"), cloud.world(), quiet)
    assert [len(run.changes) for run in seen.would] == [1, 1, 1, 1]
    assert (seen.unseen, seen.unbuilt) == ((), ())
    assert record.read_bytes() == before


def test_two_applies_do_not_run_at_once(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    with if_free(record.with_name("mirror.json.lock")) as free:
        assert free
        with pytest.raises(SiteUnavailable, match="another mirror apply runs"):
            apply(order(wanted, record), cloud.world(), quiet)
    assert cloud.deployer.calls == []


def test_a_plan_made_before_another_apply_ended_is_not_applied(cloud: Cloud, wanted: MirrorPlan, record: Path) -> None:
    planned = order(wanted, record)
    apply(order(wanted, record), cloud.world(), quiet)
    cloud.deployer.calls.clear()
    with pytest.raises(SiteUnavailable, match="ended since this plan was made"):
        apply(planned, cloud.world(), quiet)
    assert cloud.deployer.calls == []


@pytest.mark.parametrize("spoil", ["{}", "no plan", None])
def test_a_record_of_another_release_says_what_to_do_with_it(record: Path, spoil: str | None) -> None:
    if spoil is None:
        applied(record).mkdir()
    else:
        applied(record).write_text(spoil)
    with pytest.raises(ConfigError) as said:
        read_applied(record)
    assert str(applied(record)) in said.value.message
    assert "move it aside" in said.value.hint


def test_a_record_that_cannot_be_looked_for_is_not_taken_for_absent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_applied(tmp_path / "file" / "mirror.json")


def test_a_record_that_cannot_be_written_is_said_before_anything_is_built(
    cloud: Cloud, wanted: MirrorPlan, record: Path
) -> None:
    record.mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        apply(order(wanted, record), cloud.world(), quiet)
    assert cloud.deployer.calls == []
