"""What is wrong with a pool because of the cloud it is in: what only EC2 has, and what the other clouds need (pure).

Arm families of Google Compute Engine: Google Cloud, "Arm VMs on Compute Engine".
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING

from ris_hybrid.config.problems import found
from ris_hybrid.settings import Pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.settings import BurstSettings

_EC2_ALONE = ("requirements", "launch_template", "subnets", "placement_group", "efa", "reservations", "on_demand_ratio")
_OTHERS_ALONE = ("cloud", "image", "networks", "zones", "security_groups")
_LEFT_OUT = {field.name: field.default for field in fields(Pool) if field.default is not MISSING}
_SIZE = re.compile(r"[A-Za-z0-9._@+-]+")
"""What ``boot.sh`` can write into a node's lsf.conf."""
_ARM = re.compile(r"(c4a|n4a|t2a|a4x)-")


def ec2_pool_faults(pool: Pool, settings: BurstSettings) -> Iterator[Fault]:
    """What an EC2 pool has of other clouds."""
    for key in _OTHERS_ALONE:
        if getattr(pool, key) != _LEFT_OUT[key]:
            yield (key,), f"expected provider: libcloud beside it, found {pool.provider}: EC2 has no such key"
    names = {cloud.name for cloud in settings.clouds}
    for index, kind in enumerate(pool.instance_types):
        owner, between, _ = kind.partition("/")
        if between and owner in names:
            yield ("instance_types", index), f"expected a type of EC2, found {found(kind)}: add provider: libcloud"


def second_pool_faults(pool: Pool, settings: BurstSettings) -> Iterator[Fault]:
    """Every fault that a pool of a second cloud has as such; its figures are looked at elsewhere."""
    cloud = cloud_of_pool(pool, settings)
    if cloud is None:
        yield ("cloud",), _which(pool, settings)
    else:
        yield from _types(pool, cloud)
        yield from _places(pool, cloud)
    yield from _foreign(pool)
    if not pool.image.strip():
        yield ("image",), "expected the image's name, found nothing: no launch template says which"
    if not pool.networks:
        yield ("networks",), "expected the name of a network, found none: nodes must reach LSF's master"
    for key in ("networks", "zones", "security_groups"):
        yield from _names(pool, key)
    for key in ("slots", "memory_mib"):
        if not getattr(pool, key):
            text = "expected what the least of instance_types has, found nothing: no catalogue of this cloud tells"
            yield (key,), text


def cloud_of_pool(pool: Pool, settings: BurstSettings) -> SecondCloud | None:
    """The cloud that a pool names, or the only one there is; None where that is not clear."""
    if pool.cloud:
        return settings.cloud(pool.cloud)
    return settings.clouds[0] if len(settings.clouds) == 1 else None


def _which(pool: Pool, settings: BurstSettings) -> str:
    names = ", ".join(cloud.name for cloud in settings.clouds)
    if not names:
        return f"expected a cloud of the key clouds at the top, found {found(pool.cloud or None)}: clouds names none"
    return f"expected one of clouds ({names}), found {found(pool.cloud or None)}"


def _types(pool: Pool, cloud: SecondCloud) -> Iterator[Fault]:
    if not all(pool.instance_types or ("",)):
        yield ("instance_types",), "expected at least one, none of them empty"
    for index, size in enumerate(pool.instance_types):
        here = ("instance_types", index)
        if size.startswith(f"{cloud.name}/"):
            plain = size.partition("/")[2]
            yield here, f"expected a size as its cloud calls it, {found(plain)}, found {found(size)}"
        elif size and not _SIZE.fullmatch(size):
            text = "expected letters, digits and ._@+-, which is all that nodes can write into their lsf.conf"
            yield here, f"{text}, found {found(size)}"
        elif cloud.driver == "gce" and _ARM.match(size):
            yield here, f"expected a size with Intel or AMD cores (LSF is told X86_64), found {found(size)}"
        elif size and size not in cloud.prices:
            yield here, f"expected a size with a price, found {found(size)}: add it to prices of cloud {cloud.name}"


def _places(pool: Pool, cloud: SecondCloud) -> Iterator[Fault]:
    if cloud.driver != "gce":
        return
    if len(pool.networks) > 1:
        yield ("networks",), f"expected one subnetwork on gce, found {len(pool.networks)}"
    if not pool.zones:
        yield ("zones",), "expected at least one zone on gce, such as us-central1-a, found none"


def _foreign(pool: Pool) -> Iterator[Fault]:
    for key in _EC2_ALONE:
        if getattr(pool, key) != _LEFT_OUT[key]:
            yield (key,), "expected provider: ec2 beside it, found libcloud: only EC2 has it, leave it out"
    if pool.purchase != "on-demand":
        yield ("purchase",), f"expected on-demand, the only way with provider: libcloud, found {found(pool.purchase)}"
    for index, mount in enumerate(pool.paths):
        if mount.kind != "nfs":
            service = "Amazon S3" if mount.kind == "s3" else "FSx for Lustre"
            text = f"expected nfs with provider: libcloud, found {mount.kind}: its nodes have no way into {service}"
            yield ("paths", index, "kind"), text


def _names(pool: Pool, key: str) -> Iterator[Fault]:
    given = getattr(pool, key)
    for index, name in enumerate(given):
        if not name.strip():
            yield (key, index), "expected a name, found nothing"
        elif name in given[:index]:
            yield (key, index), f"expected each once, found {found(name)} again"
