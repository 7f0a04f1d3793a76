"""Calls and errors as plain values, worded as Google words them (Compute Engine API, "Handling API errors")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

PROJECT, REGION = "ris-sandbox", "us-central1"
ZONES = ("us-central1-a", "us-central1-b")
ELSEWHERE = "europe-west4-a"
"""A zone of another region, with nothing in it."""
EMAIL = f"burst@{PROJECT}.iam.gserviceaccount.com"
TYPES: Mapping[str, tuple[int, int]] = {
    "n2-standard-4": (4, 16_384),
    "n2-standard-8": (8, 32_768),
    "n2-standard-16": (16, 65_536),
    "h3-standard-88": (88, 360_448),
}
"""vCPUs and MiB of each machine type, the same in each zone."""
IMAGES: Mapping[str, str] = {"lsf-node-v1": "lsf-node", "lsf-node-v2": "lsf-node", "rescue": ""}
"""Family of each image; the last of a family is its newest. The first is deprecated as obsolete."""
OBSOLETE = "lsf-node-v1"
SUBNETWORKS = ("hpc", "spare")
_ROOT = f"https://www.googleapis.com/compute/v1/projects/{PROJECT}"


class ApiError(Exception):
    """An error as Google tells it: HTTP status, reason, sentence."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message

    def document(self) -> Json:
        """The answer's body."""
        one = {"message": self.message, "domain": "global", "reason": self.reason}
        return {"error": {"code": self.status, "message": self.message, "errors": [one]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call within the project; ``ids`` are the parts of its path that name something."""

    query: Mapping[str, str]
    document: Json
    ids: tuple[str, ...] = ()


def url(path: str) -> str:
    """A resource's own address: Google's, whatever address was asked."""
    return f"{_ROOT}/{path}"


def not_found(path: str) -> ApiError:
    """Google has no such resource."""
    return ApiError(404, "notFound", f"The resource 'projects/{PROJECT}/{path}' was not found")


def invalid(name: str, value: object, why: str) -> ApiError:
    """A field of the body is wrong."""
    return ApiError(400, "invalid", f"Invalid value for field '{name}': '{value}'. {why}")


def known(name: str, names: object, path: str) -> str:
    """The name, if it is one of these; else it was not found."""
    if not isinstance(names, Mapping | tuple) or name not in names:
        raise not_found(f"{path}/{name}")
    return name
