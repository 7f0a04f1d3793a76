"""The handlers of every family in one table, imported when a run begins (sandbox)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.sandbox.apply.handler import Handler


def handlers() -> Mapping[str, Handler]:
    """By Pulumi's type token; no two families have the same."""
    from ris_hybrid.sandbox.apply.handlers import (
        account,
        alarms,
        buckets,
        budgets,
        config_rules,
        endpoints,
        groups,
        iam,
        keys,
        link,
        logs,
        lustre,
        names,
        queues,
        registry,
        templates,
        trails,
        vpc,
    )

    families = (
        *(vpc, groups, endpoints, link, names, logs),
        *(iam, registry, templates, queues),
        *(buckets, keys, lustre, trails, config_rules, budgets, alarms, account),
    )
    return {kind: handler for family in families for kind, handler in family.HANDLERS.items()}
