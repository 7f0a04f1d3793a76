"""botocore's errors → our few, named by what the caller does next. Codes: EC2 API reference, "Error codes"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.errors import CloudError, NoCapacity, QuotaReached, Refused, TryAgain

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

CAPACITY_CODES = frozenset(
    {
        "InsufficientInstanceCapacity",
        "InsufficientHostCapacity",
        "InsufficientReservedInstanceCapacity",
        "InsufficientCapacity",
        "InsufficientAddressCapacity",
        "InsufficientFreeAddressesInSubnet",
        "UnfulfillableCapacity",
        "SpotMaxPriceTooLow",
        "MaxSpotInstanceCountExceeded",
    }
)
_QUOTA = frozenset(
    {"InstanceLimitExceeded", "VcpuLimitExceeded", "MaxSpotFleetRequestCountExceeded", "FleetLimitExceeded"}
)
_AGAIN = frozenset(
    {
        "RequestLimitExceeded",
        "Throttling",
        "ThrottlingException",
        "RequestThrottled",
        "InternalError",
        "InternalFailure",
        "Unavailable",
        "ServiceUnavailable",
        "RequestTimeout",
    }
)
_SERVER_FAULT = 500
_CREDENTIALS = frozenset(
    {
        "NoCredentialsError",
        "PartialCredentialsError",
        "CredentialRetrievalError",
        "ProfileNotFound",
        "ConfigNotFound",
        "ConfigParseError",
    }
)


def of_code(code: str, message: str) -> CloudError:
    """The error for an EC2 code; one we do not know is a refusal, which no retry hides."""
    if code in CAPACITY_CODES:
        return NoCapacity(message, "other instance types, zones or a later try may have capacity", code)
    if code in _QUOTA:
        return QuotaReached(message, "raise the account's EC2 limit or lower caps.nodes", code)
    if code in _AGAIN:
        return TryAgain(message, "try again", code)
    return Refused(message, "check the controller's permissions and the pool's settings", code)


def of_client_error(error: ClientError) -> CloudError:
    """The error EC2 answered with."""
    body = error.response.get("Error", {})
    code, message = body.get("Code", "Unknown"), body.get("Message", str(error))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    found = of_code(code, message)
    if isinstance(found, Refused) and status >= _SERVER_FAULT:
        return TryAgain(message, "try again", code)
    return found


def of_botocore(error: BotoCoreError | ResponseParserError) -> CloudError:
    """No answer, no credentials, no region: the outcome is unknown."""
    name = type(error).__name__
    if name in _CREDENTIALS:
        return Refused(f"AWS credentials: {error}", "give the master an instance profile or a credentials file", name)
    if name == "ParamValidationError":
        return Refused(f"AWS call was not valid: {error}", "check the pool's settings", name)
    return TryAgain(f"AWS did not answer: {error}", "check the endpoint and the network, then try again", name)
