from __future__ import annotations

from typing import Any

import pytest

from ris_hybrid.sandbox.aws.wire import read_call


def named(service: str, method: str, address: str, **headers: str) -> str:
    path, _, query = address.partition("?")
    signed = f"AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    return read_call(environ | headers | {"HTTP_AUTHORIZATION": signed, "wsgi.input": None}, str).name


@pytest.mark.parametrize(
    ("method", "address", "name"),
    [
        ("GET", "/", "s3:ListBuckets"),
        ("GET", "/?bucket-region=us-east-1&max-buckets=1000", "s3:ListBuckets"),
        ("HEAD", "/lee", "s3:HeadBucket"),
        ("PUT", "/lee", "s3:CreateBucket"),
        ("PUT", "/lee/", "s3:CreateBucket"),
        ("DELETE", "/lee", "s3:DeleteBucket"),
        ("GET", "/lee?encryption", "s3:GetBucketEncryption"),
        ("PUT", "/lee?encryption", "s3:PutBucketEncryption"),
        ("GET", "/lee?lifecycle", "s3:GetBucketLifecycleConfiguration"),
        ("PUT", "/lee?lifecycle", "s3:PutBucketLifecycleConfiguration"),
        ("DELETE", "/lee?lifecycle", "s3:DeleteBucketLifecycle"),
        ("GET", "/lee?notification", "s3:GetBucketNotificationConfiguration"),
        ("GET", "/lee?publicAccessBlock", "s3:GetPublicAccessBlock"),
        ("GET", "/lee?inventory", "s3:ListBucketInventoryConfigurations"),
        ("GET", "/lee?inventory&id=weekly", "s3:GetBucketInventoryConfiguration"),
        ("GET", "/lee", "s3:ListObjects"),
        ("GET", "/lee?list-type=2&prefix=Active", "s3:ListObjectsV2"),
        ("GET", "/lee?versions", "s3:ListObjectVersions"),
        ("POST", "/lee?delete", "s3:DeleteObjects"),
        ("GET", "/lee/Active/a b/c", "s3:GetObject"),
        ("PUT", "/lee/Active/", "s3:PutObject"),
        ("PUT", "/lee/key", "s3:PutObject"),
        ("PUT", "/lee/key?partNumber=1&uploadId=u", "s3:UploadPart"),
        ("POST", "/lee/key?uploads", "s3:CreateMultipartUpload"),
        ("POST", "/lee/key?uploadId=u", "s3:CompleteMultipartUpload"),
        ("GET", "/lee/key?tagging", "s3:GetObjectTagging"),
        ("PATCH", "/lee", "s3:PATCH"),
    ],
)
def test_operations_of_s3_are_told_by_method_path_and_query(method: str, address: str, name: str) -> None:
    assert named("s3", method, address) == name


def test_some_are_told_by_a_header() -> None:
    assert named("s3", "PUT", "/lee/key", HTTP_X_AMZ_COPY_SOURCE="/other/key") == "s3:CopyObject"
    block = "/v20180820/configuration/publicAccessBlock"
    assert named("s3", "GET", block, HTTP_X_AMZ_ACCOUNT_ID="1") == "s3control:GetPublicAccessBlock"


@pytest.mark.parametrize(
    ("service", "method", "address", "name"),
    [
        ("route53", "POST", "/2013-04-01/hostedzone", "route53:CreateHostedZone"),
        ("route53", "GET", "/2013-04-01/hostedzone/Z1/rrset", "route53:ListResourceRecordSets"),
        ("elasticfilesystem", "POST", "/2015-02-01/file-systems", "elasticfilesystem:CreateFileSystem"),
        ("ec2", "POST", "/", "ec2:POST"),
        ("nobody-knows", "GET", "/", "nobody-knows:GET"),
    ],
)
def test_other_services_of_rest_and_requests_of_none(service: str, method: str, address: str, name: str) -> None:
    assert named(service, method, address) == name
