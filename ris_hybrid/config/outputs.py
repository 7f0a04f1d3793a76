"""The stacks' outputs: which launch template and subnets each pool got. ``pulumi stack output --json`` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from ris_hybrid.config.problems import said
from ris_hybrid.errors import ConfigError
from ris_hybrid.settings import BurstSettings, PoolOutputs, with_outputs

if TYPE_CHECKING:
    from pathlib import Path

_HINT = "write it again: pulumi stack output pools --json > {name}"


def merge_outputs(settings: BurstSettings, folder: Path) -> BurstSettings:
    """The settings with the file they name merged in; settings that name none are returned as they are.

    Args:
        settings: what burst.yaml says.
        folder: where burst.yaml lies.

    Raises:
        ConfigError: the file is named but cannot be read, or is not ``{pool: {launch_template, subnets}}``.
    """
    if not settings.outputs:
        return settings
    path = folder / settings.outputs
    hint = _HINT.format(name=path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name no file can have
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{path}: outputs: cannot be read: {why}", hint) from error
    try:
        outputs = TypeAdapter(dict[str, PoolOutputs]).validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "outputs"
        raise ConfigError(f"{path}: {where}: {said(first)}", hint) from error
    merged = with_outputs(settings, outputs)
    unbuilt = [pool.name for pool in merged.pools if not pool.launch_template or not pool.subnets]
    if unbuilt:
        raise ConfigError(f"{path}: expected a launch template and subnets for pool {', '.join(unbuilt)}", hint)
    return merged
