"""The clouds beside EC2 that burst.yaml names, each a sandbox's OpenStack of its own on loopback."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import yaml

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.openstack.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.sandbox.openstack.handle import SandboxOpenStack
    from ris_hybrid.settings import BurstSettings

_HEAD = "# Made by `ris-hybrid sandbox start`: the clouds beside EC2 are the sandbox's.\n"
_BUILDING_S, _DELETING_S = 30.0, 15.0  # virtual; a place is found at once, because a launch waits for it in real time


@contextmanager
def started(settings: BurstSettings, now: float) -> Iterator[dict[str, SandboxOpenStack]]:
    """By name, a running one for each cloud of the settings; they have ended when the block ends.

    Raises:
        ConfigError: a cloud is of a kind the sandbox does not have.
    """
    with ExitStack() as stack:
        clouds: dict[str, SandboxOpenStack] = {}
        for cloud in settings.clouds:
            if cloud.driver != "openstack":
                raise ConfigError(
                    f"cloud {cloud.name}: the sandbox demo has EC2 and OpenStack, and no {cloud.driver}",
                    "try it with driver openstack",
                )
            made = stack.enter_context(serving())
            made.set_clock(now)
            made.timing(placing_s=0, building_s=_BUILDING_S, deleting_s=_DELETING_S)
            clouds[cloud.name] = made
        yield clouds


def pointed(settings: BurstSettings, urls: Mapping[str, str]) -> BurstSettings:
    """The settings with each cloud's Keystone at that address, and credentials from the environment alone."""
    return replace(settings, clouds=tuple(_pointed(cloud, urls[cloud.name]) for cloud in settings.clouds))


def pointed_text(text: str, urls: Mapping[str, str]) -> str:
    """A burst.yaml with its clouds so pointed, for who reads it later; without clouds the very text."""
    if not urls:
        return text
    document = yaml.safe_load(text)
    for cloud in document["clouds"]:
        for key in ("credentials", "ca_file", "endpoint_url"):
            cloud.pop(key, None)
        cloud["auth_url"] = urls[cloud["name"]]
    return _HEAD + yaml.safe_dump(document, sort_keys=False)


def _pointed(cloud: SecondCloud, url: str) -> SecondCloud:
    return replace(cloud, auth_url=url, credentials="", ca_file="", endpoint_url="")


def environment(clouds: Mapping[str, SandboxOpenStack]) -> dict[str, str]:
    """What leads a client to them, its credentials among it; empty without such a cloud."""
    env: dict[str, str] = {}
    for cloud in clouds.values():
        env |= cloud.env()
    return env
