"""From what burst.yaml says of a second cloud to a connection with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from burst.libcloud.ports import Connection
    from ris_hybrid.pool_settings import SecondCloud


def connect(cloud: SecondCloud) -> Connection:
    """A connection by the cloud's driver; nothing is sent yet. Raises ``ConfigError``, ``Refused`` for credentials."""
    raise ConfigError(f"cloud {cloud.name}: driver {cloud.driver} is not there yet")
