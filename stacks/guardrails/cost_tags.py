"""The tags by which the bill is divided, as one Pulumi component.

Only the account that pays can make a tag show in the bill, and only once something has carried it for a day.
"""

from __future__ import annotations

import pulumi
from pulumi_aws import costexplorer

COST_TAGS = (
    "ris_allocation",
    "ris_lab",
    "ris_department",
    "ris_cost_center",
    "ris_project",
    "ris_ticket",
    "ris_data_class",
    "ris_env",
    "ris_cluster",
    "ris_managed",
)


class CostTags(pulumi.ComponentResource):
    """Each tag active."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ris-hybrid:guardrails:CostTags", name, None, opts)
        for key in COST_TAGS:
            costexplorer.CostAllocationTag(
                f"{name}-{key}", tag_key=key, status="Active", opts=pulumi.ResourceOptions(parent=self)
            )
        self.register_outputs({})
