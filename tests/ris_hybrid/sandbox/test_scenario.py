from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import ConfigError
from ris_hybrid.planner_settings import Planner, Steering
from ris_hybrid.sandbox.capacity import Step, check
from ris_hybrid.sandbox.scenario import example_site, load_scenario

if TYPE_CHECKING:
    from pathlib import Path

SCENARIO = """\
allocations: labs
cluster: cluster.yaml
trace: trace.swf
starts: 2026-07-01T08:00:00Z
queues: {"1": fast}
labs: [lee, wu]
"""
CLUSTER = """\
name: c1
hosts: [{prefix: n, count: 2, slots: 4}]
queues: [{name: general, rc_hosts: awshost}, {name: fast, rc_hosts: all}]
"""
LAB = "allocation: {{wustlkey: {0}, custom_name: {0}, department_number: 1, issue_key: A-1, quota: 1T, {1} {2}}}\n"
FLAGS = "add_archive: no, afm_cache_enable: no"
JOB = "1 30 -1 60 2 -1 -1 2 120 -1 1 5 1 -1 1 -1 -1 -1\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "labs").mkdir()
    (tmp_path / "labs" / "lee.yml").write_text(LAB.format("lee", "", FLAGS))
    (tmp_path / "labs" / "wu.yml").write_text(LAB.format("wu", "secure: true, audit: 1,", FLAGS))
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (tmp_path / "cluster.yaml").write_text(CLUSTER)
    (tmp_path / "trace.swf").write_text(JOB)
    return tmp_path


def test_numbers_of_the_trace_become_names_of_the_site(site: Path) -> None:
    scenario = load_scenario(site / "scenario.yaml")
    (arrival,) = scenario.trace.arrivals
    assert (arrival.at, arrival.request.queue, arrival.request.user_group) == (30, "fast", "compute-wu")
    assert (scenario.name, scenario.starts, scenario.cluster.name) == ("trace.swf", 1_782_892_800, "c1")
    assert scenario.phi_labs == ("wu",)
    assert scenario.capacity == ()


def test_without_bursting_no_queue_borrows_and_all_else_stays(site: Path) -> None:
    scenario = load_scenario(site / "scenario.yaml")
    alone = scenario.without_bursting()
    assert [queue.rc_hosts for queue in alone.queues] == ["none", "none"]
    assert (alone.hosts, [queue.name for queue in alone.queues]) == (scenario.cluster.hosts, ["general", "fast"])
    assert [queue.rc_hosts for queue in scenario.cluster.queues] == ["awshost", "all"]


def test_a_plan_by_queues_has_the_cluster_of_the_file() -> None:
    scenario = load_scenario(example_site() / "lsf" / "scenario.yaml")
    settings = replace(load_burst(example_site() / "burst.yaml"), mode="planned")
    assert scenario.cluster_for(settings) is scenario.cluster
    borrow = {queue.name: queue.rc_hosts for queue in scenario.cluster.queues}
    for queue, burst in settings.planner.steering.queues.items():
        assert (borrow[queue], borrow[burst]) == ("none", "awshost")
        assert hosts_of(scenario.cluster, queue) == hosts_of(scenario.cluster, burst)


@pytest.mark.parametrize("mode", ["thresholds", "shadow"])
def test_without_a_plan_the_ordinary_queues_borrow_and_there_are_no_others(mode: Any) -> None:
    scenario = load_scenario(example_site() / "lsf" / "scenario.yaml")
    settings = load_burst(example_site() / "burst.yaml")
    cluster = scenario.cluster_for(replace(settings, mode=mode))
    borrow = {queue.name: (queue.rc_hosts, queue.rc_account) for queue in cluster.queues}
    assert not {name for name in borrow if name.endswith("-burst")}
    assert borrow["general"] == ("awshost", "")
    assert borrow["wucci"] == ("awshost", "wucci")
    assert borrow["imaging-core"] == ("none", "")
    assert hosts_of(cluster, "genomics") == hosts_of(scenario.cluster, "genomics")
    flagged = replace(settings, mode="planned", planner=replace(settings.planner, steering=Steering(way="flag")))
    unsteered = replace(settings, planner=Planner())  # as a burst.yaml that knows no planner
    assert scenario.cluster_for(flagged) == scenario.cluster_for(unsteered) == cluster


def hosts_of(cluster: Any, queue: str) -> list[str]:
    owned = [host.prefix for host in cluster.hosts if queue in host.queues]
    return owned or [host.prefix for host in cluster.hosts if not host.queues]


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("starts: 2026-07-01T08:00:00Z\n", "", "scenario.yaml:1: starts: expected a value, found nothing"),
        ("08:00:00Z", "08:00:00", "scenario.yaml:4: starts: "),  # without a time zone
        ("labs: [", "lab: [", "scenario.yaml:6: lab: expected a known key, found 'lab'"),
        ('"1": fast', '"1": slow', "scenario.yaml:5: queues.1: expected a queue of cluster.yaml, found 'slow'"),
        ('"1": fast', '"one": fast', "scenario.yaml:5: queues.one: "),
        ("trace.swf", "no.swf", "no.swf: expected a readable trace"),
        ("cluster.yaml", "no.yaml", "no.yaml: file: expected readable YAML"),
        ("allocations: labs", "allocations: none", "none:1: cannot be read"),
        ("labs: [", "capacity: [{machines: {c7a.xlarge: -1}}]\nlabs: [", "scenario.yaml:6: capacity[0].machines."),
        ("labs: [", "capacity: [{minute: 3}]\nlabs: [", "scenario.yaml:6: capacity[0].m"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(site: Path, old: str, new: str, complaint: str) -> None:
    assert old in SCENARIO
    (site / "scenario.yaml").write_text(SCENARIO.replace(old, new))
    with pytest.raises(ConfigError) as raised:
        load_scenario(site / "scenario.yaml")
    assert f"{site}/{complaint}" in raised.value.message
    assert raised.value.hint


def test_a_scenario_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"scenario\.yaml:1: cannot be read"):
        load_scenario(tmp_path / "scenario.yaml")


def test_the_scenario_says_how_many_machines_there_are(site: Path) -> None:
    told = SCENARIO + "capacity: [{machines: {a: 1}}, {from_minute: 30.5, machines: {research/b: 0}}]\n"
    (site / "scenario.yaml").write_text(told)
    assert load_scenario(site / "scenario.yaml").capacity == (
        Step(machines={"a": 1}),
        Step(from_minute=30.5, machines={"research/b": 0}),
    )


def test_the_example_of_two_clouds_limits_the_types_its_pools_name() -> None:
    folder = example_site().parents[2] / "examples" / "clouds"
    scenario, settings = load_scenario(folder / "scenario.yaml"), with_shapes(load_burst(folder / "burst.yaml"))
    check(scenario.capacity, [cloud.name for cloud in settings.clouds], settings.prices)
    named = {kind for step in scenario.capacity for kind in step.machines}
    assert named == {kind for pool in settings.pools for kind in pool.instance_types}
    assert {pool.cloud for pool in settings.pools} == {"", "research"}
    assert scenario.trace.left_out == 0


def test_the_shipped_example_can_be_replayed() -> None:
    scenario = load_scenario(example_site() / "lsf" / "scenario.yaml")
    assert len(scenario.trace.arrivals) > 100
    assert scenario.phi_labs == ("neuro_trials",)
    slots = sum(host.count * host.slots for host in scenario.cluster.hosts if not host.queues)
    assert max(arrival.request.slots for arrival in scenario.trace.arrivals) <= slots
