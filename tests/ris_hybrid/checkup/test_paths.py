"""Paths of pools beside the allocations of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from ris_hybrid.checkup import paths
from ris_hybrid.pool_settings import PathMount
from ris_hybrid.settings import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    name: str
    lab: str
    secure: bool = False


WUCCI = Allocation(name="wucci", lab="wucci")
LEE = Allocation(name="lee_2", lab="lee")
TRIALS = Allocation(name="neuro_trials", lab="neuro", secure=True)
ALL = (WUCCI, LEE, TRIALS)


def nfs(*names: str) -> tuple[PathMount, ...]:
    return tuple(PathMount(path=name, kind="nfs", source=f"ces:{name}") for name in names)


def found(make: Any, *, labs: tuple[str, ...], mounts: tuple[PathMount, ...] = (), **settings: Any) -> list[Any]:
    pool = make.pool(labs=labs, paths=mounts)
    return list(paths.look(make.settings(pools=(pool, make.pool("off", max_nodes=0)), **settings), ALL))


def test_a_lab_without_a_path_is_told(make: Any) -> None:
    missing, strange = found(make, labs=("wucci", "lee"), mounts=nfs("/storage1/fs1/wucci/Active"))
    assert (missing.ok, missing.needed) == (False, False)
    assert missing.text == "no path for lee_2"
    assert strange.ok
    missing, _ = found(make, labs=("wucci", "lee"), outlook="o.json")
    assert missing.needed
    assert missing.text == "no path for lee_2, wucci"


@pytest.mark.parametrize("path", ["/cache1/fs1/wucci", "/storage1/fs1/wucci/Active", "/storage1", "/storage1/fs1"])
def test_a_path_at_above_or_below_is_one(make: Any, path: str) -> None:
    (missing, strange) = found(make, labs=("wucci",), mounts=nfs(path))
    assert (missing.text, missing.ok, strange.ok) == ("1 allocations of its labs have a path", True, True)


def test_what_every_pool_mounts_counts(make: Any) -> None:
    node = Node(mounts=("nas:/storage1 /storage1 nfs4 rw 0 0", "odd"))
    (missing, strange) = found(make, labs=(), node=node)
    assert missing.ok
    assert strange.text == "its own labs'"


def test_many_are_counted(make: Any) -> None:
    many = [Allocation(name=f"a{number}", lab="x") for number in range(7)]
    missing, _ = paths.look(make.settings(), many)
    assert missing.text == "no path for a0, a1, a2, a3, a4 and 2 more"


@pytest.mark.parametrize(
    ("labs", "path", "said"),
    [
        (("neuro",), "/storage1/fs1/neuro_trials/Active", ""),
        (("neuro", "lee"), "/storage1/fs1/neuro_trials/Active", "is PHI of neuro, the pool serves neuro, lee"),
        ((), "/cache1/fs1/neuro_trials", "is PHI of neuro, the pool serves every lab"),
        (("lee",), "/storage1/fs1/wucci", "is of wucci, the pool serves lee"),
        ((), "/storage1/fs1/wucci", ""),
        ((), "/storage1/fs1/wucci_2", ""),
    ],
)
def test_phi_and_other_labs_paths_are_told(make: Any, labs: tuple[str, ...], path: str, said: str) -> None:
    _, strange = found(make, labs=labs, mounts=nfs(path))
    assert strange.ok is (not said)
    assert said in strange.text
