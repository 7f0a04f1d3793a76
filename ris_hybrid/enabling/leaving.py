"""A second cloud may leave burst.yaml only when none of its machines are left: nobody would ask for them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from burst.libcloud.roll import RollFile, roll_path
from burst.rc import conf
from burst.rc.templates import FILE_NAME
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.settings import BurstSettings


def check(settings: BurstSettings, home: Path, data: Path, now: float) -> None:
    """Compare with what is enabled, by the machines that were seen last; no cloud is asked.

    Args:
        settings: of burst.yaml.
        home: our provider's folder, with what was enabled last.
        data: where the roll of each cloud lies.
        now: epoch seconds.

    Raises:
        ConfigError: a cloud is gone or has another name, and machines of it were there.
    """
    for name in sorted(_enabled(home) - {cloud.name for cloud in settings.clouds}):
        path = roll_path(data, settings.provider, name)
        living = [row for row in RollFile(path, lambda: now).rows().values() if not row.gone]
        if living:
            text = (
                f"clouds: expected {name}, which is enabled and had {len(living)} machines when it was last looked at"
            )
            raise ConfigError(
                f"{text}, found it no more: nobody would return or end them",
                "keep it in clouds by that name until ris-hybrid burst status shows no machine of it; or see that it "
                f"has none of ours, and remove {path}",
            )


def _enabled(home: Path) -> set[str]:
    """The clouds of what is enabled; none where nothing is, or where it cannot be read: it is written anew."""
    try:
        before = conf.load(home / "conf" / FILE_NAME)
    except ConfigError:
        return set()
    return {cloud.name for cloud in before.clouds}
