"""What a burst.yaml may say but to no use, or dangerously: each with its place, for a person to decide (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ris_hybrid.config.second_pool_faults import cloud_of_pool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.settings import BurstSettings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_EC2_ALONE = {
    "notices": "no other cloud gives notice into a queue",
    "outputs": "the stacks build pools of EC2 alone",
}


def advice(settings: BurstSettings) -> Iterator[Fault]:
    """Every remark about settings without faults, as they were written."""
    yield from _clouds(settings)
    second = [pool.name for pool in settings.pools if pool.provider != "ec2"]
    if second and settings.node.registry:
        text = f"is reached by the role of EC2's nodes: those of {', '.join(second)} have none, and cannot pull from it"
        yield ("node", "registry"), text
    if second and settings.outlook:
        text = (
            f"tells of data and images in AWS, where nodes of {', '.join(second)} cannot reach them: give those pools"
        )
        yield ("outlook",), f"{text} queues whose jobs need none"
    for index, pool in enumerate(settings.pools):
        if pool.provider != "ec2" and not pool.labs:
            text = "names none, so labs with PHI may use it: rule phi-stays-off-second-clouds says no (policy check)"
            yield ("pools", index, "labs"), text
    yield from _prices(settings)
    for key, why in _EC2_ALONE.items():
        if getattr(settings, key) and not settings.on_ec2:
            yield (key,), f"is not used: no pool is EC2's, and {why}"


def _prices(settings: BurstSettings) -> Iterator[Fault]:
    """At the top are EC2's alone: one of another cloud's size there changes nothing."""
    for index, cloud in enumerate(settings.clouds):
        for size in sorted(settings.prices.keys() & cloud.prices.keys()):
            text = f"is not used for {cloud.name}'s pools, these are EC2's prices: write it into clouds[{index}].prices"
            yield ("prices", size), text


def _clouds(settings: BurstSettings) -> Iterator[Fault]:
    used = {
        cloud.name for pool in settings.pools if pool.provider != "ec2" and (cloud := cloud_of_pool(pool, settings))
    }
    for index, cloud in enumerate(settings.clouds):
        if cloud.name not in used:
            text = f"no pool is in {cloud.name}: leave it here until its last machine is gone (ris-hybrid burst status)"
            yield ("clouds", index), text
        address = urlsplit(cloud.auth_url)
        if address.scheme == "http" and address.hostname not in _LOOPBACK:
            yield ("clouds", index, "auth_url"), "passwords and tokens go there in the clear: write https://"
