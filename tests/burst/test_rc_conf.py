from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.rc import conf, templates
from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_settings import PathMount, Requirements, SecondCloud
from ris_hybrid.settings import KINDS, Budget, BurstSettings, Caps, Gate, Life, Node, Pool, Release

if TYPE_CHECKING:
    from pathlib import Path


def written(make: Any, path: Path, **changes: Any) -> dict[str, Any]:
    path.write_text(conf.dump(make.settings(**changes)))
    return dict(json.loads(path.read_text()))


PLAIN = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
FIGURES = st.floats(allow_nan=False, allow_infinity=False)
WORDS = st.lists(st.text(PLAIN, max_size=3), max_size=2).map(tuple)
COUNTS = st.integers(0, 400)
REQUIREMENTS = st.builds(Requirements, vcpus_max=st.none() | COUNTS, memory_mib_max=st.none() | COUNTS, exclude=WORDS)
PATHS = st.builds(
    PathMount,
    path=st.text(PLAIN, max_size=9),
    kind=st.sampled_from(["lustre", "s3", "nfs"]),
    source=st.text(PLAIN, max_size=9),
    options=WORDS,
    owner_gid=st.none() | COUNTS,
)
CLOUDS = st.builds(
    SecondCloud,
    name=st.sampled_from(["one", "two"]),
    driver=st.sampled_from(["openstack", "gce"]),
    project=st.text(PLAIN, max_size=3),
    auth_url=st.text(PLAIN, max_size=3),
    credentials=st.text(PLAIN, max_size=3),
    prices=st.dictionaries(st.text(PLAIN, max_size=3), FIGURES, max_size=2),
)
POOLS = st.builds(
    Pool,
    image=st.text(PLAIN, max_size=3),
    networks=WORDS,
    zones=WORDS,
    security_groups=WORDS,
    paths=st.lists(PATHS, max_size=2).map(tuple),
    name=st.text(PLAIN, max_size=9),
    instance_types=st.just(("a", "b")),
    requirements=st.none() | REQUIREMENTS,
    slots=st.integers(1, 400),
    memory_mib=COUNTS,
    gpus=COUNTS,
    cores=COUNTS,
    threads_per_core=st.integers(0, 2),
    launch_template=st.text(PLAIN, max_size=3),
    subnets=WORDS,
    queues=WORDS,
    labs=WORDS,
    purchase=st.sampled_from(["on-demand", "spot", "mixed"]),
    on_demand_ratio=FIGURES,
    reservations=st.booleans(),
    all_or_none=st.booleans(),
    placement_group=st.text(PLAIN, max_size=3),
    efa=st.booleans(),
    priority=st.integers(),
    boot_s=FIGURES,
)
GATES = st.builds(
    Gate,
    pending_jobs=st.none() | COUNTS,
    for_minutes=FIGURES,
    pending_slots=st.none() | COUNTS,
    expected_wait_minutes=st.none() | FIGURES,
)
LIFE = st.builds(
    Life,
    join_minutes=FIGURES,
    lifetime_hours=st.none() | FIGURES,
    idle_minutes=FIGURES,
    unlisted_minutes=FIGURES,
    join_failures=COUNTS,
    capacity_hold_minutes=FIGURES,
)
NODES = st.builds(
    Node,
    lsf_top=st.text(PLAIN, max_size=3),
    masters=WORDS,
    lsf_admin=st.text(PLAIN, max_size=3),
    resources=WORDS,
    mounts=WORDS,
    docker_options=WORDS,
    registry=st.text(PLAIN, max_size=3),
)


@given(
    settings=st.builds(
        BurstSettings,
        cluster=st.text(PLAIN),
        provider=st.text(PLAIN),
        region=st.text(PLAIN),
        pools=st.lists(POOLS, max_size=3).map(tuple),
        clouds=st.lists(CLOUDS, max_size=2).map(tuple),
        gates=st.lists(GATES, max_size=3).map(tuple),
        caps=st.builds(Caps, labs=st.dictionaries(st.text(PLAIN, max_size=3), st.integers())),
        budget=st.builds(Budget, usd_per_month=FIGURES, labs=st.dictionaries(st.text(PLAIN, max_size=3), FIGURES)),
        release=st.builds(Release),
        life=LIFE,
        node=NODES,
        ncpus=st.sampled_from(["cores", "threads"]),
        rerunnable_queues=WORDS,
        notices=st.text(PLAIN, max_size=9),
        endpoint_url=st.text(PLAIN, max_size=9),
        host_flag=st.text(PLAIN, max_size=9),
        spot_flag=st.text(PLAIN, max_size=9),
        prices=st.just({"a": 1.0, "b": 2}),
        outputs=st.text(PLAIN, max_size=9),
    )
)
def test_what_is_dumped_is_loaded_again(tmp_path_factory: pytest.TempPathFactory, settings: BurstSettings) -> None:
    path = tmp_path_factory.getbasetemp() / "ris-provider.json"
    path.write_text(conf.dump(settings))
    assert conf.load(path) == settings


