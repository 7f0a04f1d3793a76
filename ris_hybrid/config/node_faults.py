"""What is wrong with how long nodes live, what user data makes of them, and where notices come from (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ris_hybrid.config.figures import below, not_above_zero
from ris_hybrid.config.problems import found

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.figures import Fault
    from ris_hybrid.settings import BurstSettings, Life, Node

_RESOURCE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")  # a name of lsf.shared
_USER = re.compile(r"[a-z_][a-z0-9_.-]*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_LAB = re.compile(r"[A-Za-z0-9._@+-]+")
_NAMESPACE = re.compile(r"[a-z0-9]+([._/-][a-z0-9]+)*")  # of ECR's repository names
_FSTAB_FIELDS = 6
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def node_faults(settings: BurstSettings) -> Iterator[Fault]:
    """Every fault of life, node, notices, flags and rerunnable_queues."""
    for loc, text in _life(settings.life):
        yield ("life", *loc), text
    for loc, text in _node(settings.node):
        yield ("node", *loc), text
    yield from _flags(settings)
    if settings.notices and not _is_queue_url(settings.notices):
        expected = "the https:// address of an SQS queue (http:// only on this machine)"
        yield ("notices",), f"expected {expected}, found {found(settings.notices)}"
    if not settings.outlook.isprintable():
        yield ("outlook",), f"expected the name of a file, found {found(settings.outlook)}"
    yield from not_above_zero(("outlook_minutes",), settings.outlook_minutes)
    if not all(settings.rerunnable_queues):
        yield ("rerunnable_queues",), "expected names of queues, none of them empty"


def _life(life: Life) -> Iterator[Fault]:
    spans = ("join_minutes", "lifetime_hours", "idle_minutes", "unlisted_minutes", "capacity_hold_minutes")
    for key in (*spans, "results_hours"):
        yield from not_above_zero((key,), getattr(life, key))
    yield from below(("join_failures",), life.join_failures, 1)


def _node(node: Node) -> Iterator[Fault]:
    if not node.lsf_top.startswith("/"):
        yield ("lsf_top",), f"expected a path from the root, found {found(node.lsf_top)}"
    yield from _names(node)
    for index, line in enumerate(node.mounts):
        if len(line.split()) != _FSTAB_FIELDS or not line.isprintable():
            expected = f"a line of fstab with {_FSTAB_FIELDS} fields (what, where, type, options, 0, 0)"
            yield ("mounts", index), f"expected {expected}, found {found(line)}"
    for index, option in enumerate(node.docker_options):
        if not option.startswith("-") or not option.isprintable():
            yield ("docker_options", index), f"expected an option that starts with '-', found {found(option)}"
    yield from _images(node)
    if node.registry and ("/" in node.registry or any(sign.isspace() for sign in node.registry)):
        yield ("registry",), f"expected the name of a host, found {found(node.registry)}"


def _images(node: Node) -> Iterator[Fault]:
    if (node.namespace or node.namespaces) and not node.registry:
        yield ("registry",), "expected the registry that namespace is in, found nothing"
    if node.namespaces and not node.namespace:
        yield ("namespace",), "expected the other labs' namespace, such as prod/{lab}, found nothing"
    if node.namespace and not _NAMESPACE.fullmatch(node.namespace.replace("{lab}", "lab")):
        yield ("namespace",), f"expected a namespace such as prod/{{lab}}, found {found(node.namespace)}"
    for lab, namespace in node.namespaces.items():
        if not _LAB.fullmatch(lab) or not _NAMESPACE.fullmatch(namespace):
            yield ("namespaces", lab), f"expected a lab's namespace such as prod/lab, found {found(namespace)}"


def _names(node: Node) -> Iterator[Fault]:
    if not _USER.fullmatch(node.lsf_admin):
        yield ("lsf_admin",), f"expected the name of a user, found {found(node.lsf_admin)}"
    for key, shape, kind in (("masters", _HOST, "a host"), ("resources", _RESOURCE, "a Boolean of lsf.shared")):
        for index, name in enumerate(getattr(node, key)):
            if not shape.fullmatch(name):
                yield (key, index), f"expected the name of {kind}, found {found(name)}"


def _flags(settings: BurstSettings) -> Iterator[Fault]:
    for key, flag in (("host_flag", settings.host_flag), ("spot_flag", settings.spot_flag or "none")):
        if not _RESOURCE.fullmatch(flag):
            yield (key,), f"expected the name of a Boolean of lsf.shared, found {found(flag)}"
    if settings.spot_flag == settings.host_flag:
        yield ("spot_flag",), f"expected another name than host_flag, found {found(settings.spot_flag)}"


def _is_queue_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # an address that cannot be split, such as http://[
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK
