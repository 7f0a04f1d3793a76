"""Which clouds burst.yaml names, as one port each. Without a second cloud EC2's ports are used as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from burst.clients import Clients
    from ris_hybrid.ports import Checks, Clock, Cloud, Ledger
    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudPorts:
    """What is asked of clouds."""

    cloud: Cloud
    ledger: Ledger
    checks: Checks


def cloud_ports(settings: BurstSettings, data: Path, conf: Path | None, clients: Clients, clock: Clock) -> CloudPorts:
    """The ports of every cloud that the settings name.

    Args:
        settings: of the provider.
        data: where its local files lie.
        conf: the provider's configuration folder, when LSF calls.
        clients: made once each.
        clock: tells how long a machine that its cloud no longer lists is remembered.
    """
    if not settings.clouds:
        return _ec2(settings, conf, clients)
    from burst.clouds.joint import JointChecks, JointCloud, JointLedger
    from burst.clouds.partly import EC2

    each = {cloud.name: _second(cloud.name, settings, data, clients, clock) for cloud in settings.clouds}
    if settings.on_ec2:
        each = {EC2: _ec2(settings, conf, clients), **each}
    return CloudPorts(
        cloud=JointCloud({name: ports.cloud for name, ports in each.items()}, settings),
        ledger=JointLedger({name: ports.ledger for name, ports in each.items()}, settings),
        checks=JointChecks({name: ports.checks for name, ports in each.items()}),
    )


def _ec2(settings: BurstSettings, conf: Path | None, clients: Clients) -> CloudPorts:
    from burst.aws.checks import Ec2Checks
    from burst.aws.fleet import Ec2Cloud
    from burst.aws.marks import Ec2Ledger

    client = clients.ec2(settings, conf)
    return CloudPorts(cloud=Ec2Cloud(client, settings), ledger=Ec2Ledger(client, settings), checks=Ec2Checks(client))


def _second(name: str, settings: BurstSettings, data: Path, clients: Clients, clock: Clock) -> CloudPorts:
    raise NotImplementedError(name)
