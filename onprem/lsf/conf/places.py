"""Where the configuration of one cluster lies on a master, found from lsf.conf as LSF finds it.

Layout: IBM Spectrum LSF 10.1, configuration reference (LSF_CONFDIR, LSB_CONFDIR, LSB_SHAREDIR).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onprem.lsf.conf.assignments import values
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_HINT = "source LSF's profile.lsf, or give --lsf-envdir DIR (the directory of lsf.conf)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LsfFiles:
    """The files of a master, and what lsf.conf says."""

    envdir: Path
    cluster: str
    settings: Mapping[str, str]
    """lsf.conf."""
    shared: Path
    cluster_file: Path
    queues: Path
    modules: Path
    connector: Path
    """``resource_connector``, where hostProviders.json lies."""
    data: Path
    """What ebrokerd names PRO_DATA_DIR."""

    @property
    def lsf_conf(self) -> Path:
        """lsf.conf."""
        return self.envdir / "lsf.conf"

    @property
    def candidates(self) -> tuple[str, ...]:
        """The hosts that may be master (LSF_MASTER_LIST)."""
        return tuple(self.settings.get("LSF_MASTER_LIST", "").split())


def find(envdir: Path, cluster: str) -> LsfFiles:
    """The files of a cluster. Raises ``ConfigError`` when lsf.conf cannot be read or is of another cluster."""
    settings = values(read(envdir / "lsf.conf"))
    confdir = Path(settings.get("LSF_CONFDIR") or envdir)
    if not (confdir / f"lsf.cluster.{cluster}").is_file():
        there = sorted(path.name.removeprefix("lsf.cluster.") for path in confdir.glob("lsf.cluster.*"))
        found = ", ".join(name for name in there if "." not in name) or "none"
        raise ConfigError(
            f"{confdir}: expected lsf.cluster.{cluster}, found cluster {found}", "mend cluster: of burst.yaml"
        )
    batch = Path(settings.get("LSB_CONFDIR") or confdir / "lsbatch") / cluster / "configdir"
    return LsfFiles(
        envdir=envdir,
        cluster=cluster,
        settings=settings,
        shared=confdir / "lsf.shared",
        cluster_file=confdir / f"lsf.cluster.{cluster}",
        queues=batch / "lsb.queues",
        modules=batch / "lsb.modules",
        connector=envdir / "resource_connector",
        data=work_dir(settings, envdir, cluster) / "resource_connector",
    )


def work_dir(settings: Mapping[str, str], envdir: Path, cluster: str) -> Path:
    """Where LSF keeps a cluster's state, on a file system that all master candidates share."""
    share = Path(settings.get("LSB_SHAREDIR") or Path(settings.get("LSF_TOP") or envdir.parent) / "work")
    return share / cluster


def read(path: Path) -> str:
    """A file's text; bytes that are no UTF-8 come through unharmed. Raises ``ConfigError`` naming it."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", _HINT) from error


def owner(path: Path) -> str:
    """Who owns a file: a name, or a number nobody has a name for."""
    try:
        return path.owner()
    except KeyError:
        return str(path.stat().st_uid)
