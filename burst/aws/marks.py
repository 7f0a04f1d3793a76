"""The ledger port over EC2: tags on machines, and on the launch templates that stand for the pools.

A pool's marks lie on its launch template because the template outlives every machine and every master: a pool that
was switched off stays off after a fail-over. A template belongs to a pool by its id or name in the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws import tags
from burst.aws.calls import batches, translated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import LaunchTemplateTypeDef

    from ris_hybrid.model import PoolMarks
    from ris_hybrid.settings import BurstSettings

_FILTER_VALUES = 200  # EC2's bound on the values of one filter


class Ec2Ledger:
    """Tags of one provider's machines and pools."""

    def __init__(self, client: EC2Client, settings: BurstSettings) -> None:
        self._client = client
        self._settings = settings

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """CreateTags, and DeleteTags for empty values."""
        self._tag(machine_ids, marks)

    def pools(self) -> Mapping[str, PoolMarks]:
        """One DescribeLaunchTemplates a page of templates."""
        found = self._templates()
        return {
            pool.name: tags.pool_marks(found.get(pool.launch_template, {}))
            for pool in self._settings.pools
            if pool.launch_template
        }

    def mark_pool(self, pool: str, marks: PoolMarks) -> None:
        """Tags on the pool's launch template; a pool that is not built cannot be marked, which is no error."""
        known = self._settings.pool(pool)
        if known is None or not known.launch_template:
            return
        self._tag([self._id_of(known.launch_template)], tags.pool_tags(marks))

    def _tag(self, ids: Sequence[str], marks: Mapping[str, str]) -> None:
        written = [{"Key": key, "Value": value} for key, value in marks.items() if value]
        dropped = [{"Key": key} for key, value in marks.items() if not value]
        for some in batches(ids):
            with translated():
                if written:
                    self._client.create_tags(Resources=some, Tags=written)  # type: ignore[arg-type]  # plain dicts
                if dropped:
                    self._client.delete_tags(Resources=some, Tags=dropped)  # type: ignore[arg-type]  # plain dicts

    def _id_of(self, template: str) -> str:
        if template.startswith("lt-"):
            return template
        with translated():
            found = self._client.describe_launch_templates(LaunchTemplateNames=[template])["LaunchTemplates"]
        return found[0]["LaunchTemplateId"]

    def _templates(self) -> dict[str, Mapping[str, str]]:
        """Tags by template id and by name."""
        named = {pool.launch_template for pool in self._settings.pools if pool.launch_template}
        ids = sorted(name for name in named if name.startswith("lt-"))
        names = sorted(named.difference(ids))
        seen: dict[str, Mapping[str, str]] = {}
        for key, values in (("launch-template-id", ids), ("launch-template-name", names)):
            for some in batches(values, _FILTER_VALUES):
                with translated():
                    pages = self._client.get_paginator("describe_launch_templates").paginate(
                        Filters=[{"Name": key, "Values": some}]
                    )
                    rows: list[LaunchTemplateTypeDef] = [row for page in pages for row in page["LaunchTemplates"]]
                for row in rows:
                    carried = {tag["Key"]: tag["Value"] for tag in row.get("Tags", ())}
                    seen[row["LaunchTemplateId"]] = seen[row["LaunchTemplateName"]] = carried
        return seen
