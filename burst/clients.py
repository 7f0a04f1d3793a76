"""Clients of a process that stays, made once each; safe to share between threads.

Making one takes longer than most calls. Credentials of AWS are renewed by botocore itself, tokens of other clouds by
their connection.
"""

from __future__ import annotations

from dataclasses import astuple
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_sqs import SQSClient

    from burst.libcloud.ports import Connection
    from ris_hybrid.pool_settings import SecondCloud
    from ris_hybrid.settings import BurstSettings


class Clients:
    """One client for each region and endpoint of AWS, one connection for each second cloud."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ec2: dict[tuple[str, str], EC2Client] = {}
        self._sqs: dict[str, SQSClient] = {}
        self._second: dict[tuple[str, ...], Connection] = {}

    def ec2(self, settings: BurstSettings, conf: Path | None = None) -> EC2Client:
        """As ``ec2_client``, made once."""
        from burst.aws.client import ec2_client

        key = (settings.region, settings.endpoint_url)
        with self._lock:
            if key not in self._ec2:
                self._ec2[key] = ec2_client(settings, conf)
            return self._ec2[key]

    def sqs(self, settings: BurstSettings) -> SQSClient:
        """As ``sqs_client``, made once."""
        from burst.aws.client import sqs_client

        with self._lock:
            if settings.notices not in self._sqs:
                self._sqs[settings.notices] = sqs_client(settings.notices, settings.region)
            return self._sqs[settings.notices]

    def second(self, cloud: SecondCloud) -> Connection:
        """As ``connect``, made once for what is written of a cloud, its prices aside."""
        from burst.libcloud.connection import connect

        key = tuple(value for value in astuple(cloud) if isinstance(value, str))
        with self._lock:
            if key not in self._second:
                self._second[key] = connect(cloud)
            return self._second[key]
