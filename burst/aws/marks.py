"""The ledger port over EC2: tags on machines, and on the launch templates that stand for the pools.

A pool's marks lie on its launch template because the template outlives every machine and every master: a pool that
was switched off stays off after a fail-over. A template belongs to a pool by its id or name in the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst import tags
from burst.aws.calls import batches, translated
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_ec2 import EC2Client

    from ris_hybrid.model import PoolMarks
    from ris_hybrid.settings import BurstSettings

_NO_TEMPLATE = frozenset({"InvalidLaunchTemplateName.NotFoundException"})
_FILTER_VALUES = 200  # EC2's bound on the values of one filter


class Ec2Ledger:
    """Tags of one provider's machines and pools."""

    def __init__(self, client: EC2Client, settings: BurstSettings) -> None:
        self._client = client
        self._settings = settings
        self._ids: dict[str, str] = {}

    def mark(self, machine_ids: Sequence[str], marks: Mapping[str, str]) -> None:
        """CreateTags, and DeleteTags for empty values."""
        self._tag(machine_ids, marks)

    def pools(self) -> Mapping[str, PoolMarks]:
        """DescribeTags of every pool's template; a template EC2 does not know, by id or by name, has no marks."""
        ids = {pool.name: self._id_of(pool.launch_template) for pool in self._settings.pools if pool.launch_template}
        found = self._tags_of(sorted(set(ids.values()) - {""}))
        return {name: tags.pool_marks(found.get(template, {})) for name, template in ids.items()}

    def mark_pool(self, pool: str, marks: PoolMarks, before: PoolMarks) -> None:
        """Tags on the pool's launch template; a pool that is not built cannot be marked, which is no error."""
        known = self._settings.pool(pool)
        template = self._id_of(known.launch_template) if known and known.launch_template else ""
        if template:
            self._tag([template], tags.pool_changes(marks, before))

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
        """The template's id; a pool may name it. Empty when EC2 has none of that name: other pools have theirs."""
        if template.startswith("lt-"):
            return template
        if template not in self._ids:
            try:
                with translated():
                    found = self._client.describe_launch_templates(LaunchTemplateNames=[template])["LaunchTemplates"]
            except Refused as error:
                if error.code not in _NO_TEMPLATE:
                    raise
                return ""
            self._ids[template] = found[0]["LaunchTemplateId"]
        return self._ids[template]

    def _tags_of(self, templates: Sequence[str]) -> dict[str, dict[str, str]]:
        seen: dict[str, dict[str, str]] = {}
        for some in batches(templates, _FILTER_VALUES):
            with translated():
                pages = self._client.get_paginator("describe_tags").paginate(
                    Filters=[
                        {"Name": "resource-type", "Values": ["launch-template"]},
                        {"Name": "resource-id", "Values": some},
                    ]
                )
                for row in [row for page in pages for row in page["Tags"]]:
                    seen.setdefault(row["ResourceId"], {})[row["Key"]] = row["Value"]
        return seen
