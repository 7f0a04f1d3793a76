"""Rules for queues and topics, and for file systems of FSx."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import cfr, cis, config, fsbp, hub
from policies.rules.rule import none_of, not_known, phi, rule, yes
from policies.rules.statements import public
from ris_hybrid.holdings.values import FileSystem, Queue

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict


@rule(
    Queue,
    *(fsbp("SQS.1"), hub("SNS.1"), config("SNS_ENCRYPTED_KMS"), cfr("164.312(a)(2)(iv)")),
    fix="turn server-side encryption on",
)
def queue_encrypted(queue: Queue, _: Context) -> Verdict:
    """What waits in a queue or topic is encrypted at rest."""
    return yes(queue.encrypted, "it is not encrypted", "its encryption")


@rule(
    Queue,
    *(fsbp("SQS.3"), fsbp("SNS.4"), cis("2.21")),
    fix="name the service, and the rule or account it acts for, in place of *",
)
def queue_policy_names_people(queue: Queue, _: Context) -> Verdict:
    """Nobody from outside reads our notices or makes some up."""
    if queue.policy is None:
        return not_known("its policy")
    return none_of(public(queue.policy), "statements that let everyone in")


@rule(
    FileSystem,
    *(cfr("164.312(a)(2)(iv)"),),
    fix="make the file system anew with a customer key",
    scopes=(phi,),
)
def file_system_customer_key(file_system: FileSystem, _: Context) -> Verdict:
    """PHI on fast scratch is encrypted with a key of ours."""
    return yes(file_system.customer_key, "it is encrypted with AWS's own key", "its encryption key")


RULES = (queue_encrypted, queue_policy_names_people, file_system_customer_key)
