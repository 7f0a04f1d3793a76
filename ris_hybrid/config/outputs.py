"""The stacks' outputs: which launch template and subnets each pool got. ``ris-hybrid burst outputs`` writes them."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.problems import said
from ris_hybrid.errors import ConfigError
from ris_hybrid.pool_outputs import PoolOutputs, with_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ris_hybrid.settings import BurstSettings

_HINT = "write it again: ris-hybrid burst outputs --environment ENV"


def merge_outputs(settings: BurstSettings, folder: Path) -> BurstSettings:
    """The settings with the file they name merged in; without a file or a pool of EC2 they are returned as they are.

    Args:
        settings: what burst.yaml says.
        folder: where burst.yaml lies.

    Raises:
        ConfigError: the file is named but cannot be read, or is not ``{pool: {launch_template, subnets}}``.
    """
    if not settings.outputs or not settings.on_ec2:
        return settings
    path = folder / settings.outputs
    merged = with_outputs(settings, read_outputs(path))
    unbuilt = [pool.name for pool in merged.pools if pool.provider == "ec2" and not (pool.built and pool.subnets)]
    if unbuilt:
        raise ConfigError(f"{path}: expected a launch template and subnets for pool {', '.join(unbuilt)}", _HINT)
    return merged


def read_outputs(path: Path) -> dict[str, PoolOutputs]:
    """What the file says of each pool.

    Raises:
        ConfigError: it cannot be read, or is not ``{pool: {launch_template, subnets}}``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name no file can have
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path}: outputs: cannot be read: {why}", _HINT) from error
    try:
        return TypeAdapter(dict[str, PoolOutputs]).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "outputs"
        raise ConfigError(f"{path}: {where}: {said(first)}", _HINT) from error


def outputs_text(pools: Mapping[str, PoolOutputs]) -> str:
    """The file for these pools; the same pools give the same bytes."""
    return json.dumps({name: asdict(built) for name, built in pools.items()}, indent=2) + "\n"


def write_outputs(path: Path, text: str) -> None:
    """Write the file whole or not at all. Raises ``ConfigError`` when it may not be written there."""
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}", "see who may write there") from error
