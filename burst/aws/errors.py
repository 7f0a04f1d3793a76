"""botocore's errors → our few, named by what the caller does next. Codes: EC2 API reference, "Error codes"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.errors import AskedBefore, CloudError, NoCapacity, QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

CAPACITY_CODES = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientHostCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientCapacity",
        "InsufficientCapacityOnHost",
        "InsufficientVolumeCapacity",
        "InsufficientAddressCapacity",
        "InsufficientFreeAddressesInSubnet",
        "ReservationCapacityExceeded",
        "UnfulfillableCapacity",
        "SpotMaxPriceTooLow",
    }
)
QUOTA_CODES = frozenset(
    {
        "InstanceLimitExceeded",
        "VcpuLimitExceeded",
        "MaxSpotInstanceCountExceeded",
        "MaxSpotFleetRequestCountExceeded",
        "FleetLimitExceeded",
        "HostLimitExceeded",
        "NetworkInterfaceLimitExceeded",
        "PrivateIpAddressLimitExceeded",
        "AddressLimitExceeded",
        "VolumeLimitExceeded",
        "MaxIOPSLimitExceeded",
        "AttachmentLimitExceeded",
        "TagLimitExceeded",
        "ResourceCountExceeded",
        "ResourceLimitExceeded",
        "LimitExceeded",
    }
)
AGAIN_CODES = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "EC2ThrottledException",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "ConcurrentTagAccess",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "Unavailable",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "RequestTimeout",
        "RequestTimeoutException",
    }
)
FORGOTTEN = frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID", "InvalidID"})
"""EC2 knows no machine of an id any more; CreateTags and TerminateInstances then do nothing for the others either."""
PROTECTED = frozenset({"OperationNotPermitted"})
"""A machine of the call has termination protection."""
AUTH_CODES = frozenset(
    {
        "AuthFailure",
        "Blocked",
        "UnauthorizedOperation",
        "AccessDenied",
        "AccessDeniedException",
        "ExpiredToken",
        "ExpiredTokenException",
        "RequestExpired",
        "IncompleteSignature",
        "SignatureDoesNotMatch",
        "InvalidClientTokenId",
        "InvalidAccessKeyId",
        "UnrecognizedClientException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "OptInRequired",
        "PendingVerification",
    }
)
OTHER_REQUEST = "IdempotentParameterMismatch"
"""The client token was used before for another call: what that one launched is there, and this one never will be."""
FLEET_CONFIG = "InvalidFleetConfig"
"""Most often two subnets of one zone, which EC2 takes for the same capacity pool named twice."""
_SERVER_FAULT = 500
_CREDENTIALS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
        "SSOTokenLoadError",
        "ProfileNotFound",
        "ConfigNotFound",
        "ConfigParseError",
    }
)
_NOT_VALID = frozenset({"ParamValidationError", "NoRegionError", "InvalidRegionError", "UnknownServiceError"})
# A kilobyte of what was asked and by whom, which sts:DecodeAuthorizationMessage turns into plain text.
_ENCODED = re.compile(r"\s*Encoded authorization failure message:\s*\S*", re.IGNORECASE)


def without_secrets(message: str) -> str:
    """EC2's words without the encoded authorization message that some refusals carry."""
    return _ENCODED.sub("", message)


def of_code(code: str, message: str) -> CloudError:
    """The error for an EC2 code; one we do not know is a refusal, which no retry hides."""
    said = without_secrets(message)
    if code in CAPACITY_CODES:
        return NoCapacity(said, "other instance types, zones or a later try may have capacity", code)
    if code in QUOTA_CODES:
        return QuotaReached(said, "raise the account's EC2 limit or lower caps.nodes", code)
    if code in AGAIN_CODES:
        return TryAgain(said, "try again", code)
    kind = AskedBefore if code == OTHER_REQUEST else Refused
    return kind(said, _hint(code), code)


def _hint(code: str) -> str:
    if code in AUTH_CODES:
        return "check the credentials, permissions and clock of the master"
    if code == OTHER_REQUEST:
        return "this request was made before, with other settings: what it launched carries its request id"
    if code == FLEET_CONFIG:
        return "name one subnet for each zone in the pool's subnets"
    return "check the controller's permissions and the pool's settings"


def of_client_error(error: ClientError) -> CloudError:
    """The error EC2 answered with."""
    body = error.response.get("Error", {})
    code, message = body.get("Code", "Unknown"), body.get("Message", str(error))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    found = of_code(code, message)
    if isinstance(found, Refused) and status >= _SERVER_FAULT:
        return TryAgain(found.message, "try again", code)
    return found


def of_botocore(error: BotoCoreError | ResponseParserError) -> CloudError:
    """No answer, no credentials, no region: the outcome is unknown."""
    name = type(error).__name__
    if name in _CREDENTIALS:
        return Refused(f"AWS credentials: {error}", "give the master an instance profile or a credentials file", name)
    if name in _NOT_VALID:
        return Refused(f"AWS call was not valid: {error}", "check the pool's settings", name)
    return TryAgain(f"AWS did not answer: {error}", "check the endpoint and the network, then try again", name)
