"""The cloud port over EC2, on the sandbox's AWS: what no fake can show."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.client import ec2_client
from burst.aws.fleet import Ec2Cloud
from burst.shapes import with_shapes
from ris_hybrid.errors import ConfigError, NoCapacity, QuotaReached, Refused, TryAgain
from ris_hybrid.model import MachineState
from ris_hybrid.pool_settings import Requirements

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings

CODE = "InsufficientInstanceCapacity"


@pytest.fixture
def cloud(ec2: Any, ec2_settings: BurstSettings) -> Ec2Cloud:
    """With pages and batches small enough to need several."""
    return Ec2Cloud(ec2, ec2_settings, page=5, batch=4)


def test_spot_machines_are_known_as_spot(cloud: Ec2Cloud, make: Any) -> None:
    cloud.launch(make.launch(pool="spot"))
    assert [(machine.spot, machine.pool) for machine in cloud.machines()] == [(True, "spot")]


def test_types_are_taken_by_preference_then_what_there_is(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    sandbox_aws.capacity({"c6i.4xlarge": {"us-east-1a": 1, "us-east-1b": 0}})
    cloud.launch(make.launch(3))
    assert sorted(machine.instance_type for machine in cloud.machines()) == ["c6i.4xlarge"] + 2 * ["m6i.4xlarge"]


def test_machines_boot_and_end_in_their_own_time(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    sandbox_aws.timing(pending_s=20, shutting_down_s=30)
    (machine_id,) = cloud.launch(make.launch()).machine_ids
    seen = [cloud.machines()[0].state]
    sandbox_aws.set_clock(make.now + 20)
    seen.append(cloud.machines()[0].state)
    cloud.end([machine_id], "ret-1")
    seen.append(cloud.machines()[0].state)
    sandbox_aws.set_clock(make.now + 60)
    seen.append(cloud.machines()[0].state)
    assert seen == [
        MachineState.PENDING,
        MachineState.RUNNING,
        MachineState.SHUTTING_DOWN,
        MachineState.TERMINATED,
    ]
    assert cloud.machines()[0].return_id == "ret-1"  # an ended machine keeps its ledger
    sandbox_aws.set_clock(make.now + 3700)
    assert cloud.machines() == ()  # until EC2 forgets it


def test_every_page_is_read(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    cloud.launch(make.launch(12))
    before = sandbox_aws.calls().get("ec2:DescribeInstances", 0)
    assert len({machine.machine_id for machine in cloud.machines()}) == 12
    assert sandbox_aws.calls()["ec2:DescribeInstances"] - before == 3


def test_a_page_that_fails_is_no_short_list(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    cloud.launch(make.launch(12))
    error = {"code": "UnauthorizedOperation", "status": 403}
    sandbox_aws.faults([{"match": "DescribeInstances", "at": 2, "do": {"error": error}}])
    with pytest.raises(Refused):
        cloud.machines()


def test_other_providers_machines_are_neither_seen_nor_ended(
    cloud: Ec2Cloud, ec2: Any, ec2_settings: BurstSettings, make: Any
) -> None:
    other = Ec2Cloud(ec2, replace(ec2_settings, provider="other"))
    elsewhere = Ec2Cloud(ec2, replace(ec2_settings, cluster="c2"))
    theirs = other.launch(make.launch(token="t-2")).machine_ids + elsewhere.launch(make.launch(token="t-3")).machine_ids
    assert cloud.machines() == ()
    assert cloud.end(theirs, "ret-1") == ()
    assert [machine.wanted for machine in other.machines() + elsewhere.machines()] == [True, True]


def test_many_machines_are_ended_in_batches(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    ids = cloud.launch(make.launch(10)).machine_ids
    assert set(cloud.end(ids, "ret-1")) == set(ids)
    calls = sandbox_aws.calls()
    assert (calls["ec2:TerminateInstances"], calls["ec2:CreateTags"]) == (3, 3)
    assert {machine.alive for machine in cloud.machines()} == {False}


def test_a_refused_end_leaves_the_mark(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    ids = cloud.launch(make.launch(2)).machine_ids
    error = {"code": "OperationNotPermitted", "status": 400}
    sandbox_aws.faults([{"match": "TerminateInstances", "do": {"error": error}}])
    with pytest.raises(Refused) as caught:
        cloud.end(ids, "ret-1")
    assert caught.value.code == "OperationNotPermitted"
    assert [(machine.alive, machine.return_id) for machine in cloud.machines()] == 2 * [(True, "ret-1")]


def test_ending_what_was_just_listed_asks_ec2_no_third_time(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    ids = cloud.launch(make.launch(2)).machine_ids
    cloud.machines()
    before = sandbox_aws.calls()["ec2:DescribeInstances"]
    assert set(cloud.end(ids, "ret-1")) == set(ids)
    assert sandbox_aws.calls()["ec2:DescribeInstances"] == before


def test_a_machine_forgotten_since_it_was_listed_saves_no_other(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    old, new = (cloud.launch(make.launch(token=token)).machine_ids[0] for token in ("t-1", "t-2"))
    cloud.end([old], "ret-0")
    cloud.machines()
    sandbox_aws.set_clock(make.now + 2 * 3600)  # EC2 forgets the ended one between our look and our deed
    assert cloud.end([old, new], "ret-1") == (new,)


def test_a_protected_machine_keeps_no_other_alive(cloud: Ec2Cloud, ec2: Any, make: Any) -> None:
    ids = cloud.launch(make.launch(5)).machine_ids
    ec2.modify_instance_attribute(InstanceId=ids[2], DisableApiTermination={"Value": True})
    assert set(cloud.end(ids, "ret-1")) == set(ids) - {ids[2]}
    assert [machine.machine_id for machine in cloud.machines() if machine.alive] == [ids[2]]
    with pytest.raises(Refused):
        cloud.end([ids[2]], "ret-1")
    ec2.modify_instance_attribute(InstanceId=ids[2], DisableApiTermination={"Value": False})
    assert cloud.end([ids[2]], "ret-1") == (ids[2],)


def test_what_cannot_be_marked_is_not_ended(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    ids = cloud.launch(make.launch()).machine_ids
    error = {"code": "UnauthorizedOperation", "status": 403}
    sandbox_aws.faults([{"match": "CreateTags", "do": {"error": error}}])
    with pytest.raises(Refused):
        cloud.end(ids, "ret-1")
    assert cloud.machines()[0].wanted
    assert "ec2:TerminateInstances" not in sandbox_aws.calls()


def test_a_shortfall_that_cannot_be_marked_loses_no_machine(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    one = {"us-east-1a": 1, "us-east-1b": 0}
    sandbox_aws.capacity({"c6i.4xlarge": one, "m6i.4xlarge": one})
    error = {"code": "UnauthorizedOperation", "status": 403}
    sandbox_aws.faults([{"match": "CreateTags", "do": {"error": error}}])
    launched = cloud.launch(make.launch(5))
    assert len(launched.machine_ids) == 2
    assert launched.shortfall[0].code == CODE
    assert {machine.shortfall for machine in cloud.machines()} == {""}


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        (CODE, 500, NoCapacity),
        ("VcpuLimitExceeded", 400, QuotaReached),
        ("UnauthorizedOperation", 403, Refused),
        ("InvalidLaunchTemplateId.NotFound", 400, Refused),
    ],
)
def test_what_create_fleet_answers(
    cloud: Ec2Cloud, sandbox_aws: Any, make: Any, code: str, status: int, kind: type[Exception]
) -> None:
    sandbox_aws.faults([{"match": "CreateFleet", "do": {"error": {"code": code, "status": status, "message": "why"}}}])
    with pytest.raises(kind) as caught:
        cloud.launch(make.launch())
    assert (caught.value.code, caught.value.message) == (code, "why")  # type: ignore[attr-defined]  # all are CloudErrors
    assert cloud.machines() == ()


class Answers:
    """A client whose CreateFleet answers what it was given."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def create_fleet(self, **_: Any) -> dict[str, Any]:
        return self.answer


