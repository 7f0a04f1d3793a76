"""Rules for customer keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import cfr, cis, config, fsbp, hub
from policies.rules.rule import none_of, not_known, rule, yes
from policies.rules.statements import public
from ris_hybrid.holdings.values import Key

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict


@rule(
    Key,
    *(hub("KMS.4"), cis("4.6"), cfr("164.312(a)(2)(iv)")),
    fix="turn the key's rotation on",
)
def key_rotates(key: Key, _: Context) -> Verdict:
    """Key material that leaks one day opens what was written in one year, not all there ever was."""
    return yes(key.rotates, "it is never rotated", "its rotation")


@rule(
    Key,
    *(fsbp("KMS.3"), config("KMS_CMK_NOT_SCHEDULED_FOR_DELETION")),
    fix="cancel its deletion and enable it: what it encrypted is lost with it",
)
def key_usable(key: Key, _: Context) -> Verdict:
    """No key waits for its deletion while there is data only it can open."""
    return yes(key.enabled, "it is disabled or waits for its deletion", "its state")


@rule(
    Key,
    *(fsbp("KMS.5"), cis("2.21"), cfr("164.312(a)(1)")),
    fix="name the account or the roles in place of *",
)
def key_policy_names_people(key: Key, _: Context) -> Verdict:
    """A key's policy gives nothing to everyone."""
    if key.policy is None:
        return not_known("its policy")
    return none_of(public(key.policy), "statements that let everyone in")


RULES = (key_rotates, key_usable, key_policy_names_people)
