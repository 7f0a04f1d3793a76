"""The programs that copy container images: which are on PATH here, and whether they are recent enough."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from onprem.images.saying import run
from ris_hybrid.checkup.finding import Finding, asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onprem.shell import Shell

_ASK = {"skopeo": ("skopeo", "--version"), "crane": ("crane", "version")}
_LEAST = {"skopeo": (1, 9), "crane": (0, 1)}
_NUMBERS = re.compile(r"(\d+)\.(\d+)[\w.+-]*")
_WITHIN_S = 5.0


def look(wanted: str, shell: Shell, path: str | None = None) -> Iterator[Finding]:
    """The one the settings want, and the other one where that is not there.

    Args:
        wanted: ``images.copier`` of data.yaml.
        shell: what runs them.
        path: where to look for them; None is the environment's PATH.
    """
    other = next(name for name in _ASK if name != wanted)
    there = [name for name in (wanted, other) if shutil.which(name, path=path)]
    if wanted not in there:
        hint = "install skopeo 1.9 or later, or crane: else no image is copied, and jobs that name one stay"
        text = f"not on PATH{', but crane is' if there == ['crane'] else ', but skopeo is' if there else ''}"
        yield Finding(name=f"program {wanted}", ok=False, text=text, hint=hint, needed=False)
    for name in there[:1]:
        yield from asked(f"program {name}", lambda: [_version(name, shell)])  # noqa: B023 - it is asked here and now


def _version(name: str, shell: Shell) -> Finding:
    done = run(shell, _ASK[name], _WITHIN_S)
    found = _NUMBERS.search(done.stdout)
    least = ".".join(map(str, _LEAST[name]))
    recent = found is not None and (int(found[1]), int(found[2])) >= _LEAST[name]
    text = f"version {found[0]}" if found else f"does not tell its version (exit code {done.rc})"
    return Finding(name=f"program {name}", ok=recent, text=text, hint=f"images are copied by {least} or later")
