"""The Resource Connector's files and ours: listed, executable, readable, and made from this burst.yaml."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

from burst.rc import install, listing
from ris_hybrid import relay
from ris_hybrid.checkup.finding import ENABLE, Finding
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onprem.lsf.conf.places import LsfFiles
    from onprem.lsf.conf.reconfig import Step
    from ris_hybrid.settings import BurstSettings

_SCRIPTS = (
    "getAvailableTemplates",
    "requestMachines",
    "getRequestStatus",
    "requestReturnMachines",
    "getReturnRequests",
)


def look(settings: BurstSettings, files: LsfFiles, *, exact: bool = True) -> Iterator[Finding]:
    """Every file. Raises ``ConfigError`` for one that is no JSON.

    ``exact``: the provider's configuration must be what burst.yaml says now; the sandbox's names its own endpoint.
    """
    entry = _entry(settings, files)
    yield Finding(
        name="hostProviders.json",
        ok=entry is not None,
        text=f"{settings.provider} is {'listed' if entry is not None else 'not listed'}",
        hint=ENABLE,
    )
    if entry is not None:
        yield _scripts(files.envdir / str(entry.get("scriptPath", "")))
        yield _configuration(settings, files.envdir / str(entry.get("confPath", "")), exact=exact)
    yield _policy(settings, files)
    yield _data(files)
    yield _service(settings, files, planning=exact and settings.mode == "planned")


def _entry(settings: BurstSettings, files: LsfFiles) -> dict[str, Any] | None:
    listed = _json(files.connector / listing.PROVIDERS).get("providers")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return next((one for one in found if one.get("name") == settings.provider), None)


def _json(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "the LSF administrator must own it") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not JSON: {error}", "LSF cannot read it either") from error
    return body if isinstance(body, dict) else {}


def _scripts(folder: Path) -> Finding:
    names = [f"{name}.sh" for name in _SCRIPTS]
    bad = [name for name in names if not os.access(folder / "scripts" / name, os.X_OK)]
    text = f"not there or not executable: {', '.join(bad)}" if bad else f"in {folder / 'scripts'}"
    return Finding(name="provider scripts", ok=not bad, text=text, hint=ENABLE)


def _configuration(settings: BurstSettings, folder: Path, *, exact: bool) -> Finding:
    path, text = install.configuration(settings, folder)
    try:
        has = path.read_text(encoding="utf-8")
    except OSError as error:
        return Finding(name="provider configuration", ok=False, text=f"{path}: {error.strerror}", hint=ENABLE)
    ok = has == text or not exact
    said = "as burst.yaml says" if ok else "is not what burst.yaml says now"
    hint = "run ris-hybrid burst enable again"
    return Finding(name="provider configuration", ok=ok, text=f"{path}: {said}", hint=hint)


def _policy(settings: BurstSettings, files: LsfFiles) -> Finding:
    body = _json(files.connector / listing.POLICIES)
    script = str(body.get(listing.SCRIPT_KEY) or "")
    ours = files.connector / settings.provider / "scripts" / "policy.sh"
    wrong = ""
    if not isinstance(body.get("Policies"), list):
        wrong = "the key Policies is missing: LSF's own program fails without it, and demand is 0"
    elif not os.access(script, os.X_OK) or not script:
        wrong = f"{script or 'no script'} is not executable: LSF passes it over without a word"
    elif Path(script).resolve() != ours.resolve():
        wrong = f"{script} is not ours: demand is not lowered to what burst.yaml allows"
    return Finding(name="policy script", ok=not wrong, text=wrong or script, hint=ENABLE)


def _data(files: LsfFiles) -> Finding:
    there = next(one for one in (files.data, *files.data.parents) if one.exists())
    ok = os.access(there, os.W_OK)
    hint = "the LSF administrator must be able to write there: the month's money is kept in it"
    return Finding(
        name="data directory", ok=ok, text=f"{files.data}: {'writable' if ok else 'not writable'}", hint=hint
    )


def _service(settings: BurstSettings, files: LsfFiles, *, planning: bool) -> Finding:
    """``planning``: it is the service that plans (the sandbox plans by itself)."""
    path = relay.socket_path(str(files.data), settings.provider)
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(0.5)
        try:
            connection.connect(relay.reachable(path))
            ok = True
        except OSError:
            ok = False
    return Finding(
        name="resident service",
        ok=ok,
        text=f"{'answers' if ok else 'does not answer'} at {path}",
        hint="without it the scripts are slower and spot notices come by the nodes alone: ris-hybrid burst serve"
        + ("; and in mode planned nobody plans" if planning else ""),
        needed=planning,
    )


def restarts(steps: Sequence[Step]) -> Finding:
    """What LSF's daemons may not have read yet. Whether an admin restarted them by hand nobody wrote down."""
    return Finding(
        name="restarts",
        ok=not steps,
        text=f"not done by us: {'; '.join(map(str, steps))}" if steps else "every change was told to LSF",
        hint="until then LSF works by the files as they were: ris-hybrid burst enable --apply",
        needed=False,
    )
