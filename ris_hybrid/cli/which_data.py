"""Which data.yaml a command of the data plane reads: the one it is told, the running sandbox's, or the one here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.data.settings import DataSettings

FILE_NAME = "data.yaml"

ConfOption = Annotated[
    Path | None,
    typer.Option(
        "--conf",
        metavar="FILE",
        envvar="RIS_HYBRID_DATA",
        help="data.yaml; without it that of the running sandbox, else the one in this directory.",
        show_default=False,
    ),
]


def chosen_data(conf: Path | None) -> tuple[DataSettings, Path]:
    """The settings, and the folder that their paths are relative to. Raises ``ConfigError``."""
    from ris_hybrid.config.data_file import load_data

    path = conf or _sandbox() or Path(FILE_NAME)
    if conf is None and not path.exists():
        raise ConfigError(
            f"no {FILE_NAME} here, none is given, and no sandbox is running",
            f"give --conf FILE, or run where {FILE_NAME} is; to try it: ris-hybrid sandbox start --data",
        )
    return load_data(path), path.absolute().parent


def _sandbox() -> Path | None:
    """The running sandbox's file, whose environment is entered."""
    from ris_hybrid.sandbox.places import running

    places = running()
    if places is None:
        return None
    from ris_hybrid.sandbox.aws.wire import DATA
    from ris_hybrid.sandbox.data_room import opened

    show.note(f"sandbox: {places.root}")
    places.enter({**opened(places), "AWS_ACCESS_KEY_ID": DATA})
    return places.root / FILE_NAME
