"""What machines of a pool are told at their first boot, whichever cloud it is of (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.userdata import user_data as of_ec2
from burst.libcloud.userdata import MOST_BYTES as MOST_ELSEWHERE
from burst.libcloud.userdata import user_data as of_second
from ris_hybrid.config.user_data import MOST_BYTES, packed

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings, Pool


def user_data(pool: Pool, settings: BurstSettings) -> str:
    """The text; the same settings give the same bytes. Raises ``ConfigError`` for what its cloud could not use."""
    return of_ec2(pool, settings) if pool.provider == "ec2" else of_second(pool, settings)


def sent(pool: Pool, settings: BurstSettings, text: str) -> tuple[int, int]:
    """Bytes of the text as its cloud gets it, and how many that cloud takes at most."""
    cloud = settings.cloud(pool.cloud)
    if pool.provider == "ec2" or cloud is None:
        return len(packed(text)), MOST_BYTES
    return len(text.encode()), MOST_ELSEWHERE[cloud.driver]
