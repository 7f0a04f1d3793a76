"""Changing a forwarding rule of Route 53's resolver, which moto can only make and delete.

Source: Route 53 Resolver API reference, UpdateResolverRule.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import moto_network
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call


def update_rule(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps the record
    """Set what the request names. Raises ``ApiError`` ResourceNotFoundException for a rule there is not."""
    asked = json.loads(call.body)
    its_id, config = asked["ResolverRuleId"], asked["Config"]
    known = {"Name": "name", "TargetIps": "target_ips", "ResolverEndpointId": "resolver_endpoint_id"}
    changes = {field: config[name] for name, field in known.items() if name in config}
    shown = moto_network.change_rule((call.account, call.region), its_id, changes)
    if shown is None:
        raise ApiError("ResourceNotFoundException", f"Resolver rule with ID '{its_id}' does not exist")
    return json_answer({"ResolverRule": shown}, kind="application/x-amz-json-1.1")


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {"route53resolver:UpdateResolverRule": update_rule}
