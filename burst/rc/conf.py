"""The provider's own configuration file: settings and templates as JSON, written by the command, read by the hook.

It lies in ``<confPath>/conf/`` as IBM's provider files do. burst.yaml is what people write; this file is checked
when it is written, so reading needs neither pydantic nor YAML, only a guard against a damaged file.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from math import isfinite
from typing import TYPE_CHECKING, Any

from burst.rc import templates
from ris_hybrid.errors import ConfigError
from ris_hybrid.planner_settings import Exclude, Planner, Steering
from ris_hybrid.pool_settings import PathMount, Requirements, SecondCloud
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Life, Node, Pool, Release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_UNWRITABLE = re.compile(r"[\0\ud800-\udfff]")
"""What no file name may hold, and what no encoding can write: JSON can say both."""


def dump(settings: BurstSettings) -> str:
    """The file's text. The settings must hold a price of every type their pools name, or ``load`` refuses them."""
    return json.dumps({"settings": asdict(settings), "templates": templates.answer(settings)}, indent=2) + "\n"


def load(path: Path) -> BurstSettings:
    """Read the settings back; raises ``ConfigError`` naming the file for anything that ``dump`` did not write."""
    body = templates.read_file(str(path))["settings"]
    try:
        settings = _settings(body)
    except (TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"{path}: is not a provider configuration: {error}", templates.RENDER_HINT) from error
    for pool in settings.pools:
        _usable(pool, settings, path)
    return settings


def _settings(body: dict[str, Any]) -> BurstSettings:
    nested: dict[str, Any] = {
        "pools": tuple(_pool(row) for row in body["pools"]),
        "clouds": tuple(SecondCloud(**_checked(SecondCloud, row)) for row in body.get("clouds", ())),
        "gates": tuple(Gate(**_checked(Gate, row)) for row in body["gates"]),
        "caps": Caps(**_checked(Caps, body["caps"])),
        "budget": Budget(**_checked(Budget, body["budget"])),
        "release": Release(**_checked(Release, body["release"])),
        "life": Life(**_checked(Life, body["life"])),
        "node": Node(**_checked(Node, body["node"])),
        "planner": _planner(body["planner"]) if "planner" in body else Planner(),  # older files have none
    }
    return BurstSettings(**{**_checked(BurstSettings, body), **nested})


def _planner(row: dict[str, Any]) -> Planner:
    nested = {
        "exclude": Exclude(**_checked(Exclude, row["exclude"])),
        "steering": Steering(**_checked(Steering, row["steering"])),
    }
    return Planner(**{**_checked(Planner, row), **nested})


def _pool(row: dict[str, Any]) -> Pool:
    wants = row.get("requirements")
    nested = None if wants is None else Requirements(**_checked(Requirements, wants))
    paths = tuple(PathMount(**_checked(PathMount, one)) for one in row.get("paths", ()))
    return Pool(**{**_checked(Pool, row), "requirements": nested, "paths": paths})


def _usable(pool: Pool, settings: BurstSettings, path: Path) -> None:
    if pool.provider != "ec2" and settings.cloud(pool.cloud) is None:
        text = f"{path}: pool {pool.name}: expected one of clouds, found {pool.cloud!r}"
        raise ConfigError(text, templates.RENDER_HINT)
    if pool.slots < 1 or not pool.instance_types:
        raise ConfigError(f"{path}: pool {pool.name}: expected slots and an instance type", templates.RENDER_HINT)
    missing = [name for name in pool.instance_types if name not in settings.prices]
    if missing:
        raise ConfigError(f"{path}: pool {pool.name}: {missing[0]} has no price", templates.RENDER_HINT)


def _checked(kind: type, row: dict[str, Any]) -> dict[str, Any]:
    """The row with lists as tuples; raises ``TypeError`` naming the first key that has another form than its field."""
    forms = {field.name: _FORMS.get(str(field.type)) for field in fields(kind)}
    for key, value in row.items():
        form = forms.get(key)
        if form is not None and not form(value):
            raise TypeError(f"{key}: {value!r}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def _text(value: object) -> bool:
    return isinstance(value, str) and not _UNWRITABLE.search(value)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _figure(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _by_name(figure: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(map(figure, value.values()))


def _or_none(figure: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or figure(value)


_FORMS: dict[str, Callable[[object], bool]] = {
    "str": _text,
    "int": _whole,
    "bool": lambda value: isinstance(value, bool),
    "float": _figure,
    "int | None": _or_none(_whole),
    "float | None": _or_none(_figure),
    "tuple[str, ...]": _texts,
    "Mapping[str, str]": _by_name(_text),
    "Mapping[str, int]": _by_name(_whole),
    "Mapping[str, float]": _by_name(_figure),
    "Literal['on-demand', 'spot', 'mixed']": lambda value: value in ("on-demand", "spot", "mixed"),
    "Literal['lustre', 's3', 'nfs']": lambda value: value in ("lustre", "s3", "nfs"),
    "Literal['thresholds', 'planned', 'shadow']": lambda value: value in ("thresholds", "planned", "shadow"),
    "Literal['ec2', 'libcloud']": lambda value: value in ("ec2", "libcloud"),
    "Literal['openstack', 'gce']": lambda value: value in ("openstack", "gce"),
    "Literal['queue', 'flag']": lambda value: value in ("queue", "flag"),
    "Literal['none', 'thresholds']": lambda value: value in ("none", "thresholds"),
    "Literal['cores', 'threads']": lambda value: value in ("cores", "threads"),
}
"""Field annotation to what its JSON looks like; nested settings are built, and so checked, on their own."""