@pytest.mark.parametrize(
    ("answered", "kind", "code"),
    [
        ({}, NoCapacity, "UnfulfillableCapacity"),
        ({"Errors": [{}]}, Refused, "Unknown"),
        # a code LSF acts on is told before one it does not know
        ({"Errors": [{"ErrorCode": "Aaa"}, {"ErrorCode": CODE}]}, NoCapacity, CODE),
    ],
)
def test_a_fleet_without_machines(make: Any, answered: dict[str, Any], kind: type[Exception], code: str) -> None:
    client: Any = Answers(answered)
    with pytest.raises(kind) as caught:
        Ec2Cloud(client, make.settings()).launch(make.launch())
    assert caught.value.code == code  # type: ignore[attr-defined]  # all are CloudErrors


@pytest.mark.parametrize("fields", [{"launch_template": ""}, {"subnets": ()}, {"name": "another"}])
def test_a_pool_that_is_not_built_is_refused_before_any_call(make: Any, fields: dict[str, Any]) -> None:
    settings = make.settings(pools=(make.pool(**{"name": "cpu", **fields}),))
    client: Any = Answers({})
    with pytest.raises(Refused, match="pool cpu has no launch template or no subnets"):
        Ec2Cloud(client, settings).launch(make.launch())


def test_a_fault_of_ours_is_not_taken_for_an_answer_of_ec2_that_cannot_be_read(
    ec2: Any, ec2_settings: BurstSettings, sandbox_aws: Any, make: Any
) -> None:
    (cpu, *_) = ec2_settings.pools
    settings = replace(ec2_settings, pools=(replace(cpu, purchase="mixed", on_demand_ratio=float("nan")),))
    with pytest.raises(ValueError, match="NaN"):  # TryAgain would tell LSF that machines may be on their way
        Ec2Cloud(ec2, settings).launch(make.launch(2))
    assert "ec2:CreateFleet" not in sandbox_aws.calls()


