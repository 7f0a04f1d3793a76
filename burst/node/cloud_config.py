"""Files, time servers and commands as cloud-init reads them (pure): ``#cloud-config`` with ntp, write_files, runcmd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of a node."""

    path: str
    """Absolute."""
    text: str
    program: bool = False


_RUN = """\
runcmd:
- [systemctl, daemon-reload]
- [systemctl, enable, ris-node.service]
- [systemctl, start, --no-block, ris-node.service]
"""


def cloud_config(files: Iterable[Written], time_servers: Sequence[str]) -> str:
    """The text of it all; without time servers the image keeps its own."""
    servers = "".join(f"  - {server}\n" for server in time_servers)
    ntp = f"ntp:\n  enabled: true\n  ntp_client: chrony\n  servers:\n{servers}" if servers else ""
    return f"#cloud-config\n{ntp}write_files:\n{''.join(map(_entry, files))}{_RUN}"


def _entry(file: Written) -> str:
    mode = "0755" if file.program else "0644"
    if not file.text:
        return f"- path: {file.path}\n  permissions: '{mode}'\n  content: ''\n"
    body = "".join(f"    {line}" if line.strip() else line for line in file.text.splitlines(keepends=True))
    return f"- path: {file.path}\n  permissions: '{mode}'\n  content: |\n{body}"
