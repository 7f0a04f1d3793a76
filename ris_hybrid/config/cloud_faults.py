"""What is wrong with the clouds beside EC2 that burst.yaml names (pure). Their pools: ``second_pool_faults``."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ris_hybrid.config.figures import WORD, not_above_zero
from ris_hybrid.config.problems import found
from ris_hybrid.pool_settings import SecondCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.settings import BurstSettings

_DRIVER_OF = {"auth_url": "openstack", "domain": "openstack", "region": "openstack", "endpoint_url": "gce"}
"""Keys that one driver alone reads."""
_LEFT_OUT = {field.name: field.default for field in fields(SecondCloud)}
_BETWEEN = "/"
_AMAZONS = "ec2"


def cloud_faults(settings: BurstSettings) -> Iterator[Fault]:
    """Every fault of ``clouds``, and of prices that belong there."""
    names = [cloud.name for cloud in settings.clouds]
    for index, cloud in enumerate(settings.clouds):
        here = ("clouds", index)
        if cloud.name in names[:index]:
            yield (*here, "name"), f"expected a name of its own, found {found(cloud.name)} again"
        for part in (_name(cloud), _driver(cloud), _files(cloud), _prices(cloud)):
            for loc, text in part:
                yield here + loc, text
    for kind in settings.prices:
        owner, between, size = kind.partition(_BETWEEN)
        if between and owner in names:
            where = f"clouds[{names.index(owner)}].prices"
            yield ("prices", kind), f"expected prices of EC2's types alone: write {size!r} into {where}"


def _name(cloud: SecondCloud) -> Iterator[Fault]:
    if cloud.name.lower() == _AMAZONS:
        yield ("name",), f"expected another name: {found(cloud.name)} is Amazon's in every table and metric"
    if not WORD.fullmatch(cloud.name):
        yield ("name",), f"expected letters, digits and hyphens, found {found(cloud.name)}"
    if not cloud.project.strip():
        what = "the project's name" if cloud.driver == "openstack" else "the project's id"
        yield ("project",), f"expected {what}, found nothing"


def _driver(cloud: SecondCloud) -> Iterator[Fault]:
    for key, driver in _DRIVER_OF.items():
        given = getattr(cloud, key)
        if driver != cloud.driver and given != _LEFT_OUT[key]:
            yield (key,), f"expected driver: {driver} beside it, found {cloud.driver}: leave it out"
        elif key.endswith("_url") and given and not _is_address(given):
            yield (key,), f"expected http://HOST or https://HOST, with no name or password in it, found {_shown(given)}"
    if cloud.driver == "openstack" and not cloud.auth_url:
        yield ("auth_url",), "expected Keystone's address, such as https://keystone.example.org:5000, found nothing"
    if cloud.driver == "openstack" and not cloud.domain.strip():
        yield ("domain",), "expected the domain of user and project, found nothing: leave it out for Default"


def _files(cloud: SecondCloud) -> Iterator[Fault]:
    for key in ("credentials", "ca_file"):
        path = getattr(cloud, key)
        if path and not (path.startswith("/") and path.isprintable()):
            told = "something else" if key == "credentials" else found(path)  # which may be the secret itself
            yield (key,), f"expected a file's path from the root, such as /etc/ris-hybrid/{key}, found {told}"


def _prices(cloud: SecondCloud) -> Iterator[Fault]:
    for size, usd in cloud.prices.items():
        yield from not_above_zero(("prices", size), usd)
        if not size.strip():
            yield ("prices", size), "expected a size as its cloud calls it, found nothing"
        if size.startswith(f"{cloud.name}{_BETWEEN}"):
            plain = size.partition(_BETWEEN)[2]
            yield ("prices", size), f"expected a size as its cloud calls it, {found(plain)}, found {found(size)}"


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:  # an address that cannot be split, such as http://[ or a port that is none
        return False
    return parts.scheme in {"http", "https"} and named and "@" not in text and text.isprintable() and " " not in text


def _shown(text: str) -> str:
    """As the file has it, unless a name or password is in it."""
    return "one with '@'" if "@" in text else found(text)
