"""Log-ins for programs that copy images: a file only its user may read, gone when the program has ended.

Format: ``auths`` of containers-auth.json(5), which is that of Docker's config.json: host to base64 of
``user:password``. The secret is in no command line and in no variable of the environment; what is, is the file's
path. The folder is 0700, the file 0600. A copier that is killed leaves it behind in the host's temporary folder;
ECR's log-ins end by themselves after twelve hours.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.images.values import Login

FILE_NAME = "config.json"
_OTHERS = 0o077


@contextmanager
def auth_file(login: Login | None, also: Path | None = None) -> Iterator[Path]:
    """A file with the log-in and those of another file, where given. Raises ``ConfigError`` for the other file."""
    content = read_auths(also) if also else {}
    if login is not None:
        secret = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        content = {**content, "auths": {**content.get("auths", {}), login.host: {"auth": secret}}}
    with tempfile.TemporaryDirectory(prefix="ris-hybrid-auth-") as folder:
        path = Path(folder) / FILE_NAME
        made = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(made, "w", encoding="utf-8") as file:
            json.dump(content or {"auths": {}}, file)
        yield path


def read_auths(path: Path) -> dict[str, Any]:
    """The site's own log-ins. Raises ``ConfigError`` when others may read them, or they are none."""
    try:
        is_open = path.stat().st_mode & _OTHERS
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "write it with `skopeo login --authfile`"
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", hint) from error
    except ValueError as error:  # its text is a secret: none of it is told
        raise ConfigError(f"{path}: expected JSON with auths", "write it with `skopeo login --authfile`") from error
    if is_open:
        raise ConfigError(f"{path}: others than its owner may read these log-ins", f"run: chmod 600 {path}")
    if not isinstance(found, dict) or not isinstance(found.get("auths", {}), dict):
        raise ConfigError(f"{path}: expected JSON with auths", "write it with `skopeo login --authfile`")
    return found
