"""A cloud whose library is not installed is unread: EC2's machines are listed and returned without it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.aws.fleet import Ec2Cloud
from burst.clients import Clients
from burst.clouds.partly import PartlyUnknown, checks_of, look, marks
from ris_hybrid.clocks import FixedClock
from ris_hybrid.clouds_wiring import cloud_ports
from ris_hybrid.errors import ConfigError, Refused
from ris_hybrid.model import PoolMarks
from tests.two_clouds import RESEARCH, research_pool, two_settings

if TYPE_CHECKING:
    from pathlib import Path

    from burst.libcloud.ports import Connection
    from ris_hybrid.pool_settings import SecondCloud


class Bare(Clients):
    """Of a host without the extra."""

    def second(self, cloud: SecondCloud) -> Connection:
        raise ConfigError(f"cloud {cloud.name}: apache-libcloud is not installed", "pip install 'ris-hybrid[libcloud]'")


def test_the_other_cloud_goes_on_without_it(tmp_path: Path, ec2: Any, ec2_settings: Any, make: Any) -> None:
    clouds = two_settings(make).clouds
    settings = replace(ec2_settings, clouds=clouds, pools=(*ec2_settings.pools, research_pool(make)))
    (mine,) = Ec2Cloud(ec2, ec2_settings).launch(make.launch()).machine_ids
    ports = cloud_ports(settings, tmp_path, None, Bare(), FixedClock(make.now))
    why = {RESEARCH: "cloud research: apache-libcloud is not installed (pip install 'ris-hybrid[libcloud]')"}
    seen = look(ports.cloud)
    assert ([machine.machine_id for machine in seen.machines], seen.unread) == ([mine], why)
    assert marks(ports.ledger).unread == checks_of(ports.checks).unread == why
    assert ports.cloud.end([mine], "ret-1") == (mine,)
    deeds = (
        lambda: ports.cloud.launch(make.launch(pool="os", token="t-9")),
        lambda: ports.cloud.end([f"{RESEARCH}/1"], "ret-1"),
        lambda: ports.ledger.mark([f"{RESEARCH}/1"], {"ris_joined": "1"}),
        lambda: ports.ledger.mark_pool("os", PoolMarks(boot_s=1.0), PoolMarks()),
    )
    for deed in deeds:
        with pytest.raises(Refused, match="research: cloud research: apache-libcloud is not installed"):
            deed()
    with pytest.raises(PartlyUnknown):
        ports.cloud.machines()


def test_where_it_is_the_only_cloud_that_is_an_error_at_once(tmp_path: Path, make: Any) -> None:
    settings: Any = two_settings(make, pools=(research_pool(make),))
    with pytest.raises(ConfigError, match="apache-libcloud is not installed"):
        cloud_ports(settings, tmp_path, None, Bare(), FixedClock(make.now))
