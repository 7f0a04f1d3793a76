"""Direct Connect gateways and what is attached to them, which moto does not have: plain records.

Source: AWS Direct Connect API reference. An attachment is there at once; AWS takes ten minutes and more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from ris_hybrid.sandbox.aws import moto_network
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

Row = dict[str, Any]
_JSON = "application/x-amz-json-1.1"


@dataclass(slots=True)
class DirectConnect:
    """Records by id, as the API shows them."""

    gateways: dict[str, Row] = field(default_factory=dict)
    associations: dict[str, Row] = field(default_factory=dict)
    proposals: dict[str, Row] = field(default_factory=dict)


def create_gateway(state: State, call: Call) -> Answer:
    """A gateway of the caller's account."""
    asked = _asked(call)
    row = {
        "directConnectGatewayId": _new_id(),
        "directConnectGatewayName": asked["directConnectGatewayName"],
        "amazonSideAsn": asked.get("amazonSideAsn", 64512),
        "ownerAccount": call.account,
        "directConnectGatewayState": "available",
    }
    state.direct_connect.gateways[row["directConnectGatewayId"]] = row
    return json_answer({"directConnectGateway": row}, kind=_JSON)


def associate(state: State, call: Call) -> Answer:
    """Attach a virtual private gateway. Raises ``ApiError`` for a gateway of either kind that there is not."""
    asked = _asked(call)
    owned = _one(state.direct_connect.gateways, asked["directConnectGatewayId"], "Direct Connect gateway")
    row = {
        "associationId": _new_id(),
        "associationState": "associated",
        "directConnectGatewayId": owned["directConnectGatewayId"],
        "directConnectGatewayOwnerAccount": owned["ownerAccount"],
        **_attached(call, asked),
    }
    state.direct_connect.associations[row["associationId"]] = row
    return json_answer({"directConnectGatewayAssociation": row}, kind=_JSON)


def propose(state: State, call: Call) -> Answer:
    """Ask the owner of another account's gateway to attach ours; nobody in the sandbox ever accepts."""
    asked = _asked(call)
    attached = _attached(call, asked)
    row = {
        "proposalId": _new_id(),
        "proposalState": "requested",
        "directConnectGatewayId": asked["directConnectGatewayId"],
        "directConnectGatewayOwnerAccount": asked["directConnectGatewayOwnerAccount"],
        "associatedGateway": attached["associatedGateway"],
        "requestedAllowedPrefixesToDirectConnectGateway": attached["allowedPrefixesToDirectConnectGateway"],
    }
    state.direct_connect.proposals[row["proposalId"]] = row
    return json_answer({"directConnectGatewayAssociationProposal": row}, kind=_JSON)


def update_association(state: State, call: Call) -> Answer:
    """Other prefixes of the VPC that the site is told."""
    asked = _asked(call)
    row = _one(state.direct_connect.associations, asked["associationId"], "association")
    gone = asked.get("removeAllowedPrefixesToDirectConnectGateway", [])
    kept = [one for one in row["allowedPrefixesToDirectConnectGateway"] if one not in gone]
    row["allowedPrefixesToDirectConnectGateway"] = [*kept, *asked.get("addAllowedPrefixesToDirectConnectGateway", [])]
    return json_answer({"directConnectGatewayAssociation": row}, kind=_JSON)


def delete_association(state: State, call: Call) -> Answer:
    """Detach it."""
    row = _one(state.direct_connect.associations, _asked(call)["associationId"], "association")
    del state.direct_connect.associations[row["associationId"]]
    row["associationState"] = "disassociated"
    return json_answer({"directConnectGatewayAssociation": row}, kind=_JSON)


def delete_proposal(state: State, call: Call) -> Answer:
    """Take the request back."""
    row = _one(state.direct_connect.proposals, _asked(call)["proposalId"], "proposal")
    del state.direct_connect.proposals[row["proposalId"]]
    row["proposalState"] = "deleted"
    return json_answer({"directConnectGatewayAssociationProposal": row}, kind=_JSON)


def describe_associations(state: State, call: Call) -> Answer:
    """All, or those of one gateway, or the one of that id."""
    rows = _wanted(call, state.direct_connect.associations)
    return json_answer({"directConnectGatewayAssociations": rows}, kind=_JSON)


def describe_proposals(state: State, call: Call) -> Answer:
    """The same of proposals."""
    rows = _wanted(call, state.direct_connect.proposals)
    return json_answer({"directConnectGatewayAssociationProposals": rows}, kind=_JSON)


def _wanted(call: Call, rows: Mapping[str, Row]) -> list[Row]:
    asked = _asked(call)
    keys = ("associationId", "proposalId", "directConnectGatewayId")
    wanted = {key: asked[key] for key in keys if key in asked}
    return [row for row in rows.values() if wanted.items() <= row.items()]


def _asked(call: Call) -> Row:
    asked: Row = json.loads(call.body)
    return asked


def _attached(call: Call, asked: Row) -> Row:
    gateway = str(asked.get("gatewayId", asked.get("virtualGatewayId", "")))
    if not moto_network.attached_gateway((call.account, call.region), gateway):
        raise ApiError("DirectConnectClientException", f"Gateway {gateway} is not attached to a VPC.")
    shown = {"id": gateway, "type": "virtualPrivateGateway", "ownerAccount": call.account, "region": call.region}
    prefixes = asked.get("addAllowedPrefixesToDirectConnectGateway", [])
    return {"associatedGateway": shown, "allowedPrefixesToDirectConnectGateway": prefixes}


def _one(rows: Mapping[str, Row], its_id: str, what: str) -> Row:
    if its_id not in rows:
        # The API has one error for all that is wrong with a request; that it is not there is in its sentence.
        raise ApiError("DirectConnectClientException", f"{what} {its_id} does not exist.")
    return rows[its_id]


def _new_id() -> str:
    return str(mock_random.uuid4())


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "directconnect:CreateDirectConnectGateway": create_gateway,
    "directconnect:CreateDirectConnectGatewayAssociation": associate,
    "directconnect:CreateDirectConnectGatewayAssociationProposal": propose,
    "directconnect:UpdateDirectConnectGatewayAssociation": update_association,
    "directconnect:DeleteDirectConnectGatewayAssociation": delete_association,
    "directconnect:DeleteDirectConnectGatewayAssociationProposal": delete_proposal,
    "directconnect:DescribeDirectConnectGatewayAssociations": describe_associations,
    "directconnect:DescribeDirectConnectGatewayAssociationProposals": describe_proposals,
}
