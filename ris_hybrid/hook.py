"""``ris-hybrid-rc VERB -f FILE``: what LSF's Resource Connector runs, hundreds of times an hour.

One JSON object on stdout and nothing else. Exit 0 answered, 1 failed with the message on stdout. Where the resident
service listens the call goes there; else, and when the service dies over it, the same function answers here: every
verb may be called twice. Nothing heavy is imported before it is needed.

Every call leaves a line ``call`` in the audit log, with its exit code and how long it took. getAvailableTemplates
leaves none: it reads one file and imports nothing of the log, so that it starts at once.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from ris_hybrid import relay
from ris_hybrid.errors import ConfigError, RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.clients import Clients
    from burst.provider import Provider
    from ris_hybrid.wiring import HookPlaces

VERBS = (
    "getAvailableTemplates",
    "requestMachines",
    "getRequestStatus",
    "requestReturnMachines",
    "getReturnRequests",
    "policy",
)
RELAYED = VERBS[1:]
"""What goes to the service. getAvailableTemplates reads one file: asking the service for it would take longer."""
_LSF_S = 6.0  # three questions to LSF and one to EC2 must end within ebrokerd's round of 30 s
_USAGE = f"usage: ris-hybrid-rc {{{'|'.join(VERBS)}}} -f FILE"


def main() -> None:
    """The console entry: print the answer, exit with its code.

    The process ends without taking Python apart, and lives too short to collect garbage: together that was a fifth
    of a call. Everything worth keeping has been written and flushed by then.
    """
    gc.disable()
    code, text = call(sys.argv[1:], os.environ)
    print(text, flush=True)
    os._exit(code)


def call(argv: Sequence[str], env: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and what to print: by the service where there is one, else by ``run``."""
    verb = argv[0] if argv else ""
    told = None
    if len(argv) == 3 and argv[1] == "-f" and verb in RELAYED:
        desk = _Desk(verb, relay.read(argv[2]), env)
        try:
            told = _relayed(verb, desk.given, env)
        except SiteUnavailable as error:
            code, answer = desk.failed(error)
            told = code, json.dumps(answer)
    if told is None:
        code, answer = run(argv, env)
        told = code, json.dumps(answer)
    return told


def _relayed(verb: str, given: relay.Given, env: Mapping[str, str]) -> tuple[int, str] | None:
    provider = env.get("PROVIDER_NAME") or _provider_in(given.text)
    path = relay.socket_path(env.get("PRO_DATA_DIR") or env.get("PRO_CONF_DIR") or "", provider)
    if not path or not os.path.exists(path):
        return None
    return relay.ask(path, relay.request(verb, given, env))


def _provider_in(text: str) -> str:
    """The policy script is told its provider in the request only."""
    try:
        return str(json.loads(text)["request"]["providerName"])
    except (ValueError, RecursionError, KeyError, TypeError):
        return ""


