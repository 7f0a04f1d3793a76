"""What lies below our provider's folder: its configuration, the cut of botocore's description, the scripts."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from burst.aws import model_cut
from burst.rc.conf import dump
from burst.rc.templates import FILE_NAME
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from ris_hybrid.settings import BurstSettings

UNIT = "ris-hybrid-burst.service"
BROKER_UNIT = "ris-hybrid-broker.service"
_BY_NAME = ":-ris-hybrid-rc}"  # in the shipped scripts: the command is found on PATH


def write(settings: BurstSettings, conf_path: Path, *, dry_run: bool = False) -> tuple[Path, ...]:
    """Write the configuration and, where EC2 is called, the cut, each whole or not at all; gives their paths.

    Raises ``ConfigError`` when it may not write there.
    """
    folder = conf_path / "conf"
    file = folder / FILE_NAME
    written = (file, model_cut.folder_for(folder)) if settings.on_ec2 else (file,)
    if dry_run:
        return written
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if settings.on_ec2:
            model_cut.write(folder)
        draft = file.with_suffix(".new")
        draft.write_text(dump(settings), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    return written


def missing_cut(home: Path) -> Path | None:
    """The cut of botocore's description, if there is none for the botocore that is installed."""
    folder = home / "conf"
    return model_cut.folder_for(folder) if model_cut.loader_for(folder) is None else None


def write_cut(home: Path) -> None:
    """Write it. Raises ``ConfigError`` when it may not write there."""
    try:
        model_cut.write(home / "conf")
    except OSError as error:
        raise ConfigError(f"{error.filename or home}: cannot be written: {error.strerror}") from error


def configuration(settings: BurstSettings, home: Path) -> tuple[Path, str]:
    """The provider's configuration file and its text."""
    return home / "conf" / FILE_NAME, dump(settings)


def scripts(home: Path, hook: str) -> Mapping[Path, str]:
    """The provider's scripts, which start the hook by its full path: ebrokerd's PATH is not ours.

    Raises ``ConfigError`` for a path a shell would read otherwise.
    """
    if set(hook) & set("\"'\\$`}\n"):
        raise ConfigError(f"{hook}: cannot be named in a shell script", "install ris-hybrid in another place")
    return {
        home / "scripts" / one.name: one.read_text(encoding="utf-8").replace(_BY_NAME, f":-{hook}}}")
        for one in _shipped()
    }


def is_ours(script: str) -> bool:
    """Whether a script's text starts our hook, however it was edited."""
    return "RIS_HYBRID_RC" in script or is_shipped(script)


def is_shipped(script: str) -> bool:
    """Whether it is a script of this release, wherever its hook is installed."""
    plain = re.sub(r":-[^}]*}", _BY_NAME, script)
    return any(plain == one.read_text(encoding="utf-8") for one in _shipped())


def _shipped() -> list[Traversable]:
    found = (one for one in (files("burst.rc") / "scripts").iterdir() if one.name.endswith(".sh"))
    return sorted(found, key=lambda one: one.name)


def unit(values: Mapping[str, str], name: str = UNIT) -> str:
    """A systemd unit, that of the resident service or the broker's, with its places filled in."""
    return filled((files("burst.rc") / "systemd" / name).read_text(encoding="utf-8"), values)


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with every ``@NAME@`` that has a value replaced."""
    return re.sub(r"@([A-Z_]+)@", lambda found: values.get(found[1], found[0]), text)
