"""``ris-hybrid burst unit``: the systemd unit of the broker, for sites whose scheduler has no Resource Connector."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid import wiring
from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings

COMMAND = "ris-hybrid"


def unit(
    conf: Annotated[Path, typer.Option("--conf", envvar="RIS_HYBRID_CONF", help="burst.yaml.")],
    profile: Annotated[
        Path | None,
        typer.Option(
            "--profile", metavar="FILE", help="Script that sets the scheduler's variables.", show_default=False
        ),
    ] = None,
) -> None:
    """Print the systemd unit of `burst run`, to be saved as ris-hybrid-broker.service on every master candidate.

    Without --profile it is profile.lsf of LSF_ENVDIR. `burst enable` writes the unit of the resident service.
    """
    from burst.rc import install
    from ris_hybrid.cli.burst_site import load_settings

    settings = load_settings(conf)
    if wiring.connector_on(settings.provider):
        raise ConfigError(
            f"LSF's Resource Connector is switched on for {settings.provider}: there the broker does not run",
            "the resident service does: its unit lies in the provider's folder (burst enable)",
        )
    script = profile or wiring.lsf_envdir(None) / "profile.lsf"
    if not script.is_file():
        raise ConfigError(f"{script}: no such file", "name what sets the scheduler's variables: --profile FILE")
    values = {
        "PROVIDER": settings.provider,
        "USER": settings.node.lsf_admin,
        "DATA": str(_data(settings, conf)),
        "PROFILE": str(script.absolute()),
        "COMMAND": str(Path(sys.executable).parent / COMMAND),
        "CONF": str(conf.absolute()),
    }
    show.line(install.unit(values, install.BROKER_UNIT).rstrip("\n"), raw=True)


def _data(settings: BurstSettings, conf: Path) -> Path:
    """The data directory; systemd does not start a unit whose one is missing."""
    data = wiring.data_dir(settings, conf).absolute()
    if not data.is_dir():
        show.note(f"make {data} first, as {settings.node.lsf_admin}: the unit may write nowhere else")
    return data
