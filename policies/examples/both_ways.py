"""For every rule a value that keeps it and one that breaks it: what tests hold the rules to, and docs show.

An example that breaks a rule is the good value of ``good`` with a few fields changed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from policies.examples.good import (
    ACCOUNT,
    BURST,
    DATA_TAGS,
    ENDPOINTS,
    FOREIGN,
    GOOD,
    GROUP,
    OPEN,
    POOL,
    ROLE,
    SECOND_CLOUD,
    SECOND_POOL,
    TAGS,
    TEMPLATE,
    TLS,
    TLS_VERSION,
    TRAIL,
    allow,
)
from ris_hybrid.holdings.values import PortRule, SecurityGroup
from ris_hybrid.settings import Caps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.rules.rule import Rule

_OPEN_GROUP = (PortRule(protocol="tcp", from_port=22, to_port=22, source="0.0.0.0/0"),)
_SSH_FROM_SITE = (PortRule(protocol="tcp", from_port=22, to_port=22, source="10.20.0.0/16"),)

BREAKS: Mapping[str, Mapping[str, Any]] = {
    "account-imds-v2": {"imds_v2": False},
    "account-public-blocked": {"public_blocked": False},
    "account-recorder": {"recorder": False},
    "account-volumes-encrypted": {"volumes_encrypted": False},
    "all-tagged": {"tags": {"ris_managed": "ris-hybrid"}},
    "bucket-access-logged": {"logs_to": ""},
    "bucket-customer-key": {"encryption": "AES256", "key": ""},
    "bucket-encrypted": {"encryption": ""},
    "bucket-has-owner": {"tags": TAGS},
    "bucket-inventory": {"inventory": False},
    "bucket-key-enabled": {"bucket_key": False},
    "bucket-lifecycle": {"has_lifecycle": False},
    "bucket-never-expires": {"expires": True},
    "bucket-object-lock": {"object_lock": False},
    "bucket-our-endpoints-only": {"policy": (TLS, TLS_VERSION)},
    "bucket-own-accounts-only": {"policy": (TLS, TLS_VERSION, ENDPOINTS, FOREIGN)},
    "bucket-owner-enforced": {"owner_enforced": False},
    "bucket-policy-names-people": {"policy": (OPEN,)},
    "bucket-public-blocked": {"public_blocked": False},
    "bucket-tls-only": {"policy": (TLS_VERSION, ENDPOINTS)},
    "bucket-tls-version": {"policy": (TLS, ENDPOINTS)},
    "bucket-versioned": {"versioned": False},
    "budget-acts": {"has_action": False},
    "budget-limited": {"usd_per_month": 0.0},
    "budgets-present": {"budgets": ()},
    "data-tagged": {"tags": {**DATA_TAGS, "ris_data_class": "secret"}},
    "file-system-customer-key": {"customer_key": False},
    "group-default-closed": {"egress": GROUP.egress},
    "group-lsf-ports-only": {"ingress": _SSH_FROM_SITE},
    "group-no-open-ingress": {"ingress": _OPEN_GROUP},
    "group-phi-no-open-egress": {"egress": _OPEN_GROUP},
    "key-own-accounts-only": {"policy": (FOREIGN,)},
    "key-policy-names-people": {"policy": (OPEN,)},
    "key-rotates": {"rotates": False},
    "key-usable": {"enabled": False},
    "logs-customer-key": {"encrypted": False},
    "logs-end": {"retention_days": 0},
    "machine-imds-v2": {"http_tokens": "optional"},
    "machine-no-public-address": {"public_address": True},
    "machine-volumes-encrypted": {"volumes_encrypted": False},
    "network-flow-logs": {"flow_logs": False},
    "network-is-ours": {"tags": {}},
    "network-phi-endpoints": {"endpoints": ("s3",)},
    "network-phi-no-internet": {"internet_gateway": True},
    "no-spot-for-phi": {"pools": (replace(POOL, purchase="spot"),)},
    "phi-in-listed-account": {"account": "210987654321"},
    "phi-network-in-listed-account": {"account": "210987654321"},
    "phi-only-for-phi-roles": {"roles": (replace(ROLE, tags={**TAGS, "ris_data_class": "internal"}),)},
    "phi-stays-off-second-clouds": {"pools": (replace(SECOND_POOL, labs=("neuro_trials",)),)},
    "phi-stays-in-phi-network": {
        "launch_templates": (replace(TEMPLATE, tags={**TAGS, "ris_pool": "cpu16", "ris_data_class": "internal"}),)
    },
    "pools-planned": {"launch_templates": ()},
    "queue-encrypted": {"encrypted": False},
    "queue-policy-names-people": {"policy": (OPEN,)},
    "repository-customer-key": {"encryption": "AES256"},
    "repository-immutable": {"immutable": False},
    "repository-lifecycle": {"has_lifecycle": False},
    "repository-policy-names-people": {"policy": (OPEN,)},
    "repository-scans": {"scan_on_push": False},
    "role-boundary": {"boundary": ""},
    "role-controller-least": {"statements": (allow("iam:PassRole"),)},
    "role-no-admin": {"statements": (allow("*"),)},
    "role-no-decrypt-everywhere": {"statements": (allow(["kms:Decrypt", "kms:DescribeKey"]),)},
    "role-no-whole-service": {"statements": (allow("s3:*", "arn:aws:s3:::wustl-ris-neuro/*"),)},
    "role-node-least": {"statements": (allow("s3:GetObject"),)},
    "role-reader-reads": {"statements": (allow("s3:PutObject", "arn:aws:s3:::wustl-ris-neuro/*"),)},
    "role-trust-named": {"trust": ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"},)},
    "spend-bounded": {"caps": Caps(nodes=0)},
    "subnet-no-public-address": {"public_ip": True},
    "template-has-pool": {"tags": TAGS},
    "template-hop-limit": {"hop_limit": 2},
    "template-imds-v2": {"http_tokens": "optional"},
    "template-no-public-address": {"public_ip": True},
    "template-no-secrets": {"user_data": "#cloud-config\nwrite_files:\n  - content: 'password: hunter2'\n"},
    "template-type-known": {"instance_type": "c9z.huge"},
    "template-volumes-encrypted": {"volumes_encrypted": False},
    "trail-customer-key": {"customer_key": False},
    "trail-data-events": {"trails": (replace(TRAIL, data_events=False),)},
    "trail-present": {"trails": ()},
    "trail-validated": {"validated": False},
    "types-known": {"pools": (replace(POOL, instance_types=("c9z.huge",)),)},
}
"""What is changed of the good value so that the rule is broken."""

_STARTS: Mapping[str, Any] = {
    "group-default-closed": SecurityGroup(name="default", tags={}, default=True, ingress=(), egress=()),
    "phi-stays-off-second-clouds": replace(BURST, clouds=(SECOND_CLOUD,), pools=(SECOND_POOL,)),
    "role-controller-least": replace(
        ROLE,
        tags={**TAGS, "ris_role": "controller"},
        statements=(allow("ec2:CreateFleet"), allow("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/prod-node")),
    ),
    "role-node-least": replace(
        ROLE, tags={**TAGS, "ris_role": "node"}, statements=(allow("ecr:GetAuthorizationToken"),)
    ),
    "role-reader-reads": replace(ROLE, tags={**TAGS, "ris_role": "project-ro"}),
}
"""Where the good value of the class is not the one a rule is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A rule's two examples."""

    holds: Any
    breaks: Any

    def differ(self) -> dict[str, tuple[object, object]]:
        """The fields in which they differ: what keeps the rule, and what breaks it."""
        pairs = {
            each.name: (getattr(self.holds, each.name), getattr(self.breaks, each.name)) for each in fields(self.holds)
        }
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def example(rule: Rule[Any]) -> Example:
    """The two examples of a rule, to be judged with ``CONTEXT``."""
    holds = _STARTS.get(rule.name) or _good(rule.subjects[0])
    return Example(holds=holds, breaks=replace(holds, **BREAKS[rule.name]))


def _good(kind: type[Any]) -> Any:  # any of the values
    every = (GOOD, BURST, *(one for each in fields(GOOD) for one in _all(getattr(GOOD, each.name))))
    return next(one for one in every if type(one) is kind)


def _all(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else ()
