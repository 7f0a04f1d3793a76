"""The rule for the nodes' own role: jobs run beside it, so it is held to a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.access import ROLE_TAG
from policies.rules.control import SITE, fsbp
from policies.rules.rule import none_of, not_known, ours, rule
from policies.rules.statements import actions, allows, conditions, everywhere, name
from ris_hybrid.holdings.values import Role

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict
    from policies.rules.statements import Statement

PULLS = frozenset(
    {"ecr:getauthorizationtoken", "ecr:batchchecklayeravailability", "ecr:batchgetimage", "ecr:getdownloadurlforlayer"}
)
"""What a node may do anywhere: pull images. Beside it, ``ec2:CreateTags`` on itself with these keys."""
SESSION = frozenset(
    {
        "ssm:updateinstanceinformation",
        *(f"ssmmessages:{verb}{kind}channel" for verb in ("create", "open") for kind in ("control", "data")),
    }
)
"""The least a Session Manager session takes, by which an administrator looks at a node without SSH."""
LOGS = frozenset({"logs:createlogstream", "logs:describelogstreams", "logs:putlogevents"})
"""Into a log group that is named."""
NOTICE_TAGS = frozenset({"ris_notice", "ris_rebalance"})


def node(role: Role, _: Context) -> bool | None:
    """Whether it is the nodes' role."""
    return None if role.tags is None else role.tags.get(ROLE_TAG) == "node"


@rule(
    Role,
    *(SITE, fsbp("IAM.21")),
    fix="take out all but pulling images, its own session and log, and tagging itself with a notice",
    scopes=(ours, node),
)
def role_node_least(role: Role, _: Context) -> Verdict:
    """A job that gets at its node's identity can pull images and spoil that node's own notice, nothing else."""
    if role.statements is None:
        return not_known("its policies")
    wrong = [name(one) for one in role.statements if allows(one) and not _harmless(one)]
    return none_of(wrong, "nodes may do more than they need")


def _harmless(statement: Statement) -> bool:
    """Whether a statement gives no more than a node needs."""
    given = set(actions(statement))
    if given <= PULLS | SESSION or (given <= LOGS and not everywhere(statement)):
        return True
    found = conditions(statement)
    keys = found.get(("forallvalues:stringequals", "aws:tagkeys"), ("*",))
    itself = found.get(("stringlike", "aws:userid")) == ("*:${ec2:instanceid}",)
    return given == {"ec2:createtags"} and itself and NOTICE_TAGS.issuperset(keys)


RULES = (role_node_least,)
