"""The service account: its key, made anew for each server, and the tokens it is given (RFC 7523)."""

from __future__ import annotations

import base64
import binascii
import json
from itertools import count
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from ris_hybrid.sandbox.gce.wire import EMAIL, PROJECT

if TYPE_CHECKING:
    from ris_hybrid.sandbox.gce.state import Place
    from ris_hybrid.sandbox.gce.wire import Json

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE_S = 3599
_AUDIENCE = "https://accounts.google.com/o/oauth2/token"
_SCOPE = "https://www.googleapis.com/auth/compute"


class Account:
    """One service account; its private key is never on disk unless a test writes it there."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def key_file(self) -> str:
        """The JSON of its key file, as Google's console gives it."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        document = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "token_uri": "https://oauth2.googleapis.com/token",
        }
        return json.dumps(document)

    def token(self, place: Place, form: str) -> tuple[int, Json]:
        """Status and answer of the token endpoint."""
        fields = parse_qs(form)
        why = self._why_not(fields.get("grant_type", [""])[0], fields.get("assertion", [""])[0])
        if why:
            return 400, {"error": "invalid_grant", "error_description": why}
        token = f"ya29.sandbox-{next(self._numbers)}"
        place.tokens.add(token)
        return 200, {"access_token": token, "expires_in": _LIFE_S, "token_type": "Bearer"}

    def _why_not(self, grant: str, assertion: str) -> str:
        parts = assertion.split(".")
        if grant != _GRANT or len(parts) != 3:
            return "Bad Request"
        try:
            self._key.public_key().verify(_decoded(parts[2]), f"{parts[0]}.{parts[1]}".encode(), PKCS1v15(), SHA256())
            claims = json.loads(_decoded(parts[1]))
        except (InvalidSignature, binascii.Error, ValueError):
            return "Invalid JWT Signature."
        if claims.get("iss") != EMAIL:
            return "Invalid grant: account not found"
        fits = claims.get("aud") == _AUDIENCE and _SCOPE in str(claims.get("scope")).split()
        return "" if fits else "Invalid JWT: audience or scope"


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
