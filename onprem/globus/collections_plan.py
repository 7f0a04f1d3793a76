"""The S3 storage gateway and the collections a site needs, as documents of Globus Connect Server (pure).

Shapes: ``StorageGatewayDocument``, ``S3StoragePolicies`` (1.0.0; the service knows later ones),
``MappedCollectionDocument`` and ``GuestCollectionDocument`` of globus-sdk. Names leave the site: that of anything with
PHI in it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from onprem.globus.document import in_collection, within
from onprem.globus.grants import pseudonym

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ris_hybrid.data.settings import Globus, GlobusGateway
    from ris_hybrid.mirror.values import AllocationPlan

S3_CONNECTOR = "7643e831-5f6c-4b47-a07f-8ee90f401d23"
Kind = Literal["storage gateway", "mapped collection", "guest collection"]
_GATEWAY_NAME, _MAPPED_NAME = "ris-hybrid S3", "ris-hybrid S3 buckets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that is to be, and how it stands."""

    kind: Kind
    name: str
    document: Mapping[str, Any]
    found: str = ""
    """Its id where it is there; empty: to be made."""
    differs: tuple[str, ...] = ()
    """Fields that are not as wanted."""
    allocation: str = ""
    """Whose it is; its name may not show that."""
    outside: bool = False
    """An allocation that is not below ``site_base``: the site's collection has it not."""

    @property
    def deed(self) -> str:
        """What an apply does."""
        if self.outside:
            return "none"
        if not self.found:
            return "create"
        return "update" if self.differs else "keep"


def gateway(settings: Globus, server: GlobusGateway, buckets: Iterable[str]) -> dict[str, Any]:
    """The gateway over S3, for the buckets of the mirror and no others."""
    domains = server.domains or ((settings.identity_domain,) if settings.identity_domain else ())
    document: dict[str, Any] = {
        "DATA_TYPE": "storage_gateway#1.0.0",
        "display_name": _GATEWAY_NAME,
        "connector_id": S3_CONNECTOR,
        "allowed_domains": [*domains, "clients.auth.globus.org"],
        "high_assurance": settings.high_assurance,
        "policies": {
            "DATA_TYPE": "s3_storage_policies#1.0.0",
            "s3_endpoint": server.s3_endpoint,
            "s3_buckets": sorted(buckets),
            "s3_user_credential_required": True,
        },
    }
    if settings.high_assurance:
        document |= {
            "DATA_TYPE": "storage_gateway#1.1.0",
            "require_mfa": True,
            "authentication_timeout_mins": server.sign_in_minutes,
        }
    return document


def mapped_collection(settings: Globus, gateway_id: str) -> dict[str, Any]:
    """The collection over the gateway: always encrypted and verified, never shared on."""
    document = {
        "DATA_TYPE": "collection#1.4.0",
        "collection_type": "mapped",
        "storage_gateway_id": gateway_id,
        "display_name": _MAPPED_NAME,
        "collection_base_path": "/",
        "public": False,
        "allow_guest_collections": False,
        "force_encryption": True,
        "force_verify": True,
    }
    if settings.high_assurance:
        document |= {"DATA_TYPE": "collection#1.12.0", "restrict_transfers_to_high_assurance": "all"}
    return document


def guest_collection(settings: Globus, allocation: AllocationPlan) -> dict[str, Any]:
    """An allocation's own collection on the site's: its root is the allocation's directory."""
    return {
        "DATA_TYPE": "collection#1.0.0",
        "collection_type": "guest",
        "mapped_collection_id": settings.site_collection,
        "display_name": _guest_name(allocation),
        "collection_base_path": in_collection(allocation.path, settings.site_base),
        "public": False,
    }


def wanted_guests(settings: Globus, allocations: Iterable[AllocationPlan]) -> Iterator[Piece]:
    """Guest collections that data.yaml does not name yet; their owners make them, and name them there."""
    for allocation in allocations:
        if not within(allocation.path, settings.site_base):
            name = _guest_name(allocation)
            yield Piece(kind="guest collection", name=name, document={}, allocation=allocation.name, outside=True)
            continue
        document = guest_collection(settings, allocation)
        found = settings.guest_collections.get(allocation.name, "")
        name = document["display_name"]
        yield Piece(kind="guest collection", name=name, document=document, found=found, allocation=allocation.name)


def standing(kind: Kind, document: Mapping[str, Any], there: Iterable[Mapping[str, Any]]) -> Piece:
    """One thing against those of its kind that are there: matched by name, compared by the fields we write."""
    name = str(document["display_name"])
    found = next((one for one in there if one.get("display_name") == name), None)
    if found is None:
        return Piece(kind=kind, name=name, document=document)
    differs = tuple(sorted(_differing(document, found)))
    return Piece(kind=kind, name=name, document=document, found=str(found["id"]), differs=differs)


def _guest_name(allocation: AllocationPlan) -> str:
    name = pseudonym(allocation.name) if allocation.data_class == "phi" else allocation.name
    return f"ris-hybrid {name}"


def _differing(wanted: Mapping[str, Any], found: Mapping[str, Any], within: str = "") -> Iterator[str]:
    for key, value in wanted.items():
        if key == "DATA_TYPE":
            continue
        if isinstance(value, dict):
            yield from _differing(value, found.get(key) or {}, f"{within}{key}.")
        elif _plain(value) != _plain(found.get(key)):
            yield f"{within}{key}"


def _plain(value: object) -> object:
    return sorted(map(str, value)) if isinstance(value, list) else value
