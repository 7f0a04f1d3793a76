"""The control routes ``/_sandbox/...``: clock, machines, call counts, faults, capacity. JSON in, JSON out."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import cast

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.aws import moto_view
from ris_hybrid.sandbox.aws.answering import applied
from ris_hybrid.sandbox.aws.carrying import carry
from ris_hybrid.sandbox.aws.corrections import CORRECTIONS
from ris_hybrid.sandbox.aws.image_scan_call import order as order_scans
from ris_hybrid.sandbox.aws.interrupt import interrupt
from ris_hybrid.sandbox.aws.state import Capacity, State
from ris_hybrid.sandbox.aws.wire import Answer, json_answer

PREFIX = "/_sandbox/"
Route = Callable[[State, object], object]


def control(state: State, method: str, path: str, body: bytes, seed: int) -> Answer:
    """Answer a control route; 400 with the reason for what makes no sense, 404 for an unknown route."""
    name = path.removeprefix(PREFIX)
    if (method, name) == ("GET", "health"):
        return json_answer(_health(seed))
    route = _ROUTES.get((method, name))
    if route is None:
        known = ", ".join(f"{verb} {PREFIX}{one}" for verb, one in [("GET", "health"), *_ROUTES])
        return json_answer({"error": f"no such route of the sandbox; there are {known}"}, 404)
    try:
        return json_answer(route(state, json.loads(body) if body else {}))
    except json.JSONDecodeError as error:
        return json_answer({"error": f"not JSON: {error}"}, 400)
    except ConfigError as error:
        return json_answer({"error": error.message, "hint": error.hint}, 400)


def _health(seed: int) -> object:
    corrections = [asdict(one) for one in CORRECTIONS]
    return {"sandbox": True, "pid": os.getpid(), "seed": seed, "corrections": corrections}


def _clock(state: State, _posted: object) -> object:
    return {"now": state.clock.now()}


def _set_clock(state: State, posted: object) -> object:
    state.clock.set(_numbers(posted, {"now"})["now"])
    return _clock(state, posted)


def _instances(state: State, _posted: object) -> object:
    now, shown = state.clock.now(), []
    for place in sorted({(one.account, one.region) for one in state.book.records.values()}):
        state.sync(place)
        seen = moto_view.instances(place)
        for record in [one for one in state.book.records.values() if (one.account, one.region) == place]:
            machine = seen[record.machine_id]
            shown.append(
                {
                    "id": record.machine_id,
                    "name": machine.name,
                    "state": str(record.state(now, state.timing)),
                    "type": machine.instance_type,
                    "zone": machine.zone,
                    "launched": record.launched,
                    "ended": record.ended,
                    "spot": machine.spot,
                    "tags": machine.tags,
                }
            )
    return shown


def _calls(state: State, _posted: object) -> object:
    total: Counter[str] = Counter()
    for (_, name), count in state.calls.items():
        total[name] += count
    return total


def _calls_by_key(state: State, _posted: object) -> object:
    shown: dict[str, dict[str, int]] = {}
    for (key, name), count in state.calls.items():
        shown.setdefault(key, {})[name] = count
    return shown


def _faults(state: State, _posted: object) -> object:
    return list(state.faults.posted)


def _set_faults(state: State, posted: object) -> object:
    state.faults.post(posted)
    return _faults(state, posted)


def _set_capacity(state: State, posted: object) -> object:
    if not isinstance(posted, dict):
        raise ConfigError("an object of instance types is expected")
    state.capacity = {str(kind): _limits(str(kind), zones) for kind, zones in posted.items()}
    return state.capacity


def _limits(kind: str, zones: object) -> dict[str, int]:
    if not isinstance(zones, dict):
        raise ConfigError(f"{kind}: an object of zones is expected")
    for zone, limit in zones.items():
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
            raise ConfigError(f"{kind}.{zone}: a whole number of machines is expected")
    return dict(cast("Capacity", {kind: zones})[kind])


def _set_timing(state: State, posted: object) -> object:
    figures = _numbers(posted, {"pending_s", "shutting_down_s", "transfer_s"})
    if min(figures.values()) < 0:
        raise ConfigError("delays are seconds from 0 up")
    state.timing = replace(state.timing, **figures)
    return asdict(state.timing)


def _impair(state: State, posted: object) -> object:
    """``{machine id: "instance"|"system"}``: which check fails of which machine from now on; what is absent works."""
    if not isinstance(posted, dict) or not set(map(str, posted.values())) <= {"instance", "system"}:
        raise ConfigError('an object of machine ids is expected, each with "instance" or "system"')
    if unknown := set(posted) - set(state.book.records):
        raise ConfigError(f"there is no machine {min(unknown)}")
    state.impaired = {str(key): str(check) for key, check in posted.items()}
    return state.impaired


def _set_exports(state: State, posted: object) -> object:
    """``{NFS host or file system id: folder}``: what DataSync's agents and FSx find there from now on."""
    if not isinstance(posted, dict) or not all(str(one).startswith("/") for one in posted.values()):
        raise ConfigError("an object of NFS hosts or file system ids is expected, each with an absolute folder")
    state.exports = {str(key): str(folder) for key, folder in posted.items()}
    return state.exports


def _numbers(posted: object, known: set[str]) -> Mapping[str, float]:
    if not isinstance(posted, dict) or not posted or set(posted) - known:
        raise ConfigError(f"an object with {', '.join(sorted(known))} is expected")
    for name, value in posted.items():
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise ConfigError(f"{name}: a number is expected")
    return {name: float(value) for name, value in posted.items()}


def _reset(state: State, _posted: object) -> object:
    state.moto.reset()
    fresh = State(moto=state.moto)
    for name in State.__slots__:
        setattr(state, name, getattr(fresh, name))
    return {"reset": True}


def _rebuild(state: State, posted: object) -> object:
    """A reset, then all calls of the sandbox's apply again before anybody else's: they get the ids they had."""
    built = state.built
    _reset(state, posted)
    for call in built:
        applied(state, call)
    return {"rebuilt": len(built)}


_ROUTES: Mapping[tuple[str, str], Route] = {
    ("GET", "clock"): _clock,
    ("POST", "clock"): _set_clock,
    ("GET", "instances"): _instances,
    ("GET", "calls"): _calls,
    ("GET", "calls-by-key"): _calls_by_key,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _set_faults,
    ("POST", "capacity"): _set_capacity,
    ("POST", "timing"): _set_timing,
    ("POST", "impair"): _impair,
    ("POST", "carry"): carry,
    ("POST", "exports"): _set_exports,
    ("POST", "interrupt"): interrupt,
    ("POST", "scans"): order_scans,
    ("POST", "reset"): _reset,
    ("POST", "rebuild"): _rebuild,
}
