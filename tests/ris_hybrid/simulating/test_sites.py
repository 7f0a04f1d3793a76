"""What of burst.yaml is replayed, and what is said not to be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from ris_hybrid.errors import ConfigError
from ris_hybrid.planner_settings import Exclude, Planner
from ris_hybrid.settings import Budget
from ris_hybrid.simulating.capacity import capacity_of
from ris_hybrid.simulating.premises import EXAMPLE_POOL, example_settings, has_budget
from ris_hybrid.simulating.sites import not_modelled, served, site_of, without_excluded

if TYPE_CHECKING:
    from collections.abc import Callable

    from burst.replay.values import Workload
    from ris_hybrid.simulating.premises import Premises


def test_pools_keep_what_they_say_and_lose_whom_the_record_does_not_know(premises: Premises, load: Workload) -> None:
    site = site_of(premises, load)
    cpu16, cpu32 = site.pools
    assert (cpu16.name, cpu16.cores, cpu16.max_nodes, cpu16.boot_s) == ("cpu16", 16, 30, 240)
    assert cpu16.usd_per_hour == pytest.approx(0.92736)
    assert (cpu32.queues, cpu32.labs) == ((), ())  # all of the record may use it
    assert (site.capacity, site.max_nodes, site.usd_per_month, site.spot_hazard) == (4, 40, 2000, 0)
    assert served(site, load).jobs == load.jobs


def test_labs_that_may_not_use_a_pool_stay(premises: Premises, make_load: Callable[..., Workload]) -> None:
    load = make_load(labs=("wucci", "neuro_trials"))
    site = site_of(premises, load)
    assert [pool.labs for pool in site.pools] == [("wucci",), ("wucci",)]
    assert (served(site, load).jobs, served(site, load).of) == (load.jobs // 2, load.jobs)
    assert site_of(premises, make_load(queues=("queue1",))).pools == ()
    ignored = site_of(replace(premises, names_ignored=True), make_load(queues=("queue1",)))
    assert [pool.queues for pool in ignored.pools] == [(), ()]


def test_spot_takes_rerunnable_queues_alone_at_its_own_price(
    premises: Premises, make_load: Callable[..., Workload]
) -> None:
    load = make_load(queues=("general", "night"))
    pool = replace(premises.settings.pools[0], queues=(), purchase="spot")
    mixed = replace(pool, name="mixed", purchase="mixed", on_demand_ratio=0.5)
    off = replace(pool, name="off", max_nodes=0)
    settings = replace(premises.settings, pools=(pool, mixed, off), rerunnable_queues=("night",))
    site = site_of(replace(premises, settings=settings), load)
    assert [(found.name, found.queues, found.spot) for found in site.pools] == [
        ("cpu16", ("night",), True),
        ("mixed", ("night",), True),
    ]
    assert [found.usd_per_hour for found in site.pools] == pytest.approx([0.92736 * 0.35, 0.92736 * 0.675])
    assert site.spot_hazard == settings.planner.spot_hazard


def test_the_planner_does_not_see_whom_the_admin_excluded(premises: Premises, load: Workload) -> None:
    site = site_of(premises, load)
    assert without_excluded(site, Exclude(), load) is site
    assert [pool.labs for pool in without_excluded(site, Exclude(labs=("wucci",)), load).pools] == [("genomics",)] * 2
    assert without_excluded(site, Exclude(queues=("general",)), load).pools == ()


def test_what_is_not_replayed_is_said(premises: Premises) -> None:
    settings = premises.settings
    assert len(list(not_modelled(settings))) == 2  # caps.per_lab and budget.labs of the example
    planner = Planner(queues={"general": 0.2}, exclude=Exclude(users=("ann",)))
    pools = tuple(replace(pool, purchase="mixed") for pool in settings.pools)
    said = " ".join(not_modelled(replace(settings, planner=planner, pools=pools)))
    assert all(word in said for word in ("planner.queues", "planner.exclude", "mixed"))


def test_without_burst_yaml_there_is_one_pool_and_no_budget() -> None:
    settings = example_settings("c7a.4xlarge", 0, 300.0)
    assert [pool.name for pool in settings.pools] == [EXAMPLE_POOL]
    assert not has_budget(settings)
    assert has_budget(replace(settings, budget=Budget(usd_per_month=5.0)))


def test_capacity_as_told_as_the_header_says_or_as_was_in_use(make_load: Callable[..., Workload]) -> None:
    load = make_load(days=2)
    load = replace(load, slots=load.slots * 2, recorded_wait_s=np.zeros(load.jobs))
    assert capacity_of(load, 50, 100) == (50, "--slots")
    assert capacity_of(load, None, 100) == (100, "the header's MaxProcs")
    assert capacity_of(load, None, 1) == capacity_of(load, None, None)
    assert capacity_of(load, None, None) == (24, "the most slots that were in use at once in the record")
    with pytest.raises(ConfigError, match="expected at least 2, the slots of the widest job, found 1"):
        capacity_of(load, 1, None)
    with pytest.raises(ConfigError, match="does not say how many slots"):
        capacity_of(make_load(days=1), None, None)
