"""Reads a secret from a file that nobody but its owner may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS = 0o077


def read_secret(path: Path) -> str:
    """The one line of the file. Raises ``ConfigError``, without a word of what is in it."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "put the client secret there") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: expected one line of text", "put the client secret there") from None
    if mode & _OTHERS:
        raise ConfigError(f"{path}: others may read it", f"run: chmod 600 {path}")
    if not text or len(text.split()) != 1:
        raise ConfigError(f"{path}: expected one line with the client secret", "put it there without anything else")
    return text
