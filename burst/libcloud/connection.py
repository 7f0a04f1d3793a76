"""From what burst.yaml says of a second cloud to a connection with it. libcloud is imported here, and not before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from burst.libcloud.ports import Connection
    from ris_hybrid.pool_settings import SecondCloud


def connect(
    cloud: SecondCloud, env: Mapping[str, str] = os.environ, wait: Callable[[float], object] | None = None
) -> Connection:
    """A connection by the cloud's driver; nothing is sent yet, and no credentials are read before the first call.

    Those that are missing or refused are ``Refused`` then: one cloud's credentials do not keep the others' machines.

    Args:
        cloud: as burst.yaml has it.
        env: where credentials may be.
        wait: seconds, between two tries.

    Raises ``ConfigError`` where apache-libcloud is not installed.
    """
    try:
        if cloud.driver == "gce":
            from burst.libcloud.gce import connection
        else:
            from burst.libcloud.openstack import connection
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in {"libcloud", "requests"}:
            raise
        raise ConfigError(
            f"cloud {cloud.name}: apache-libcloud is not installed", "pip install 'ris-hybrid[libcloud]'"
        ) from error
    return connection(cloud, env, wait)
