"""The name of a REST call's operation, from its method, path and query: REST services do not say it in the request.

Source: botocore's service models, which the client made the request from (``requestUri`` and the members of the input
that go into path, query and headers). Buckets stand in the path, as always on loopback.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

import botocore.session
from botocore.exceptions import UnknownServiceError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from botocore.model import OperationModel

_CLIENTS = {"elasticfilesystem": "efs"}
"""botocore's name of a service, where it is not the one that requests are signed for."""
_CONTROL_PATH = "/v20180820/"
"""Every path of S3 Control begins so, whose requests are signed as S3's."""
_PLACE = re.compile(r"\{\w+(\+?)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Operation:
    name: str
    current: bool
    """Not deprecated: several old operations of S3 have the same request as the one in their place."""
    path: re.Pattern[str]
    query: frozenset[tuple[str, str]]
    """Fixed parts of the query, as ``("encryption", "")``."""
    required: frozenset[str]
    """Members that every request has in its query."""
    headers: frozenset[str]
    """Members that every request has in its headers, as WSGI names them."""

    @property
    def weight(self) -> tuple[int, bool, bool, int]:
        """The more a request must have, the more surely it is this operation; one that takes any path comes last.

        Of what is alike in all this, the shorter name is the older operation: ListBuckets, not ListDirectoryBuckets.
        """
        must = len(self.query) + len(self.required) + len(self.headers)
        return must, ".+" not in self.path.pattern, self.current, -len(self.name)

    def fits(self, path: str, query: Mapping[str, str], environ: Mapping[str, object]) -> bool:
        """Whether a request of this method may be this operation."""
        fixed = all(key in query and value in {"", query[key]} for key, value in self.query)
        has = self.required <= query.keys() and self.headers <= environ.keys()
        return fixed and has and self.path.fullmatch(path) is not None


def rest_service(signed: str, path: str) -> str:
    """The service of a REST call; ``signed`` is the one in its signature."""
    return "s3control" if signed == "s3" and path.startswith(_CONTROL_PATH) else signed


def rest_operation(service: str, environ: Mapping[str, object], query: Mapping[str, str]) -> str:
    """``GetBucketEncryption``; the HTTP method where no operation of the service fits."""
    method, path = str(environ.get("REQUEST_METHOD", "")), str(environ.get("PATH_INFO", "/"))
    asked = path.rstrip("/") or "/"
    for operation in _operations(_CLIENTS.get(service, service)).get(method, ()):
        if operation.fits(asked, query, environ):
            return operation.name
    return method


@lru_cache(maxsize=32)
def _operations(service: str) -> dict[str, tuple[_Operation, ...]]:
    """A REST service's operations by HTTP method, the surest first; none of a service that botocore does not know."""
    try:
        model = _session().get_service_model(service)
    except UnknownServiceError:
        return {}
    if not model.protocol.startswith("rest-"):
        return {}
    found: dict[str, list[_Operation]] = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        found.setdefault(operation.http["method"], []).append(_read(operation))
    return {method: tuple(sorted(some, key=lambda one: one.weight, reverse=True)) for method, some in found.items()}


def _session() -> botocore.session.Session:
    """Whatever profile the environment names: models are the same for all, and it may be in no file."""
    session = botocore.session.Session()
    session.set_config_variable("profile", "default")
    session.set_config_variable("config_file", str(Path(__file__).with_name("client.config")))
    session.set_config_variable("credentials_file", os.devnull)
    return session


def _read(operation: OperationModel) -> _Operation:
    path, _, query = operation.http["requestUri"].partition("?")
    members = dict(_required(operation))
    return _Operation(
        name=operation.name,
        current=not operation.deprecated,
        path=_pattern(path.rstrip("/") or "/"),
        query=frozenset(parse_qsl(query, keep_blank_values=True)),
        required=frozenset(name for name, place in members.items() if place == "querystring"),
        headers=frozenset(
            "HTTP_" + name.upper().replace("-", "_") for name, place in members.items() if place == "header"
        ),
    )


def _required(operation: OperationModel) -> Iterator[tuple[str, str]]:
    shape = operation.input_shape
    if shape is None:
        return
    for name in shape.required_members:
        where = shape.members[name].serialization
        yield where.get("name", name), where.get("location", "body")


def _pattern(path: str) -> re.Pattern[str]:
    text, at = "", 0
    for place in _PLACE.finditer(path):
        text += re.escape(path[at : place.start()]) + (".+" if place[1] else "[^/]+")
        at = place.end()
    return re.compile(text + re.escape(path[at:]), re.DOTALL)  # a key may have newlines
