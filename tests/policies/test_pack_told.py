"""What the pack is told by the stack's configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policies.pack.told import told
from policies.rules.rule import REQUIRED_TAGS
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_said_leaves_the_rules_that_need_it_without_an_answer() -> None:
    plain = told({}, "2027-01-15")
    assert plain.context.all_ours
    assert (plain.context.phi_accounts, plain.context.site_cidrs) == (None, None)
    assert plain.context.required_tags == REQUIRED_TAGS
    assert (plain.account, plain.waivers, plain.today) == ("", (), "2027-01-15")


def test_everything_may_be_said(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "waivers: [{rule: key-rotates, resource: key x, reason: r, owner: o, until: 2027-03-31, ticket: t}]\n"
    )
    plain = told({}, "2027-01-15").context
    full = told(
        {
            "account": "123456789012",
            "region": "us-east-1",
            "phi_accounts": ["123456789012"],
            "site_cidrs": ["10.20.0.0/16"],
            "trusted_accounts": ["210987654321"],
            "required_tags": ["ris_env"],
            "waivers": str(tmp_path / "w.yaml"),
        },
        "2027-01-15",
    )
    assert full.context.phi_accounts == {"123456789012"}
    assert (full.context.site_cidrs, full.context.required_tags) == (("10.20.0.0/16",), ("ris_env",))
    assert (plain.trusted_accounts, full.context.trusted_accounts) == (frozenset(), {"210987654321"})
    assert [one.rule for one in full.waivers] == ["key-rotates"]


def test_a_key_it_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"ris-hybrid:policy: expected account, region.*found phi_account"):
        told({"phi_account": "1"}, "2027-01-15")
