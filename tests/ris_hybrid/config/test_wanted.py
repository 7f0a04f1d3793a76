from __future__ import annotations

from typing import Any

from ris_hybrid.config.schema import Allocation
from ris_hybrid.config.wanted import wanted
from ris_hybrid.mirror.wanted import Wanted, WantedProject


def made(**written: Any) -> Wanted:
    (found,) = wanted([Allocation.model_validate({"wustlkey": "fitzp", **written})])
    return found


def test_a_file_with_everything_is_all_there() -> None:
    written = {
        "custom_name": "wucci",
        "department_number": 3979,
        "issue_key": "ITDEV-13526",
        "add_archive": "true",
        "quota": "1T",
        "dir_projects": {"Cryo-EM": {"rw": ["a", "b"], "ro": ["b", "c"], "archive": True}},
        "cost_center": "CC1",
        "funding_number": "CC2",
        "secure": True,
        "renamed_from": "old",
    }
    assert made(**written) == Wanted(
        name="wucci",
        owner="fitzp",
        lab="wucci",
        group="storage-wucci",
        path="/storage1/fs1/wucci",
        quota_bytes=1024**4,
        archive=True,
        secure=True,
        projects=(WantedProject(name="Cryo-EM", rw=("a", "b"), ro=("c",), archive=True),),
        department="3979",
        cost_center="CC1",
        ticket="ITDEV-13526",
        renamed_from="old",
    )


def test_what_is_not_given_is_empty_and_the_funding_number_stands_in_for_the_cost_center() -> None:
    assert made() == Wanted(name="fitzp", owner="fitzp", lab="fitzp", group="storage-fitzp", path="/storage1/fs1/fitzp")
    assert made(funding_number="CC2").cost_center == "CC2"
