"""Pools of a second cloud from burst.yaml to what every room after it works with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burst.built import chosen
from burst.mix.offered import sizes_of
from burst.offers import MOST_OVERRIDES, ranked
from burst.pools_file import pools_file
from burst.rc import conf, install, templates
from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_outputs import PoolOutputs, with_outputs
from ris_hybrid.pool_settings import SecondCloud
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool

if TYPE_CHECKING:
    from burst.mix.values import NodeType

EXAMPLE = Path(__file__).parents[2] / "examples" / "clouds" / "burst.yaml"
WORDS = st.text("ab-1", min_size=1, max_size=3)
SIZES = st.text("ab./1", min_size=1, max_size=4)
BUILT = PoolOutputs(launch_template="lt-9", subnets=("subnet-9",), notices="https://sqs.example/q")


def stack(name: str = "research", **prices: float) -> SecondCloud:
    return SecondCloud(name=name, driver="openstack", project="ris", auth_url="https://keystone", prices=prices)


def pool(**fields: Any) -> Pool:
    plain: dict[str, Any] = {
        "name": "campus",
        "provider": "libcloud",
        "instance_types": ("large", "huge"),
        "image": "lsf-node",
        "networks": ("hpc",),
        "slots": 8,
        "memory_mib": 15000,
        "max_nodes": 4,
    }
    return Pool(**{**plain, **fields})


@pytest.fixture
def two() -> BurstSettings:
    """The example's settings, as they are in use."""
    return with_shapes(load_burst(EXAMPLE))


def test_the_cloud_is_filled_in_and_types_and_prices_get_our_names(make: Any) -> None:
    own = stack(large=0.2, huge=0.4, gone=0.1)
    settings = with_shapes(make.settings(pools=(pool(), make.pool()), clouds=(own,), prices={}))
    second, ec2 = settings.pools
    assert (second.cloud, second.instance_types) == ("research", ("research/large", "research/huge"))
    assert settings.prices == {"c6i.4xlarge": 0.68, "research/gone": 0.1, "research/huge": 0.4, "research/large": 0.2}
    assert (second.slots, second.memory_mib, ec2.instance_types) == (8, 15000, ("c6i.4xlarge",))


@given(data=st.data())
def test_done_again_it_changes_nothing(data: st.DataObject) -> None:
    names = data.draw(st.lists(WORDS, min_size=1, max_size=3, unique=True))
    clouds, pools = [], []
    for name in names:
        sizes = data.draw(st.lists(SIZES, min_size=1, max_size=3, unique=True))
        clouds.append(stack(name, **{size: float(at + 1) for at, size in enumerate(sizes)}))
        left_out = len(names) == 1 and data.draw(st.booleans())
        pools.append(pool(name=name, cloud="" if left_out else name, instance_types=tuple(sizes)))
    once = with_shapes(
        BurstSettings(
            cluster="c1",
            provider="aws",
            region="",
            pools=tuple(pools),
            clouds=tuple(clouds),
            gates=(Gate(pending_jobs=1),),
            caps=Caps(nodes=1),
            budget=Budget(usd_per_month=1.0),
        )
    )
    assert with_shapes(once) == once
    assert all(kind.startswith(f"{one.cloud}/") for one in once.pools for kind in one.instance_types)
    assert {kind for one in once.pools for kind in one.instance_types} <= once.prices.keys()


LINES = EXAMPLE.read_text(encoding="utf-8").splitlines()


@settings(max_examples=60)
@given(line=st.integers(0, len(LINES) - 1), value=st.sampled_from(["", "[]", "''", "-1", "0", "x", "~", "libcloud"]))
def test_any_line_changed_is_refused_with_its_line_or_can_be_used(
    tmp_path_factory: pytest.TempPathFactory, line: int, value: str
) -> None:
    lines = list(LINES)
    lines[line] = f"{lines[line].partition(':')[0]}: {value}"
    file = tmp_path_factory.getbasetemp() / "burst.yaml"
    file.write_text("\n".join(lines), encoding="utf-8")
    try:
        written = load_burst(file)
    except ConfigError as error:
        assert str(error).startswith(f"{file}:")  # noqa: PT017  # either of the two is right
        return
    shaped = with_shapes(written)  # nothing that the file's checks let through fails here
    read = tmp_path_factory.getbasetemp() / "ris-provider.json"
    read.write_text(conf.dump(shaped), encoding="utf-8")
    assert conf.load(read) == shaped


