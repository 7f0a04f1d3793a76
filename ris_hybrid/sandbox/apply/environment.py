"""The environment ``sandbox``: the stacks' example file, moved to the sandbox's account, region and pools (sandbox).

Its organization is the example site's: a mirror plan of that site fits it.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from burst.pools_file import pools_file
from ris_hybrid.config.document import read
from ris_hybrid.config.mirror_file import load_mirror
from ris_hybrid.config.pools_file import pools_data
from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.apply.clients import ACCOUNT
from ris_hybrid.sandbox.scenario import example_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ris_hybrid.settings import BurstSettings

ENVIRONMENT = "sandbox"
_FILE, _POOLS = f"{ENVIRONMENT}.yaml", "pools.json"
_HEAD = "# Made by `ris-hybrid sandbox up` from stacks/config/example.yaml: the sandbox, no AWS account.\n"
_BILLING = "us-east-1"  # where alone AWS keeps the bill's metric
_IMAGE = "ami-0123456789abcdef0"  # nothing boots in the sandbox


def program() -> Path:
    """The program of all stacks, as Pulumi.yaml's ``main`` names it."""
    found = find_spec("stacks.program")
    if found is None or found.origin is None:
        raise ConfigError("the stacks are not installed", "install the extra: pip install 'ris-hybrid[stacks]'")
    return Path(found.origin)


def write_environment(folder: Path, settings: BurstSettings, zones: Sequence[str]) -> Path:
    """The environment's file and its pools in ``folder``; gives the file.

    Raises:
        ConfigError: it cannot be written, or the pools' user data cannot be made.
    """
    pools = folder / _POOLS
    example = _mapping(read(program().parent / "config" / "example.yaml").data)
    example["organization"] = load_mirror(example_site() / "mirror.yaml").organization
    rendered = environment(example, settings, zones, str(pools.absolute()))
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        pools.write_text(json.dumps(pools_data(pools_file(settings)), indent=2) + "\n", encoding="utf-8")
        path = folder / _FILE
        path.write_text(_HEAD + yaml.safe_dump(rendered, sort_keys=False), encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}", "look at the sandbox's folder") from error
    return path


def onprem_cidrs(folder: Path) -> tuple[str, ...]:
    """The site's networks by the environment's file in ``folder``; none before that file is made."""
    from stacks.environment_file import read_environment

    path = folder / _FILE
    return tuple(map(str, read_environment(path, ENVIRONMENT).network.onprem_cidrs)) if path.is_file() else ()


def environment(
    example: Mapping[str, Any], settings: BurstSettings, zones: Sequence[str], pools: str
) -> dict[str, Any]:
    """The example with what is the sandbox's own; its zones are those of burst.yaml's region."""
    network, compute = _mapping(example.get("network")), _mapping(example.get("compute"))
    asked = len(network.get("zones") or ()) or len(zones)
    return {
        **example,
        "cluster": settings.cluster,
        "provider": settings.provider,
        "account": ACCOUNT,
        "region": settings.region,
        "phi": True,
        "mirror": "",
        "network": {**network, "zones": list(zones[:asked])},
        "identity": {**_mapping(example.get("identity")), "datasync": True},
        "compute": {**compute, "pools": pools, "image_id": compute.get("image_id") or _IMAGE},
        "observability": {
            name: value
            for name, value in _mapping(example.get("observability")).items()
            if name != "monthly_usd" or settings.region == _BILLING
        },
    }


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}
