"""Values that look like secrets, where files are named instead (pure).

Told by the key's name, and by shapes that have become known: AWS's access key ids (``AKIA...``) and secret keys (40
signs of base64), secrets of Globus clients (base64 of 32 bytes), PEM blocks, and a password within an address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ris_hybrid.config.document import Loc
    from ris_hybrid.config.figures import Fault

_KEY = re.compile(r"(?:^|_)(?:password|passwd|secret|token|secret_key|access_key|api_key|private_key)$", re.IGNORECASE)
_SHAPES = (
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    re.compile(r"(?<![A-Za-z0-9+/=._-])[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=._-])"),
    re.compile(r"(?<![A-Za-z0-9+/=._-])[A-Za-z0-9+/]{43}=(?![A-Za-z0-9+/=._-])"),
    re.compile(r"-----BEGIN "),
    re.compile(r"://[^/@\s]*:[^/@\s]*@"),
)
_BY_PART = {
    "gpfs": "password_file",
    "globus": "secret_file",
    "afm": "key_files",
    "images": "auth_file",
    "clouds": "credentials",
}


def secrets(data: object, loc: Loc = ()) -> Iterator[Fault]:
    """A fault for everything in plain data that looks like a secret; its text is in none of them."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from secrets(value, (*loc, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from secrets(value, (*loc, index))
    elif data is not None and _is_secret(str(data), loc):
        yield loc, f"expected no secret: put it into a file only its owner can read, and name that by {_file(loc)}"


def _is_secret(text: str, loc: Loc) -> bool:
    named = next((part for part in reversed(loc) if isinstance(part, str)), "")
    if _KEY.search(named):
        return True
    path = text.startswith(("/", "./"))  # letters and slashes alone may be base64
    return not path and any(shape.search(text) for shape in _SHAPES)


def _file(loc: Loc) -> str:
    """The key that names a file in this part of data.yaml or burst.yaml."""
    return _BY_PART.get(str(loc[0]) if loc else "", "a key that ends in _file")