@pytest.mark.parametrize(
    ("fields", "clouds", "message"),
    [
        ({}, (), r"pool campus: expected cloud, one of clouds \(none\), found nothing"),
        ({}, (stack(), stack("other")), r"one of clouds \(research, other\), found nothing"),
        ({"cloud": "elsewhere"}, (stack(),), r"one of clouds \(research\), found elsewhere"),
        ({}, (stack(large=1.0),), "pool campus: research/huge has no price"),
        ({"slots": 0}, (stack(large=1.0, huge=1.0),), "pool campus: expected slots and memory_mib"),
    ],
)
def test_what_cannot_be_filled_in_is_told(
    make: Any, fields: dict[str, Any], clouds: tuple[SecondCloud, ...], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        with_shapes(make.settings(pools=(pool(**fields),), clouds=clouds))


def test_what_the_hook_reads_is_what_was_written(two: BurstSettings, tmp_path: Path) -> None:
    file, cut = install.write(two, tmp_path)
    assert conf.load(file) == two
    assert cut.is_dir()
    told = {row["templateId"]: row for row in templates.read_answer(str(tmp_path))["templates"]}
    assert told == {  # that of EC2 was not built yet
        "campus8": {
            "templateId": "campus8",
            "maxNumber": 10,
            "priority": 20,
            "attributes": {
                "type": ["String", "X86_64"],
                "ncpus": ["Numeric", "8"],
                "ncores": ["Numeric", "8"],
                "mem": ["Numeric", "15000"],
                "awshost": ["Boolean", "1"],
            },
        }
    }


def test_without_a_pool_of_ec2_nothing_is_cut_from_botocores_description(make: Any, tmp_path: Path) -> None:
    alone = with_shapes(make.settings(pools=(pool(),), clouds=(stack(large=0.2, huge=0.4),), region=""))
    (file,) = install.write(alone, tmp_path)
    assert [one.name for one in file.parent.iterdir()] == [file.name]
    assert install.write(alone, tmp_path, dry_run=True) == (file,)


def test_a_file_whose_pool_is_in_no_cloud_is_damaged(two: BurstSettings, tmp_path: Path) -> None:
    file = tmp_path / "ris-provider.json"
    body = json.loads(conf.dump(two))
    body["settings"]["clouds"] = []
    file.write_text(json.dumps(body))
    with pytest.raises(ConfigError, match="pool campus8: expected one of clouds, found 'research'"):
        conf.load(file)


def test_the_stacks_build_pools_of_ec2_alone(two: BurstSettings) -> None:
    assert [one.name for one in pools_file(two).pools] == ["cpu8"]
    assert chosen(two, {"cpu8": BUILT, "campus8": BUILT}, "prod") == {"cpu8": BUILT}
    merged = with_outputs(two, {"cpu8": BUILT, "campus8": BUILT})
    assert [(one.name, one.launch_template, one.built) for one in merged.pools] == [
        ("campus8", "", True),
        ("cpu8", "lt-9", True),
    ]
    assert with_outputs(two, {"campus8": BUILT}).notices == ""


def test_offers_are_sizes_in_zones_as_listed(two: BurstSettings) -> None:
    ranking = ranked(two.pools[0], two.prices)
    assert [(one.instance_type, one.subnet, one.usd_per_hour) for one in ranking.offers] == [
        ("research/m1.xlarge", "nova-1", 0.3),
        ("research/m1.xlarge", "nova-2", 0.3),
        ("research/m1.2xlarge", "nova-1", 0.6),
        ("research/m1.2xlarge", "nova-2", 0.6),
    ]
    (reason,) = ranking.reasons
    types = "research/m1.xlarge, research/m1.2xlarge"
    assert reason.text == f"types as listed ({types}), each in 2 zones as listed (nova-1, nova-2)"


def test_where_no_zone_is_named_its_cloud_chooses_and_no_bound_of_ec2_holds() -> None:
    sizes = tuple(f"research/{at}" for at in range(MOST_OVERRIDES + 1))
    ranking = ranked(pool(cloud="research", instance_types=sizes), dict.fromkeys(sizes, 1.0))
    assert (len(ranking.offers), ranking.left_out) == (MOST_OVERRIDES + 1, 0)
    assert {one.subnet for one in ranking.offers} == {""}
    assert ranking.reasons[0].text.endswith("each in the zone its cloud chooses")


def test_a_size_has_what_the_pool_that_says_most_says(make: Any) -> None:
    small = pool(instance_types=("research/large", "research/huge"), gpus=0)
    large = pool(name="large", instance_types=("research/huge",), slots=16, memory_mib=9000, gpus=1)
    prices = {"research/large": 0.2, "research/huge": 0.4}

    def figures(kind: NodeType) -> tuple[object, ...]:
        return kind.name, kind.slots, kind.memory_mib, kind.gpus, kind.usd_per_hour

    found = sizes_of((small, make.pool(), large), prices=prices)
    assert [figures(kind) for kind in found] == [
        ("research/huge", 16, 15000, 1, 0.4),
        ("research/large", 8, 15000, 0, 0.2),
    ]
    assert [kind.name for kind in sizes_of((small,), ["research/l*"], prices=prices)] == ["research/large"]
    assert sizes_of((small,), ["c7a.*"], prices=prices) == []
