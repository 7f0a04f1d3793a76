"""AWS clients of the inventory: one session for all, so that credentials are asked for once; every wait bounded."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from botocore.loaders import create_loader
from botocore.utils import parse_timestamp

from burst import deadline
from burst.aws import errors
from ris_hybrid.errors import ConfigError
from ris_hybrid.holdings.reading import WORKERS

if TYPE_CHECKING:
    from botocore.loaders import Loader

_CONFIG = Config(
    connect_timeout=5,
    read_timeout=20,  # a page of IAM's account details may take seconds to be put together
    max_pool_connections=WORKERS,
    retries={"mode": "standard", "total_max_attempts": 5},
    user_agent_extra="ris-hybrid",
)
_HASTY = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 1})


@cache
def models(folders: str | None) -> Loader:
    """The services' models, each read once in a process: EC2's alone takes a fifth of a second.

    ``folders`` is botocore's setting ``data_path``: where it looks beside its own.
    """
    return create_loader(folders)


class Clients:
    """Clients of one region by service, each made once; safe to share between threads.

    Credentials come by AWS's own chain, or by one profile of its configuration, which then wins over the environment's
    keys; the endpoint by AWS's chain where none is given. Raises ``ConfigError`` for a region or endpoint that is
    none, ``Refused`` or ``TryAgain`` for credentials, or a profile that nobody has configured. ``hasty`` clients give
    up within seconds: for a look at whether there is an answer at all.
    """

    def __init__(self, region: str, endpoint_url: str = "", profile: str = "", *, hasty: bool = False) -> None:
        self.region = region
        self._config = _CONFIG.merge(_HASTY) if hasty else _CONFIG
        self._endpoint_url = endpoint_url
        self._lock = Lock()
        session = botocore.session.Session(profile=profile or None)
        session.lazy_register_component("data_loader", lambda: models(session.get_config_variable("data_path")))
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
        self._session = session
        self._made: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        """The client of a service by botocore's name."""
        with self._lock:
            if service not in self._made:
                self._made[service] = self._make(service)
            return self._made[service]

    def close(self) -> None:
        """Give all connections back."""
        with self._lock:
            for client in self._made.values():
                client.close()
            self._made.clear()

    def _make(self, service: str) -> Any:
        try:
            client = self._session.create_client(
                service, region_name=self.region, endpoint_url=self._endpoint_url or None, config=self._config
            )
        except ValueError as error:
            message = f"no {service.upper()} client for region {self.region!r}: {error}"
            raise ConfigError(message, "check the environments of mirror.yaml") from error
        except BotoCoreError as error:
            raise errors.of_botocore(error) from error
        client.meta.events.register("before-send.*.*", deadline.check)
        if _is_number(client.meta.endpoint_url):
            client.meta.events.register("before-sign.s3-control", _at_its_endpoint(client.meta.endpoint_url))
        return client


def _moment(text: Any) -> Any:
    """A time as botocore reads it, but ISO 8601 at once: its way takes half of what a listing of objects costs."""
    if isinstance(text, str) and text.endswith("Z"):
        try:
            return datetime.fromisoformat(text)
        except ValueError:  # another form that ends so
            return parse_timestamp(text)
    return parse_timestamp(text)


def _is_number(endpoint_url: str) -> bool:
    return (urlsplit(endpoint_url).hostname or "").replace(".", "").isdigit()


def _at_its_endpoint(endpoint_url: str) -> Any:
    """S3 Control puts the account before the host's name; a host that is a number has no names below it."""
    own = urlsplit(endpoint_url).netloc

    def correct(request: Any, **_: object) -> None:
        request.url = urlsplit(request.url)._replace(netloc=own).geturl()

    return correct