def run(argv: Sequence[str], env: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """One call: exit code and the answer. Never raises for bad input, a bad cloud or a bad file."""
    try:
        path = _input_path(argv)
    except ConfigError as error:
        return _failed(argv[0] if argv else "", None, error)
    return answer(argv[0], relay.read(path), env)


def answer(
    verb: str, given: relay.Given, env: Mapping[str, str], clients: Clients | None = None
) -> tuple[int, dict[str, Any]]:
    """What ``run`` and the service answer with; ``clients`` are those the service keeps warm."""
    desk = _Desk(verb, given, env)
    try:
        answered = desk.answer(clients)
    except RisHybridError as error:
        return desk.failed(error)
    desk.note(0, answered)
    return 0, answered


class _Desk:
    """One call on its way, and what is known of it when it fails."""

    def __init__(self, verb: str, given: relay.Given, env: Mapping[str, str]) -> None:
        self.given = given
        self._verb, self._env = verb, env
        self._began = time.perf_counter()
        self._payload: object = None
        self._provider: Provider | None = None

    def answer(self, clients: Clients | None) -> dict[str, Any]:
        """The verb's answer. Raises ``RisHybridError``."""
        if self._verb == "getAvailableTemplates":  # it must not fail on its input
            from burst.rc.templates import read_answer

            return read_answer(self._env.get("PRO_CONF_DIR") or ".")
        from burst import deadline
        from burst.audit import warnings_in
        from ris_hybrid import wiring

        self._payload = _payload(self.given)
        places = wiring.HookPlaces.of(self._env, self._named())
        self._provider = provider = wiring.hook_provider(places, self._env, clients)
        with warnings_in(provider.audit, provider.now), deadline.within(deadline.VERB_S):
            return _answer(self._verb, self._payload, self.given, provider, places)

    def failed(self, error: RisHybridError) -> tuple[int, dict[str, Any]]:
        """Exit 1 with the verb's own shape, noted."""
        code, told = _failed(self._verb, self._payload, error)
        self.note(code, told, error.message)
        return code, told

    def note(self, code: int, told: Mapping[str, Any], message: str = "") -> None:
        """The call's line in the audit log; a call that failed before it knew its provider has one too."""
        if self._verb == "getAvailableTemplates":
            return
        ms = round(1000 * (time.perf_counter() - self._began))
        fields: dict[str, Any] = {"verb": self._verb, "code": code, "ms": ms}
        fields |= {"request": told["requestId"]} if told.get("requestId") else {}
        fields |= {"message": message} if message else {}
        if self._provider is not None:
            self._provider.note("call", **fields)
        else:
            _note_early(self._env, self._env.get("PROVIDER_NAME") or _provider_in(self.given.text), fields)

    def _named(self) -> str:
        """The provider that the policy script's request names; other verbs are told by their environment."""
        from burst.rc import wire

        return wire.read_demand(self._payload).provider if self._verb == "policy" else ""


def _note_early(env: Mapping[str, str], name: str, fields: Mapping[str, object]) -> None:
    """A call's line before there is a provider, where the data directory and the provider's name are known."""
    from pathlib import Path

    from burst.audit import AuditFile
    from ris_hybrid import clocks, wiring
    from ris_hybrid.model import Event

    data = env.get(wiring.DATA_VARIABLE, "")
    if not data or not name or "/" in name:
        return
    try:
        at = clocks.clock(env).now()
    except ConfigError:  # that may be what the call failed of
        at = clocks.SystemClock().now()
    AuditFile(Path(data) / f"{name}-audit.jsonl").record(Event(at=at, kind="call", fields=fields))


def _answer(verb: str, payload: object, given: relay.Given, provider: Provider, places: HookPlaces) -> dict[str, Any]:
    from burst.rc import policy, verbs, wire
    from ris_hybrid import wiring

    if verb == "policy":
        return policy.answer(wire.read_demand(payload), wiring.scheduler(_LSF_S), provider)
    if verb == "requestMachines":
        key = f"{os.path.basename(given.path)} {given.mtime_ns}"
        with wiring.launch_lock(places, provider.settings):
            return verbs.request_machines(payload, key, given.mtime_ns / 1e9, provider)
    if verb == "getRequestStatus":
        return verbs.get_request_status(payload, provider)
    if verb == "requestReturnMachines":
        return verbs.request_return_machines(payload, provider)
    return verbs.get_return_requests(
        payload, provider, lambda: wiring.scheduler(_lsf_s()).hosts(), lambda: wiring.hosts(_lsf_s())
    )


def _lsf_s() -> float:
    """How long LSF may take to answer, in what is left of the call's time."""
    from burst import deadline

    return min(_LSF_S, max(0.1, deadline.left_s()))


def _input_path(argv: Sequence[str]) -> str:
    if len(argv) != 3 or argv[0] not in VERBS or argv[1] != "-f":
        raise ConfigError(f"{_USAGE}; found: {' '.join(argv) or 'nothing'}")
    return argv[2]


def _payload(given: relay.Given) -> object:
    if given.problem:
        raise ConfigError(f"{given.path}: cannot be read: {given.problem}")
    try:
        text = given.text.encode("utf-8", "surrogateescape").decode("utf-8")
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{given.path}: is not JSON: {error}") from error


def _finite(text: str) -> float:
    """A number that JSON can say again: what is too large for a float would come back as a word."""
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _failed(verb: str, payload: object, error: RisHybridError) -> tuple[int, dict[str, Any]]:
    """Exit 1 with the verb's own shape; the policy script answers 0 nodes instead, because LSF needs an answer."""
    from burst.rc import policy, wire

    message = wire.error_text(error)
    if verb == "policy":
        return 0, policy.unreadable(payload, f"nothing is launched: {message}")
    return 1, wire.failure(verb, message)


if __name__ == "__main__":
    main()
