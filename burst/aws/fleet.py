"""The cloud port over EC2: CreateFleet of type instant on launch templates; tags are the ledger."""

from __future__ import annotations

from contextlib import suppress
from math import ceil
from typing import TYPE_CHECKING

from burst import tags
from burst.aws import errors
from burst.aws.calls import BATCH, batches, translated
from burst.aws.fleet_answer import shortfall_of
from burst.aws.fleet_request import fleet_request
from burst.aws.instance import machine_of
from ris_hybrid.errors import CloudError, Refused
from ris_hybrid.model import EndReason, Launched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_ec2 import EC2Client

    from ris_hybrid.model import Launch, Machine
    from ris_hybrid.settings import BurstSettings, Pool


class Ec2Cloud:
    """Machines of one provider on one cluster, found and marked by their tags."""

    def __init__(self, client: EC2Client, settings: BurstSettings, *, page: int = 1000, batch: int = BATCH) -> None:
        self._client = client
        self._settings = settings
        self._page = page
        self._batch = batch  # ids in one CreateTags or TerminateInstances call
        self._seen: frozenset[str] = frozenset()  # ours, as listed last

    def launch(self, launch: Launch) -> Launched:
        """One CreateFleet call over the pool's offers; see ``burst.offers`` for their order."""
        pool = self._pool(launch.pool)
        request = fleet_request(launch, pool, self._settings)  # a fault of ours here is no answer of EC2's
        with translated():
            answer = self._client.create_fleet(**request)
        ids = tuple(machine_id for group in answer.get("Instances", ()) for machine_id in group.get("InstanceIds", ()))
        shortfall = shortfall_of(answer) if len(ids) < launch.count else ()
        if not ids:
            raise errors.of_code(shortfall[0].code, "; ".join(row.message for row in shortfall))
        if shortfall:
            with suppress(CloudError):  # the machines run: losing the code must not lose them
                self._tag(ids, {tags.SHORTFALL: shortfall[0].code})
        return Launched(machine_ids=ids, shortfall=shortfall)

    def machines(self) -> tuple[Machine, ...]:
        """DescribeInstances by our tags, every page or an error."""
        with translated():
            pages = self._client.get_paginator("describe_instances").paginate(
                Filters=[
                    {"Name": f"tag:{tags.CLUSTER}", "Values": [self._settings.cluster]},
                    {"Name": f"tag:{tags.PROVIDER}", "Values": [self._settings.provider]},
                ],
                PaginationConfig={"PageSize": self._page},
            )
            instances = [i for page in pages for group in page["Reservations"] for i in group["Instances"]]
            found = [machine_of(instance) for instance in instances]
        self._seen = frozenset(machine.machine_id for machine in found)
        return tuple(sorted(found, key=lambda machine: (machine.launched, machine.machine_id)))

    def end(
        self, machine_ids: Sequence[str], return_id: str, reason: EndReason = EndReason.RETURNED
    ) -> tuple[str, ...]:
        """Mark by tags, then TerminateInstances; ids that are not ours or no longer known are passed over.

        Machines listed a moment ago are taken as known. If EC2 has forgotten one since, it says so, and is asked again.
        """
        if not self._seen.issuperset(machine_ids):
            self.machines()
        try:
            return self._end([one for one in machine_ids if one in self._seen], return_id, reason)
        except Refused as error:
            if error.code not in errors.FORGOTTEN:
                raise
            self.machines()
            return self._end([one for one in machine_ids if one in self._seen], return_id, reason)

    def _end(self, ids: Sequence[str], return_id: str, reason: EndReason) -> tuple[str, ...]:
        self._tag(ids, {tags.RETURN: return_id, tags.END: reason})
        ended: list[str] = []
        refusal: Refused | None = None
        waiting = list(batches(ids, self._batch))
        while waiting:
            some = waiting.pop()
            try:
                with translated():
                    answer = self._client.terminate_instances(InstanceIds=some)
                    ended += [item["InstanceId"] for item in answer["TerminatingInstances"]]
            except Refused as error:  # one protected machine, and EC2 ends none of the call
                if error.code not in errors.PROTECTED:
                    raise
                refusal = error
                waiting += batches(some, ceil(len(some) / 2)) if len(some) > 1 else ()
        if refusal is not None and not ended:
            raise refusal
        return tuple(ended)

    def _tag(self, ids: Sequence[str], marks: Mapping[str, str]) -> None:
        for some in batches(ids, self._batch):
            with translated():
                self._client.create_tags(
                    Resources=some, Tags=[{"Key": key, "Value": value} for key, value in marks.items()]
                )

    def _pool(self, name: str) -> Pool:
        pool = self._settings.pool(name)
        if pool is None or not pool.launch_template or not pool.subnets:
            raise Refused(
                f"pool {name} has no launch template or no subnets",
                "apply the stacks and give burst.yaml their outputs",
            )
        return pool
