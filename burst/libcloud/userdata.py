"""User data of a second cloud's pools (pure). AWS's own (ECR, S3, FSx for Lustre, spot notices, EFA) is not in it.

It is sent as it stands. Bounds: OpenStack Compute API, "Create server" (65,535 characters of base64); Compute Engine,
"VM metadata" (256 KiB a value).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.node.cloud_config import cloud_config
from burst.node.files import node_files
from burst.node.refusal import refuse, too_long
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.settings import BurstSettings, Pool

MOST_BYTES = {"openstack": 65535 // 4 * 3, "gce": 256 * 1024}
_TIME = {"openstack": (), "gce": ("metadata.google.internal",)}
"""Empty: the image knows the site's own time servers."""


def user_data(pool: Pool, settings: BurstSettings) -> str:
    """The text that a machine of the pool is launched with; the same settings give the same bytes.

    Raises:
        ConfigError: the cloud is not named in burst.yaml, a field of ``node`` or a path cannot be used there, or the
            text is longer than the cloud takes.
    """
    cloud = _cloud(pool, settings)
    refuse(pool, settings)
    for number, mount in enumerate(pool.paths):
        if mount.kind != "nfs":
            raise ConfigError(
                f"pool {pool.name}: paths.{number}.kind: expected nfs on {cloud.name}, found {mount.kind}",
                "buckets and FSx for Lustre are mounted by nodes of EC2 alone",
            )
    shared = node_files(pool, settings, f"metadata-{cloud.driver}.sh", {"CLOUD": cloud.name})
    text = cloud_config(shared, _TIME[cloud.driver])
    size, most = len(text.encode()), MOST_BYTES[cloud.driver]
    if size > most:
        raise too_long(pool, size, cloud.name, most)
    return text


def _cloud(pool: Pool, settings: BurstSettings) -> SecondCloud:
    cloud = settings.cloud(pool.cloud)
    if cloud is None:
        named = ", ".join(one.name for one in settings.clouds) or "none"
        raise ConfigError(f"pool {pool.name}: cloud: expected one of clouds ({named}), found {pool.cloud!r}")
    return cloud
