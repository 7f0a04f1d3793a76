"""The pools file: what ``ris-hybrid burst userdata --json`` prints of burst.yaml, and the stacks build nodes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.problems import said
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_STRICT = {"extra": "forbid"}
_HINT = "write it again: ris-hybrid burst userdata --conf burst.yaml --json > {name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolNode:
    """The node of one pool, as burst.yaml has it."""

    __pydantic_config__ = _STRICT

    name: str
    instance_type: str
    """What a bare launch of the template gives; a burst names its own types. Empty for a pool that names none."""
    user_data: str
    """As text; AWS's calls take it in base64."""
    efa: bool
    placement_group: str
    multi_node: bool
    """Whether its jobs run over several nodes, which then reach each other."""
    labs: tuple[str, ...]
    """Who may use it; empty means every lab."""
    reservations: bool
    """Whether its launches use capacity reservations first."""
    buckets: tuple[str, ...] = ()
    """What its nodes mount by Mountpoint for S3: they must be the lab's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolsFile:
    """All pools of one cluster and provider."""

    __pydantic_config__ = _STRICT

    cluster: str
    provider: str
    region: str
    pools: tuple[PoolNode, ...]


def pools_data(file: PoolsFile) -> dict[str, object]:
    """As JSON has it; the same file gives the same order."""
    return asdict(file)


def read_pools(path: Path) -> PoolsFile:
    """The pools in a file.

    Raises:
        ConfigError: the file cannot be read, or is not what this version prints.
    """
    hint = _HINT.format(name=path.name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name no file can have
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path}: the pools file cannot be read: {why}", hint) from error
    try:
        return TypeAdapter(PoolsFile).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "pools"
        raise ConfigError(f"{path}: {where}: {said(first)}", hint) from error
