"""``ris-hybrid-rc VERB -f FILE``: what LSF's Resource Connector runs, hundreds of times an hour.

One JSON object on stdout and nothing else. Exit 0 answered, 1 failed with the message on stdout. Where the resident
service listens the call goes there; else, and when the service dies over it, the same function answers here: every
verb may be called twice. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any

from ris_hybrid import relay
from ris_hybrid.errors import ConfigError, RisHybridError, SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from burst.aws.client import Clients

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
        try:
            told = _relayed(verb, relay.read(argv[2]), env)
        except SiteUnavailable as error:
            code, answer = _failed(verb, None, error)
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
    payload: object = None
    try:
        payload = None if verb == "getAvailableTemplates" else _payload(given)  # it must not fail on its input
        return 0, _answer(verb, payload, given, env, clients)
    except RisHybridError as error:
        return _failed(verb, payload, error)


def _answer(
    verb: str, payload: object, given: relay.Given, env: Mapping[str, str], clients: Clients | None
) -> dict[str, Any]:
    if verb == "getAvailableTemplates":
        from burst.rc.templates import read_answer

        return read_answer(env.get("PRO_CONF_DIR") or ".")
    if verb == "policy":
        return _policy(payload, env, clients)
    from burst.audit import warnings_in
    from burst.aws import deadline
    from burst.rc import verbs
    from ris_hybrid import wiring

    places = wiring.HookPlaces.of(env)
    provider = wiring.hook_provider(places, env, clients)
    with warnings_in(provider.audit, provider.now), deadline.within(deadline.VERB_S):
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
    from burst.aws import deadline

    return min(_LSF_S, max(0.1, deadline.left_s()))


def _policy(payload: object, env: Mapping[str, str], clients: Clients | None) -> dict[str, Any]:
    from burst.audit import warnings_in
    from burst.aws import deadline
    from burst.rc import policy, wire
    from ris_hybrid import wiring

    request = wire.read_demand(payload)
    provider = wiring.hook_provider(wiring.HookPlaces.of(env, request.provider), env, clients)
    with warnings_in(provider.audit, provider.now), deadline.within(deadline.VERB_S):
        return policy.answer(request, wiring.scheduler(_LSF_S), provider)


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
