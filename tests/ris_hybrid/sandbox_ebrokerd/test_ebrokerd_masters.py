"""A new ebrokerd on the same master, and another master: what LSF still knows then."""

from __future__ import annotations

from typing import Any


def joined(site: Any, *machine_ids: str) -> Any:
    site.grant(*machine_ids).start(slots=1)
    site.submit(*[8] * len(machine_ids))
    site.run(100)
    assert set(site.stages().values()) == {"joined"}
    return site


def test_a_restart_keeps_the_machines_and_forgets_open_requests(site: Any) -> None:
    site.grant().start(slots=1)
    site.status("r1", "running")
    site.submit(8)
    site.run(40)
    assert site.ebrokerd.asked_for() == 1
    site.ebrokerd.restart()
    assert site.ebrokerd.asked_for() == 0


def test_a_restart_looks_after_hosts_as_before(site: Any) -> None:
    joined(site, "m1")
    site.ebrokerd.restart()
    assert site.stages() == {"m1": "joined"}
    asked = len(site.asked("getAvailableTemplates"))
    site.run(200)
    assert len(site.asked("getAvailableTemplates")) == asked + 1


def test_another_master_knows_joined_hosts_by_what_they_say(site: Any) -> None:
    joined(site, "m1", "m2")
    before = {one.machine_id: (one.name, one.borrower) for one in site.ebrokerd.holdings()}
    site.ebrokerd.fail_over()
    assert {one.machine_id: (one.name, one.borrower) for one in site.ebrokerd.holdings()} == before
    site.run(160)
    (asked,) = site.asked("getReturnRequests")[-1:]
    assert {row["machineId"] for row in asked["machines"]} == {"m1", "m2"}


def test_another_master_does_not_know_what_boots_or_was_on_its_way_back(site: Any) -> None:
    site.grant("m1").start(slots=1, boot_s=1000.0)
    site.submit(8)
    site.run(100)
    assert site.stages() == {"m1": "booting"}
    site.ebrokerd.fail_over()
    assert site.ebrokerd.holdings() == ()
    assert site.ebrokerd.idle()
