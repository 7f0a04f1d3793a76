"""What the catalogue adds to settings before anything is launched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from burst.shapes import with_shapes
from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_settings import Requirements

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Pool


def shaped(make: Any, pool: Pool, **fields: Any) -> Pool:
    return with_shapes(make.settings(pools=(pool,), prices=fields.pop("prices", {}), **fields)).pools[0]


def bare(make: Any, *kinds: str, **fields: Any) -> Pool:
    pool: Pool = make.pool(**{"slots": 0, "memory_mib": 0, "instance_types": kinds, **fields})
    return pool


def shape(pool: Pool) -> tuple[int, ...]:
    return pool.slots, pool.memory_mib, pool.gpus, pool.cores, pool.threads_per_core


@pytest.mark.parametrize(
    ("kinds", "ncpus", "expected"),
    [
        (("c6i.4xlarge",), "cores", (8, 30310, 0, 8, 2)),
        (("c6i.4xlarge",), "threads", (16, 30310, 0, 8, 2)),
        (("m7a.4xlarge", "c7a.4xlarge"), "cores", (16, 30310, 0, 16, 1)),
        (("c6i.4xlarge", "c7a.4xlarge"), "cores", (8, 30310, 0, 8, 0)),
        (("c6i.4xlarge", "c7a.4xlarge"), "threads", (16, 30310, 0, 8, 0)),
        (("g5.12xlarge", "g6.24xlarge"), "cores", (24, 181862, 4, 24, 2)),
    ],
)
def test_what_is_left_out_is_what_the_least_type_has(
    make: Any, kinds: tuple[str, ...], ncpus: str, expected: tuple[int, ...]
) -> None:
    assert shape(shaped(make, bare(make, *kinds), ncpus=ncpus)) == expected


def test_figures_that_are_given_stay(make: Any) -> None:
    pool = bare(make, "c7a.4xlarge", slots=12, memory_mib=20_000)
    assert shape(shaped(make, pool)) == (12, 20_000, 0, 16, 1)


def test_doing_it_again_changes_nothing(make: Any) -> None:
    wants = Requirements(vcpus=16, memory_mib=60_000)
    pools = (bare(make, "c6i.4xlarge"), bare(make, name="any", requirements=wants))
    once = with_shapes(make.settings(pools=pools, prices={}))
    assert with_shapes(once) == once
    assert set(once.prices) == {kind for pool in once.pools for kind in pool.instance_types}


@pytest.mark.parametrize(
    ("fields", "ncpus", "message"),
    [
        ({"slots": 9}, "cores", r"c6i\.4xlarge has 8 cores \(ncpus: cores\), less than the pool's slots: 9"),
        ({"slots": 17}, "threads", r"has 16 threads \(ncpus: threads\), less than the pool's slots: 17"),
        ({"memory_mib": 32_768}, "cores", r"has 30310 MiB for LSF \(92\.5% of 32768\), less than .* memory_mib: 32768"),
        ({"gpus": 1}, "cores", "has 0 GPUs, less than the pool's gpus: 1"),
        ({"cores": 16}, "cores", "has 8 cores, less than the pool's cores: 16"),
        ({"efa": True}, "cores", "has no Elastic Fabric Adapter"),
    ],
)
def test_a_promise_a_type_cannot_keep_is_refused(make: Any, fields: dict[str, Any], ncpus: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        shaped(make, bare(make, "c6i.4xlarge", **fields), ncpus=ncpus)
    assert caught.value.message.startswith("pool cpu: instance type c6i.4xlarge")
    assert caught.value.hint


def test_a_type_lsf_would_be_told_wrongly_about_is_refused(make: Any) -> None:
    with pytest.raises(ConfigError, match=r"c7g\.4xlarge is arm64, LSF is told that nodes are X86_64"):
        shaped(make, bare(make, "c7g.4xlarge"))


def test_a_type_that_is_never_sold_as_spot_is_refused_there(make: Any) -> None:
    pool = bare(make, "hpc6a.48xlarge", efa=True)
    paid = {"hpc6a.48xlarge": 2.88}
    assert shaped(make, pool, prices=paid).slots == 96
    with pytest.raises(ConfigError, match=r"hpc6a\.48xlarge is not sold as spot"):
        shaped(make, bare(make, "hpc6a.48xlarge", purchase="spot"), prices=paid)


def test_a_type_we_do_not_know_has_what_the_pool_says(make: Any) -> None:
    paid = {"own.type": 1.0}
    pool = bare(make, "own.type", slots=4, memory_mib=100)
    assert shaped(make, pool, prices=paid) == pool
    with pytest.raises(ConfigError, match=r"own\.type is not in the catalogue") as caught:
        shaped(make, bare(make, "own.type", slots=4), prices=paid)
    assert "slots and memory_mib" in caught.value.hint


def test_requirements_become_types_by_price(make: Any) -> None:
    wants = Requirements(vcpus=16, memory_mib=30_000, vcpus_max=16, exclude=("*flex*",))
    settings: BurstSettings = with_shapes(make.settings(pools=(bare(make, requirements=wants),), prices={}))
    (pool,) = settings.pools
    prices = [settings.prices[kind] for kind in pool.instance_types]
    assert pool.requirements == wants
    assert prices == sorted(prices)
    assert {"c6i.4xlarge", "c7a.4xlarge", "m7i.4xlarge"} <= set(pool.instance_types)
    assert not {"c7g.4xlarge", "c7i-flex.4xlarge", "g5.4xlarge", "z1d.4xlarge"} & set(pool.instance_types)
    assert shape(pool)[0] == 8  # what its types with two threads a core have


def test_the_sites_own_prices_decide_what_is_cheapest(make: Any) -> None:
    wants = Requirements(vcpus=16, memory_mib=30_000, vcpus_max=16)
    pool = shaped(make, bare(make, requirements=wants), prices={"m7i.4xlarge": 0.5})
    assert pool.instance_types[0] == "m7i.4xlarge"


def test_requirements_no_type_meets_are_told(make: Any) -> None:
    with pytest.raises(ConfigError, match="pool cpu: no instance type of the catalogue meets its requirements"):
        shaped(make, bare(make, requirements=Requirements(vcpus=10_000, memory_mib=1)))
