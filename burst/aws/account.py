"""What a check-up asks AWS beside the fleet: the pools' launch templates, the queue of notices, EC2's clock."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast

from burst.aws.calls import translated
from burst.aws.client import ec2_client, make_client
from ris_hybrid.config.user_data import unpacked
from ris_hybrid.errors import CloudError

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

    from ris_hybrid.settings import BurstSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFound:
    """A launch template's default version."""

    version: int
    tokens_required: bool
    """Whether its machines answer for metadata only with a token (IMDSv2)."""
    tags_in_metadata: bool
    """Whether a machine can read its own tags there."""
    user_data: str
    """Decoded; empty for none."""


class AwsAccount:
    """One account and region."""

    def __init__(self, settings: BurstSettings) -> None:
        self._settings = settings
        self._client: EC2Client = ec2_client(settings)

    def template(self, name: str) -> TemplateFound:
        """A launch template by id or name. Raises ``CloudError``: ``Refused`` when there is none."""
        key = "LaunchTemplateId" if name.startswith("lt-") else "LaunchTemplateName"
        query: dict[str, Any] = {key: name, "Versions": ["$Default"]}
        with translated():
            rows = self._client.describe_launch_template_versions(**query)["LaunchTemplateVersions"]
        if not rows:
            raise CloudError(f"launch template {name} has no default version", "apply the stacks")
        data = rows[0]["LaunchTemplateData"]
        options = data.get("MetadataOptions", {})
        return TemplateFound(
            version=rows[0]["VersionNumber"],
            tokens_required=options.get("HttpTokens") == "required",
            tags_in_metadata=options.get("InstanceMetadataTags") == "enabled",
            user_data=_decoded(data.get("UserData", "")),
        )

    def clock(self) -> float:
        """EC2's time, epoch seconds, as its answers carry it."""
        with translated():
            answer = self._client.describe_regions(RegionNames=[self._settings.region])
        text = answer["ResponseMetadata"]["HTTPHeaders"].get("date", "")
        try:
            return parsedate_to_datetime(text).timestamp()
        except ValueError as error:
            raise CloudError(f"EC2's answer says no time: {text!r}") from error

    def waiting_notices(self) -> int:
        """How many messages wait in the queue of notices, about. Takes none out."""
        url = self._settings.notices
        client = cast("Any", make_client("sqs", self._settings.region, self._settings.endpoint_url))
        with translated():
            answer = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])


def _decoded(text: str) -> str:
    """User data as a person wrote it. What is no base64 of a text is no text of ours, whatever it says."""
    try:
        return unpacked(b64decode(text, validate=True))
    except ValueError:
        return text
