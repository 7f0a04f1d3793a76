"""What is watched, as data: each alarm with the reason why somebody is woken.

Metric filters read the trail's log group. Sources: CIS AWS Foundations Benchmark 1.4, section 4 (patterns); CloudWatch
metrics of SQS, Site-to-Site VPN, FSx for Lustre and Billing in their user guides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stacks.environment import Environment
    from stacks.observability.settings import ObservabilitySettings

_GIB = 1 << 30
_FIVE_MINUTES = 300
_SIX_HOURS = 21600


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One figure and the bound it must keep."""

    name: str
    reason: str
    threshold: float
    below: bool = False
    """Whether the figure must not fall below the threshold; else it must not rise above it."""
    period_s: int = _FIVE_MINUTES
    periods: int = 1
    namespace: str = ""
    metric: str = ""
    statistic: str = "Maximum"
    dimensions: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    """In place of one metric: Metrics Insights over all of a kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Entries of the trail that are counted, and how many in five minutes are too many."""

    name: str
    pattern: str
    reason: str
    at_least: int = 1


def namespace(environment: Environment) -> str:
    """Of the figures that are counted from the trail."""
    return f"RisHybrid/{environment.name}"


def alarms(environment: Environment, settings: ObservabilitySettings) -> tuple[Alarm, ...]:
    """Those on figures AWS keeps; the bill's it keeps in us-east-1 alone."""
    notices = Alarm(
        name="notices-unread",
        reason="Spot notices wait unread, and the machines they tell of go two minutes after them. Look whether "
        "ris-hybrid burst runs on the master.",
        namespace="AWS/SQS",
        metric="ApproximateAgeOfOldestMessage",
        dimensions={"QueueName": f"{environment.name}-notices"},
        threshold=settings.notice_age_s,
        period_s=60,
        periods=2,
    )
    link = Alarm(
        name="vpn-down",
        reason="A tunnel of a VPN is down: with both down, nodes lose LSF's master and the site's file systems.",
        query='SELECT MIN(TunnelState) FROM SCHEMA("AWS/VPN", VpnId)',
        threshold=1,
        below=True,
        periods=3,
    )
    return (notices, link, *_bill(settings))


def scratch_alarm(settings: ObservabilitySettings) -> Alarm:
    """The one on the scratch, whose id is not known before it is built."""
    return Alarm(
        name="scratch-full",
        reason="The scratch is nearly full: jobs that write to it will fail. Release files that are in the buckets.",
        namespace="AWS/FSx",
        metric="FreeDataStorageCapacity",
        statistic="Sum",
        threshold=settings.scratch_free_gib * _GIB,
        below=True,
        period_s=60,
        periods=5,
    )


def sightings(settings: ObservabilitySettings) -> tuple[Sighting, ...]:
    """Those on what people do, by the trail."""
    return (
        Sighting(
            name="key-going",
            pattern=_calls("kms.amazonaws.com", "DisableKey", "ScheduleKeyDeletion"),
            reason="A key is disabled or will be deleted: what it encrypts is then lost. Cancel it if nobody meant it "
            "(kms cancel-key-deletion). CIS 4.7.",
        ),
        Sighting(
            name="trail-changed",
            pattern=_calls(
                "cloudtrail.amazonaws.com", "DeleteTrail", "StopLogging", "UpdateTrail", "PutEventSelectors"
            ),
            reason="Somebody changed what is recorded. CIS 4.5.",
        ),
        Sighting(
            name="recorder-stopped",
            pattern=_calls("config.amazonaws.com", "StopConfigurationRecorder", "DeleteDeliveryChannel"),
            reason="AWS Config no longer records what is there. CIS 4.9.",
        ),
        Sighting(
            name="bucket-opened",
            # As the trail names them, which is not always as the API does.
            pattern=_calls(
                "s3.amazonaws.com",
                *("DeleteBucketPolicy", "PutBucketAcl"),
                *("DeleteBucketPublicAccessBlock", "DeleteAccountPublicAccessBlock"),
            ),
            reason="What guards a bucket was taken away. Hold it against the plan: ris-hybrid mirror drift. CIS 4.8.",
        ),
        Sighting(
            name="way-out",
            pattern=_calls("ec2.amazonaws.com", "CreateInternetGateway", "AttachInternetGateway"),
            reason="A network got a way to the internet, which ours do without. CIS 4.12.",
        ),
        Sighting(
            name="root-used",
            pattern='{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && '
            '$.eventType != "AwsServiceEvent" }',
            reason="The account's root user did something; nothing here needs it. CIS 4.3.",
        ),
        Sighting(
            name="calls-denied",
            pattern='{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
            reason="Many calls were refused: a role lacks a right since the last change, or somebody is trying doors. "
            "CIS 4.1.",
            at_least=settings.denied_calls,
        ),
        Sighting(
            name="objects-deleted",
            pattern=_calls("s3.amazonaws.com", "DeleteObject", "DeleteObjects"),
            reason="Many objects of PHI were deleted. Their versions are there: stop whoever does it, restore them.",
            at_least=settings.deleted_objects,
        ),
    )


def _calls(service: str, *names: str) -> str:
    """A filter pattern for calls of one service."""
    either = " || ".join(f'($.eventName = "{name}")' for name in names)
    return f'{{ ($.eventSource = "{service}") && ({either}) }}'


def _bill(settings: ObservabilitySettings) -> tuple[Alarm, ...]:
    if settings.monthly_usd is None:
        return ()
    bill = Alarm(
        name="bill",
        reason="The account's bill of this month is above what was expected of all of it. See ris-hybrid burst budget.",
        namespace="AWS/Billing",
        metric="EstimatedCharges",
        dimensions={"Currency": "USD"},
        threshold=settings.monthly_usd,
        period_s=_SIX_HOURS,
    )
    return (bill,)
