"""The control routes ``/_sandbox/...``: clock, servers, limits, faults, call counts. JSON in, JSON out."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.openstack.accounts import FLAVORS, ZONES
from ris_hybrid.sandbox.openstack.covers import COVERS
from ris_hybrid.sandbox.openstack.lifecycle import gone, standing
from ris_hybrid.sandbox.openstack.state import Cloud, Timing
from ris_hybrid.sandbox.openstack.wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.openstack.state import Server
    from ris_hybrid.sandbox.openstack.wire import Json

PREFIX = "/_sandbox/"


def control(cloud: Cloud, method: str, path: str, posted: Any) -> Answer:
    """Answer a control route; 400 with the reason for what makes no sense, 404 for an unknown route."""
    route = _ROUTES.get((method, path.removeprefix(PREFIX)))
    if route is None:
        known = ", ".join(f"{verb} {PREFIX}{one}" for verb, one in _ROUTES)
        return Answer(status=404, document={"error": f"no such route of the sandbox; there are {known}"})
    try:
        return Answer(document={"result": route(cloud, posted)})
    except ConfigError as error:
        return Answer(status=400, document={"error": error.message})


def _health(_cloud: Cloud, _posted: Any) -> Json:
    rows = [{"service": one.service, "call": one.name, "leaves_out": one.leaves_out} for one in COVERS]
    return {"sandbox": "openstack", "pid": os.getpid(), "covers": rows}


def _clock(cloud: Cloud, _posted: Any) -> float:
    return cloud.clock.now()


def _set_clock(cloud: Cloud, posted: Any) -> float:
    cloud.clock.set(_seconds(posted, "clock"))
    return cloud.clock.now()


def _servers(cloud: Cloud, _posted: Any) -> list[Json]:
    now = cloud.clock.now()
    return [_row(one, cloud) for one in cloud.servers.values() if not gone(one, now, cloud.timing)]


def _all_servers(cloud: Cloud, _posted: Any) -> list[Json]:
    return [_row(one, cloud) for one in cloud.servers.values()]


def _row(one: Server, cloud: Cloud) -> Json:
    now = cloud.clock.now()
    at = standing(one, now, cloud.timing)
    return {
        "id": one.server_id,
        "name": one.name,
        "status": "DELETED" if gone(one, now, cloud.timing) else at.status,
        "task": at.task,
        "zone": one.zone,
        "flavor": one.flavor.name,
        "metadata": dict(one.metadata),
        "created": one.created,
        "deleted": one.deleted,
        "fault": at.fault,
        "locked": one.locked,
        "networks": [network.name for network in one.networks],
        "security_groups": [cloud.groups[key].name for key in one.groups if key in cloud.groups],
        "user_data": one.user_data,
    }


def _calls(cloud: Cloud, _posted: Any) -> Json:
    return dict(cloud.calls)


def _set_timing(cloud: Cloud, posted: Any) -> Json:
    known = {one.name for one in fields(Timing)}
    if not isinstance(posted, dict) or set(posted) - known:
        raise ConfigError(f"an object with {', '.join(sorted(known))} is expected")
    cloud.timing = replace(cloud.timing, **{word: _seconds(value, word) for word, value in posted.items()})
    return asdict(cloud.timing)


def _set_capacity(cloud: Cloud, posted: Any) -> Any:
    flavors = {one.name for one in FLAVORS}
    for zone, limits in (posted or {}).items():
        if zone not in ZONES or not isinstance(limits, dict) or not set(limits) <= flavors:
            raise ConfigError(f"{zone}: an object of zones ({', '.join(ZONES)}) and flavors is expected")
        for flavor, most in limits.items():
            _count(most, f"{zone}.{flavor}", 0)
    cloud.capacity = posted or {}
    return cloud.capacity


def _set_quota(cloud: Cloud, posted: Any) -> int | None:
    if not isinstance(posted, list) or len(posted) != 1:
        raise ConfigError("a list of one figure, or of null, is expected")
    cloud.instances_most = None if posted[0] is None else _count(posted[0], "instances", 0)
    return cloud.instances_most


def _set_page(cloud: Cloud, posted: Any) -> int:
    cloud.page = _count(posted, "page", 1)
    return cloud.page


def _set_faults(cloud: Cloud, posted: Any) -> int:
    cloud.faults.post(posted)
    return len(posted)


def _stop(cloud: Cloud, posted: Any) -> None:
    _known(cloud, posted["id"]).stopped = True


def _crash(cloud: Cloud, posted: Any) -> None:
    one = _known(cloud, posted["id"])
    one.ran = standing(one, cloud.clock.now(), cloud.timing).worked
    one.crash = str(posted["fault"]) or "crashed"


def _remove(cloud: Cloud, posted: Any) -> None:
    one = _known(cloud, posted["id"])
    one.deleted, one.removed = cloud.clock.now(), True


def _lock(cloud: Cloud, posted: Any) -> None:
    _known(cloud, posted["id"]).locked = bool(posted["locked"])


def _hide(cloud: Cloud, posted: Any) -> None:
    _known(cloud, posted["id"]).unseen = bool(posted["unseen"])


def _expire_tokens(cloud: Cloud, _posted: Any) -> None:
    cloud.expired = frozenset(cloud.tokens)


def _known(cloud: Cloud, key: object) -> Server:
    found = cloud.servers.get(str(key))
    if found is None or gone(found, cloud.clock.now(), cloud.timing):
        raise ConfigError(f"there is no server {key}")
    found.updated = cloud.clock.now()
    return found


def _seconds(value: object, name: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value) or value < 0:
        raise ConfigError(f"{name}: seconds from 0 up are expected")
    return float(value)


def _count(value: object, name: str, least: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ConfigError(f"{name}: a whole number of at least {least} is expected")
    return value


def _reset(cloud: Cloud, _posted: Any) -> None:
    fresh = Cloud(tokens=cloud.tokens)  # clients that were made once for many tests go on
    for one in fields(Cloud):
        setattr(cloud, one.name, getattr(fresh, one.name))


_ROUTES: Mapping[tuple[str, str], Callable[[Cloud, Any], object]] = {
    ("GET", "health"): _health,
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("GET", "servers"): _servers,
    ("GET", "all-servers"): _all_servers,
    ("GET", "calls"): _calls,
    ("POST", "timing"): _set_timing,
    ("POST", "capacity"): _set_capacity,
    ("POST", "quota"): _set_quota,
    ("POST", "page"): _set_page,
    ("POST", "faults"): _set_faults,
    ("POST", "stop"): _stop,
    ("POST", "crash"): _crash,
    ("POST", "remove"): _remove,
    ("POST", "lock"): _lock,
    ("POST", "hide"): _hide,
    ("POST", "expire-tokens"): _expire_tokens,
    ("POST", "reset"): _reset,
}
