"""What a check-up asks of a second cloud: where the credentials are from, what is listed, and its clock."""

from __future__ import annotations

import ssl
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, Request, build_opener

from burst.libcloud.connection import connect
from burst.libcloud.credentials import check_readable, google_key, openstack_login
from ris_hybrid.errors import TryAgain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from burst.libcloud.values import Offered
    from ris_hybrid.pool_settings import SecondCloud

_GOOGLE = "https://compute.googleapis.com/"
_ANSWER_S = 4.0


class SecondAccount:
    """One project of one cloud."""

    def __init__(self, cloud: SecondCloud, env: Mapping[str, str]) -> None:
        self._cloud = cloud
        self._env = env

    def credentials(self) -> str:
        """Where they are, never what they are. Raises ``Refused``: none are there, or others can read them."""
        cloud = self._cloud
        if cloud.driver == "gce":
            google_key(cloud, self._env)
            return cloud.credentials or f"{self._env['GOOGLE_APPLICATION_CREDENTIALS']}, by the environment"
        openstack_login(cloud, self._env)
        return cloud.credentials or "OS_* of the environment"

    def offered(self) -> Offered:
        """What the cloud lists. Raises ``CloudError``, and ``ConfigError`` where apache-libcloud is not installed."""
        return connect(self._cloud, self._env).catalogue.offered()

    def clock(self) -> float:
        """The cloud's time, epoch seconds, as any answer of its API carries it; nobody logs in for it."""
        cloud = self._cloud
        check_readable(cloud.ca_file)
        try:
            opener = build_opener(HTTPSHandler(context=ssl.create_default_context(cafile=cloud.ca_file or None)))
            request = Request(cloud.auth_url or cloud.endpoint_url or _GOOGLE)  # noqa: S310 - http and https alone pass config.cloud_faults
            with opener.open(request, timeout=_ANSWER_S) as answer:
                said = answer.headers.get("Date", "")
        except HTTPError as error:  # an answer all the same: Keystone's first page is "300 Multiple Choices"
            with error:
                said = error.headers.get("Date", "")
        except (OSError, HTTPException, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise TryAgain(f"cloud {cloud.name}: its API does not answer: {reason}") from error
        try:
            return parsedate_to_datetime(said).timestamp()
        except ValueError as error:
            raise TryAgain(f"cloud {cloud.name}: its answer says no time: {said!r}") from error
