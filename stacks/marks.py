"""The tags a running burst writes on what the stacks have built or launched (``burst.tags`` explains each).

The controller's policy lets it write these and no others; Pulumi leaves them as they are.
"""

from __future__ import annotations

MACHINE_MARKS = (
    "ris_adopted",
    "ris_asked",
    "ris_closing",
    "ris_end",
    "ris_idle",
    "ris_joined",
    "ris_notice",
    "ris_rebalance",
    "ris_request",
    "ris_return",
    "ris_shortfall",
    "ris_unheld",
    "ris_unlisted",
)
"""Tags a running burst writes on a machine after its launch: its ledger."""
POOL_MARKS = ("ris_boot_s", "ris_held", "ris_join_failures", "ris_off", "ris_spent")
"""Tags a running burst writes on a pool's launch template; Pulumi leaves them as they are."""
