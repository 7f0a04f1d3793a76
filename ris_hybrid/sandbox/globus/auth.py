"""The sandbox's Globus Auth: tokens for clients it knows, who they are, and identities by user name.

Tokens are told once and kept as hashes. Dependent scopes (``all[*.../data_access]``) are kept with the token, so that
a transfer to a mapped collection asks for its consent, as the real service does.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.globus.answer import Fault, json_answer
from ris_hybrid.sandbox.globus.people import ALGORITHM, PERSON, People, person_id
from ris_hybrid.sandbox.globus.tasks import named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from werkzeug.wrappers import Request, Response

    from ris_hybrid.sandbox.globus.store import Store

_LIFE_S = 172_800
_SERVERS = {
    "urn:globus:auth:scope:transfer.api.globus.org:all": "transfer.api.globus.org",
    "urn:globus:auth:scope:groups.api.globus.org:all": "groups.api.globus.org",
    "openid": "auth.globus.org",
}
_CONSENT = re.compile(r"https://auth\.globus\.org/scopes/([0-9a-f-]{36})/data_access")

TOKENS = "sandbox-token-"
"""What each begins with, so that one can be looked for where none may be."""


class Auth:
    """Clients by id with their secrets; whoever is in ``strangers`` has no identity."""

    def __init__(self, store: Store, clients: Mapping[str, str], now: Callable[[], float]) -> None:
        self._store, self._clients, self._now = store, clients, now
        self._people = People()
        self.strangers: set[str] = set()

    def token(self, request: Request) -> Response:
        """``POST /v2/oauth2/token``: of the service by its secret, of a person by a code."""
        if "client_id" in request.form:
            return self._people.token(request, self)
        basic = request.authorization
        client, secret = (basic.username, basic.password) if basic and basic.type == "basic" else (None, None)
        if client is None or secret is None or self._clients.get(client) != secret:
            return json_answer({"error": "invalid_client"}, 401)
        if request.form.get("grant_type") != "client_credentials":
            return json_answer({"error": "unsupported_grant_type"}, 400)
        tokens = self.tokens(client, request.form.get("scope", ""))
        return json_answer(tokens) if tokens else json_answer({"error": "invalid_scope"}, 400)

    def tokens(self, owner: str, asked: str) -> dict[str, Any]:
        """One for each service that is asked for; empty for none."""
        wanted = [scope for scope in _SERVERS if re.search(rf"(^|\s){scope}($|[\s\[])", asked)]
        made = [self._made(owner, scope, asked) for scope in wanted]
        return {**made[0], "other_tokens": made[1:]} if made else {}

    def who(self, request: Request, server: str) -> dict[str, Any]:
        """Whose token the request has, and the collections it consented to; raises ``Fault`` for none that is good."""
        bearer = request.authorization
        found = self._store.get("token", _hash(bearer.token or "")) if bearer and bearer.type == "bearer" else None
        if found is None or found["server"] != server or found["until"] < self._now():
            raise Fault(401, "AuthenticationFailed", "Token is not active")
        return found

    def userinfo(self, request: Request) -> Response:
        """Who the caller is."""
        client = self.who(request, "auth.globus.org")["client"]
        username = PERSON if client == person_id() else f"{client}@clients.auth.globus.org"
        return json_answer({"sub": client, "preferred_username": username, "name": "sandbox"})

    def identities(self, request: Request) -> Response:
        """By user name; one that nobody has is not in the answer, as in the real service."""
        self.who(request, "auth.globus.org")
        names = [name for name in request.args.get("usernames", "").split(",") if name and name not in self.strangers]
        return json_answer({"identities": [identity(name) for name in names]})

    def authorize(self, request: Request) -> Response:
        """Where a person's browser is sent: shows the code."""
        return self._people.authorize(request)

    def openid(self, request: Request) -> Response:
        """Where the keys are by which a person's identity is signed."""
        keys = f"{request.host_url}jwk.json"
        return json_answer({"jwks_uri": keys, "id_token_signing_alg_values_supported": [ALGORITHM]})

    def keys(self, _request: Request) -> Response:
        """These keys."""
        return json_answer(self._people.keys())

    def revoke(self, request: Request) -> Response:
        """A token is good no more."""
        self._store.drop("token", _hash(request.form.get("token", "")))
        return json_answer({"active": False})

    def _made(self, client: str, scope: str, asked: str) -> dict[str, Any]:
        token = f"{TOKENS}{secrets.token_urlsafe(24)}"
        until, server = self._now() + _LIFE_S, _SERVERS[scope]
        kept = {"client": client, "server": server, "until": until, "consents": _CONSENT.findall(asked)}
        self._store.put("token", _hash(token), kept)
        return {
            "access_token": token,
            "scope": scope,
            "expires_in": _LIFE_S,
            "token_type": "Bearer",
            "resource_server": server,
        }


def identity(username: str) -> dict[str, Any]:
    """A person's; the id follows from the name."""
    return {"id": named("identity", username), "username": username, "status": "used", "name": username}


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
