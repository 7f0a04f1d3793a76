"""What the pack is told beside the resources: the object ``ris-hybrid:policy`` of the stack's configuration.

    ris-hybrid:policy:
      account: "123456789012"
      region: us-east-1
      phi_accounts: ["123456789012"]
      site_cidrs: [10.20.0.0/16]
      trusted_accounts: ["210987654321"]
      waivers: /srv/site/waivers.yaml

Every key may be left out; rules that need it then stay silent, for they do not know.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from policies.rules.all_rules import BY_NAME
from policies.rules.rule import REQUIRED_TAGS, Context
from ris_hybrid.config.waiver_file import load_waivers
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.config.waiver import Waiver

_KEYS = ("account", "region", "phi_accounts", "site_cidrs", "trusted_accounts", "required_tags", "waivers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the rules know of a stack before its first resource."""

    context: Context
    account: str = ""
    region: str = ""
    waivers: tuple[Waiver, ...] = field(default=())
    today: str = ""


def told_by_config() -> Told:
    """From the stack's configuration and this machine's date; raises ``ConfigError`` for what makes no sense."""
    given = pulumi.Config("ris-hybrid").get_object("policy") or {}
    return told(given, datetime.now(UTC).date().isoformat())  # noqa: TID251  # the pack's process is its own root


def told(given: Mapping[str, Any], today: str) -> Told:
    """From the object; raises ``ConfigError``."""
    unknown = [key for key in given if key not in _KEYS]
    if unknown:
        raise ConfigError(f"ris-hybrid:policy: expected {', '.join(_KEYS)}, found {', '.join(unknown)}")
    accounts, cidrs = given.get("phi_accounts"), given.get("site_cidrs")
    context = Context(
        all_ours=True,
        phi_accounts=None if accounts is None else frozenset(map(str, accounts)),
        site_cidrs=None if cidrs is None else tuple(map(str, cidrs)),
        trusted_accounts=frozenset(map(str, given.get("trusted_accounts") or ())),
        required_tags=tuple(given.get("required_tags") or REQUIRED_TAGS),
    )
    return Told(
        context=context,
        account=str(given.get("account", "")),
        region=str(given.get("region", "")),
        waivers=load_waivers(Path(given["waivers"]), BY_NAME.keys(), today) if given.get("waivers") else (),
        today=today,
    )
