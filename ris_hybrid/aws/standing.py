"""How things of the data plane stand in one account and region: names and AWS's own words, for ``doctor``."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from ris_hybrid.aws.calls import asked
from ris_hybrid.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_WORKERS = 8


class AwsStanding:
    """The protocol ``Region`` of ``ris_hybrid.checkup.data_cloud``. Raises ``CloudError``."""

    def __init__(self, clients: Any) -> None:
        self._clients = clients

    def buckets(self, names: Collection[str]) -> Mapping[str, str]:
        """One list of names, then a question for each that is there, some at once."""
        s3 = self._clients.get("s3")
        with asked("S3"):
            there = {one["Name"] for one in s3.list_buckets()["Buckets"]}
            mine = sorted(there & set(names))

            def versions(name: str) -> str:
                return str(s3.get_bucket_versioning(Bucket=name).get("Status", ""))

            with ThreadPoolExecutor(_WORKERS) as pool:
                # A context for each: the end that is set for the whole look counts in every thread.
                futures = [pool.submit(copy_context().run, versions, name) for name in mine]
                return {name: one.result() for name, one in zip(mine, futures, strict=True)}

    def repositories(self) -> Collection[str]:
        """All of the account's."""
        pages = self._clients.get("ecr").get_paginator("describe_repositories")
        with asked("ECR"):
            return {one["repositoryName"] for page in pages.paginate() for one in page["repositories"]}

    def status(self, kind: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Each is asked by itself: one that is gone must not hide the others."""
        ask = {"agent": self._agent, "file system": self._file_system}[kind]
        return {one: found for one in ids if (found := ask(one))}

    def _agent(self, arn: str) -> str:
        """DataSync's only code for a mistake of the caller's also means that it does not know the agent."""
        data_sync = self._clients.get("datasync")
        try:
            with asked("DataSync"):
                return str(data_sync.describe_agent(AgentArn=arn)["Status"])
        except Refused as error:
            if error.code == "InvalidRequestException":
                return ""
            raise

    def _file_system(self, file_system_id: str) -> str:
        try:
            with asked("FSx"):
                answer = self._clients.get("fsx").describe_file_systems(FileSystemIds=[file_system_id])
                return next((str(one["Lifecycle"]) for one in answer["FileSystems"]), "")
        except Refused as error:
            if error.code == "FileSystemNotFound":
                return ""
            raise
