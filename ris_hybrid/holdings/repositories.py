"""Repositories of ECR. Source: Amazon ECR API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.holdings.answers import listed, statements, tags_of
from ris_hybrid.holdings.values import Repository

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import RepositoryTypeDef

    from ris_hybrid.holdings.reading import Reading


def read_repositories(reading: Reading) -> tuple[Repository, ...] | None:
    """The repositories that are ours or wanted; None when they could not be listed."""
    ecr: ECRClient = reading.client("ecr")
    found = reading.ask("repositories", lambda: listed(ecr, "describe_repositories", "repositories", PageSize=1000))
    if found is None:
        return None
    read = reading.each(lambda one: _repository(reading, ecr, one), found)
    return tuple(sorted(read, key=lambda repository: repository.name))


def _repository(reading: Reading, ecr: ECRClient, one: RepositoryTypeDef) -> Repository | None:
    name, arn = one["repositoryName"], one["repositoryArn"]
    tags = reading.ask(f"repository {name}: tags", lambda: tags_of(ecr.list_tags_for_resource(resourceArn=arn)["tags"]))
    if not reading.scope.covers(tags, name):
        return Repository(name=name, account=reading.account, tags=None) if tags is None else None

    def has_lifecycle() -> bool:
        return bool(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])

    return Repository(
        name=name,
        account=reading.account,
        tags=tags,
        # IMMUTABLE_WITH_EXCLUSION leaves some tags open.
        immutable=one.get("imageTagMutability") == "IMMUTABLE",
        scan_on_push=one.get("imageScanningConfiguration", {}).get("scanOnPush", False),
        encryption=one.get("encryptionConfiguration", {}).get("encryptionType", "AES256"),
        has_lifecycle=reading.ask(
            f"repository {name}: lifecycle", has_lifecycle, {"LifecyclePolicyNotFoundException": False}
        ),
        policy=reading.ask(
            f"repository {name}: policy",
            lambda: statements(ecr.get_repository_policy(repositoryName=name)["policyText"]),
            {"RepositoryPolicyNotFoundException": ()},
        ),
    )
