"""What the layer reads and sets in moto's memory of file systems, buckets, registries, budgets, log filters."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from moto.budgets.models import budgets_backends
from moto.ec2.models import ec2_backends
from moto.ecr.models import ecr_backends
from moto.fsx.models import fsx_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from ris_hybrid.sandbox.aws.wire import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.sandbox.aws.moto_view import Place


def file_system(place: Place, file_system_id: str) -> Any:
    """moto's model of a file system. Raises ``ApiError`` FileSystemNotFound."""
    account, region = place
    found = fsx_backends[account][region].file_systems.get(file_system_id)
    if found is None:
        raise ApiError("FileSystemNotFound", f"File system '{file_system_id}' does not exist.")
    return found


def tag_storage(place: Place, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
    """Tag a thing of FSx that moto does not know; its own calls on tags know it then."""
    account, region = place
    fsx_backends[account][region].tagger.tag_resource(arn, [dict(tag) for tag in tags])


def storage_tags(place: Place, arn: str) -> list[dict[str, str]]:
    """The tags of a thing of FSx."""
    account, region = place
    found: list[dict[str, str]] = fsx_backends[account][region].tagger.list_tags_for_resource(arn)["Tags"]
    return found


def subnet_vpc(place: Place, subnet_id: str) -> str:
    """The VPC a subnet is in; empty for a subnet there is not."""
    account, region = place
    zones = ec2_backends[account][region].subnets.values()
    return next((str(zone[subnet_id].vpc_id) for zone in zones if subnet_id in zone), "")


def repository(place: Place, name: str) -> Any:
    """moto's model of a repository of images. Raises ``ApiError`` RepositoryNotFoundException."""
    account, region = place
    found = ecr_backends[account][region].repositories.get(name)
    if found is None:
        why = f"The repository with name '{name}' does not exist in the registry with id '{account}'"
        raise ApiError("RepositoryNotFoundException", why)
    return found


def scan_type(place: Place) -> str:
    """How the registry scans: BASIC or ENHANCED."""
    account, region = place
    return str(ecr_backends[account][region].registry_scanning_configuration["scanType"])


def budget(account: str, name: str) -> Any:
    """moto's model of a budget. Raises ``ApiError`` NotFoundException."""
    found = budgets_backends[account]["aws"].budgets[account].get(name)
    if found is None:
        raise ApiError("NotFoundException", f"Unable to get budget: {name} - the budget doesn't exist.")
    return found


@contextmanager
def without_objects(account: str, name: str) -> Iterator[None]:
    """A bucket shows none of its objects meanwhile; a bucket there is not is moto's to say."""
    bucket = s3_backends[account]["aws"].buckets.get(name)
    if bucket is None:
        yield
        return
    objects, bucket.keys = bucket.keys, type(bucket.keys)()
    try:
        yield
    finally:
        bucket.keys = objects


def volumes_key(place: Place) -> str:
    """The key that volumes are encrypted with; empty for AWS's own."""
    account, region = place
    return str(ec2_backends[account][region].default_kms_key_id)


def inventories(account: str, bucket: str) -> dict[str, Any] | None:
    """A bucket's inventories by their id; None when there is no such bucket."""
    found = s3_backends[account]["aws"].buckets.get(bucket)
    return None if found is None else found.inventory_configs


def forget_volumes_key(place: Place) -> None:
    """Volumes are encrypted with AWS's own key again."""
    account, region = place
    ec2_backends[account][region].default_kms_key_id = ""


def forget_metric_filter(place: Place, group: str, name: str) -> None:
    """Take away the metric filter of that name, if there is one."""
    account, region = place
    kept = logs_backends[account][region].filters.metric_filters
    kept[:] = [one for one in kept if (one["logGroupName"], one["filterName"]) != (group, name)]
