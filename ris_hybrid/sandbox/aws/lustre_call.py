"""FSx for Lustre as AWS answers: states, mount names, changes in place, and links to buckets, which moto has not.

Source: Amazon FSx API reference. Everything is there at once; AWS takes some ten minutes.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random

from ris_hybrid.sandbox.aws.kept import asked, place_of, taken
from ris_hybrid.sandbox.aws.moto_account import file_system, storage_tags, subnet_vpc, tag_storage
from ris_hybrid.sandbox.aws.wire import ApiError, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ris_hybrid.sandbox.aws.kept import Record
    from ris_hybrid.sandbox.aws.moto_view import Place
    from ris_hybrid.sandbox.aws.state import State
    from ris_hybrid.sandbox.aws.wire import Answer, Call

_JSON = "application/x-amz-json-1.1"
LINK = "data-repository-association"
_LINKS_MAX = 8
_NO_LINK = "DataRepositoryAssociationNotFound"


def file_systems(state: State, call: Call) -> Answer:
    """moto's answer about file systems, with what it leaves out. Raises ``ApiError`` for an id there is not."""
    wanted = asked(call).get("FileSystemIds", [])
    for one in wanted:
        file_system(place_of(call), one)
    answer = state.plain(call)
    if not answer.ok:
        return answer
    told: dict[str, Any] = json.loads(answer.body)
    for one in [*told.get("FileSystems", []), *([told["FileSystem"]] if "FileSystem" in told else [])]:
        _complete(place_of(call), one)
    return json_answer(told, kind=_JSON)


def update(state: State, call: Call) -> Answer:  # noqa: ARG001  # moto keeps the file systems
    """Other throughput, compression, squashing; more storage, never less."""
    given, place = asked(call), place_of(call)
    model = file_system(place, given["FileSystemId"])
    wanted = given.get("StorageCapacity", model.storage_capacity)
    if wanted < model.storage_capacity:
        raise ApiError("BadRequest", "The storage capacity of a file system can only be increased.")
    model.storage_capacity = wanted
    model.lustre_configuration = {**(model.lustre_configuration or {}), **given.get("LustreConfiguration", {})}
    shown = model.to_dict()
    _complete(place, shown)
    return json_answer({"FileSystem": shown}, kind=_JSON)


def delete(state: State, call: Call) -> Answer:
    """A file system goes with its links."""
    answer = state.plain(call)
    links, gone = state.kept.of(place_of(call), LINK), asked(call)["FileSystemId"]
    for one in [key for key, link in links.items() if link["FileSystemId"] == gone]:
        del links[one]
    return answer


def link(state: State, call: Call) -> Answer:
    """Link a path of a file system to a bucket. Raises ``ApiError`` for more than eight, or a path that overlaps."""
    given, place = asked(call), place_of(call)
    owner = file_system(place, given["FileSystemId"])
    if (owner.lustre_configuration or {}).get("DeploymentType") == "SCRATCH_1":
        raise ApiError("BadRequest", "SCRATCH_1 file systems have no data repository associations.")
    links = state.kept.of(place, LINK)
    _fits(given, [one for one in links.values() if one["FileSystemId"] == given["FileSystemId"]])
    its_id = f"dra-{mock_random.get_random_hex(17)}"
    tags = given.pop("Tags", [])
    given.pop("ClientRequestToken", None)
    arn = f"arn:aws:fsx:{place[1]}:{place[0]}:association/{given['FileSystemId']}/{its_id}"
    links[its_id] = {**given, "AssociationId": its_id, "ResourceARN": arn, "Lifecycle": "AVAILABLE"}
    tag_storage(place, arn, tags)
    return json_answer({"Association": _shown(place, links[its_id])}, kind=_JSON)


def links_there(state: State, call: Call) -> Answer:
    """Links by id, or of a file system by the filter ``file-system-id``."""
    given, place = asked(call), place_of(call)
    links = state.kept.of(place, LINK)
    for one in given.get("AssociationIds", []):
        taken(links, one, _missing(one))
    names = {one["Name"]: one["Values"] for one in given.get("Filters", [])}
    found = [
        _shown(place, one)
        for key, one in links.items()
        if key in given.get("AssociationIds", [key])
        and one["FileSystemId"] in names.get("file-system-id", [one["FileSystemId"]])
    ]
    return json_answer({"Associations": found}, kind=_JSON)


def relink(state: State, call: Call) -> Answer:
    """Other events that are carried over."""
    given, place = asked(call), place_of(call)
    its_id = given["AssociationId"]
    row = taken(state.kept.of(place, LINK), its_id, _missing(its_id))
    row.update({key: value for key, value in given.items() if key in {"S3", "ImportedFileChunkSize"}})
    return json_answer({"Association": _shown(place, row)}, kind=_JSON)


def unlink(state: State, call: Call) -> Answer:
    """The files stay in the bucket."""
    given, links = asked(call), state.kept.of(place_of(call), LINK)
    its_id = given["AssociationId"]
    taken(links, its_id, _missing(its_id))
    del links[its_id]
    return json_answer({"AssociationId": its_id, "Lifecycle": "DELETING"}, kind=_JSON)


def _missing(its_id: str) -> ApiError:
    return ApiError(_NO_LINK, f"Data repository association {its_id} does not exist.")


def _shown(place: Place, row: Record) -> Record:
    return {**row, "Tags": storage_tags(place, row["ResourceARN"])}


def _fits(given: Record, there: list[Record]) -> None:
    if len(there) >= _LINKS_MAX:
        raise ApiError("ServiceLimitExceeded", f"A file system has at most {_LINKS_MAX} data repository associations.")
    path = _folder(given.get("FileSystemPath", "/"))
    for one in there:
        other = _folder(one.get("FileSystemPath", "/"))
        if path.startswith(other) or other.startswith(path):
            raise ApiError("BadRequest", f"The file system path overlaps with that of {one['AssociationId']}.")
        if one["DataRepositoryPath"] == given["DataRepositoryPath"]:
            raise ApiError("BadRequest", f"The data repository path is that of {one['AssociationId']}.")


def _folder(path: str) -> str:
    return path.rstrip("/") + "/"


def _complete(place: Place, shown: Record) -> None:
    """What every client waits for or mounts by; the mount name follows from the id."""
    shown["Lifecycle"] = "AVAILABLE"
    shown["OwnerId"] = place[0]
    shown["VpcId"] = next((subnet_vpc(place, one) for one in shown.get("SubnetIds", [])), "")
    if shown.get("FileSystemType") == "LUSTRE":
        lustre = shown.setdefault("LustreConfiguration", {})
        digits = hashlib.sha256(shown["FileSystemId"].encode()).hexdigest()
        name = "".join(chr(ord("a") + int(digit, 16)) for digit in digits[:8])
        lustre["MountName"] = "fsx" if lustre.get("DeploymentType") == "SCRATCH_1" else name


CALLS: Mapping[str, Callable[[State, Call], Answer]] = {
    "fsx:CreateFileSystem": file_systems,
    "fsx:DescribeFileSystems": file_systems,
    "fsx:UpdateFileSystem": update,
    "fsx:DeleteFileSystem": delete,
    "fsx:CreateDataRepositoryAssociation": link,
    "fsx:DescribeDataRepositoryAssociations": links_there,
    "fsx:UpdateDataRepositoryAssociation": relink,
    "fsx:DeleteDataRepositoryAssociation": unlink,
}
