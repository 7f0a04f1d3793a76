"""What is wrong with the paths a pool's nodes mount: each on its own, and beside the others (pure).

S3 is mounted by the node's role, whoever's job asks, so only a pool that serves one lab alone may have a bucket: that
pool's nodes get that lab's role. Names of Mountpoint's options: awslabs/mountpoint-s3, CONFIGURATION.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.config.problems import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.pool_settings import PathMount
    from ris_hybrid.settings import BurstSettings, Pool

_PATH = re.compile(r"(/[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*){1,32}")
_SYSTEM = re.compile(r"bin|boot|dev|etc|lib|lib64|opt|proc|root|run|sbin|sys|tmp|usr|var")
_WHERE = r"[A-Za-z0-9._-]+(/[A-Za-z0-9._@+-]+)*"
_SOURCES = {
    "lustre": (
        re.compile(rf"scratch(/{_WHERE})?|[A-Za-z0-9.-]+@tcp:/{_WHERE}"),
        "DNS-NAME@tcp:/MOUNT-NAME of FSx for Lustre, or scratch[/DIRECTORY] for the environment's own",
    ),
    "s3": (re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"), "the name of a bucket"),
    "nfs": (re.compile(rf"[A-Za-z0-9][A-Za-z0-9.-]*:/({_WHERE})?"), "HOST:/PATH"),
}
_FSX = re.compile(r"fs-[0-9a-f]+\.fsx\.[a-z0-9-]+\.amazonaws\.com(\.cn)?@tcp:/")
_PREFIX = re.compile(r"([A-Za-z0-9!_.*'()+@=-]+/)*")
_KEY = re.compile(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+")
_OPTION = re.compile(r"[A-Za-z0-9_.:/+@=-]+")
_SECRET = re.compile(r"(pass|passwd|password|secret|token|credentials?)=", re.IGNORECASE)
_S3_ALONE = ("prefix", "key_arn", "owner_uid", "owner_gid", "cache")


def path_faults(pool: Pool, settings: BurstSettings) -> Iterator[Fault]:
    """Every fault of one pool's ``paths``, below the pool's place."""
    taken = {line.split()[1]: "node.mounts" for line in settings.node.mounts if len(line.split()) > 1}
    for index, mount in enumerate(pool.paths):
        here = ("paths", index)
        for loc, text in (*_shape(mount), *_kind(mount), *_whose(mount, pool)):
            yield here + loc, text
        other = next((one for one in taken if _touches(one, mount.path)), None)
        if other is not None:
            what = "once" if other == mount.path else "outside of every other"
            yield (*here, "path"), f"expected a path {what}, found {found(mount.path)} beside {other} of {taken[other]}"
        taken.setdefault(mount.path, "this pool")


def _touches(one: str, other: str) -> bool:
    one, other = one.rstrip("/") + "/", other.rstrip("/") + "/"
    return one.startswith(other) or other.startswith(one)


def _shape(mount: PathMount) -> Iterator[Fault]:
    if not _PATH.fullmatch(mount.path) or _SYSTEM.fullmatch(mount.path.split("/")[1]):
        yield ("path",), f"expected a path of the site such as /storage1/fs1/LAB/Active, found {found(mount.path)}"
    form, expected = _SOURCES[mount.kind]
    if not form.fullmatch(mount.source):
        yield ("source",), f"expected {expected}, found {found(mount.source)}"
    for index, option in enumerate(mount.options):
        if not _OPTION.fullmatch(option):
            yield ("options", index), f"expected one option of mount, found {found(option)}"
        elif _SECRET.search(option):
            yield ("options", index), "expected no secret: every job on the node can read it"
        elif option.startswith("x-systemd.automount"):
            yield ("options", index), "expected no automount: it hides that a path is not there"


def _kind(mount: PathMount) -> Iterator[Fault]:
    if mount.kind != "lustre" and not mount.exports:
        yield ("exports",), f"expected kind: lustre beside it, found {mount.kind}: nothing stays on the node's side"
    if mount.kind != "lustre" and not mount.imports:
        yield (
            ("imports",),
            f"expected kind: lustre beside it, found {mount.kind}: what is in the bucket is seen at once",
        )
    by_task = "exports" if not (mount.exports or mount.read_only) else "" if mount.imports else "imports"
    if mount.kind == "lustre" and by_task and not _FSX.match(mount.source):
        text = (
            f"expected fs-ID.fsx.REGION.amazonaws.com@tcp:/..., as it {by_task} by tasks, found {found(mount.source)}"
        )
        yield ("source",), text
    if mount.kind != "s3":
        for key in _S3_ALONE:
            if getattr(mount, key) not in {"", None}:
                yield (key,), f"expected kind: s3 beside it, found {mount.kind}"
        return
    yield from _bucket(mount)


def _bucket(mount: PathMount) -> Iterator[Fault]:
    if not _PREFIX.fullmatch(mount.prefix):
        yield ("prefix",), f"expected keys' beginning with a slash at its end, found {found(mount.prefix)}"
    if mount.key_arn and not _KEY.fullmatch(mount.key_arn):
        yield ("key_arn",), f"expected the arn of a key, not of an alias, found {found(mount.key_arn)}"
    if mount.cache and not _PATH.fullmatch(mount.cache):
        yield ("cache",), f"expected a directory of the node, found {found(mount.cache)}"
    for key in ("owner_uid", "owner_gid"):
        number = getattr(mount, key)
        if number is not None and number < 0:
            yield (key,), f"expected 0 or more, found {found(number)}"
    if not mount.read_only and mount.owner_uid is None and mount.owner_gid is None:
        yield (
            ("owner_gid",),
            "expected one, or owner_uid, or read_only: true: S3 keeps no owner, and no job could write",
        )


def _whose(mount: PathMount, pool: Pool) -> Iterator[Fault]:
    if mount.kind == "s3" and len(pool.labs) != 1:
        serves = f"{len(pool.labs)} labs" if pool.labs else "every lab"
        text = f"expected a pool whose labs name one alone: its nodes get that lab's role; found one for {serves}"
        yield ("source",), text
