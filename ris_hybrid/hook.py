"""``ris-hybrid-rc VERB -f FILE``: what LSF's Resource Connector runs, hundreds of times an hour.

One JSON object on stdout and nothing else. Exit 0 answered, 1 failed with the message on stdout. Nothing heavy is
imported before it is needed: getAvailableTemplates never loads an AWS library.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError, RisHybridError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.model import Host

VERBS = (
    "getAvailableTemplates",
    "requestMachines",
    "getRequestStatus",
    "requestReturnMachines",
    "getReturnRequests",
    "policy",
)
_LSF_S = 6.0  # three questions to LSF and one to EC2 must end within ebrokerd's round of 30 s
_USAGE = f"usage: ris-hybrid-rc {{{'|'.join(VERBS)}}} -f FILE"


def main() -> None:
    """The console entry: print the answer, exit with its code.

    The process ends without taking Python apart, and lives too short to collect garbage: together that was a fifth
    of a call. Everything worth keeping has been written and flushed by then.
    """
    gc.disable()
    code, answer = run(sys.argv[1:], os.environ)
    print(json.dumps(answer), flush=True)
    os._exit(code)


def run(argv: Sequence[str], env: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """One call: exit code and the answer. Never raises for bad input, a bad cloud or a bad file."""
    verb = argv[0] if argv else ""
    payload: object = None
    try:
        path = _input_path(argv)
        payload = _load(path, tolerant=verb == "getAvailableTemplates")
        return 0, _answer(verb, payload, path, env)
    except RisHybridError as error:
        return _failed(verb, payload, error)


def _answer(verb: str, payload: object, path: str, env: Mapping[str, str]) -> dict[str, Any]:
    if verb == "getAvailableTemplates":
        from burst.rc.templates import read_answer

        return read_answer(env.get("PRO_CONF_DIR") or ".")
    if verb == "policy":
        return _policy(payload, env)
    from burst.audit import warnings_in
    from burst.aws import deadline
    from burst.rc import verbs
    from ris_hybrid import wiring

    places = wiring.HookPlaces.of(env)
    provider = wiring.hook_provider(places, env)
    with warnings_in(provider.audit, provider.now), deadline.within(deadline.VERB_S):
        if verb == "requestMachines":
            stat = _stat(path)
            key = f"{os.path.basename(path)} {stat.st_mtime_ns}"
            with wiring.launch_lock(places, provider.settings):
                return verbs.request_machines(payload, key, stat.st_mtime, provider)
        if verb == "getRequestStatus":
            return verbs.get_request_status(payload, provider)
        if verb == "requestReturnMachines":
            return verbs.request_return_machines(payload, provider)
        return verbs.get_return_requests(payload, provider, _hosts)


def _hosts() -> Sequence[Host]:
    """bhosts, in what is left of the call's time."""
    from burst.aws import deadline
    from ris_hybrid import wiring

    return wiring.scheduler(min(_LSF_S, max(0.1, deadline.left_s()))).hosts()


def _policy(payload: object, env: Mapping[str, str]) -> dict[str, Any]:
    from burst.audit import warnings_in
    from burst.aws import deadline
    from burst.rc import policy, wire
    from ris_hybrid import wiring

    request = wire.read_demand(payload)
    provider = wiring.hook_provider(wiring.HookPlaces.of(env, request.provider), env)
    with warnings_in(provider.audit, provider.now), deadline.within(deadline.VERB_S):
        return policy.answer(request, wiring.scheduler(_LSF_S), provider)


def _input_path(argv: Sequence[str]) -> str:
    if len(argv) != 3 or argv[0] not in VERBS or argv[1] != "-f":
        raise ConfigError(f"{_USAGE}; found: {' '.join(argv) or 'nothing'}")
    return argv[2]


def _load(path: str, *, tolerant: bool) -> object:
    """The request; getAvailableTemplates ignores what it is given, so it must not fail on it."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file, parse_constant=_no_number, parse_float=_finite)
    except OSError as error:
        if tolerant:
            return {}
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        if tolerant:
            return {}
        raise ConfigError(f"{path}: is not JSON: {error}") from error


def _finite(text: str) -> float:
    """A number that JSON can say again: what is too large for a float would come back as a word."""
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def _failed(verb: str, payload: object, error: RisHybridError) -> tuple[int, dict[str, Any]]:
    """Exit 1 with the verb's own shape; the policy script answers 0 nodes instead, because LSF needs an answer."""
    from burst.rc import policy, wire

    message = wire.error_text(error)
    if verb == "policy":
        return 0, policy.unreadable(payload, f"nothing is launched: {message}")
    return 1, wire.failure(verb, message)


if __name__ == "__main__":
    main()
