"""moto's import reads botocore's largest file three times, and its list of endpoints as often: here each is read once.

It makes a session for each of AWS's partitions only to name the partition's regions. Every sandbox AWS is a process
that imports moto, and this was a third of its start.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any
from unittest.mock import patch

from botocore.loaders import JSONFileLoader


def import_moto() -> None:
    """Import moto's EC2; what was read for it is forgotten afterwards."""
    read: dict[str, Any] = {}
    really = JSONFileLoader.load_file

    def once(loader: JSONFileLoader, file_path: str) -> Any:
        if file_path not in read:
            read[file_path] = really(loader, file_path)
        return read[file_path]

    with patch.object(JSONFileLoader, "load_file", once):
        import_module("moto.ec2.models")
