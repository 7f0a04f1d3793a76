"""Which cluster this is and who its master is, by ``lsid``.

Form (IBM documentation; the same in OpenLava and Volclava): some lines about the version, then
``My cluster name is C`` and ``My master name is M``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from onprem.lsf.fields import HINT
from onprem.shell import Command
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Identity

if TYPE_CHECKING:
    from onprem.shell import Shell

_CLUSTER = re.compile(r"^My cluster name is (\S+)", re.MULTILINE)
_MASTER = re.compile(r"^My (?:master|management host) name is (\S+)", re.MULTILINE)  # IBM has renamed the role


@dataclass(frozen=True, slots=True)
class LsfMaster:
    """What LIM says (the ``Master`` port)."""

    shell: Shell
    timeout_s: float = field(default=30.0, kw_only=True)

    def who(self) -> Identity:
        """See ``ris_hybrid.ports.Master``."""
        done = self.shell.run(Command(argv=("lsid",), timeout_s=self.timeout_s))
        return parse_lsid(done.stdout, done.stderr)


def parse_lsid(text: str, errors: str = "") -> Identity:
    """The two names; raises ``SiteUnavailable`` with LSF's own words when one of them is not there."""
    cluster, master = _CLUSTER.search(text), _MASTER.search(text)
    if cluster is None or master is None:
        said = " / ".join(line.strip() for line in (errors or text).splitlines() if line.strip())[:200]
        raise SiteUnavailable(f"lsid does not name a master: {said or 'it printed nothing'}", HINT)
    return Identity(cluster=cluster[1], master=master[1])
