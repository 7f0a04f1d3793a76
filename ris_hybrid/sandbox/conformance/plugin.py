"""The plug-in under trial and its place in the sandbox: ours as it is shipped, or anybody's folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_hybrid.config.burst_file import load_burst
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import BurstSettings

OURS = "ris-hybrid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """Somebody's provider folder as hostProviders.json would name it."""

    script_path: Path
    """``scriptPath``: has ``scripts/``."""
    conf_path: Path
    """``confPath``: has ``conf/``."""
    option: str = ""
    """``scriptOption``."""
    env: Mapping[str, str] = field(default_factory=dict)
    """What its scripts find in their environment besides."""
    beside: tuple[str, ...] = ()
    """A command that runs beside its scripts where it needs one, as a service that hears of spot notices."""

    @property
    def name(self) -> str:
        """How the table calls it."""
        return self.script_path.resolve().name

    def check(self) -> None:
        """Raise ``ConfigError`` when there are no scripts where they should be."""
        if not (self.script_path / "scripts" / "requestMachines.sh").is_file():
            raise ConfigError(
                f"{self.script_path}: there is no scripts/requestMachines.sh",
                "name the folder hostProviders.json calls scriptPath",
            )

    def set_up(self, folder: Path, facts: Mapping[str, str]) -> Path:
        """Copy its configuration below ``folder``, the facts filled in, and write the hostProviders.json naming it.

        ``facts`` are names and values; ``@NAME@`` in any text file of the configuration becomes the value.
        """
        conf = folder / "plugin" / "conf"
        if (self.conf_path / "conf").is_dir():
            shutil.copytree(self.conf_path / "conf", conf)
        conf.mkdir(parents=True, exist_ok=True)
        for path in conf.rglob("*"):
            if path.is_file():
                _fill_in(path, facts)
        entry = {
            "name": "probe",
            "type": "probeProv",
            "confPath": str(conf.parent),
            "scriptPath": str(self.script_path.resolve()),
            "scriptOption": self.option,
        }
        listed = folder / "hostProviders.json"
        listed.write_text(json.dumps({"providers": [entry]}), encoding="utf-8")
        return listed


def _fill_in(path: Path, facts: Mapping[str, str]) -> None:
    content = path.read_bytes()
    for name, value in facts.items():
        content = content.replace(f"@{name}@".encode(), value.encode())
    path.write_bytes(content)


def write_burst_yaml(settings: BurstSettings, path: Path) -> None:
    """The settings as the burst.yaml our own service reads (JSON is YAML)."""
    path.write_text(json.dumps(_given(asdict(settings))), encoding="utf-8")


def _given(value: Any) -> Any:
    """The value without what is None: a key that is not there."""
    if isinstance(value, dict):
        return {key: _given(inner) for key, inner in value.items() if inner is not None}
    return [_given(inner) for inner in value] if isinstance(value, list | tuple) else value


def settings() -> BurstSettings:
    """What the network is built for, and what our own plug-in is set up with."""
    with as_file(files("ris_hybrid.sandbox.conformance") / "burst.yaml") as path:
        return load_burst(Path(path))
