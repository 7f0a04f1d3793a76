"""Rules for what records: the trail, AWS Config, logs; and for what an account has switched on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import SITE, cfr, cis, config, fsbp
from policies.rules.rule import HOLDS, broken, not_known, phi, rule, yes
from ris_hybrid.holdings.values import Account, Holdings, LogGroup, Trail

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.rules.rule import Context, Verdict


@rule(
    Holdings,
    *(fsbp("CloudTrail.1"), cis("4.1"), config("MULTI_REGION_CLOUD_TRAIL_ENABLED"), config("CLOUD_TRAIL_ENABLED")),
    *(cfr("164.312(b)"), cfr("164.308(a)(1)(ii)(D)")),
    fix="build the guardrails stack: it has a trail of all regions",
)
def trail_present(holdings: Holdings, _: Context) -> Verdict:
    """Whoever changes anything in the account, in whatever region, is recorded."""
    return _some_trail(holdings, lambda trail: _both(trail.multi_region, trail.logging), "no trail records all regions")


def _in_phi_account(holdings: Holdings, context: Context) -> bool | None:
    return None if context.phi_accounts is None else holdings.account in context.phi_accounts


@rule(
    Holdings,
    *(cis("4.8"), cis("4.9"), config("CLOUDTRAIL_S3_DATAEVENTS_ENABLED"), cfr("164.312(b)"), cfr("164.312(a)(2)(i)")),
    fix="let the trail record S3's data events, reads and writes",
)
def trail_data_events(holdings: Holdings, context: Context) -> Verdict:
    """In an account with PHI every read and write of an object is recorded, with who did it."""
    where = _in_phi_account(holdings, context)
    if not where:
        return HOLDS if where is False else not_known("which accounts may hold PHI")
    return _some_trail(holdings, lambda trail: _both(trail.data_events, trail.logging), "no trail records data events")


@rule(
    Trail,
    *(fsbp("CloudTrail.4"), cis("4.2"), config("CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED"), cfr("164.312(c)(1)")),
    fix="turn log file validation on",
)
def trail_validated(trail: Trail, _: Context) -> Verdict:
    """It can be proven that nobody changed the record."""
    return yes(trail.validated, "its log files are not validated", "its validation")


@rule(
    Trail,
    *(fsbp("CloudTrail.2"), cis("4.5"), config("CLOUD_TRAIL_ENCRYPTION_ENABLED"), cfr("164.312(a)(2)(iv)")),
    fix="give the trail the account's own key for logs",
)
def trail_customer_key(trail: Trail, _: Context) -> Verdict:
    """Who may read the record is decided by a key of ours."""
    return yes(trail.customer_key, "it is not encrypted with a customer key", "its encryption key")


@rule(
    LogGroup,
    *(SITE, cfr("164.312(b)")),
    fix="set a retention in days",
    severity="advisory",
)
def logs_end(group: LogGroup, _: Context) -> Verdict:
    """Logs are kept as long as somebody decided, not for ever by oversight."""
    known = None if group.retention_days is None else group.retention_days > 0
    return yes(known, "it keeps its logs for ever", "its retention")


@rule(
    LogGroup,
    *(SITE, cfr("164.312(a)(2)(iv)")),
    fix="give it the account's own key for logs",
    scopes=(phi,),
)
def logs_customer_key(group: LogGroup, _: Context) -> Verdict:
    """Logs near PHI, which may name files and people, are encrypted with a key of ours."""
    return yes(group.encrypted, "it is not encrypted with a customer key", "its encryption")


@rule(
    Account,
    *(fsbp("S3.1"), cis("3.1.4"), config("S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"), cfr("164.312(a)(1)")),
    fix="build the guardrails stack: it blocks public access for the account",
)
def account_public_blocked(account: Account, _: Context) -> Verdict:
    """No bucket of the account, made by whomever, can be opened to the public."""
    return yes(account.public_blocked, "public buckets are not blocked in all four ways", "its public access block")


@rule(
    Account,
    *(fsbp("EC2.7"), cis("6.1.1"), config("EC2_EBS_ENCRYPTION_BY_DEFAULT"), cfr("164.312(a)(2)(iv)")),
    fix="build the guardrails stack: it encrypts new volumes by default",
)
def account_volumes_encrypted(account: Account, _: Context) -> Verdict:
    """A volume made by hand is encrypted too."""
    return yes(account.volumes_encrypted, "new volumes are not encrypted by default", "its default for volumes")


@rule(
    Account,
    *(SITE, cis("6.7")),
    fix="build the guardrails stack: it makes IMDSv2 the account's default",
    severity="advisory",
)
def account_imds_v2(account: Account, _: Context) -> Verdict:
    """A machine started by hand gives its metadata by session token too."""
    return yes(account.imds_v2, "IMDSv2 is not the default", "its metadata defaults")


@rule(
    Account,
    *(fsbp("Config.1"), cis("4.3"), cfr("164.308(a)(1)(ii)(A)"), cfr("164.312(b)")),
    fix="build the guardrails stack: it has AWS Config record",
)
def account_recorder(account: Account, _: Context) -> Verdict:
    """How everything was configured at any time can be told."""
    return yes(account.recorder, "AWS Config does not record", "its recorder")


def _both(one: bool | None, other: bool | None) -> bool | None:
    if one is False or other is False:
        return False
    return None if one is None or other is None else True


def _some_trail(holdings: Holdings, test: Callable[[Trail], bool | None], message: str) -> Verdict:
    if holdings.trails is None:
        return not_known("the trails")
    answers = [test(trail) for trail in holdings.trails]
    if True in answers:
        return HOLDS
    return not_known("what its trails record") if None in answers else broken(message)


RULES = (
    trail_present,
    trail_data_events,
    trail_validated,
    trail_customer_key,
    logs_end,
    logs_customer_key,
    account_public_blocked,
    account_volumes_encrypted,
    account_imds_v2,
    account_recorder,
)
