"""Everything a run over the sandbox's stacks takes, put together: clients, handlers, policy pack, state (sandbox)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burst.shapes import with_shapes
from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import ConfigError
from ris_hybrid.mirroring.collecting import seldom
from ris_hybrid.sandbox.apply.analyzer import running
from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.apply.deployer import PROJECT, SandboxDeployer
from ris_hybrid.sandbox.apply.environment import program, write_environment
from ris_hybrid.sandbox.apply.goal import Means
from ris_hybrid.sandbox.apply.handlers.every import handlers
from ris_hybrid.sandbox.apply.refusals import CALL_ERRORS
from ris_hybrid.sandbox.apply.runner import in_this_process
from ris_hybrid.sandbox.apply.sights.every import sights
from ris_hybrid.sandbox.apply.state import StateFolder
from stacks.environment_file import read_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.mirror.deployed import Deployed
    from ris_hybrid.sandbox.apply.goal import Policies
    from ris_hybrid.sandbox.apply.runner import Front
    from ris_hybrid.sandbox.places import Places
    from stacks.environment_file import EnvironmentFile

Say = Callable[[str], None]
STATES, ENVIRONMENTS = "stacks", "environment"
"""Where the stacks' states, and the environment's file, are in a sandbox's folder."""


def _silent(_line: str) -> None:
    """For whoever reads the report alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxStacks:
    """The port ``Deployer`` for the stacks of one environment's file over one sandbox.

    Each call starts what it needs and ends it again; ``opened`` keeps it for several calls.
    """

    url: str
    region: str
    folder: Path
    """Where the stacks' states are, in the sandbox's own folder."""
    environment: Path
    """The environment's file; its name is the environment's."""
    plan: Path | None = None
    """A mirror plan; it wins over the one the environment's file names."""
    pack: Path | None = None
    """The policy pack's folder; None: it is not asked."""
    rules: Policies | None = None
    """What is asked where the pack is not; None: nothing is."""
    front: Front = in_this_process
    careful: bool = False
    """Look at what AWS really has, and go through a program once before anything of its stack is made."""
    say: Say = _silent
    _previewed: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, places: Places, plan: Path | None = None, *, environment: Path | None = None, say: Say = _silent
    ) -> SandboxStacks:
        """Those of a running sandbox.

        Without a plan it is the one that ``mirror apply`` left there, if it did; without an environment's file it is
        made from the stacks' example and the sandbox's burst.yaml.
        """
        env = places.client_env()
        url, region = env["AWS_ENDPOINT_URL"], env["AWS_REGION"]
        made = environment or write_environment(
            places.root / ENVIRONMENTS, with_shapes(load_burst(places.burst_yaml)), zones(url, region)
        )
        left = places.root / "mirror.json"
        return cls(
            url=url,
            region=region,
            folder=places.root / STATES,
            environment=made,
            plan=plan or (left if left.is_file() else None),
            pack=policy_pack(),
            careful=True,
            say=say,
        )

    def preview(self, stack: str) -> Deployed:
        """What ``up`` would do, and nothing done."""
        with self.opened() as deployer:
            return deployer.preview(stack)

    def up(self, stack: str) -> Deployed:
        """Build the stack."""
        with self.opened() as deployer:
            return deployer.up(stack)

    def outputs(self, stack: str) -> Mapping[str, object]:
        """What the stack gave out last."""
        return self._states().given_out(stack)

    @contextmanager
    def opened(self) -> Iterator[SandboxDeployer]:
        """A deployer that keeps its clients and its policy pack until the block ends.

        Raises:
            ConfigError: the environment's file, the pack or the address cannot be used.
        """
        file = read_environment(self.environment, self.environment.stem)
        config = self._config(file)
        with seldom(), closing(SandboxClients(self.url, self.region)) as aws, ExitStack() as open_things:
            pack = open_things.enter_context(running(self.pack, self.say, config)) if self.pack else None
            yield SandboxDeployer(
                program=program(),
                means=Means(
                    handlers=handlers(),
                    aws=aws,
                    say=self.say,
                    policies=pack or self.rules,
                    sights=sights() if self.careful else {},
                ),
                states=self._states(),
                front=self.front,
                config=config,
                previewed=self._previewed,
                survey=in_this_process if self.careful else None,
            )

    def destroy(self, stack: str, *, dry_run: bool = False) -> Deployed:
        """Delete all of the stack but what is protected."""
        with replace(self, pack=None, rules=None).opened() as deployer:
            return deployer.destroy(stack, dry_run=dry_run)

    def _states(self) -> StateFolder:
        return StateFolder(folder=self.folder, project=PROJECT)

    def _config(self, file: EnvironmentFile) -> dict[str, str]:
        told = {"account": file.account, "region": file.region, "phi_accounts": [file.account] if file.phi else []}
        told["site_cidrs"] = [str(cidr) for cidr in file.network.onprem_cidrs]
        config = {
            "aws:region": self.region,
            "ris-hybrid:environment": str(self.environment.absolute()),
            "ris-hybrid:policy": json.dumps(told),
        }
        return config | ({"ris-hybrid:mirror": str(self.plan.absolute())} if self.plan else {})


def zones(url: str, region: str) -> tuple[str, ...]:
    """The zones of a sandbox's region, by EC2's own answer; raises ``ConfigError`` for a region it does not know."""
    with closing(SandboxClients(url, region)) as aws:
        try:
            answer = aws.get("ec2").describe_availability_zones()
        except CALL_ERRORS as error:
            raise ConfigError(f"the sandbox has no region {region}: {error}", "check region of burst.yaml") from error
    return tuple(zone["ZoneName"] for zone in answer["AvailabilityZones"])


def policy_pack() -> Path:
    """The folder of the shipped pack, as ``pulumi up --policy-pack`` is given it."""
    found = find_spec("policies")
    if found is None or found.origin is None:
        raise ConfigError("the policies are not installed", "install the extra: pip install 'ris-hybrid[stacks]'")
    return Path(found.origin).parent / "pack"