def test_every_field_of_the_settings_is_checked_when_read() -> None:
    nested = {
        "tuple[Pool, ...]",
        "tuple[Gate, ...]",
        "Caps",
        "Budget",
        "Release",
        "Life",
        "Node",
        "Requirements | None",
        "tuple[PathMount, ...]",
        "tuple[SecondCloud, ...]",
        "Planner",
        "Exclude",
        "Steering",
    }
    for kind in KINDS:
        for field in fields(kind):
            assert field.type in conf._FORMS.keys() | nested, f"{kind.__name__}.{field.name}"


@pytest.mark.parametrize(
    ("where", "key", "value", "message"),
    [
        (("settings",), "cluster", 7, "cluster: 7"),
        (("settings",), "provider", "a\0b", "provider: "),
        (("settings",), "cluster", "\ud800", "cluster: "),
        (("settings",), "newer", 7, "newer"),
        (("settings", "pools", 0), "paths", [7], "is not a provider configuration"),
        (("settings", "pools", 0), "paths", [{"path": "/a", "kind": "smb", "source": "a"}], "kind: 'smb'"),
        (("settings",), "pools", {}, ""),  # no pools at all is not damaged
        (("settings",), "pools", 7, "is not a provider configuration"),
        (("settings",), "gates", [7], "is not a provider configuration"),
        (("settings",), "caps", None, "is not a provider configuration"),
        (("settings",), "prices", {}, "pool cpu: c6i.4xlarge has no price"),
        (("settings",), "prices", {"c6i.4xlarge": "0.68"}, "prices: "),
        (("settings", "pools", 0), "slots", "8", "slots: '8'"),
        (("settings", "pools", 0), "slots", True, "slots: True"),
        (("settings", "pools", 0), "slots", 0, "expected slots and an instance type"),
        (("settings", "pools", 0), "instance_types", [], "expected slots and an instance type"),
        (("settings", "pools", 0), "instance_types", "c6i.4xlarge", "instance_types: "),
        (("settings", "pools", 0), "subnets", [7], "subnets: "),
        (("settings", "pools", 0), "purchase", "gift", "purchase: 'gift'"),
        (("settings", "pools", 0), "boot_s", float("nan"), "boot_s: nan"),
        (("settings", "pools", 0), "provider", "azure", "provider: 'azure'"),
        (("settings", "pools", 0), "provider", "libcloud", "pool cpu: expected one of clouds, found ''"),
        (("settings",), "clouds", [{"name": "research", "driver": "azure", "project": ""}], "driver: 'azure'"),
        (("settings", "gates", 0), "pending_jobs", 1.5, "pending_jobs: 1.5"),
        (("settings", "budget"), "usd_per_month", float("inf"), "usd_per_month: inf"),
        (("settings", "caps"), "labs", {"lee": "4"}, "labs: "),
    ],
)
def test_a_damaged_file_is_told_with_its_path_and_key(
    make: Any, tmp_path: Path, where: tuple[Any, ...], key: str, value: object, message: str
) -> None:
    path = tmp_path / "ris-provider.json"
    body = written(make, path)
    inner: Any = body
    for step in where:
        inner = inner[step]
    inner[key] = value
    path.write_text(json.dumps(body))
    if not message:
        assert conf.load(path).pools == ()
        return
    with pytest.raises(ConfigError) as caught:
        conf.load(path)
    assert str(path) in caught.value.message
    assert message in caught.value.message
    assert "ris-hybrid burst render" in caught.value.hint


@pytest.mark.parametrize("missing", ["pools", "gates", "caps", "budget", "release", "cluster"])
def test_a_missing_key_is_a_damaged_file(make: Any, tmp_path: Path, missing: str) -> None:
    path = tmp_path / "ris-provider.json"
    body = written(make, path)
    del body["settings"][missing]
    path.write_text(json.dumps(body))
    with pytest.raises(ConfigError, match=missing):
        conf.load(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "is not a provider configuration"),
        (b'{"settings": {}}', "is not a provider configuration"),
    ],
)
def test_what_is_no_provider_file_is_told_with_its_path(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "ris-provider.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as caught:
        templates.read_file(str(path))
    assert caught.value.message.startswith(str(path))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        conf.load(tmp_path / "none.json")


def test_templates_are_read_as_they_were_written(make: Any, tmp_path: Path) -> None:
    path = tmp_path / "conf" / templates.FILE_NAME
    path.parent.mkdir()
    body = written(make, path)
    assert templates.read_answer(str(tmp_path)) == templates.answer(make.settings())
    for bad in ([], {"templates": {}}):
        path.write_text(json.dumps({**body, "templates": bad}))
        with pytest.raises(ConfigError, match="templates: expected the answer of getAvailableTemplates"):
            templates.read_answer(str(tmp_path))
