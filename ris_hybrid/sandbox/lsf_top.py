"""The LSF_TOP of the sandbox: the files an admin of a real site would have, with our provider switched on."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from burst.rc import install
from onprem.lsf.conf.places import find
from ris_hybrid.enabling.files import Change, current, make
from ris_hybrid.enabling.parts import Options, home, parts
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onprem.lsf.conf.places import LsfFiles
    from ris_hybrid.settings import BurstSettings

LSF_CONF: Mapping[str, str] = {
    "LSB_RC_UPDATE_INTERVAL": "120",  # LSF's default is 30 s; the virtual cluster has fewer events
    "LSB_RC_QUERY_INTERVAL": "240",  # default 30 s: every query is a real script, and a demo must end soon
    "LSB_RC_EXTERNAL_HOST_IDLE_TIME": "5",  # minutes: a demo must end soon
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
    top: Path,
    settings: BurstSettings,
    host_providers: Path | None = None,
    *,
    connector_on: bool = True,
    conf: Mapping[str, str] = LSF_CONF,
) -> LsfTop:
    """Write lsf.conf, the Resource Connector's files and our provider's scripts and configuration.

    With somebody else's ``host_providers`` their provider is switched on in place of ours, with the policy_config.json
    that lies beside it, if there is one. Without ``connector_on`` there is no Resource Connector in this LSF.
    """
    places = LsfTop(top=top, cluster=settings.cluster)
    for folder in (places.data, places.log):
        folder.mkdir(parents=True, exist_ok=True)
    files = _before(places, settings, conf if connector_on else {})
    options = Options(hook=str(Path(sys.executable).parent / "ris-hybrid-rc"), addresses="10.*.*.*")
    for part in parts(settings, files, options):
        if not connector_on and not part.path.is_relative_to(home(files, settings)):
            continue
        old = current(part.path) if part.path.suffix != ".json" else None
        make(Change(path=part.path, old=current(part.path), new=part.render(old).text, executable=part.executable))
    if install.missing_cut(home(files, settings)):
        install.write_cut(home(files, settings))
    if connector_on and host_providers is not None:
        _switch_on(host_providers, files.connector)
    return places


def _before(places: LsfTop, settings: BurstSettings, conf: Mapping[str, str]) -> LsfFiles:
    """LSF's own files as a site has them before it is switched on."""
    batch = places.conf / "lsbatch" / settings.cluster / "configdir"
    batch.mkdir(parents=True, exist_ok=True)
    lines = {"LSF_TOP": str(places.top), "EGO_DEFINE_NCPUS": settings.ncpus, **conf}
    queues = sorted({name for pool in settings.pools for name in pool.queues} | settings.planner.steering.queues.keys())
    texts = {
        places.conf / "lsf.conf": "".join(f"{key}={value}\n" for key, value in lines.items()),
        places.conf / "lsf.shared": "",
        places.conf / f"lsf.cluster.{settings.cluster}": "Begin Host\nHOSTNAME\nEnd Host\n",
        batch / "lsb.modules": "",
        batch / "lsb.queues": "".join(f"Begin Queue\nQUEUE_NAME   = {name}\nEnd Queue\n" for name in queues),
    }
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return find(places.conf, settings.cluster)


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
    (connector / policies.name).unlink(missing_ok=True)
    if policies.is_file():
        shutil.copy(policies, connector / policies.name)


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")
