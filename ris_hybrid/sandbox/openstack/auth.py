"""Keystone v3: tokens for a password or an application credential, with the catalogue of the other services.

Tokens expire by the real clock, whatever the sandbox's says: clients compare ``expires_at`` with their own host's.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.openstack import accounts
from ris_hybrid.sandbox.openstack.state import TOKEN_LIFE_S, Token
from ris_hybrid.sandbox.openstack.wire import Answer, ApiError

if TYPE_CHECKING:
    from ris_hybrid.sandbox.openstack.state import Cloud
    from ris_hybrid.sandbox.openstack.wire import Call, Json

_ENDPOINTS = (("compute", "nova", "/compute/v2.1"), ("image", "glance", "/image"), ("network", "neutron", "/network"))
UNAUTHORIZED = "The request you have made requires authentication."


def identify(cloud: Cloud, call: Call) -> Answer:
    """POST /v3/auth/tokens."""
    auth = call.document.get("auth")
    if not isinstance(auth, dict) or not isinstance(auth.get("identity"), dict):
        raise ApiError(400, "Expecting to find auth.identity in request body.")
    identity = auth["identity"]
    method = next(iter(identity.get("methods") or [""]))
    if method == "password":
        known = _password(identity.get("password"))
    elif method == "application_credential":
        if "scope" in auth:
            raise ApiError(400, "Application credentials cannot request a scope.")
        known = _application(identity.get(method))
    else:
        known = False
    if not known or not _own_project(auth.get("scope")):
        raise ApiError(401, UNAUTHORIZED)
    scoped = method == "application_credential" or bool(auth.get("scope"))
    now = time.time()
    token = f"sandbox-{secrets.token_hex(16)}"
    cloud.tokens[token] = Token(expires=now + TOKEN_LIFE_S, issued=now, scoped=scoped, method=method)
    return _told(token, cloud.tokens[token], call, status=201)


def show_token(cloud: Cloud, call: Call) -> Answer:
    """GET /v3/auth/tokens: of the token in X-Subject-Token."""
    subject = call.headers.get("x-subject-token", "")
    found = _living(cloud, subject)
    if found is None:
        raise ApiError(404, "Could not recognize Fernet token")
    return _told(subject, found, call, status=200)


def versions(_cloud: Cloud, call: Call) -> Answer:
    """GET / and GET /v3: where Keystone's API is."""
    one: Json = {
        "id": "v3.14",
        "status": "stable",
        "updated": "2020-04-07T00:00:00Z",
        "links": [{"rel": "self", "href": f"{call.url}/v3/"}],
        "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}],
    }
    if call.path == "/":
        return Answer(status=300, document={"versions": {"values": [one]}})
    return Answer(document={"version": one})


def check(cloud: Cloud, call: Call) -> None:
    """Raises ``ApiError`` 401 where the token of a call is none, or no longer one, or for no project."""
    found = _living(cloud, call.headers.get("x-auth-token", ""))
    if found is None or not found.scoped:
        raise ApiError(401, UNAUTHORIZED)


def _living(cloud: Cloud, token: str) -> Token | None:
    found = cloud.tokens.get(token)
    return None if found is None or token in cloud.expired or found.expires <= time.time() else found


def _password(told: object) -> bool:
    user = told.get("user") if isinstance(told, dict) else None
    if not isinstance(user, dict) or user.get("password") != accounts.PASSWORD:
        return False
    if "id" in user:
        return bool(user["id"] == accounts.USER_ID)
    return user.get("name") == accounts.USER and _own_domain(user.get("domain"))


def _application(told: object) -> bool:
    if not isinstance(told, dict):
        return False
    return (told.get("id"), told.get("secret")) == (accounts.APPLICATION_ID, accounts.APPLICATION_SECRET)


def _own_project(scope: object) -> bool:
    if scope is None:
        return True
    project = scope.get("project") if isinstance(scope, dict) else None
    if not isinstance(project, dict):
        return False
    if "id" in project:
        return bool(project["id"] == accounts.PROJECT_ID)
    return project.get("name") == accounts.PROJECT and _own_domain(project.get("domain"))


def _own_domain(domain: object) -> bool:
    if not isinstance(domain, dict):
        return False
    return domain.get("id") == accounts.DOMAIN_ID or domain.get("name") == accounts.DOMAIN


def _told(token: str, found: Token, call: Call, status: int) -> Answer:
    domain = {"id": accounts.DOMAIN_ID, "name": accounts.DOMAIN}
    document: Json = {
        "methods": [found.method],
        "user": {"id": accounts.USER_ID, "name": accounts.USER, "domain": domain, "password_expires_at": None},
        "issued_at": _moment(found.issued),
        "expires_at": _moment(found.expires),
        "audit_ids": [token[-22:]],
    }
    if found.scoped:
        document |= {
            "project": {"id": accounts.PROJECT_ID, "name": accounts.PROJECT, "domain": domain},
            "is_domain": False,
            "roles": [{"id": accounts.made_id("role", "member").replace("-", ""), "name": "member"}],
            "catalog": [_entry(call.url, *one) for one in (("identity", "keystone", "/v3"), *_ENDPOINTS)],
        }
    return Answer(status=status, document={"token": document}, headers={"X-Subject-Token": token})


def _entry(url: str, kind: str, name: str, path: str) -> Json:
    return {
        "id": accounts.made_id("service", name).replace("-", ""),
        "type": kind,
        "name": name,
        "endpoints": [
            {
                "id": accounts.made_id("endpoint", f"{name}-{interface}").replace("-", ""),
                "interface": interface,
                "region": accounts.REGION,
                "region_id": accounts.REGION,
                "url": f"{url}{path}",
            }
            for interface in ("public", "internal")
        ],
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
