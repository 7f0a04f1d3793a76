"""Which clouds burst.yaml names, as one port each. Without a second cloud EC2's ports are used as they are."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from burst.clients import Clients
    from burst.libcloud.account import SecondAccount
    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.ports import Checks, Clock, Cloud, Ledger
    from ris_hybrid.settings import BurstSettings, Pool


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
    from burst.clouds.quiet import Quiet

    each = {cloud.name: _second_or_absent(cloud, settings, data, clients, clock) for cloud in settings.clouds}
    if settings.on_ec2:
        each = {EC2: _ec2(settings, conf, clients), **each}
    quiet = Quiet()
    return CloudPorts(
        cloud=JointCloud({name: ports.cloud for name, ports in each.items()}, settings, quiet),
        ledger=JointLedger({name: ports.ledger for name, ports in each.items()}, settings, quiet),
        checks=JointChecks({name: ports.checks for name, ports in each.items()}, quiet),
    )


def second_account(cloud: SecondCloud, env: Mapping[str, str] = os.environ) -> SecondAccount:
    """What a check-up asks a cloud beside EC2."""
    from burst.libcloud import account

    return account.SecondAccount(cloud, env)


def _ec2(settings: BurstSettings, conf: Path | None, clients: Clients) -> CloudPorts:
    from burst.aws.checks import Ec2Checks
    from burst.aws.fleet import Ec2Cloud
    from burst.aws.marks import Ec2Ledger

    client = clients.ec2(settings, conf)
    return CloudPorts(cloud=Ec2Cloud(client, settings), ledger=Ec2Ledger(client, settings), checks=Ec2Checks(client))


def _second_or_absent(
    cloud: SecondCloud, settings: BurstSettings, data: Path, clients: Clients, clock: Clock
) -> CloudPorts:
    """Where it is the only cloud, what is missing for it is an error at once; beside others it is unread."""
    try:
        return _second(cloud, settings, data, clients, clock)
    except ConfigError as error:
        if not settings.on_ec2 and len(settings.clouds) == 1:
            raise
        from burst.clouds.absent import AbsentChecks, AbsentCloud, AbsentLedger

        return CloudPorts(cloud=AbsentCloud(error), ledger=AbsentLedger(error), checks=AbsentChecks(error))


def _second(cloud: SecondCloud, settings: BurstSettings, data: Path, clients: Clients, clock: Clock) -> CloudPorts:
    from burst.libcloud.checks import LibcloudChecks
    from burst.libcloud.fleet import LibcloudCloud
    from burst.libcloud.marks import LibcloudLedger
    from burst.libcloud.roll import RollFile, roll_path
    from burst.libcloud.sight import Sight

    connection = clients.second(cloud)
    roll = RollFile(roll_path(data, settings.provider, cloud.name), clock.now)
    sight = Sight(connection=connection, settings=settings, cloud=cloud.name, roll=roll, now=clock.now)
    return CloudPorts(
        cloud=LibcloudCloud(sight, lambda pool: _user_data(pool, settings)),
        ledger=LibcloudLedger(sight),
        checks=LibcloudChecks(connection),
    )


def _user_data(pool: Pool, settings: BurstSettings) -> str:
    """Its module is loaded when something is launched: most calls of LSF launch nothing."""
    from burst.libcloud.userdata import user_data

    return user_data(pool, settings)
