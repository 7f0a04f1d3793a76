"""Writes what the hook reads below a provider's confPath: its configuration and the cut of botocore's description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.aws import model_cut
from burst.rc.conf import dump
from burst.rc.templates import FILE_NAME
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.settings import BurstSettings


def write(settings: BurstSettings, conf_path: Path, *, dry_run: bool = False) -> tuple[Path, ...]:
    """Write both, each whole or not at all; gives their paths. Raises ``ConfigError`` when it may not write there."""
    folder = conf_path / "conf"
    file, cut = folder / FILE_NAME, model_cut.folder_for(folder)
    if dry_run:
        return file, cut
    try:
        folder.mkdir(parents=True, exist_ok=True)
        model_cut.write(folder)
        draft = file.with_suffix(".new")
        draft.write_text(dump(settings), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise ConfigError(f"{error.filename or folder}: cannot be written: {error.strerror}") from error
    return file, cut
