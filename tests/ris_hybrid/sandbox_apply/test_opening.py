"""The shipped stacks over the sandbox's AWS: what is put together for a run."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import pytest

from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.config.mirror_file import load_mirror
from ris_hybrid.config.pools_file import read_pools
from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply import handlers as package
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.apply.environment import onprem_cidrs, write_environment
from ris_hybrid.sandbox.apply.handlers.every import handlers
from ris_hybrid.sandbox.apply.opening import SandboxStacks, policy_pack, zones
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.scenario import example_site
from stacks.environment_file import read_environment

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws
    from ris_hybrid.settings import BurstSettings


@pytest.fixture(scope="module")
def burst() -> BurstSettings:
    return with_shapes(load_burst(example_site() / "burst.yaml"))


@pytest.fixture
def stacks(aws: SandboxAws, burst: BurstSettings, tmp_path: Path) -> SandboxStacks:
    return SandboxStacks(
        url=aws.url,
        region=aws.region,
        folder=tmp_path / "stacks",
        environment=write_environment(tmp_path, burst, zones(aws.url, aws.region)),
        front=in_this_process,
    )


def test_the_environment_is_the_sandboxs_with_all_pools(tmp_path: Path, burst: BurstSettings) -> None:
    assert onprem_cidrs(tmp_path) == ()
    path = write_environment(tmp_path, replace(burst, region="eu-west-1"), ["eu-west-1a", "eu-west-1b"])
    assert onprem_cidrs(tmp_path) == ("10.20.0.0/16",)
    file = read_environment(path, "sandbox")
    assert (file.env, file.account, file.region, file.phi) == ("sandbox", "123456789012", "eu-west-1", True)
    assert (file.cluster, file.provider) == (burst.cluster, burst.provider)
    assert file.organization == load_mirror(example_site() / "mirror.yaml").organization
    assert file.network.zones == ("eu-west-1a", "eu-west-1b")
    assert file.pushing.pushers == ("arn:aws:iam::123456789012:role/compute1-sandbox-data",)
    assert file.carriers == ("compute1-sandbox-transfer",)
    pools = read_pools(tmp_path / "pools.json")
    assert [pool.name for pool in pools.pools] == [pool.name for pool in burst.pools]
    assert "sandbox" in path.read_text().splitlines()[0]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, burst: BurstSettings) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="file: cannot be written"):
        write_environment(tmp_path / "file", burst, ["us-east-1a"])


def test_every_family_is_in_the_table_and_no_type_is_in_two() -> None:
    families = [import_module(f"{package.__name__}.{one.name}") for one in iter_modules(package.__path__)]
    kinds = [dict(family.HANDLERS) for family in families if hasattr(family, "HANDLERS")]
    table = handlers()
    assert {kind: handler for family in kinds for kind, handler in family.items()} == table
    assert all(kind.startswith("aws:") for kind in table)


def test_a_layer_is_previewed_built_and_destroyed(stacks: SandboxStacks) -> None:
    would = stacks.preview("registry-sandbox")
    assert stacks.outputs("registry-sandbox") == {}
    assert stacks.up("registry-sandbox") == would
    assert stacks.up("registry-sandbox").changes == ()
    assert len(stacks.destroy("registry-sandbox").changes) == len(would.changes)


def test_a_mirror_plan_that_is_given_wins(stacks: SandboxStacks, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps({"not": "a plan"}))
    with pytest.raises(ConfigError, match=r"plan\.json"):
        replace(stacks, plan=plan).preview("storage-sandbox")


def test_the_shipped_pack_is_asked(stacks: SandboxStacks) -> None:
    with replace(stacks, pack=policy_pack()).opened() as deployer:
        assert deployer.preview("registry-sandbox").sandbox


@pytest.mark.parametrize("url", ["https://127.0.0.1:1", "http://ec2.us-east-1.amazonaws.com", "http://10.0.0.1:5000"])
def test_nothing_but_loopback_is_touched(stacks: SandboxStacks, url: str) -> None:
    with pytest.raises(ConfigError, match="is not on loopback"):
        replace(stacks, url=url).up("registry-sandbox")
    with pytest.raises(ConfigError, match="is not on loopback"):
        SandboxClients(url, "us-east-1")
