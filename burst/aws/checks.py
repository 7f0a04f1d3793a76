"""The checks port over EC2: DescribeInstanceStatus, asked only for those that fail.

Source: EC2 API reference, DescribeInstanceStatus. Its filters are joined with AND and an instance fails by its own
check or by its host's, so there are two calls. There is no filter for tags: machines that are not ours come too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws.calls import translated

if TYPE_CHECKING:
    from mypy_boto3_ec2 import EC2Client

_CHECKS = ("instance-status.status", "system-status.status")


class Ec2Checks:
    """The status checks of one account and region."""

    def __init__(self, client: EC2Client) -> None:
        self._client = client

    def impaired(self) -> frozenset[str]:
        """Ids of the running machines whose own check or whose host's check fails."""
        found: set[str] = set()
        for check in _CHECKS:
            with translated():
                pages = self._client.get_paginator("describe_instance_status").paginate(
                    Filters=[{"Name": check, "Values": ["impaired"]}]
                )
                found.update(row["InstanceId"] for page in pages for row in page["InstanceStatuses"])
        return frozenset(found)
