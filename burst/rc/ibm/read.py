"""awsprov_config.json, awsprov_templates.json and the fleet files they name, as IBM's AWS plug-ins read them.

Keys: IBM Spectrum LSF 10.1, "awsprov_config.json" and "awsprov_templates.json"; both plug-ins' own keys.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFIG = "awsprov_config.json"
TEMPLATES = "awsprov_templates.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a provider of IBM's was told."""

    config: Mapping[str, Any]
    templates: tuple[Mapping[str, Any], ...]
    fleets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """File name of ``ec2FleetConfig`` to its body; a file that is not there is missing here."""


def load(path: Path) -> Installation:
    """From a provider's ``conf`` folder (or one above it), or from one of its files, whose neighbours are read too.

    Raises ``ConfigError`` when there are no templates or a file is no JSON.
    """
    folder = _folder(path)
    templates = path if path.is_file() and path.name != CONFIG else folder / TEMPLATES
    body = _object(templates)
    listed = body.get("templates")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise ConfigError(f"{templates}: templates: expected a list of objects, at least one")
    config = folder / CONFIG
    names = {str(one["ec2FleetConfig"]) for one in listed if one.get("ec2FleetConfig")}
    return Installation(
        config=_object(config) if config.is_file() else {},
        templates=tuple(listed),
        fleets={name: _object(folder / name) for name in sorted(names) if (folder / name).is_file()},
    )


def _folder(path: Path) -> Path:
    if path.is_file():
        return path.parent
    return path / "conf" if (path / "conf").is_dir() else path


def _object(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be read: {error.strerror}", f"name the folder of {TEMPLATES}, or the file"
        ) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ConfigError(f"{path}: expected a JSON object")
    return body
