"""AWS clients with every wait bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from burst import deadline
from burst.aws import errors, model_cut
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from botocore.loaders import Loader
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_sqs import SQSClient

    from ris_hybrid.settings import BurstSettings

# A script has well under 30 s (LSF's query interval): 3 attempts of at most 2 + 6 s, and botocore's short back-off.
_CONFIG = Config(
    connect_timeout=2,
    read_timeout=6,
    max_pool_connections=32,  # as many calls as the service answers at once
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent_extra="ris-hybrid",
)


def ec2_client(settings: BurstSettings, conf: Path | None = None) -> EC2Client:
    """A client for the settings' region and endpoint; credentials by AWS's own chain, never by argument.

    ``conf`` is the provider's configuration folder, where a cut of botocore's EC2 description may lie.
    Raises ``ConfigError`` for an endpoint or region that is none, ``Refused`` or ``TryAgain`` for what AWS's own
    chain (profile, credentials file) makes of its environment.
    """
    loader = model_cut.loader_for(conf)
    return cast("EC2Client", make_client("ec2", settings.region, settings.endpoint_url, loader))


def sqs_client(url: str, region: str) -> SQSClient:
    """A client for the queue's own address, so an EC2 endpoint of the settings does not count.

    Raises ``ConfigError`` for a URL that is no queue's, ``Refused`` for credentials that do not work.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not parts.path.strip("/"):
        raise ConfigError(f"notices: expected the URL of an SQS queue, found {url!r}", "see the stacks' outputs")
    return cast("SQSClient", make_client("sqs", region, f"{parts.scheme}://{parts.netloc}"))


def make_client(service: str, region: str, endpoint_url: str, loader: Loader | None = None) -> object:
    """A client of any service; an empty endpoint is AWS's own. Raises as ``ec2_client``."""
    session = botocore.session.get_session()
    if loader is not None:
        session.register_component("data_loader", loader)
    try:
        client = session.create_client(service, region_name=region, endpoint_url=endpoint_url or None, config=_CONFIG)
    except ValueError as error:
        name = service.upper()
        raise ConfigError(f"no {name} client for region {region!r}: {error}", "check burst.yaml") from error
    except BotoCoreError as error:
        raise errors.of_botocore(error) from error
    client.meta.events.register("before-send.*.*", deadline.check)
    return client
