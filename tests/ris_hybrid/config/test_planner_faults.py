"""Every rule of burst.yaml about mode, planner and steering: said with line and field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.ris_hybrid.config.test_pool_faults import said

if TYPE_CHECKING:
    from pathlib import Path

QUEUES = {"queues": {"general": "general-burst", "long": "long-burst"}}


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": "shadow"},
        {"mode": "shadow", "planner": {"steering": {"fallback": "thresholds"}}},
        {"mode": "planned", "planner": {"steering": QUEUES}},
        {"mode": "planned", "planner": {"steering": QUEUES}, "pool": {"queues": ["general", "long"]}},
        {"mode": "planned", "planner": {"steering": {"way": "flag", "flag": "onlycloud"}}},
        {"mode": "planned", "planner": {"steering": {"way": "flag", "fallback": "thresholds"}}},
        {"planner": {"hosts": {"general": "exec-* big-?"}}},
        {"planner": {"value": 0, "queues": {"general": 0.3}, "labs": {"lee": 0}, "release_ratio": 1, "spot_hazard": 0}},
        {"planner": {"exclude": {"jobs": ["219", "219[3]"], "users": ["ann"], "labs": ["lee"], "queues": ["long"]}}},
    ],
)
def test_what_fits_together_is_taken(tmp_path: Path, changes: dict[str, Any]) -> None:
    assert said(tmp_path, **changes) == []


@pytest.mark.parametrize(
    ("planner", "message"),
    [
        ({"value": -0.1}, "planner.value: expected 0 or more, found -0.1"),
        ({"queues": {"general": -1}}, "planner.queues.general: expected 0 or more, found -1.0"),
        ({"labs": {"": 1}}, "planner.labs.: expected a name, found nothing"),
        ({"release_ratio": 0}, "planner.release_ratio: expected a share above 0 and at most 1, found 0.0"),
        ({"release_ratio": 1.1}, "planner.release_ratio: expected a share above 0 and at most 1, found 1.1"),
        ({"spot_ratio": 0}, "planner.spot_ratio: expected a share above 0 and at most 1, found 0.0"),
        ({"spot_hazard": -1}, "planner.spot_hazard: expected a rate per hour, 0 or more, such as 0.01, found -1.0"),
        ({"spot_hazard": 99}, "planner.spot_hazard: expected a rate per hour, 0 or more, such as 0.01, found 99.0"),
        (
            {"hosts": {"general": " "}},
            "planner.hosts.general: expected patterns of hosts such as exec-* big-*, found ' '",
        ),
        (
            {"hosts": {"b": "n-*"}, "steering": {"queues": {"general": "b"}}},
            "planner.hosts.b: expected its ordinary queue, to which its jobs are counted, found 'b'",
        ),
        ({"depth": 0}, "planner.depth: expected 1 or more, found 0"),
        ({"history": "a\nb"}, "planner.history: expected the name of a file, found 'a\\nb'"),
        (
            {"exclude": {"jobs": ["7[1-3]"]}},
            "planner.exclude.jobs[0]: expected the id of a job such as 219 or 219[3], found '7[1-3]'",
        ),
        ({"exclude": {"users": [" "]}}, "planner.exclude.users[0]: expected a name, found ' '"),
        ({"steering": {"plan_minutes": 0}}, "planner.steering.plan_minutes: expected a figure above zero, found 0.0"),
        ({"steering": {"moves_per_turn": 0}}, "planner.steering.moves_per_turn: expected 1 or more, found 0"),
        (
            {"steering": {"flag": "a-b"}},
            "planner.steering.flag: expected the name of a Boolean of lsf.shared, found 'a-b'",
        ),
        (
            {"steering": {"queues": {"general": "a b"}}},
            "planner.steering.queues.general: expected the name of a queue, found 'a b'",
        ),
        (
            {"steering": {"queues": {"general": "general"}}},
            "planner.steering.queues.general: expected a burst queue that is no ordinary one here, found 'general'",
        ),
        (
            {"steering": {"queues": {"general": "b", "long": "b"}}},
            "planner.steering.queues.long: expected a burst queue of its own, found 'b', which is that of general",
        ),
    ],
)
def test_each_mistake_is_told_in_every_mode(tmp_path: Path, planner: dict[str, Any], message: str) -> None:
    assert said(tmp_path, planner=planner) == [message]


@pytest.mark.parametrize(
    ("steering", "more", "message"),
    [
        ({}, {}, "queues: expected a burst queue for each queue whose jobs may go, found none: no job could be moved"),
        (
            {**QUEUES, "fallback": "thresholds"},
            {},
            (
                "fallback: expected way: flag beside it, found way: queue: ordinary queues may not borrow,"
                " so nobody could use the nodes"
            ),
        ),
        (
            QUEUES,
            {"pool": {"queues": ["general", "night"]}},
            "queues: expected a burst queue for night, which pool cpu serves, found none",
        ),
        (
            QUEUES,
            {"pool": {"queues": ["long-burst"]}},
            (
                "queues: expected pool cpu to name the ordinary queue of long-burst, in which jobs are submitted,"
                " found 'long-burst'"
            ),
        ),
        (
            {"queues": {"night": "night-burst"}},
            {},
            "queues.night: expected night-burst in rerunnable_queues as night is, for the jobs run there; found it not",
        ),
        ({"way": "flag", "flag": "awshost"}, {}, "flag: expected another name than host_flag, found 'awshost'"),
        ({"way": "flag", "flag": "risspot"}, {}, "flag: expected another name than spot_flag, found 'risspot'"),
        (
            {"way": "flag", "flag": "docker"},
            {},
            "flag: expected another name than those of node.resources, found 'docker'",
        ),
    ],
)
def test_what_steering_needs_is_told_where_jobs_are_steered(
    tmp_path: Path, steering: dict[str, Any], more: dict[str, Any], message: str
) -> None:
    assert said(tmp_path, mode="planned", planner={"steering": steering}, **more) == [f"planner.steering.{message}"]
    assert said(tmp_path, mode="shadow", planner={"steering": steering}, **more) == []


def test_a_way_that_is_none_is_told_in_pydantics_place(tmp_path: Path) -> None:
    (line,) = said(tmp_path, planner={"steering": {"way": "both"}})
    assert line == "planner.steering.way: expected 'queue' or 'flag', found 'both'"