def test_throttling_is_waited_out(cloud: Ec2Cloud, sandbox_aws: Any, make: Any) -> None:
    error = {"code": "RequestLimitExceeded", "status": 503}
    sandbox_aws.faults([{"match": "CreateFleet", "times": 2, "do": {"error": error}}])
    assert len(cloud.launch(make.launch(2)).machine_ids) == 2
    assert sandbox_aws.calls()["ec2:CreateFleet"] == 3


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_makes_one_fleet(cloud: Ec2Cloud, sandbox_aws: Any, make: Any, when: str) -> None:
    sandbox_aws.faults([{"match": "CreateFleet", "at": 1, "do": {"reset": when}}])
    launched = cloud.launch(make.launch(2))
    assert sorted(launched.machine_ids) == sorted(machine.machine_id for machine in cloud.machines())
    assert len(launched.machine_ids) == 2


@pytest.mark.usefixtures("sandbox_aws")
def test_no_answer_at_all_is_unknown(make: Any) -> None:
    settings = make.settings(endpoint_url="http://127.0.0.1:1")
    with pytest.raises(TryAgain, match="AWS did not answer"):
        Ec2Cloud(ec2_client(settings), settings).machines()


@pytest.mark.usefixtures("sandbox_aws")
def test_a_client_that_cannot_be_made_is_told(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="no EC2 client for region"):
        ec2_client(make.settings(endpoint_url="not an address"))
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(Refused, match="AWS credentials"):
        ec2_client(make.settings())


def test_the_offers_that_failed_are_named(cloud: Ec2Cloud, sandbox_aws: Any, ec2_settings: Any, make: Any) -> None:
    first, second = ec2_settings.pool("cpu").subnets
    sandbox_aws.capacity(
        {
            "c6i.4xlarge": {"us-east-1a": 0, "us-east-1b": 0},
            "m6i.4xlarge": {"us-east-1a": 1, "us-east-1b": 0},
        }
    )
    launched = cloud.launch(make.launch(2))
    (row,) = launched.shortfall
    assert (len(launched.machine_ids), row.code) == (1, CODE)
    for kind, subnet in product(("c6i.4xlarge", "m6i.4xlarge"), (first, second)):
        assert f"{kind} in {subnet} on-demand" in row.message


