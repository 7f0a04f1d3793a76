"""Calls that moto does not have at all and the layer answers itself, by ``service:Operation``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.sandbox.aws import (
    billing_call,
    bucket_policy_call,
    budget_call,
    datasync_call,
    direct_connect,
    flow_log_call,
    image_call,
    image_scan_call,
    inventory_call,
    lustre_call,
    lustre_task_call,
    metric_filter_call,
    object_call,
    object_list_call,
    object_lock_call,
    own_tags,
    queue_call,
    registry_call,
    reservation_call,
    resolver_call,
    vpn_call,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

ADDED: Mapping[str, Callable[[State, Call], Answer]] = {
    name: answer
    for family in (
        billing_call,
        bucket_policy_call,
        budget_call,
        datasync_call,
        direct_connect,
        flow_log_call,
        image_call,
        image_scan_call,
        inventory_call,
        lustre_call,
        lustre_task_call,
        metric_filter_call,
        object_call,
        object_list_call,
        object_lock_call,
        own_tags,
        queue_call,
        registry_call,
        reservation_call,
        resolver_call,
        vpn_call,
    )
    for name, answer in family.CALLS.items()
}
