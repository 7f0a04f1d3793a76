"""The data role's policy against the AWS calls of the data plane: none is missing, and none is there that nobody makes.

Everything the adapters ever ask is asked on the sandbox, which counts the calls by access key. What goes to ECR is
compared with what the code names, and with what a push takes.
"""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore import xform_name

from ris_hybrid.aws.datasync import DataSyncMover
from ris_hybrid.aws.lustre import FsxTasks
from ris_hybrid.aws.objects import S3Objects
from ris_hybrid.aws.standing import AwsStanding
from ris_hybrid.aws.summing import S3Summing
from ris_hybrid.aws.versions import S3Versions
from ris_hybrid.data.settings import DataSync
from ris_hybrid.data.values import Move, MoveItem, RepositoryTask
from ris_hybrid.errors import Refused
from ris_hybrid.holdings.actions import actions_for
from ris_hybrid.sandbox.apply.clients import SandboxClients
from stacks.environment import Environment
from stacks.identity.data_policy import Buckets, image_statements, staging_statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ris_hybrid.holdings.clients import Clients

ROOT = Path(__file__).parents[2]
PLACE = Environment(
    cluster="c1", provider="aws", organization="wustl-ris", env="prod", account="123456789012", region="us-east-1"
)
BUCKET = "wustl-ris-lee-0a1b2c"
SETTINGS = DataSync(agent_arns=("arn:aws:datasync:us-east-1:123456789012:agent/agent-0123456789abcdef0",),
                    nfs_host="nfs.example.edu", role_arn="arn:aws:iam::123456789012:role/ris-datasync")  # fmt: skip
STAGING = staging_statements(PLACE, Buckets(organization="wustl-ris", records=()), ["ris-datasync"])
THROUGH_OTHERS = {"kms:Decrypt", "kms:GenerateDataKey", "iam:PassRole"}
"""S3 asks KMS, and DataSync IAM, in the caller's name."""
PUSHED = {"CompleteLayerUpload", "GetDownloadUrlForLayer", "InitiateLayerUpload", "PutImage", "UploadLayerPart"} | {
    "BatchCheckLayerAvailability"
}
"""What a registry's client needs beside what our code asks (ECR user guide, "Pushing an image")."""


def staged(clients: Clients, file_system: str) -> None:
    """Everything that staging ever asks AWS."""
    ids = count()
    objects, mover = S3Objects(clients), DataSyncMover(clients, SETTINGS, lambda: str(next(ids)))
    tasks = FsxTasks(clients)
    AwsStanding(clients).status("agent", SETTINGS.agent_arns)
    list(objects.listed(BUCKET, ""))
    list(S3Versions(clients).latest(BUCKET, ""))
    objects.checksum(BUCKET, "a")
    objects.delete(BUCKET, {"a": "v", "odd\x01": "v"})
    move = Move(move_id="m", direction="in", data_class="internal", site_path="/storage1/fs1/lee", bucket=BUCKET,
                prefix="Active/", items=(MoveItem("a", 1),), deadline=0.0, label="x")  # fmt: skip
    task = mover.submit(move, mover.token(move))
    mover.look(task)
    mover.pause(None, "x")
    mover.resume()
    mover.cancel(task)
    made = tasks.start(RepositoryTask(kind="release", file_system_id=file_system), "t")
    tasks.look(made)
    tasks.cancel(made)


def actions(statements: Iterable[Mapping[str, Any]]) -> set[str]:
    return {action for one in statements for action in one["Action"]}


def test_staging_may_do_what_it_does_and_nothing_else(sandbox_aws: Any, data_clients: Clients) -> None:
    scene = SandboxClients.of(sandbox_aws)
    scene_s3 = scene.get("s3")
    scene_s3.create_bucket(Bucket=BUCKET)
    scene_s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    made = scene.get("fsx").create_file_system(
        FileSystemType="LUSTRE", StorageCapacity=1200, SubnetIds=["subnet-0123456789abcdef0"]
    )
    put = {
        key: scene_s3.put_object(Bucket=BUCKET, Key=key, Body=b"x" * size, Tagging="a=b")["VersionId"]
        for key, size in {"small": 1, "large": 9, "refused": 9}.items()
    }
    for key in ("small", "large"):
        S3Summing(data_clients, one_copy=5).have_sum(BUCKET, key, put[key])
    sandbox_aws.faults([{"match": "s3:UploadPartCopy", "do": {"error": {"code": "AccessDenied", "status": 403}}}])
    with pytest.raises(Refused):
        S3Summing(data_clients, one_copy=5).have_sum(BUCKET, "refused", put["refused"])
    sandbox_aws.faults([])
    assert S3Versions(data_clients).hide(BUCKET, {"refused": put["refused"]}) == ()
    scene.close()
    staged(data_clients, made["FileSystem"]["FileSystemId"])
    asked = set(sandbox_aws.calls_by_key()["sandbox"])
    needed = {action for operation in asked for action in actions_for(operation)}
    assert actions(STAGING) == needed | THROUGH_OTHERS
    assert {xform_name(one.partition(":")[2]) for one in asked} == named_in_code(
        "s3", "datasync", "fsx", files="[!r]*.py"
    )


def test_images_are_pushed_looked_at_and_taken_away() -> None:
    model = botocore.session.Session().get_service_model("ecr")
    asked = {one for one in model.operation_names if xform_name(one) in named_in_code("ecr", files="registry*.py")}
    assert actions(image_statements(PLACE)) >= {f"ecr:{one}" for one in asked | PUSHED}


def named_in_code(*services: str, files: str = "*.py") -> set[str]:
    """Every operation that ``ris_hybrid.aws`` names, as a method of a client or as what a paginator goes through."""
    session = botocore.session.Session()
    operations = {xform_name(one) for name in services for one in session.get_service_model(name).operation_names}
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "ris_hybrid" / "aws").rglob(files)]
    shapes = (r"(?:_s3|_sync|_fsx|client)\.(\w+)\b", r"get_paginator\(\"(\w+)\"\)")
    words = {word for text in texts for shape in shapes for word in re.findall(shape, text)}
    return words & operations
