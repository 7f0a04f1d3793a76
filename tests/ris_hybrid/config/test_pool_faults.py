"""Every rule of burst.yaml about pools, nodes and their life: said with line and field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.document import UnusableFile

if TYPE_CHECKING:
    from pathlib import Path

SITE: dict[str, Any] = {
    "cluster": "c1",
    "provider": "aws",
    "region": "us-east-1",
    "outputs": "outputs.json",
    "rerunnable_queues": ["night", "idle"],
    "pools": [{"name": "cpu", "instance_types": ["c7a.4xlarge"], "max_nodes": 4}],
    "gates": [{"pending_jobs": 1}],
    "caps": {"nodes": 4},
    "budget": {"usd_per_month": 10},
}
WANTS = {"vcpus": 16, "memory_mib": 1000}
TYPES: dict[str, Any] = {"instance_types": []}
"""A pool without types."""
SPOT = {"purchase": "spot", "queues": ["night"]}
MIXED = {"purchase": "mixed", "queues": ["night"], "on_demand_ratio": 0.5}


def said(folder: Path, **changes: Any) -> list[str]:
    """What is wrong with the site changed like this, without file and line; a pool's own keys go under ``pool``."""
    pool = {**SITE["pools"][0], **changes.pop("pool", {})}
    file = folder / "burst.yaml"
    file.write_text(yaml.safe_dump({**SITE, "pools": [pool], **changes}, sort_keys=False), encoding="utf-8")
    try:
        load_burst(file)
    except UnusableFile as error:
        for problem in error.problems:
            assert problem.line > 1, problem
        return [f"{problem.field}: {problem.message}" for problem in error.problems]
    return []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pool": {"slots": 8, "memory_mib": 100, "gpus": 1, "cores": 8, "threads_per_core": 2}},
        {"pool": {**TYPES, "requirements": {**WANTS, "vcpus_max": 16, "memory_mib_max": 1000, "gpus": 1}}},
        {"pool": SPOT},
        {"pool": MIXED},
        {"pool": {**MIXED, "reservations": True}},
        {"pool": {"reservations": True, "efa": True, "all_or_none": True, "placement_group": "mpi"}},
        {"pool": {**SPOT, "all_or_none": True, "max_nodes": 1000}},
        {"life": {"lifetime_hours": 0.5, "join_failures": 1}},
        {"notices": "https://sqs.us-east-1.amazonaws.com/123456789012/notices"},
        {"notices": "http://127.0.0.1:5000/123456789012/notices"},
        {
            "node": {
                "mounts": ["fs1:/storage1 /storage1 nfs ro,hard 0 0"],
                "docker_options": ["--security-opt label=off"],
            }
        },
        {"node": {"lsf_top": "/opt/ibm/lsf", "masters": ["m1", "m2"], "registry": "registry.example.org"}},
        {"spot_flag": "", "host_flag": "aws_host"},
    ],
)
def test_what_is_allowed(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert said(tmp_path, **changes) == []


@pytest.mark.parametrize(
    ("pool", "message"),
    [
        ({"requirements": WANTS}, "requirements: expected instance_types or requirements, found both"),
        (TYPES, "instance_types: expected at least one, none of them empty (or requirements in their place)"),
        ({**TYPES, "requirements": {**WANTS, "vcpus": 0}}, "requirements.vcpus: expected 1 or more, found 0"),
        (
            {**TYPES, "requirements": {**WANTS, "vcpus_max": 15}},
            "requirements.vcpus_max: expected 16 or more, found 15",
        ),
        (
            {**TYPES, "requirements": {**WANTS, "memory_mib_max": 1}},
            "requirements.memory_mib_max: expected 1000 or more, found 1",
        ),
        ({**TYPES, "requirements": {**WANTS, "gpus": -1}}, "requirements.gpus: expected 0 or more, found -1"),
        (
            {**TYPES, "requirements": {**WANTS, "exclude": [""]}},
            "requirements.exclude: expected names of types, none of them empty",
        ),
        (
            {**TYPES, "requirements": WANTS, "efa": True},
            "efa: expected instance_types beside it: EC2 cannot be asked for the adapter by requirements",
        ),
        ({"gpus": -1}, "gpus: expected 0 or more, found -1"),
        ({"on_demand_ratio": 0.5}, "on_demand_ratio: expected purchase: mixed beside it, found 'on-demand'"),
        (
            {**MIXED, "on_demand_ratio": 0.0},
            "on_demand_ratio: expected a share between 0 and 1 for purchase: mixed, found 0.0",
        ),
        (
            {**MIXED, "on_demand_ratio": 1.0},
            "on_demand_ratio: expected a share between 0 and 1 for purchase: mixed, found 1.0",
        ),
        ({**SPOT, "queues": []}, "queues: expected the queues whose jobs may run on spot nodes, found none"),
        ({**MIXED, "queues": []}, "queues: expected the queues whose jobs may run on mixed nodes, found none"),
        (
            {**SPOT, "queues": ["night", "general"]},
            "queues[1]: expected a queue of rerunnable_queues, because the pool is spot, found 'general'",
        ),
        (
            {**SPOT, "reservations": True},
            "reservations: expected purchase: on-demand or mixed: reservations are on-demand capacity",
        ),
        (
            {**MIXED, "all_or_none": True},
            "all_or_none: expected purchase: on-demand or spot: EC2 counts a mixed fleet's two parts apart",
        ),
        (
            {"all_or_none": True, "max_nodes": 1001},
            "max_nodes: expected at most 1000 with all_or_none, found 1001",
        ),
        (
            {"placement_group": "mpi"},
            (
                "placement_group: expected all_or_none: true beside it: a cluster placement group lies in one zone,"
                " a launch may go to several"
            ),
        ),
    ],
)
def test_each_mistake_of_a_pool(tmp_path: Path, pool: dict[str, Any], message: str) -> None:
    assert said(tmp_path, pool=pool) == [f"pools[0].{message}"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        *(
            ({"life": {key: 0.0}}, f"life.{key}: expected a figure above zero, found 0.0")
            for key in ("join_minutes", "lifetime_hours", "idle_minutes", "unlisted_minutes", "capacity_hold_minutes")
        ),
        ({"life": {"join_failures": 0}}, "life.join_failures: expected 1 or more, found 0"),
        *(
            (
                {"notices": url},
                (
                    "notices: expected the https:// address of an SQS queue (http:// only on this machine),"
                    f" found '{url}'"
                ),
            )
            for url in ("queue", "http://sqs.example.org/1/q", "https://", "ftp://x/y", "http://[/q")
        ),
        (
            {"node": {"mounts": ["fs1:/a /a nfs"]}},
            (
                "node.mounts[0]: expected a line of fstab with 6 fields (what, where, type, options, 0, 0),"
                " found 'fs1:/a /a nfs'"
            ),
        ),
        (
            {"node": {"docker_options": ["-v", "label=off"]}},
            "node.docker_options[1]: expected an option that starts with '-', found 'label=off'",
        ),
        ({"node": {"lsf_top": "opt/lsf"}}, "node.lsf_top: expected a path from the root, found 'opt/lsf'"),
        ({"node": {"masters": ["m1", ""]}}, "node.masters[1]: expected the name of a host, found ''"),
        ({"node": {"lsf_admin": "a b"}}, "node.lsf_admin: expected the name of a user, found 'a b'"),
        (
            {"node": {"resources": ["a b"]}},
            "node.resources[0]: expected the name of a Boolean of lsf.shared, found 'a b'",
        ),
        ({"caps": {"nodes": 5, "per_lab": 6}}, "caps.per_lab: expected at most caps.nodes (5), found 6"),
        ({"node": {"registry": "host/repo"}}, "node.registry: expected the name of a host, found 'host/repo'"),
        ({"spot_flag": "a b"}, "spot_flag: expected the name of a Boolean of lsf.shared, found 'a b'"),
        ({"host_flag": ""}, "host_flag: expected the name of a Boolean of lsf.shared, found ''"),
        ({"spot_flag": "awshost"}, "spot_flag: expected another name than host_flag, found 'awshost'"),
        ({"rerunnable_queues": [""]}, "rerunnable_queues: expected names of queues, none of them empty"),
    ],
)
def test_each_mistake_of_nodes_and_their_life(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert said(tmp_path, **changes) == [message]


def test_a_line_break_in_what_user_data_gets_is_refused(tmp_path: Path) -> None:
    (line,) = said(tmp_path, node={"mounts": ["a b c d 0 0\nroot"]})
    assert line.startswith("node.mounts[0]: expected a line of fstab")
    (option,) = said(tmp_path, node={"docker_options": ["--a\n--b"]})
    assert option.startswith("node.docker_options[0]: expected an option")
