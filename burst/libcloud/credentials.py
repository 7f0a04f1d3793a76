"""Credentials of a second cloud: a JSON file that only its owner can read, or the environment; never an argument.

Read anew each time a connection is made, so that a file that was changed is taken up once the old words are refused.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.pool_settings import SecondCloud

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST_BYTES = 65_536
_CODE = "Credentials"
_PAIRS = (("application_credential_id", "application_credential_secret"), ("username", "password"))
"""OpenStack's two ways in; the first that is given is taken."""
_GOOGLE_FILE = "GOOGLE_APPLICATION_CREDENTIALS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who we are at Keystone."""

    application: bool
    """An application credential, which knows its project; else a user with a password."""
    name: str
    secret: str = field(repr=False)


def openstack_login(cloud: SecondCloud, env: Mapping[str, str]) -> Login:
    """From the cloud's file, else from ``OS_*``. Raises ``Refused`` when there is none, or others can read the file."""
    given = _document(cloud, Path(cloud.credentials)) if cloud.credentials else _variables(env)
    for name, secret in _PAIRS:
        if given.get(name) and given.get(secret):
            return Login(application=name.startswith("application"), name=str(given[name]), secret=str(given[secret]))
    where = cloud.credentials or "the environment"
    raise Refused(
        f"cloud {cloud.name}: {where} has neither username and password nor an application credential's id and secret",
        "see docs/clouds.md, Credentials",
        _CODE,
    )


def google_key(cloud: SecondCloud, env: Mapping[str, str]) -> dict[str, Any]:
    """The service account's key, as Google gives it. Raises ``Refused`` as ``openstack_login``."""
    path = cloud.credentials or env.get(_GOOGLE_FILE, "")
    if not path:
        raise Refused(
            f"cloud {cloud.name}: neither credentials nor {_GOOGLE_FILE} names a key file",
            "see docs/clouds.md, Credentials",
            _CODE,
        )
    key = _document(cloud, Path(path))
    if not (key.get("client_email") and key.get("private_key")):
        raise Refused(
            f"cloud {cloud.name}: {path}: expected client_email and private_key", "a service account's key", _CODE
        )
    return key


def check_readable(ca_file: str) -> None:
    """Raises ``Refused`` where the certificates of a cloud's API cannot be read; empty are the system's."""
    if not ca_file:
        return
    try:
        with Path(ca_file).open("rb"):
            pass
    except OSError as error:
        hint = "it holds the certificates that the API is checked by: mend the path, or who may read it"
        raise Refused(f"ca_file {ca_file}: cannot be read: {error.strerror}", hint, "CaFile") from error


def _variables(env: Mapping[str, str]) -> dict[str, str]:
    return {name: env.get(f"OS_{name.upper()}", "") for pair in _PAIRS for name in pair}


def _document(cloud: SecondCloud, path: Path) -> dict[str, Any]:
    """What the file says. Its text is in no message."""
    about = f"cloud {cloud.name}: {path}"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(_MOST_BYTES)
    except OSError as error:
        hint = "the LSF administrator must be able to read it"
        raise Refused(f"{about}: cannot be read: {error.strerror}", hint, _CODE) from error
    if mode & _OTHERS:
        raise Refused(f"{about}: others can read it (mode {stat.S_IMODE(mode):04o})", f"chmod 600 {path}", _CODE)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(f"{about}: is no JSON", "see docs/clouds.md, Credentials", _CODE) from None
    if not isinstance(document, dict):
        raise Refused(f"{about}: expected a JSON object", "see docs/clouds.md, Credentials", _CODE)
    return document