def test_all_or_none_starts_nothing_when_not_all_fit(
    ec2: Any, sandbox_aws: Any, ec2_settings: BurstSettings, make: Any
) -> None:
    ec2.create_placement_group(GroupName="tight", Strategy="cluster")
    pool = replace(ec2_settings.pools[0], all_or_none=True, placement_group="tight")
    cloud = Ec2Cloud(ec2, replace(ec2_settings, pools=(pool,)))
    sandbox_aws.capacity({name: {"us-east-1a": 2, "us-east-1b": 2} for name in pool.instance_types})
    with pytest.raises(NoCapacity) as caught:
        cloud.launch(make.launch(3))
    assert caught.value.code == CODE
    assert cloud.machines() == ()
    ids = cloud.launch(make.launch(2, token="t-2")).machine_ids
    machines = cloud.machines()
    assert sorted(ids) == sorted(machine.machine_id for machine in machines)
    assert {(one.instance_type, one.zone) for one in machines} == {("c6i.4xlarge", "us-east-1a")}
    answer = ec2.describe_instances(InstanceIds=list(ids))["Reservations"]
    shown = [one["Placement"]["GroupName"] for group in answer for one in group["Instances"]]
    assert shown == ["tight", "tight"]


def test_a_mixed_pool_is_bought_both_ways(ec2: Any, ec2_settings: BurstSettings, make: Any) -> None:
    pool = replace(ec2_settings.pools[0], purchase="mixed", on_demand_ratio=0.25)
    cloud = Ec2Cloud(ec2, replace(ec2_settings, pools=(pool,)))
    cloud.launch(make.launch(5))
    assert sorted(machine.spot for machine in cloud.machines()) == [False, False, True, True, True]


def test_reservations_are_used_first_and_on_demand_then(ec2: Any, ec2_settings: BurstSettings, make: Any) -> None:
    """The sandbox has no reservations: it shows that the call is understood, and gives on-demand machines."""
    pool = replace(ec2_settings.pools[0], reservations=True)
    cloud = Ec2Cloud(ec2, replace(ec2_settings, pools=(pool,)))
    assert len(cloud.launch(make.launch(2)).machine_ids) == 2
    assert {machine.spot for machine in cloud.machines()} == {False}


@pytest.mark.parametrize("purchase", ["on-demand", "spot", "mixed"])
def test_a_pool_by_attributes_gets_the_types_its_prices_were_taken_of(
    ec2: Any, sandbox_aws: Any, ec2_settings: BurstSettings, make: Any, purchase: Any
) -> None:
    wants = Requirements(vcpus=16, memory_mib=30_000, vcpus_max=16)
    pool = replace(
        ec2_settings.pools[0],
        instance_types=(),
        slots=0,
        memory_mib=0,
        requirements=wants,
        purchase=purchase,
        on_demand_ratio=0.5 if purchase == "mixed" else 0.0,
    )
    settings = with_shapes(replace(ec2_settings, pools=(pool,), prices={}))
    cheapest, second = settings.pools[0].instance_types[:2]
    sandbox_aws.capacity({cheapest: {"us-east-1a": 1, "us-east-1b": 0}})
    cloud = Ec2Cloud(ec2, settings)
    cloud.launch(make.launch(3))
    found = {machine.instance_type for machine in cloud.machines()}
    assert found <= set(settings.pools[0].instance_types)
    if purchase == "on-demand":
        assert found == {cheapest, second}


def test_two_subnets_of_one_zone_are_refused_and_the_hint_says_so(
    ec2: Any, ec2_settings: BurstSettings, make: Any
) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    blocks = ("10.7.0.0/24", "10.7.1.0/24")
    made = [ec2.create_subnet(VpcId=vpc, CidrBlock=block, AvailabilityZone="us-east-1a") for block in blocks]
    pool = replace(ec2_settings.pools[0], subnets=tuple(one["Subnet"]["SubnetId"] for one in made))
    cloud = Ec2Cloud(ec2, replace(ec2_settings, pools=(pool,)))
    with pytest.raises(Refused) as caught:
        cloud.launch(make.launch())
    assert (caught.value.code, caught.value.hint) == (
        "InvalidFleetConfig",
        "name one subnet for each zone in the pool's subnets",
    )
    assert cloud.machines() == ()
