"""Paths of a pool as burst.yaml has them: what is refused, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ris_hybrid.config.node_faults import node_faults
from ris_hybrid.config.path_faults import path_faults
from ris_hybrid.pool_settings import PathMount
from ris_hybrid.settings import Node

ACTIVE = "/storage1/fs1/wucci/Active"
S3 = PathMount(path=ACTIVE, kind="s3", source="ris-prod-wucci", prefix="Active/", owner_gid=1200)
LUSTRE = PathMount(
    path="/scratch1/fs1/wucci", kind="lustre", source="fs-0a1b.fsx.us-east-1.amazonaws.com@tcp:/abcd/wucci"
)
NFS = PathMount(path="/cache1/fs1/wucci", kind="nfs", source="ces.example.org:/cache1/fs1/wucci", read_only=True)
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b-2c"


def found(make: Any, *paths: PathMount, labs: tuple[str, ...] = ("wucci",), node: Node | None = None) -> list[str]:
    pool = make.pool(paths=paths, labs=labs)
    settings = make.settings(pools=(pool,), node=node or Node())
    return [f"{'.'.join(map(str, loc))}: {text}" for loc, text in path_faults(pool, settings)]


def test_the_three_kinds_side_by_side_are_right(make: Any) -> None:
    read = replace(S3, path="/storage1/fs1/wucci/Archive", read_only=True, owner_gid=None, cache="/mnt/cache")
    assert found(make, S3, LUSTRE, NFS, replace(read, prefix="", key_arn=KEY)) == []
    assert found(make, replace(LUSTRE, exports=False, imports=False)) == []
    own = [replace(LUSTRE, source=source, path=f"/own{n}") for n, source in enumerate(("scratch", "scratch/wucci/x"))]
    assert found(make, *own) == []
    assert found(make, LUSTRE, replace(NFS, options=("sec=krb5p", "nfsvers=4.2")), labs=()) == []


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        (replace(NFS, path="cache1"), "paths.0.path: expected a path of the site such as"),
        (replace(NFS, path="/"), "paths.0.path: expected a path of the site"),
        (replace(NFS, path="/a/../b"), "paths.0.path: expected a path of the site"),
        (replace(NFS, path="/a b"), "paths.0.path: expected a path of the site"),
        (replace(NFS, path="/usr/local"), "paths.0.path: expected a path of the site"),
        (replace(NFS, source="ces.example.org"), "paths.0.source: expected HOST:/PATH"),
        (replace(LUSTRE, source="fs-1:/abc"), "paths.0.source: expected DNS-NAME@tcp:/MOUNT-NAME"),
        (replace(LUSTRE, source="scratch/"), "paths.0.source: expected DNS-NAME@tcp:/MOUNT-NAME"),
        (replace(LUSTRE, source="scratches"), "paths.0.source: expected DNS-NAME@tcp:/MOUNT-NAME"),
        (replace(NFS, source="scratch"), "paths.0.source: expected HOST:/PATH"),
        (replace(S3, source="s3://bucket"), "paths.0.source: expected the name of a bucket"),
        (
            replace(LUSTRE, source="lustre.example.org@tcp:/abc", exports=False),
            "paths.0.source: expected fs-ID.fsx.REGION.amazonaws.com@tcp:/...",
        ),
        (
            replace(LUSTRE, source="lustre.example.org@tcp:/abc", read_only=True, imports=False),
            "paths.0.source: expected fs-ID.fsx.REGION.amazonaws.com@tcp:/..., as it imports by tasks",
        ),
        (replace(S3, imports=False), "paths.0.imports: expected kind: lustre beside it, found s3"),
        (replace(S3, prefix="Active"), "paths.0.prefix: expected keys' beginning with a slash at its end"),
        (replace(S3, prefix="/Active/"), "paths.0.prefix: expected keys' beginning"),
        (replace(S3, key_arn="alias/lab"), "paths.0.key_arn: expected the arn of a key, not of an alias"),
        (replace(S3, cache="cache"), "paths.0.cache: expected a directory of the node"),
        (replace(S3, owner_uid=-1), "paths.0.owner_uid: expected 0 or more, found -1"),
        (replace(S3, owner_gid=None), "paths.0.owner_gid: expected one, or owner_uid, or read_only: true"),
        (replace(S3, exports=False), "paths.0.exports: expected kind: lustre beside it, found s3"),
        (replace(NFS, prefix="a/"), "paths.0.prefix: expected kind: s3 beside it, found nfs"),
        (replace(LUSTRE, owner_gid=0), "paths.0.owner_gid: expected kind: s3 beside it, found lustre"),
        (replace(NFS, options=("hard,soft",)), "paths.0.options.0: expected one option of mount"),
        (replace(NFS, options=("password=x",)), "paths.0.options.0: expected no secret"),
        (replace(NFS, options=("x-systemd.automount",)), "paths.0.options.0: expected no automount"),
    ],
)
def test_what_would_not_mount_or_not_be_seen_is_refused(make: Any, mount: PathMount, said: str) -> None:
    (fault,) = found(make, mount)
    assert fault.startswith(said)


def test_a_path_over_another_is_refused(make: Any) -> None:
    inside = replace(NFS, path=f"{ACTIVE}/deep")
    assert found(make, S3, inside) == [
        f"paths.1.path: expected a path outside of every other, found '{ACTIVE}/deep' beside {ACTIVE} of this pool"
    ]
    assert found(make, NFS, NFS) == [
        f"paths.1.path: expected a path once, found '{NFS.path}' beside {NFS.path} of this pool"
    ]
    node = Node(mounts=("nas:/storage1 /storage1 nfs4 rw 0 0", "broken"))
    assert found(make, S3, node=node) == [
        f"paths.0.path: expected a path outside of every other, found '{ACTIVE}' beside /storage1 of node.mounts"
    ]
    assert found(make, replace(NFS, path="/storage10"), node=node) == []


@pytest.mark.parametrize(("labs", "serves"), [((), "every lab"), (("wucci", "lee"), "2 labs")])
def test_a_bucket_is_for_a_pool_of_one_lab(make: Any, labs: tuple[str, ...], serves: str) -> None:
    (fault,) = found(make, S3, labs=labs)
    assert fault.startswith("paths.0.source: expected a pool whose labs name one alone")
    assert fault.endswith(serves)


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (Node(namespace="prod/{lab}"), [("node", "registry")]),
        (Node(registry=REGISTRY, namespaces={"wucci": "prod/w"}), [("node", "namespace")]),
        (Node(registry=REGISTRY, namespace="Prod/{lab}"), [("node", "namespace")]),
        (
            Node(registry=REGISTRY, namespace="prod/{lab}", namespaces={"a b": "x", "c": "x y"}),
            [("node", "namespaces", "a b"), ("node", "namespaces", "c")],
        ),
        (Node(registry=REGISTRY, namespace="prod/{lab}", namespaces={"wucci": "prod/wucci_2"}), []),
    ],
)
def test_where_images_are_is_a_namespace_of_the_registry(make: Any, node: Node, said: list[Any]) -> None:
    assert [loc for loc, _ in node_faults(make.settings(node=node))] == said


def test_an_outlook_is_a_file_and_an_age(make: Any) -> None:
    settings = make.settings(outlook="a\nb", outlook_minutes=0.0)
    assert [loc for loc, _ in node_faults(settings)] == [("outlook",), ("outlook_minutes",)]
