"""The end that is S3, at whatever endpoint the client has: the collection of Globus's S3 connector."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from awscrt.checksums import crc64nvme
from botocore.exceptions import BotoCoreError, ClientError

from ris_hybrid.sandbox.globus.ends import CHUNK, EndFailed, Found, encoded, os_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from ris_hybrid.sandbox.aws.child import SandboxAws

PART = 64 * 1024 * 1024
"""Of a multipart upload; smaller files are one object in one call."""
_MTIME = "file-mtime"
"""As the sandbox's other movers write it, with ``ns`` behind nanoseconds; the real connector's way is not known."""
_MISSING = {"404", "NoSuchKey", "NotFound"}


class Bucket:
    """S3 as the collection of its connector."""

    def __init__(self, client: Any, bulk: SandboxAws | None = None, part: int = PART) -> None:
        self._client, self._part = client, part
        self.bulk = bulk
        """The sandbox's AWS, which takes many files of this host in one call."""

    def walk(self, path: str, leave_out: Callable[[str, str], bool]) -> Iterator[Found]:
        """Keys below a prefix; a directory's marker is no file."""
        bucket, prefix = split(path if path.endswith("/") else f"{path}/")
        with s3_words():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for one in page.get("Contents", ()):
                    *directories, name = one["Key"][len(prefix) :].split("/")
                    if name and not leave_out(name, "file") and not any(leave_out(each, "dir") for each in directories):
                        yield Found(f"/{bucket}/{one['Key']}", one["Size"], _ns(one["LastModified"]))

    def stat(self, path: str) -> Found | None:
        """An object's size, and the time of the file it was."""
        head = self._head(path)
        return None if head is None else Found(path, head["ContentLength"], _time(head))

    def checksum(self, path: str) -> str:
        """What S3 keeps."""
        head = self._head(path)
        return "" if head is None else head.get("ChecksumCRC64NVME", "")

    def put(self, source: Path, path: str, found: Found) -> str:
        """Upload a file in one call, or in parts; the checksum S3 then has."""
        bucket, key = split(path)
        asked = {"Bucket": bucket, "Key": key, "Metadata": {_MTIME: f"{found.mtime_ns}ns"}}
        with s3_words():
            if found.size > self._part:
                return self._put_parts(source, asked)
            told = self._client.put_object(Body=source.read_bytes(), ChecksumAlgorithm="CRC64NVME", **asked)
            return str(told.get("ChecksumCRC64NVME", ""))

    def get(self, path: str, target: Path) -> Found:
        """Download an object beside its place and put it there in one step, with the time of the file it was."""
        bucket, key = split(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name[:200]}.globus")
        with s3_words():
            told = self._client.get_object(Bucket=bucket, Key=key)
            with told["Body"] as body, draft.open("wb") as file:
                shutil.copyfileobj(body, file, CHUNK)
        mtime_ns = _time(told)
        os.utime(draft, ns=(mtime_ns, mtime_ns))
        draft.replace(target)
        return Found(path, told["ContentLength"], mtime_ns)

    def spoil(self, path: str, found: Found) -> None:
        """Put the same object again with its first byte changed; a small one."""
        bucket, key = split(path)
        with s3_words():
            with self._client.get_object(Bucket=bucket, Key=key)["Body"] as body:
                content = body.read()
            spoilt = bytes([content[0] ^ 1]) + content[1:] if content else b"\0"
            told = {"Bucket": bucket, "Key": key, "Metadata": {_MTIME: f"{found.mtime_ns}ns"}}
            self._client.put_object(Body=spoilt, ChecksumAlgorithm="CRC64NVME", **told)

    def _put_parts(self, source: Path, asked: dict[str, Any]) -> str:
        where = {"Bucket": asked["Bucket"], "Key": asked["Key"]}
        how = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
        upload = self._client.create_multipart_upload(**asked, **how)["UploadId"]
        parts: list[dict[str, Any]] = []
        crc = 0
        with source.open("rb") as file:
            while chunk := file.read(self._part):
                number, crc = len(parts) + 1, crc64nvme(chunk, crc)
                sent = self._client.upload_part(
                    **where, UploadId=upload, PartNumber=number, Body=chunk, ChecksumAlgorithm="CRC64NVME"
                )
                parts.append({"PartNumber": number, "ETag": sent["ETag"]})
        self._client.complete_multipart_upload(
            **where,
            UploadId=upload,
            MultipartUpload={"Parts": parts},
            ChecksumCRC64NVME=encoded(crc),
            ChecksumType="FULL_OBJECT",
        )
        return self.checksum(f"/{where['Bucket']}/{where['Key']}") or encoded(crc)

    def _head(self, path: str) -> dict[str, Any] | None:
        bucket, key = split(path)
        try:
            return dict(self._client.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED"))
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise EndFailed(_s3_code(error)) from error
        except BotoCoreError as error:
            raise EndFailed("CONNECTION_BROKEN") from error


@contextmanager
def s3_words() -> Iterator[None]:
    """Within it, errors of S3 and of the disk become ``EndFailed``."""
    try:
        yield
    except ClientError as error:
        raise EndFailed(_s3_code(error)) from error
    except BotoCoreError as error:
        raise EndFailed("CONNECTION_BROKEN") from error
    except OSError as error:
        raise EndFailed(os_code(error)) from error


def split(path: str) -> tuple[str, str]:
    """``/bucket/key`` → both."""
    bucket, _, key = path.lstrip("/").partition("/")
    return bucket, key


def _time(head: dict[str, Any]) -> int:
    told = head.get("Metadata", {}).get(_MTIME, "")
    return int(told.removesuffix("ns")) if told else _ns(head["LastModified"])


def _ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def _s3_code(error: ClientError) -> str:
    code = str(error.response["Error"]["Code"])
    if code in _MISSING | {"NoSuchBucket"}:
        return "FILE_NOT_FOUND"
    return "PERMISSION_DENIED" if code in {"AccessDenied", "403"} else "ENDPOINT_ERROR"
