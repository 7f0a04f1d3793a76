"""User data of EC2's pools: what makes a machine a host of the cluster, as cloud-init reads it (pure).

Beside what every cloud's nodes get: images of the account's ECR by the node's role, and the watcher of spot notices.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from burst.node.cloud_config import Written, cloud_config
from burst.node.files import BIN, ETC, LIBEXEC, node_files, script, unit
from burst.node.refusal import refuse, too_long
from ris_hybrid.config.user_data import MOST_BYTES, packed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.settings import BurstSettings, Node, Pool

_TIME = "169.254.169.123"  # Amazon Time Sync, reached without a route


def user_data(pool: Pool, settings: BurstSettings) -> str:
    """The text for the launch template of a pool; the same settings give the same bytes.

    Raises:
        ConfigError: a field of ``node`` or a path cannot be used, or the text is longer than EC2 takes.
    """
    refuse(pool, settings)
    shared = node_files(pool, settings, "metadata-ec2.sh", _variables(pool, settings.node))
    text = cloud_config((*shared, *_own(pool, settings.node)), (_TIME,))
    size = len(packed(text))
    if size > MOST_BYTES:
        raise too_long(pool, size, "EC2", MOST_BYTES)
    return text


def _own(pool: Pool, node: Node) -> Iterator[Written]:
    if pool.purchase != "on-demand":
        yield script(f"{LIBEXEC}/notice.sh", "notice.sh")
        yield unit("ris-notice.service")
    if node.registry and node.namespace:
        yield script(f"{LIBEXEC}/docker-image", "docker-image.sh")
        if node.map_images:
            yield script(f"{LIBEXEC}/bin/docker", "docker.sh")
    if node.registry:
        login = json.dumps({"credHelpers": {node.registry: "ris-ecr"}}) + "\n"
        yield script(f"{BIN}/docker-credential-ris-ecr", "docker-credential-ris-ecr.sh")
        yield Written(path=f"{ETC}/docker/config.json", text=login)


def _variables(pool: Pool, node: Node) -> dict[str, str]:
    values = {"EFA": str(int(pool.efa))}
    if node.namespace:
        known = {lab: named for lab, named in node.namespaces.items() if not pool.labs or lab in pool.labs}
        values["REGISTRY"], values["NAMESPACE"] = node.registry, node.namespace
        values["NAMESPACES"] = " ".join(f"{lab}={named}" for lab, named in sorted(known.items()))
    return values
