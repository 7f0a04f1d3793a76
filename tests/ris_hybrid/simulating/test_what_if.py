"""``--what-if KEY=VALUE``: what burst.yaml could say may be supposed, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import ConfigError
from ris_hybrid.simulating.premises import Change
from ris_hybrid.simulating.what_if import supposed

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings
    from ris_hybrid.simulating.premises import Premises

EXAMPLE = Path(__file__).parents[3] / "examples" / "clouds" / "burst.yaml"


@pytest.mark.parametrize(
    ("option", "change"),
    [
        ("pools.cpu16.max_nodes=50", Change(key="pools.cpu16.max_nodes", before=30, after=50)),
        ("pools.cpu16.boot_s=120", Change(key="pools.cpu16.boot_s", before=240.0, after=120)),
        ("pools.cpu16.boot_s=+50%", Change(key="pools.cpu16.boot_s", before=240.0, after=360.0)),
        ("pools.cpu16.max_nodes=-50%", Change(key="pools.cpu16.max_nodes", before=30, after=15)),
        ("pools.cpu16.labs=[wucci]", Change(
            key="pools.cpu16.labs", before=["wucci", "imaging-core", "genomics", "q.example"], after=["wucci"]
        )),
        ("budget.usd_per_month=500", Change(key="budget.usd_per_month", before=2000.0, after=500)),
        ("budget.labs.q.example=70", Change(key="budget.labs.q.example", before=50.0, after=70)),
        ("planner.value=.05", Change(key="planner.value", before=0.1, after=0.05)),
        ("gates[0].pending_jobs=20", Change(key="gates.0.pending_jobs", before=10, after=20)),
        ("gates.1.pending_slots=20", Change(key="gates.1.pending_slots", before=100, after=20)),
        ("caps.per_lab=40", Change(key="caps.per_lab", before=20, after=40)),
        ("prices.c7a.4xlarge=0.5", Change(key="prices.c7a.4xlarge", before=None, after=0.5)),
        ("pools.cpu16.price=0.9", Change(key="pools.cpu16.price", before=0.92736, after=0.9)),
        ("slots=+50%", Change(key="slots", before=4, after=6)),
        ("slots=700", Change(key="slots", before=4, after=700)),
        ("scheduling=fit", Change(key="scheduling", before="easy", after="fit")),
    ],
)  # fmt: skip
def test_one_figure_is_set(premises: Premises, written: BurstSettings, option: str, change: Change) -> None:
    after, changes = supposed(premises, written, [option])
    assert changes == (change,)
    assert after != premises


def test_a_price_holds_for_every_pool_and_changes_add_up(premises: Premises, written: BurstSettings) -> None:
    before = [premises.node_usd(pool) for pool in premises.settings.pools]
    options = ["price=+50%", "pools.cpu32.price=+100%", "pools.*.boot_s=60", "caps.nodes=50", "caps.per_lab=50"]
    after, changes = supposed(premises, written, options)
    usd = [after.node_usd(pool) for pool in after.settings.pools]
    assert usd == pytest.approx([before[0] * 1.5, before[1] * 3])
    assert [pool.boot_s for pool in after.settings.pools] == [60, 60]
    assert (after.settings.caps.nodes, after.settings.caps.per_lab) == (50, 50)
    assert [change.key for change in changes] == [
        "pools.cpu16.price", "pools.cpu32.price", "pools.cpu32.price", "pools.cpu16.boot_s", "pools.cpu32.boot_s",
        "caps.nodes", "caps.per_lab",
    ]  # fmt: skip


def test_what_follows_from_types_is_derived_again(premises: Premises, written: BurstSettings) -> None:
    after, _ = supposed(premises, written, ["pools.cpu16.slots=0", "pools.cpu16.instance_types=[c7a.8xlarge]"])
    pool = after.settings.pools[0]
    assert (pool.slots, pool.cores) == (32, 32)
    assert after.node_usd(pool) > premises.node_usd(premises.settings.pools[0])


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("price", "expected KEY=VALUE, such as pools.cpu16.max_nodes=50 or price=+50%, found 'price'"),
        ("=5", "expected KEY=VALUE, such as pools.cpu16.max_nodes=50 or price=+50%, found '=5'"),
        ("pools.cpu16.max_nodes=", "expected KEY=VALUE"),
        ("pools.cpu16.max_nodes=abc", "expected a whole number, found 'abc'"),
        ("pools.cpu16.max_nodes=-1", "pools[0].max_nodes: expected 0 or more, found -1"),
        ("pools.cpu17.max_nodes=5", "expected one of cpu16, cpu32, found 'cpu17' (did you mean cpu16?)"),
        ("pools.cpu17.price=5", "expected one of cpu16, cpu32, found 'cpu17' (did you mean cpu16?)"),
        ("pools.cpu16.maxnodes=5", "(did you mean max_nodes?)"),
        ("budjet.usd_per_month=5", "(did you mean budget?)"),
        ("budget=5", "expected keys and values, found 5"),
        ("pools.cpu16=5", "expected one figure, found a part of burst.yaml that has several: pools.cpu16"),
        ("budget.usd_per_month.x=5", "budget.usd_per_month: expected a key that has others below it, found 2000.0"),
        ("gates[7].pending_jobs=5", "gates: expected a number below 2, found '7'"),
        ("gates.a.pending_jobs=5", "gates: expected a number below 2, found 'a'"),
        ("pools.cpu16.price=-1", "expected dollars an hour above 0, found -1"),
        ("pools.cpu16.price=cheap", "expected a number, found 'cheap'"),
        ("pools.cpu16.queues=+5%", "expected a number, found pools.cpu16.queues is a list"),
        ("cluster=+5%", "expected a number, found cluster is 'compute1'"),
        ("slots=0", "expected a whole number of 1 or more, found 0"),
        ("slots=many", "expected a number, found 'many'"),
        ("scheduling=random", "expected one of easy, fit, found 'random'"),
        ("caps.nodes=[1", "expected a value as burst.yaml has it"),
        ("caps.nodes=10", "caps.per_lab: expected at most caps.nodes (10), found 20"),
    ],
)
def test_what_burst_yaml_could_not_say_is_refused(
    premises: Premises, written: BurstSettings, option: str, text: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        supposed(premises, written, [option])
    assert raised.value.message.startswith(f"--what-if {option}: ")
    assert text in raised.value.message


def test_the_price_of_a_second_clouds_size_may_be_supposed(premises: Premises) -> None:
    two = load_burst(EXAMPLE)
    before = replace(premises, settings=with_shapes(two))
    after, changes = supposed(before, two, ["clouds.research.prices.m1.2xlarge=+50%", "pools.campus8.max_nodes=3"])
    assert [change.after for change in changes] == [pytest.approx(0.9), 3]
    assert after.settings.prices["research/m1.2xlarge"] == pytest.approx(0.9)
    campus = after.settings.pools[0]
    assert (campus.max_nodes, campus.cloud) == (3, "research")
    assert after.node_usd(campus) == pytest.approx(0.9)  # its dearest size


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("clouds.other.prices.m1.xlarge=1", "expected one of research, found 'other'"),
        ("clouds.research.prices.m1.xlarge=0", "clouds[0].prices.m1.xlarge: expected a figure above zero, found 0.0"),
        ("pools.campus8.purchase=spot", "pools[0].purchase: expected on-demand, the only way with provider: libcloud"),
    ],
)
def test_what_a_second_cloud_could_not_be_is_refused(premises: Premises, option: str, text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        supposed(premises, load_burst(EXAMPLE), [option])
    assert text in raised.value.message


def test_a_pool_that_is_not_there_has_a_way(premises: Premises, written: BurstSettings) -> None:
    with pytest.raises(ConfigError) as raised:
        supposed(premises, written, ["pools.gpu.max_nodes=3"])
    assert "copy of burst.yaml" in raised.value.hint
