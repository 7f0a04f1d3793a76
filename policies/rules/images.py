"""Rules for repositories of container images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.rules.control import cfr, cis, config, fsbp, hub
from policies.rules.rule import none_of, not_known, phi, rule, yes
from policies.rules.statements import public
from ris_hybrid.holdings.values import Repository

if TYPE_CHECKING:
    from policies.rules.rule import Context, Verdict


@rule(
    Repository,
    *(fsbp("ECR.2"), config("ECR_PRIVATE_TAG_IMMUTABILITY_ENABLED")),
    fix="set image tags to IMMUTABLE",
)
def repository_immutable(repository: Repository, _: Context) -> Verdict:
    """An image tried once is the one that runs: nobody can put another under its tag."""
    return yes(repository.immutable, "its tags can be moved", "its tag mutability")


@rule(
    Repository,
    *(fsbp("ECR.1"), config("ECR_PRIVATE_IMAGE_SCANNING_ENABLED")),
    fix="turn scan on push on",
)
def repository_scans(repository: Repository, _: Context) -> Verdict:
    """Known weaknesses of an image are told the day it comes."""
    return yes(repository.scan_on_push, "images are not scanned on push", "its scanning")


@rule(
    Repository,
    *(fsbp("ECR.3"), config("ECR_PRIVATE_LIFECYCLE_POLICY_CONFIGURED")),
    fix="give it a lifecycle policy that drops untagged images",
    severity="advisory",
)
def repository_lifecycle(repository: Repository, _: Context) -> Verdict:
    """Images nobody can name any more do not cost for ever."""
    return yes(repository.has_lifecycle, "it has no lifecycle policy", "its lifecycle policy")


@rule(
    Repository,
    *(cis("2.21"), cfr("164.312(a)(1)")),
    fix="name the accounts or roles in place of *",
)
def repository_policy_names_people(repository: Repository, _: Context) -> Verdict:
    """A repository's policy gives nothing to everyone."""
    if repository.policy is None:
        return not_known("its policy")
    return none_of(public(repository.policy), "statements that let everyone in")


@rule(
    Repository,
    *(hub("ECR.5"), cfr("164.312(a)(2)(iv)")),
    fix="make the repository anew with encryption KMS and the lab's key: it cannot be changed afterwards",
    scopes=(phi,),
)
def repository_customer_key(repository: Repository, _: Context) -> Verdict:
    """Images of labs with PHI, which carry code and sometimes data, are encrypted with a key of KMS."""
    known = None if repository.encryption is None else repository.encryption.startswith("KMS")
    return yes(known, f"it is encrypted by {repository.encryption or 'nothing'}", "its encryption")


RULES = (
    repository_immutable,
    repository_scans,
    repository_lifecycle,
    repository_policy_names_people,
    repository_customer_key,
)
