"""The ports ``Mover`` and ``MoverControl`` over AWS DataSync, between an NFS export of the site and a bucket.

DataSync takes no token, so each execution carries ours in the tag ``ris_move``: before a start the task's executions
are looked through. It cannot hold an execution either: ``pause`` cancels those under way, with the tag ``ris_held``,
and ``resume`` starts each anew under the same token, which moves only what is missing (``ris_goes_on`` in the old one
says where it goes on). What has arrived stays. Failed files are counted, not named: compare checksums.
Source: AWS DataSync API reference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ris_hybrid.aws import datasync_request as request
from ris_hybrid.aws.calls import asked
from ris_hybrid.data.values import MoveSeen
from ris_hybrid.errors import QuotaReached, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.data.settings import DataSync
    from ris_hybrid.data.values import Direction, Move, MoveState

_STATES: Mapping[str, MoveState] = {
    "QUEUED": "queued",
    "LAUNCHING": "queued",
    "PREPARING": "moving",
    "TRANSFERRING": "moving",
    "VERIFYING": "moving",
    "CANCELLING": "moving",
    "SUCCESS": "done",
    "ERROR": "failed",
}
_ENDED = frozenset({"SUCCESS", "ERROR"})
_MOVE, _HELD, _GOES_ON, _CANCELLED = "ris_move", "ris_held", "ris_goes_on", "ris_cancelled"
_NOT_THERE = "InvalidRequestException"
"""DataSync's only code for a caller's mistake; asked about one of our own executions it means that it is gone."""
_SERVICE = "DataSync"


class DataSyncMover:
    """Both directions. ``new_id`` gives a text that was never given before."""

    def __init__(self, clients: Any, settings: DataSync, new_id: Callable[[], str]) -> None:
        self._sync, self._s3 = clients.get("datasync"), clients.get("s3")
        self._settings, self._new_id = settings, new_id
        self._held: set[Direction] = set()
        """Paused while there was no task yet to carry the mark."""
        self._tokens: dict[str, str] = {}
        """Of executions, which never change."""

    def token(self, move: Move) -> str:
        """New with every call."""
        return f"{move.move_id}-{self._new_id()}"

    def submit(self, move: Move, token: str) -> str:
        """The execution's arn. Raises ``QuotaReached`` while its direction is paused, or DataSync takes no more."""
        if move.data_class == "phi" and not self._settings.high_assurance:
            raise Refused(
                "DataSync's agent is not for PHI here", "data.yaml: datasync.high_assurance says whether it is"
            )
        tasks = self._tasks(request.task_name(move))
        started = next((arn for task in tasks for arn in self._executions(task) if self._token(arn) == token), None)
        if started is not None:
            return started
        chosen = request.selection(move.items)
        if self._paused(move.direction):
            raise QuotaReached("transfers in this direction are paused", "resume them first", "Paused")
        task = tasks[0] if tasks else self._create(move)
        with asked(_SERVICE):
            if chosen.manifest:
                key = request.manifest_key(token)
                self._s3.put_object(Bucket=move.bucket, Key=key, Body=chosen.manifest.encode())
            started_as = request.parameters(move, self._settings, token, chosen)
            arn: str = self._sync.start_task_execution(TaskArn=task, **started_as)["TaskExecutionArn"]
        self._tokens[arn] = token
        return arn

    def look(self, task_id: str) -> MoveSeen:
        """By DataSync's counts. Its detail of an error may name files and is left where it is."""
        seen = self._described(task_id)
        if seen is None:
            return MoveSeen(state="unknown", reason="DataSync knows no such execution")
        state, reason = _STATES.get(seen["Status"], "unknown"), ""
        if state == "failed":
            tags = self._tags(task_id)
            if _GOES_ON in tags:
                return self.look(tags[_GOES_ON])
            state, reason = _why(tags, seen.get("Result", {}))
        return _seen(state, reason, seen)

    def cancel(self, task_id: str) -> None:
        """The execution that goes on for it, if it is under way or held."""
        tags = self._tags(task_id)
        if _GOES_ON in tags:
            self.cancel(tags[_GOES_ON])
            return
        seen = self._described(task_id)
        if seen is not None and (seen["Status"] not in _ENDED or _HELD in tags):
            self._mark(task_id, _CANCELLED)
            self._stop(task_id)

    def pause(self, direction: Direction | None, message: str) -> None:
        """Cancels what is under way, and starts nothing of that direction until ``resume``, by any process."""
        del message  # tags are no place for what people write
        self._held |= {"in", "out"} if direction is None else {direction}
        for task in self._ours(direction):
            self._mark(task, _HELD)
            for arn in self._executions(task):
                seen = self._described(arn)
                if seen is not None and seen["Status"] not in _ENDED:
                    self._mark(arn, _HELD)
                    self._stop(arn)

    def resume(self) -> None:
        """Starts what was held; tasks are released last, so that a resume that is killed can be repeated."""
        self._held.clear()
        for task in self._ours(None):
            if _HELD not in self._tags(task):
                continue
            for arn in self._executions(task):
                self._go_on(task, arn)
            with asked(_SERVICE):
                self._sync.untag_resource(ResourceArn=task, Keys=[_HELD])

    def _go_on(self, task: str, arn: str) -> None:
        tags = self._tags(arn)
        if _HELD not in tags or tags.keys() & {_GOES_ON, _CANCELLED}:
            return
        seen = self._described(arn)
        if seen is None or seen["Status"] == "SUCCESS":
            return
        same = [
            one for one in self._executions(task) if self._token(one) == tags[_MOVE] and _HELD not in self._tags(one)
        ]
        if not same:
            again = {key: seen[key] for key in ("Includes", "Excludes", "ManifestConfig") if seen.get(key)}
            again["OverrideOptions"] = {key: seen["Options"].get(key, word) for key, word in request.OPTIONS.items()}
            with asked(_SERVICE):
                named = request.tags_of({_MOVE: tags[_MOVE]})
                started = self._sync.start_task_execution(TaskArn=task, Tags=named, **again)
            same = [started["TaskExecutionArn"]]
        self._mark(arn, _GOES_ON, same[0])

    def _create(self, move: Move) -> str:
        site_uri, cloud_uri = request.uris(move, self._settings)
        nfs, s3 = request.nfs_location(move, self._settings), request.s3_location(move, self._settings)
        with asked(_SERVICE):
            site = self._location(site_uri) or self._made("nfs", nfs)
            cloud = self._location(cloud_uri) or self._made("s3", s3)
            source, target = (site, cloud) if move.direction == "in" else (cloud, site)
            created = self._sync.create_task(
                SourceLocationArn=source,
                DestinationLocationArn=target,
                Name=request.task_name(move),
                Options=dict(request.OPTIONS),
                Tags=request.tags_of({"ris_data_class": move.data_class}),
            )
        return str(created["TaskArn"])

    def _location(self, uri: str) -> str:
        only = {"Name": "LocationUri", "Operator": "Equals", "Values": [uri]}
        rows = self._sync.list_locations(Filters=[only])["Locations"]
        return str(rows[0]["LocationArn"]) if rows else ""

    def _made(self, kind: str, wanted: dict[str, Any]) -> str:
        create = self._sync.create_location_nfs if kind == "nfs" else self._sync.create_location_s3
        return str(create(**wanted)["LocationArn"])

    def _tasks(self, start: str) -> list[str]:
        """Ours whose names begin so; a name is made of a hash, so two of one name are one dataset's."""
        with asked(_SERVICE):
            pages = self._sync.get_paginator("list_tasks").paginate()
            return sorted(row["TaskArn"] for page in pages for row in page["Tasks"] if row["Name"].startswith(start))

    def _ours(self, direction: Direction | None) -> list[str]:
        start = f"{request.PREFIX}-" if direction is None else request.prefix_of(direction)
        return self._tasks(start)

    def _paused(self, direction: Direction) -> bool:
        """A task made after the pause has no mark of it; the others of its direction do."""
        return direction in self._held or any(_HELD in self._tags(task) for task in self._ours(direction))

    def _executions(self, task: str) -> list[str]:
        with asked(_SERVICE):
            pages = self._sync.get_paginator("list_task_executions").paginate(TaskArn=task)
            return [row["TaskExecutionArn"] for page in pages for row in page["TaskExecutions"]]

    def _described(self, arn: str) -> Mapping[str, Any] | None:
        try:
            with asked(_SERVICE):
                seen: Mapping[str, Any] = self._sync.describe_task_execution(TaskExecutionArn=arn)
                return seen
        except Refused as error:
            if error.code == _NOT_THERE:
                return None
            raise

    def _token(self, arn: str) -> str:
        if arn not in self._tokens:
            self._tokens[arn] = self._tags(arn).get(_MOVE, "")
        return self._tokens[arn]

    def _tags(self, arn: str) -> dict[str, str]:
        try:
            with asked(_SERVICE):
                pages = self._sync.get_paginator("list_tags_for_resource").paginate(ResourceArn=arn)
                return {row["Key"]: row["Value"] for page in pages for row in page["Tags"]}
        except Refused as error:
            if error.code == _NOT_THERE:
                return {}
            raise

    def _mark(self, arn: str, key: str, value: str = "yes") -> None:
        with asked(_SERVICE):
            self._sync.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": value}])

    def _stop(self, arn: str) -> None:
        try:
            with asked(_SERVICE):
                self._sync.cancel_task_execution(TaskExecutionArn=arn)
        except Refused as error:
            if error.code != _NOT_THERE:  # it ended before it was told to
                raise


def _why(tags: Mapping[str, str], result: Mapping[str, Any]) -> tuple[MoveState, str]:
    if _CANCELLED in tags:
        return "cancelled", "cancelled on request"
    if _HELD in tags:
        return "paused", "held on request"
    steps = [name for name in ("Prepare", "Transfer", "Verify") if result.get(f"{name}Status") == "ERROR"]
    code = result.get("ErrorCode", "no code")
    return "failed", f"DataSync: {code}{' in ' + ', '.join(steps) if steps else ''}; its console has the detail"


def _seen(state: MoveState, reason: str, seen: Mapping[str, Any]) -> MoveSeen:
    moved, took_ms = seen.get("BytesTransferred", 0), seen.get("Result", {}).get("TransferDuration", 0)
    return MoveSeen(
        state=state,
        files=seen.get("FilesTransferred", 0),
        skipped=seen.get("FilesSkipped", 0),
        bytes=moved,
        bytes_per_s=moved * 1000 / took_ms if took_ms else 0.0,
        reason=reason,
    )
