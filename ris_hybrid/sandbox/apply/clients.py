"""AWS clients that reach the sandbox and nothing else (sandbox)."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

from ris_hybrid.errors import ConfigError
from ris_hybrid.holdings.clients import models
from ris_hybrid.sandbox.aws.child import CLIENT_CONFIG, SandboxAws
from ris_hybrid.sandbox.aws.wire import BUILDER

ACCOUNT = "123456789012"
"""moto's account for keys nobody made."""


class SandboxClients:
    """Clients of one sandbox by service; raises ``ConfigError`` for an address that is not loopback.

    The user's own AWS profile, credentials and proxy have no say. Host prefixes (``123456789012.127.0.0.1``) are
    left out, for no such name resolves.
    """

    def __init__(self, url: str, region: str, key: str = BUILDER) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ConfigError(f"{url} is not on loopback: the sandbox's apply touches no other AWS", "run: pulumi up")
        self.region, self.account = region, ACCOUNT
        self._url, self._key = url, key
        self._made: dict[str, Any] = {}
        session = botocore.session.Session()
        session.register_component("data_loader", models(None))
        # A profile of the environment is found in no file of ours, which botocore takes for an error.
        own = {"profile": "default", "config_file": str(CLIENT_CONFIG), "credentials_file": os.devnull}
        for name, value in own.items():
            session.set_config_variable(name, value)
        self._session = session

    @classmethod
    def of(cls, aws: SandboxAws) -> SandboxClients:
        """Those of a running sandbox."""
        return cls(aws.url, aws.region)

    def get(self, service: str) -> Any:
        """The client of a service, made once."""
        if service not in self._made:
            self._made[service] = self._make(service)
        return self._made[service]

    def close(self) -> None:
        """Give all connections back."""
        for client in self._made.values():
            client.close()
        self._made.clear()

    def _make(self, service: str) -> Any:
        client = self._session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self._url,
            aws_access_key_id=self._key,
            aws_secret_access_key="sandbox",  # noqa: S106  # the sandbox checks no key
            config=Config(
                proxies={},
                inject_host_prefix=False,
                retries={"total_max_attempts": 1},
                s3={"addressing_style": "path"},
            ),
        )
        client.meta.events.register("before-sign.s3-control", self._without_account)
        return client

    def _without_account(self, request: Any, **_: object) -> None:
        """S3 Control puts the account before the host, whatever the configuration says."""
        parts = urlsplit(request.url)
        own = urlsplit(self._url)
        request.url = parts._replace(netloc=own.netloc).geturl()
