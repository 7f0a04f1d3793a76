"""A word that may be nowhere is found however it is written."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING
from urllib.parse import quote_plus

import pytest

from ris_hybrid.sandbox.apply.clients import SandboxClients
from ris_hybrid.sandbox.leaks import Leak, Search, Word, tagged

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

SECRET = 'pa/ss+"word'
SEARCH = Search([Word(text=SECRET, what="password"), Word(text="TRIAL A", what="trial")])


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        quote_plus(SECRET),
        json.dumps({"x": SECRET}),
        *(base64.b64encode(f"{'u' * length}:{SECRET}:rest".encode()).decode() for length in range(6)),
    ],
)
def test_a_word_is_found_in_every_form(text: str) -> None:
    assert list(SEARCH.text("log", f"before {text} after")) == [Leak(where="log", what="password")]


def test_what_is_found_is_told_once_and_by_its_name_alone() -> None:
    found = list(SEARCH.text("log", f"{SECRET} TRIAL%20A TRIAL+A {SECRET}"))
    assert found == [Leak(where="log", what="password"), Leak(where="log", what="trial")]
    assert list(SEARCH.text("log", "nothing of the sort, trial a")) == []


def test_files_are_read_to_the_last_byte_and_by_their_names(tmp_path: Path) -> None:
    search = Search([Word(text=SECRET, what="password"), Word(text="TRIAL A", what="trial")], portion=64)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "log").write_bytes(b"\0" * 60 + SECRET.encode())  # over the edge of two portions
    (tmp_path / "a" / "TRIAL A.txt").write_text("clean")
    (tmp_path / "kept").write_text(SECRET)
    (tmp_path / "link").symlink_to("kept")
    assert list(search.files(tmp_path, {"kept": "its own file"})) == [
        Leak(where="name of a/TRIAL A.txt", what="trial"),
        Leak(where="a/log", what="password"),
    ]


def test_tags_of_every_kind_are_told(sandbox_aws: SandboxAws) -> None:
    clients = SandboxClients.of(sandbox_aws)
    clients.get("s3").create_bucket(Bucket="some-bucket")
    clients.get("s3").create_bucket(Bucket="without-tags")
    clients.get("s3").put_bucket_tagging(
        Bucket="some-bucket", Tagging={"TagSet": [{"Key": "k", "Value": "of a bucket"}]}
    )
    clients.get("s3").put_object(
        Bucket="some-bucket", Key="o", Body=b"", Tagging="k=of+an+object", Metadata={"k": "beside it"}
    )
    clients.get("ssm").put_parameter(Name="/p", Value="of a parameter", Type="SecureString")
    clients.get("ecr").create_repository(repositoryName="lab/images", tags=[{"Key": "k", "Value": "of images"}])
    clients.get("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}", Description="of a role")
    data = {"UserData": base64.b64encode(b"of user data").decode()}
    clients.get("ec2").create_launch_template(LaunchTemplateName="t", LaunchTemplateData=data)
    clients.close()
    told = " ".join(text for _, text in tagged(sandbox_aws.url, sandbox_aws.region))
    for word in ("a bucket", "an object", "a parameter", "images", "a role", "user data"):
        assert f"of {word}" in told
    assert "beside it" in told
