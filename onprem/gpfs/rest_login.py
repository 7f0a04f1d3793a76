"""Secrets from files that their owner alone may read: the GUI's password, a bucket's key pair."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from onprem.gpfs.rest_http import Login
from onprem.gpfs.rest_requests import BucketKeys
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MOST = 4096


def login(user: str, password_file: Path) -> Login:
    """A GUI user with the first line of the file. Raises ``ConfigError``, which never repeats the content."""
    return Login(user=user, password=private_line(password_file, "the GUI user's password"))


def bucket_keys(key_file: Path) -> BucketKeys:
    """The pair of a file ``access:secret``, the form of ``mmafmcoskeys --keyfile``. Raises ``ConfigError``."""
    access, colon, secret = private_line(key_file, "a bucket's keys").partition(":")
    if not (colon and access.strip() and secret.strip()):
        raise ConfigError(f"{key_file}: expected one line ACCESS:SECRET, found something else")
    return BucketKeys(access=access.strip(), secret=secret.strip())


def private_line(path: Path, what: str) -> str:
    """The first line of a file that nobody but its owner may read or write.

    Raises:
        ConfigError: it is not there, is not a regular file, may be read by others, or is empty.
    """
    try:
        seen = path.stat()
        if not stat.S_ISREG(seen.st_mode):
            raise ConfigError(f"{path}: expected a regular file with {what}")
        if seen.st_mode & _OTHERS:
            raise ConfigError(
                f"{path}: others may read or write {what} (mode {stat.S_IMODE(seen.st_mode):04o})",
                f"run: chmod 600 {path}; if others could read it, the secret should be changed too",
            )
        with path.open(encoding="utf-8") as file:
            line = file.read(_MOST).partition("\n")[0].strip("\r")
    except OSError as error:
        raise ConfigError(f"{path}: {what} cannot be read: {error.strerror or 'unknown reason'}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: expected UTF-8 text with {what}") from error
    if not line:
        raise ConfigError(f"{path}: expected {what} on the first line, found nothing")
    return line
