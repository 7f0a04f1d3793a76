"""Every rule, by name; and where each class of values stands in the holdings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from policies.rules import (
    access,
    bursting,
    crossing,
    foreign,
    images,
    keys,
    machines,
    money,
    network,
    nodes,
    queues,
    records,
    storage,
    tags,
)
from ris_hybrid.holdings import values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.rules.rule import Rule

_FAMILIES = (
    access,
    bursting,
    crossing,
    foreign,
    images,
    keys,
    machines,
    money,
    network,
    nodes,
    queues,
    records,
    storage,
    tags,
)

RULES: tuple[Rule[Any], ...] = tuple(
    sorted((one for family in _FAMILIES for one in family.RULES), key=lambda one: one.name)
)
BY_NAME: Mapping[str, Rule[Any]] = {one.name: one for one in RULES}

KINDS: Mapping[type[Any], tuple[str, str]] = {
    values.Bucket: ("bucket", "buckets"),
    values.Key: ("key", "keys"),
    values.Repository: ("repository", "repositories"),
    values.Role: ("role", "roles"),
    values.SecurityGroup: ("security group", "security_groups"),
    values.Network: ("network", "networks"),
    values.Subnet: ("subnet", "subnets"),
    values.LaunchTemplate: ("launch template", "launch_templates"),
    values.Instance: ("machine", "instances"),
    values.Queue: ("queue", "queues"),
    values.LogGroup: ("log group", "log_groups"),
    values.FileSystem: ("file system", "file_systems"),
    values.Trail: ("trail", "trails"),
    values.Budget: ("budget", "budgets"),
    values.Account: ("account", "accounts"),
}
"""What one value of a class is called, and the field of ``Holdings`` with all of them."""
