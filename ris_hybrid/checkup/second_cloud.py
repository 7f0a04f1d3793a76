"""What must be there in a cloud beside EC2: credentials, an API that answers, and all that its pools name."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from onprem.lsf.conf.places import owner
from ris_hybrid.checkup.data_bounded import Question
from ris_hybrid.checkup.finding import Finding, asked
from ris_hybrid.checkup.second_pool import look as look_at_pool
from ris_hybrid.checkup.second_pool import without_ids
from ris_hybrid.errors import CloudError, RisHybridError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from burst.libcloud.values import Offered
    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.settings import BurstSettings

_MOST_SKEW_S = 60.0  # as EC2's: the age of machines is told by both clocks


class Account(Protocol):
    """What is asked of one cloud. Raises ``CloudError``."""

    def credentials(self) -> str:
        """Where they are; ``Refused`` when there are none, or others can read them."""
        ...

    def offered(self) -> Offered:
        """What the cloud lists; ``ConfigError`` when its library is not installed."""
        ...

    def clock(self) -> float:
        """The cloud's own time."""
        ...


def questions(
    settings: BurstSettings, account: Callable[[SecondCloud], Account], now: float | None
) -> Iterator[Question]:
    """For every cloud of burst.yaml, whether a pool names it or not. Virtual time is None."""
    for cloud in settings.clouds:
        asked_of = account(_narrowed(cloud, settings))
        yield Question(name=f"cloud {cloud.name}", ask=partial(_look, cloud, settings, asked_of))
        if now is not None:
            yield Question(name=f"time of {cloud.name}", ask=partial(_clock, cloud.name, account(cloud), now))


def _narrowed(cloud: SecondCloud, settings: BurstSettings) -> SecondCloud:
    """Google's with the region that its pools' zones are of: the machine types of all regions fill a hundred pages."""
    if cloud.driver != "gce":
        return cloud
    zones = {zone for pool in settings.pools if pool.cloud == cloud.name for zone in pool.zones}
    regions = {zone.rpartition("-")[0] for zone in zones}
    return replace(cloud, region=regions.pop()) if len(regions) == 1 else cloud


def _look(cloud: SecondCloud, settings: BurstSettings, account: Account) -> Iterator[Finding]:
    pools = [pool for pool in settings.pools if pool.cloud == cloud.name]
    unseen = f"not looked at: {', '.join(pool.name for pool in pools)}" if pools else "no pool is there"
    try:
        where = account.credentials()
    except CloudError as error:
        text = f"{error.message}; {unseen}"
        yield Finding(name=f"credentials of {cloud.name}", ok=False, text=text, hint=error.hint)
        return
    yield Finding(name=f"credentials of {cloud.name}", ok=True, text=where)
    if cloud.credentials:
        yield _whose(cloud, settings.node.lsf_admin)
    try:
        offered = account.offered()
    except RisHybridError as error:
        yield Finding(name=f"API of {cloud.name}", ok=False, text=f"{error.message}; {unseen}", hint=error.hint)
        return
    yield Finding(name=f"API of {cloud.name}", ok=True, text=_lists(offered))
    for pool in pools:
        yield from asked(f"pool {pool.name}", partial(look_at_pool, pool, settings, cloud, offered))


def _whose(cloud: SecondCloud, administrator: str) -> Finding:
    """Others cannot read the file, so LSF's scripts can only where it is his as whom they run."""
    whose = owner(Path(cloud.credentials))
    return Finding(
        name=f"owner of {cloud.name}'s credentials",
        ok=whose == administrator,
        text=f"{cloud.credentials} is {whose}'s",
        hint=f"chown {administrator} {cloud.credentials}: LSF's scripts run as {administrator} (node.lsf_admin)",
    )


def _lists(offered: Offered) -> str:
    counts = {
        "sizes": [size.name for size in offered.sizes],
        "images": offered.images,
        "networks": offered.networks,
        "zones": offered.zones,
    }
    return f"lists {', '.join(f'{len(without_ids(found))} {kind}' for kind, found in counts.items())}"


def _clock(name: str, account: Account, now: float) -> Iterator[Finding]:
    off = now - account.clock()
    yield Finding(
        name=f"clock of {name}",
        ok=abs(off) <= _MOST_SKEW_S,
        text=f"{off:+.0f} s against {name}",
        hint="mend time synchronisation, here or there: tokens and the age of machines go by it",
    )
