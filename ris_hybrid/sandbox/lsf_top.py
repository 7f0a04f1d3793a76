"""The LSF_TOP of the sandbox: the files an admin of a real site would have, with our provider switched on."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from burst.rc import install
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ris_hybrid.settings import BurstSettings

LSF_CONF: Mapping[str, str] = {
    "LSB_RC_UPDATE_INTERVAL": "120",  # LSF's default is 30 s; the virtual cluster has fewer events
    "LSB_RC_QUERY_INTERVAL": "240",  # default 30 s: every query is a real script, and a demo must end soon
    "LSB_RC_EXTERNAL_HOST_IDLE_TIME": "5",  # minutes; the default of 60 would pay an hour for every node
    "LSB_RC_TEMPLATE_REQUEST_DELAY": "10",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LsfTop:
    """Where the pieces of an LSF installation lie."""

    top: Path
    cluster: str

    @property
    def conf(self) -> Path:
        """LSF_ENVDIR."""
        return self.top / "conf"

    @property
    def data(self) -> Path:
        """PRO_DATA_DIR: the work directory all master candidates share."""
        return self.top / "work" / self.cluster / "resource_connector"

    @property
    def log(self) -> Path:
        """LSF_LOGDIR."""
        return self.top / "log"


def write(
    top: Path, settings: BurstSettings, host_providers: Path | None = None, *, connector_on: bool = True
) -> LsfTop:
    """Write lsf.conf, the Resource Connector's files and our provider's scripts and configuration.

    With somebody else's ``host_providers`` their provider is switched on in place of ours, with the policy_config.json
    that lies beside it, if there is one. Without ``connector_on`` there is no Resource Connector in this LSF.
    """
    places = LsfTop(top=top, cluster=settings.cluster)
    connector = places.conf / "resource_connector"
    ours = connector / settings.provider
    for folder in (ours / "conf", ours / "scripts", places.data, places.log):
        folder.mkdir(parents=True, exist_ok=True)
    with as_file(files("burst.rc") / "scripts") as scripts:
        for script in sorted(Path(scripts).glob("*.sh")):
            shutil.copy(script, ours / "scripts" / script.name)
    lines = {**LSF_CONF, "LSB_RC_EXTERNAL_HOST_FLAG": f'"{settings.host_flag}"'} if connector_on else {}
    (places.conf / "lsf.conf").write_text("".join(f"{key}={value}\n" for key, value in lines.items()), "utf-8")
    install.write(settings, ours)
    if not connector_on:
        return places
    if host_providers is not None:
        _switch_on(host_providers, connector)
        return places
    provider = {"name": settings.provider, "type": "risProv", "confPath": str(ours), "scriptPath": str(ours)}
    _write_json(connector / "hostProviders.json", {"providers": [provider]})
    policy = {"UserDefinedScriptPath": str(ours / "scripts" / "policy.sh"), "Policies": []}
    _write_json(connector / "policy_config.json", policy)
    return places


def _switch_on(host_providers: Path, connector: Path) -> None:
    """Copy the file, with paths that are relative in it taken from where it lies."""
    try:
        body = json.loads(host_providers.read_text(encoding="utf-8"))
        for entry in body["providers"]:
            for key in ("confPath", "scriptPath"):
                entry[key] = str(host_providers.resolve().parent / entry[key])
    except OSError as error:
        raise ConfigError(f"{host_providers}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{host_providers}: expected providers with name, confPath and scriptPath", "see IBM's documentation"
        ) from error
    _write_json(connector / "hostProviders.json", body)
    policies = host_providers.with_name("policy_config.json")
    if policies.is_file():
        shutil.copy(policies, connector / policies.name)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
