"""The port ``BuiltPools`` over the parameters of Systems Manager that the compute stack writes.

One parameter a pool, ``/ris-hybrid/<cluster>-<environment>/pools/<pool>``, with launch template, subnets and queue of
notices as JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from burst.aws.calls import translated
from burst.aws.client import make_client
from ris_hybrid.errors import CloudError
from ris_hybrid.pool_outputs import PoolOutputs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import BurstSettings

_LOOPBACK = frozenset({"127.0.0.1", "localhost"})


class SsmPools:
    """The pools of one cluster."""

    def __init__(self, client: Any, cluster: str) -> None:
        self._client = client
        self._cluster = cluster

    @classmethod
    def of(cls, settings: BurstSettings) -> SsmPools:
        """In the settings' region. Their endpoint is EC2's, so it counts here only where it is the sandbox's."""
        host = urlsplit(settings.endpoint_url).hostname
        endpoint = settings.endpoint_url if host in _LOOPBACK else ""
        return cls(cast("Any", make_client("ssm", settings.region, endpoint)), settings.cluster)

    def pools(self, environment: str) -> Mapping[str, PoolOutputs]:
        """GetParametersByPath, every page or an error."""
        path = f"/ris-hybrid/{self._cluster}-{environment}/pools"
        with translated():
            pages = self._client.get_paginator("get_parameters_by_path").paginate(Path=path)
            rows = [row for page in pages for row in page["Parameters"]]
        return {row["Name"].rpartition("/")[2]: _read(row["Name"], row["Value"], environment) for row in rows}


def _read(name: str, value: str, environment: str) -> PoolOutputs:
    try:
        data = json.loads(value)
        return PoolOutputs(
            launch_template=_text(data["launch_template"]),
            subnets=tuple(map(_text, data["subnets"])),
            notices=_text(data["notices"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise CloudError(
            f"parameter {name} cannot be read: {error!r}", f"build it again: pulumi up --stack compute-{environment}"
        ) from error


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r}")
    return value
