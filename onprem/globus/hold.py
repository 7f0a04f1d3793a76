"""Our own hold on transfers, in a small file: it stops what is not yet submitted, whatever Globus lets us do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from ris_hybrid.data.values import Direction

DIRECTIONS: tuple[Direction, ...] = ("in", "out")


class Holds:
    """Directions that are held, each with what the person who held it said."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[Direction, str]:
        """Those that are held. Raises ``ConfigError`` for a file that cannot be read: it may hold everything."""
        try:
            found = dict(json.loads(self._path.read_text(encoding="utf-8")).items())
            return {one: str(found[one]) for one in DIRECTIONS if one in found}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, AttributeError) as error:
            hint = "run: ris-hybrid globus resume, to begin anew"
            raise ConfigError(f"{self._path}: cannot be read, so nothing is submitted", hint) from error

    def hold(self, direction: Direction | None, message: str) -> None:
        """Hold one direction, or both; what is held already takes the new message."""
        held = self.read() | {one: message for one in DIRECTIONS if direction in {None, one}}
        draft = self._path.with_name(f".{self._path.name}.new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(held) + "\n", encoding="utf-8")
            draft.replace(self._path)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be written: {error.strerror}") from error

    def release(self) -> None:
        """Hold nothing any more."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{self._path}: cannot be deleted: {error.strerror}") from error
