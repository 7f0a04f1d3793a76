"""Virtual private gateways attached to a Direct Connect gateway (sandbox); a part of ``link``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.apply.handlers.calls import Calls
from ris_hybrid.sandbox.apply.handlers.parts import Param

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Clients, Handler, Made, Props

_PREFIXES = "PrefixesToDirectConnectGateway"


def _prefixes(cidrs: list[str]) -> list[dict[str, str]]:
    return [{"cidr": cidr} for cidr in cidrs]


_ASSOCIATION = Calls(
    service="directconnect",
    create_call="create_direct_connect_gateway_association",
    at="directConnectGatewayAssociation",
    id="associationId",
    params={
        "dxGatewayId": "directConnectGatewayId",
        "associatedGatewayId": "gatewayId",
        "allowedPrefixes": Param(f"addAllowed{_PREFIXES}", by=_prefixes),
    },
    key={"associationId": "{id}"},
    delete_call="delete_direct_connect_gateway_association",
    outputs={"dxGatewayAssociationId": "associationId", "associatedGatewayType": "associatedGateway.type"},
)


_PROPOSAL = Calls(
    service="directconnect",
    create_call="create_direct_connect_gateway_association_proposal",
    at="directConnectGatewayAssociationProposal",
    id="proposalId",
    params={
        "dxGatewayId": "directConnectGatewayId",
        "dxGatewayOwnerAccountId": "directConnectGatewayOwnerAccount",
        "associatedGatewayId": "gatewayId",
        "allowedPrefixes": Param(f"addAllowed{_PREFIXES}", by=_prefixes),
    },
    key={"proposalId": "{id}"},
    delete_call="delete_direct_connect_gateway_association_proposal",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """A virtual private gateway attached to a Direct Connect gateway, or the proposal to attach it."""

    plain: Calls
    listing: str
    listed: str
    update_call: str = ""
    """Adds and takes networks in place; a proposal has none."""

    @property
    def knows(self) -> frozenset[str]:
        """Every property it understands."""
        return self.plain.knows

    @property
    def replace_on(self) -> frozenset[str]:
        """What no later call takes."""
        return self.plain.replace_on - ({"allowedPrefixes"} if self.update_call else set())

    def create(self, aws: Clients, name: str, props: Props) -> Made:
        """Attach it, or ask for that."""
        return self.plain.create(aws, name, props)

    def update(self, aws: Clients, made: Made, old: Props, new: Props) -> Props:
        """Add and remove the networks that the site is told."""
        had, wants = (set(props.get("allowedPrefixes") or ()) for props in (old, new))
        sides = {"add": sorted(wants - had), "remove": sorted(had - wants)}
        asked = {f"{side}Allowed{_PREFIXES}": _prefixes(cidrs) for side, cidrs in sides.items() if cidrs}
        getattr(aws.get("directconnect"), self.update_call)(associationId=made.id, **asked)
        return {}

    def delete(self, aws: Clients, made: Made) -> None:
        """Take it away. The API has one error for everything, so one that is not listed is taken for gone."""
        key = dict.fromkeys(self.plain.key, made.id)
        if getattr(aws.get("directconnect"), self.listing)(**key)[self.listed]:
            self.plain.delete(aws, made)


HANDLERS: Mapping[str, Handler] = {
    "aws:directconnect/gatewayAssociation:GatewayAssociation": Association(
        plain=_ASSOCIATION,
        listing="describe_direct_connect_gateway_associations",
        listed="directConnectGatewayAssociations",
        update_call="update_direct_connect_gateway_association",
    ),
    "aws:directconnect/gatewayAssociationProposal:GatewayAssociationProposal": Association(
        plain=_PROPOSAL,
        listing="describe_direct_connect_gateway_association_proposals",
        listed="directConnectGatewayAssociationProposals",
    ),
}
