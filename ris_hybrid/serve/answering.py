"""A request line of the hook → the line it prints: by the hook's own function, with clients that are warm."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ris_hybrid import hook, relay
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from burst.clients import Clients
    from ris_hybrid.serve.metrics import Metrics

_TEXTS = ("verb", "path", "text", "problem")


class Desk:
    """Answers request lines; several threads may ask at once."""

    def __init__(self, clients: Clients, metrics: Metrics) -> None:
        self._clients = clients
        self._metrics = metrics

    def answer(self, line: bytes) -> bytes | None:
        """``CODE JSON``; None for a line that is no request."""
        try:
            verb, given, env = read_request(line)
        except ConfigError:
            return None
        began = time.perf_counter()
        code, answer = hook.answer(verb, given, env, self._clients)
        self._metrics.called(verb, code, time.perf_counter() - began)
        return f"{code} {json.dumps(answer)}\n".encode()


def read_request(line: bytes) -> tuple[str, relay.Given, dict[str, str]]:
    """Verb, input and environment of a request. Raises ``ConfigError`` for what is none."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the request is not JSON: {error}") from error
    if not isinstance(body, dict) or not _is_request(body):
        raise ConfigError("expected an object with verb, path, text, mtime_ns, problem and env")
    given = relay.Given(path=body["path"], text=body["text"], mtime_ns=body["mtime_ns"], problem=body["problem"])
    return body["verb"], given, body["env"]


def _is_request(body: dict[str, Any]) -> bool:
    env, at = body.get("env"), body.get("mtime_ns")
    return (
        all(isinstance(body.get(name), str) for name in _TEXTS)
        and body["verb"] in hook.VERBS
        and isinstance(at, int)
        and not isinstance(at, bool)
        and isinstance(env, dict)
        and all(isinstance(value, str) for value in env.values())
    )
