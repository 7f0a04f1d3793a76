"""Reads the description of a virtual cluster from YAML; every error names file, line and field (sandbox)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.spec import ClusterSpec, HostSpec, QueueSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import yaml

    _Where = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a field must be, in words and as a check."""

    words: str
    fits: Callable[[object], bool]


def _whole(least: int) -> _Kind:
    return _Kind(
        f"a whole number of at least {least}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= least,
    )


_NAME = _Kind("a name", lambda value: isinstance(value, str) and bool(value.strip()))
_TEXT = _Kind("a text", lambda value: isinstance(value, str))
_FLAG = _Kind("true or false", lambda value: isinstance(value, bool))
_LIST = _Kind("a list with at least one entry", lambda value: isinstance(value, list) and bool(value))
_NAMES = _Kind("a list of names", lambda value: isinstance(value, list) and all(_NAME.fits(entry) for entry in value))
_LIMIT = _Kind("a whole number of at least 0, or nothing", lambda value: value is None or _whole(0).fits(value))

_CLUSTER = {"name": _NAME, "hosts": _LIST, "queues": _LIST, "default_queue": _NAME}
_HOST = {"prefix": _NAME, "count": _whole(1), "slots": _whole(1), "memory_mib": _whole(0)}
_HOST |= {"queues": _NAMES, "resources": _NAMES}
_SEVERAL = ("queues", "resources")
_QUEUE = {
    "name": _NAME,
    "priority": _whole(1),
    "rc_hosts": _NAME,
    "rc_account": _TEXT,
    "rc_demand_policy": _TEXT,
    "res_req": _TEXT,
    "bursts_for": _TEXT,
    "max_slots": _LIMIT,
    "is_open": _FLAG,
    "is_active": _FLAG,
}


def load_cluster(path: Path) -> ClusterSpec:
    """The cluster described in the file; ``ConfigError`` as ``file:line: field: expected``."""
    source = _read(path)
    top = source.fields((), _CLUSTER, ("name", "hosts", "queues"))
    hosts = source.entries("hosts", _HOST, ("prefix", "count", "slots"))
    queues = source.entries("queues", _QUEUE, ("name",))
    source.distinct("hosts", "prefix", hosts)
    names = source.distinct("queues", "name", queues)
    for index, host in enumerate(hosts):
        for number, queue in enumerate(host.get("queues", ())):
            source.require(queue in names, ("hosts", index, "queues", number), "the name of a queue")
    default = top.get("default_queue", queues[0]["name"])
    source.require(default in names, ("default_queue",), "the name of a queue")
    return ClusterSpec(
        name=top["name"],
        hosts=tuple(HostSpec(**{**host, **{key: tuple(host.get(key, ())) for key in _SEVERAL}}) for host in hosts),
        queues=tuple(QueueSpec(**queue) for queue in queues),
        default_queue=default,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A YAML file as values, and as nodes that know their lines."""

    path: Path
    tree: Any
    nodes: yaml.Node | None

    def fields(self, where: _Where, kinds: Mapping[str, _Kind], needed: Sequence[str]) -> dict[str, Any]:
        """The mapping at a place, all its keys known and their values of the right kind."""
        value = self.tree
        for step in where:
            value = value[step]
        self.require(isinstance(value, dict), where, f"a mapping with {', '.join(needed)}")
        for name in value:
            self.require(name in kinds, (*where, str(name)), f"one of {', '.join(kinds)}")
            self.require(kinds[name].fits(value[name]), (*where, name), kinds[name].words)
        for name in needed:
            self.require(name in value, (*where, name), f"{kinds[name].words} (it is missing)")
        return dict(value)

    def entries(self, key: str, kinds: Mapping[str, _Kind], needed: Sequence[str]) -> list[dict[str, Any]]:
        """The mappings of the list under a top-level key; at least one."""
        return [self.fields((key, index), kinds, needed) for index in range(len(self.tree[key]))]

    def distinct(self, key: str, field: str, entries: Sequence[Mapping[str, Any]]) -> set[str]:
        """The values of a field that must differ from entry to entry."""
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            self.require(entry[field] not in seen, (key, index, field), "a name not used before")
            seen.add(entry[field])
        return seen

    def require(self, met: bool, where: _Where, expected: str) -> None:
        """Raise ``ConfigError`` with the place and what was expected there, unless it is met."""
        if not met:
            place = ".".join(str(step) for step in where) or "file"
            line = _line(self.nodes, where)
            raise ConfigError(f"{self.path}:{line}: {place}: expected {expected}", "mend the cluster file")


def _read(path: Path) -> _Source:
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        nodes = yaml.compose(text, Loader=yaml.SafeLoader)
        return _Source(path=path, tree=yaml.safe_load(text), nodes=nodes)
    except (OSError, UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise ConfigError(f"{path}: file: expected readable YAML: {error}", "check the path") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigError(f"{path}:{line}: file: expected YAML: {error.problem}", "check the indents") from error


def _line(node: yaml.Node | None, where: _Where) -> int:
    """The line of a value, or of the nearest place above it that exists."""
    line = 1 if node is None else node.start_mark.line + 1
    for step in where:
        node = _child(node, step)
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


def _child(node: Any, step: str | int) -> yaml.Node | None:
    if isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    return next((value for key, value in node.value if key.value == step), None)
