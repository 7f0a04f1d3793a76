"""How a person logs in at the sandbox's Globus Auth: an address shows a code, and a code is worth tokens once.

There is one person, ``PERSON``, who consents to everything. Identities are signed with a key made on first use.
"""

from __future__ import annotations

import json
import secrets
import time
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from werkzeug.wrappers import Response

from ris_hybrid.sandbox.globus.answer import json_answer
from ris_hybrid.sandbox.globus.tasks import named

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from ris_hybrid.sandbox.globus.auth import Auth

PERSON = "you@wustl.edu"
ALGORITHM = "RS256"
_LIFE_S = 172_800


def person_id() -> str:
    """The person's identity."""
    return named("identity", PERSON)


class People:
    """Codes and refresh tokens of one run; a service that is started again asks for a new login."""

    def __init__(self) -> None:
        self._codes: dict[str, str] = {}
        self._refresh: dict[str, str] = {}

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def keys(self) -> dict[str, Any]:
        """The public key, as OpenID Connect shows it."""
        return {"keys": [json.loads(RSAAlgorithm.to_jwk(self._key.public_key())) | {"alg": ALGORITHM, "use": "sig"}]}

    def authorize(self, request: Request) -> Response:
        """A page with a code for the scopes that are asked for."""
        code = secrets.token_urlsafe(9)
        self._codes[code] = request.args.get("scope", "")
        return Response(f"sandbox: you are {PERSON}; your code is\n{code}\n", content_type="text/plain")

    def token(self, request: Request, auth: Auth) -> Response:
        """For a code, or for a refresh token."""
        match request.form.get("grant_type"):
            case "authorization_code":
                scopes = self._codes.pop(request.form.get("code", ""), "")
            case "refresh_token":
                scopes = self._refresh.get(request.form.get("refresh_token", ""), "")
            case _:
                scopes = ""
        tokens = auth.tokens(person_id(), scopes)
        if not tokens:
            return json_answer({"error": "invalid_grant"}, 401)
        for one in (tokens, *tokens["other_tokens"]):
            one["refresh_token"] = secrets.token_urlsafe(24)
            self._refresh[one["refresh_token"]] = one["scope"]
        return json_answer({**tokens, "id_token": self._identity(request.form["client_id"])})

    def _identity(self, client_id: str) -> str:
        now = int(time.time())  # who reads it looks at the real clock
        claims = {"sub": person_id(), "preferred_username": PERSON, "aud": client_id, "iat": now, "exp": now + _LIFE_S}
        return jwt.encode(claims, self._key, ALGORITHM)
