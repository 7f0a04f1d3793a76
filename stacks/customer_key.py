"""A customer key of KMS with its alias, as one Pulumi component."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi_aws import kms

from stacks.documents import document

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DELETION_WINDOW_DAYS = 30
"""The longest there is: for so long a key that was to be deleted can be had back."""


class CustomerKey(pulumi.ComponentResource):
    """Rotated each year, never deleted by Pulumi: without it, everything that it encrypted is gone.

    ``name`` is its alias without ``alias/``, which stays the same when what it belongs to is renamed.
    """

    def __init__(
        self,
        name: str,
        statements: Sequence[Mapping[str, Any]],
        *,
        description: str,
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ris-hybrid:storage:CustomerKey", name, None, opts)
        made = kms.Key(
            name,
            description=description,
            enable_key_rotation=True,
            deletion_window_in_days=DELETION_WINDOW_DAYS,
            policy=document(statements),
            tags={**tags, "Name": name},
            opts=pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True),
        )
        kept = pulumi.ResourceOptions(parent=self, protect=True, retain_on_delete=True)
        kms.Alias(name, name=f"alias/{name}", target_key_id=made.key_id, opts=kept)
        self.arn: pulumi.Output[str] = made.arn
        self.register_outputs({"arn": self.arn})
