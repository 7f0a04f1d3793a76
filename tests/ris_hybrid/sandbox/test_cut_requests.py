"""The cut EC2 description sends the same bytes as botocore's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from botocore.awsrequest import AWSResponse

from burst.aws import model_cut
from burst.aws.client import ec2_client
from burst.aws.fleet import Ec2Cloud
from ris_hybrid.errors import RisHybridError

if TYPE_CHECKING:
    from pathlib import Path

SILENT = {"authorization", "x-amz-date", "amz-sdk-invocation-id", "amz-sdk-request", "user-agent"}


class Sent:
    """Everything a client was about to send; nothing leaves, the answer is an error EC2 would not repeat."""

    def __init__(self, client: Any) -> None:
        self.requests: list[tuple[str, str, str, dict[str, str]]] = []
        client.meta.events.register("before-send.ec2.*", self._keep)

    def _keep(self, request: Any, **_: object) -> AWSResponse:
        headers = {name.lower(): value for name, value in request.headers.items() if name.lower() not in SILENT}
        self.requests.append((request.method, request.url, request.body, headers))
        return AWSResponse(request.url, 400, {}, _Raw())


class _Raw:
    @staticmethod
    def stream() -> list[bytes]:
        text = "<Response><Errors><Error><Code>Stop</Code><Message>enough</Message></Error></Errors></Response>"
        return [text.encode()]


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conf")
    model_cut.write(folder)
    return folder


@pytest.mark.usefixtures("sandbox_aws")
def test_every_call_is_the_same_bytes(conf: Path, make: Any) -> None:
    settings = make.settings(
        pools=(make.pool(instance_types=("c6i.4xlarge", "m6i.4xlarge")), make.pool("spot", purchase="spot"))
    )
    sent = []
    for folder in (None, conf):
        client = ec2_client(settings, folder)
        kept, cloud = Sent(client), Ec2Cloud(client, settings)
        for call in (
            lambda cloud=cloud: cloud.launch(make.launch(3)),
            lambda cloud=cloud: cloud.launch(make.launch(2, pool="spot", token="t-2")),
            cloud.machines,
            lambda cloud=cloud: cloud.end(("i-00000000000000001",), "ret-1"),
        ):
            with pytest.raises(RisHybridError, match="enough"):
                call()
        sent.append(kept.requests)
    own, cut = sent
    assert cut == own
    actions = [parse_qs(body)["Action"] for _, _, body, _ in own]
    assert actions[:3] == [["CreateFleet"], ["CreateFleet"], ["DescribeInstances"]]


@pytest.mark.usefixtures("sandbox_aws")
def test_with_a_cut_of_another_botocore_the_whole_description_is_read(conf: Path, make: Any, tmp_path: Path) -> None:
    (tmp_path / "botocore-0.0.1").symlink_to(model_cut.folder_for(conf))
    whole = ec2_client(make.settings(), tmp_path).meta.service_model.operation_names
    short = ec2_client(make.settings(), conf).meta.service_model.operation_names
    assert len(whole) > 500
    assert sorted(short) == sorted(model_cut.OPERATIONS)
