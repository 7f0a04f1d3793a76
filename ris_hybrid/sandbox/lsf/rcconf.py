"""Reads what LSF reads for its Resource Connector: lsf.conf, hostProviders.json and policy_config.json (sandbox).

Layout, keys and defaults are IBM Spectrum LSF 10.1's: ``<top>/conf/lsf.conf``, the two JSON files in
``<top>/conf/resource_connector/``, provider scripts relative to ``<top>/10.1/``. Minutes become seconds here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ris_hybrid.errors import ConfigError
from ris_hybrid.sandbox.lsf.rcpolicies import Consumer, RcPolicy

_RELEASE = "10.1"
_ASSIGNMENT = re.compile(r"\s*(?P<key>[A-Za-z_][A-Za-z0-9_]*)\s*=\s*(?P<value>.*)")
_VALUE = re.compile(r"""\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>.*?))\s*(?:(?:^|\s)\#.*)?$""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One entry of hostProviders.json with its paths made absolute."""

    name: str
    type: str
    conf_dir: Path
    script_dir: Path
    """``scriptPath``: the scripts are in its ``scripts`` folder."""
    script_option: str = ""
    host_timeout_s: float = 600.0
    """``provHostTimeOut``: how long a provisioned machine may take to join."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RcConf:
    """Everything ebrokerd is told. Durations in seconds; 0 switches idle return or the time to live off."""

    top: Path
    log_dir: Path
    share_dir: Path
    update_interval_s: float = 30.0
    query_interval_s: float = 30.0
    idle_s: float = 3600.0
    ttl_s: float = 0.0
    template_delay_s: float = 600.0
    requeue_buffer_s: float = 30.0
    abnormal_soft_s: float = 600.0
    abnormal_hard_s: float = 3600.0
    host_flags: frozenset[str] = frozenset()
    """Booleans of LSB_RC_EXTERNAL_HOST_FLAG; empty asks no flag of a template."""
    max_new_demand: int | None = None
    max_requests: int = 300
    call_timeout_s: float = 60.0
    """Wall time one script may take. LSF's own limit is not documented."""
    providers: tuple[Provider, ...] = ()
    policy_script: Path | None = None
    policies: tuple[RcPolicy, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def conf_dir(self) -> Path:
        """What LSF_ENVDIR says."""
        return self.top / "conf"

    def data_dir(self, cluster: str) -> Path:
        """What PRO_DATA_DIR says: one directory for all providers of a cluster."""
        return self.share_dir / cluster / "resource_connector"


def read_rc_conf(top: Path) -> RcConf:
    """Read the LSF_TOP directory; ConfigError names the file and the key that cannot be used."""
    lsf = _LsfConf.read(top / "conf" / "lsf.conf")
    folder = top / "conf" / "resource_connector"
    providers, warnings = _providers(folder / "hostProviders.json", top)
    script, policies = _policy_config(folder / "policy_config.json")
    soft, hard = lsf.pair("LSB_RC_EXTERNAL_HOST_ABNORMAL_TIME", (10, 60))
    return RcConf(
        top=top,
        log_dir=Path(lsf.word("LSF_LOGDIR", str(top / "log"))),
        share_dir=Path(lsf.word("LSB_SHAREDIR", str(top / "work"))),
        update_interval_s=lsf.whole("LSB_RC_UPDATE_INTERVAL", 30, least=1),
        query_interval_s=lsf.whole("LSB_RC_QUERY_INTERVAL", 30, least=1),
        idle_s=60.0 * lsf.whole("LSB_RC_EXTERNAL_HOST_IDLE_TIME", 60),
        ttl_s=60.0 * lsf.whole("LSB_RC_EXTERNAL_HOST_MAX_TTL", 0),
        template_delay_s=60.0 * lsf.whole("LSB_RC_TEMPLATE_REQUEST_DELAY", 10),
        requeue_buffer_s=lsf.whole("LSB_RC_REQUEUE_BUFFER", 30, least=1),
        abnormal_soft_s=60.0 * soft,
        abnormal_hard_s=60.0 * hard,
        host_flags=frozenset(lsf.word("LSB_RC_EXTERNAL_HOST_FLAG", "").split()),
        max_new_demand=lsf.whole("LSB_RC_MAX_NEWDEMAND", 0, least=1) or None,
        max_requests=lsf.whole("RC_MAX_REQUESTS", 300, least=1),
        providers=providers,
        policy_script=script,
        policies=policies,
        warnings=warnings,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LsfConf:
    """KEY=VALUE lines with the line each came from; the last one of a key counts."""

    path: Path
    values: dict[str, tuple[int, str]]

    @classmethod
    def read(cls, path: Path) -> _LsfConf:
        values: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(_text(path).splitlines(), start=1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            found = _ASSIGNMENT.fullmatch(line)
            value = _VALUE.fullmatch(found["value"]) if found else None
            if found is None or value is None:
                raise ConfigError(f"{path}:{number}: expected KEY=VALUE", hint="Comment it out with # or mend it.")
            values[found["key"]] = (number, value["double"] or value["single"] or value["bare"] or "")
        return cls(path=path, values=values)

    def word(self, key: str, default: str) -> str:
        return self.values.get(key, (0, ""))[1] or default

    def whole(self, key: str, default: int, least: int = 0) -> int:
        line, text = self.values.get(key, (0, ""))
        if not text:
            return default
        if not text.isdecimal() or int(text) < least:
            raise ConfigError(f"{self.path}:{line}: {key}: expected a whole number from {least}, not {text!r}")
        return int(text)

    def pair(self, key: str, default: tuple[int, int]) -> tuple[int, int]:
        line, text = self.values.get(key, (0, ""))
        if not text:
            return default
        found = re.fullmatch(r"(\d+):(\d+)", text)
        if found is None:
            raise ConfigError(f"{self.path}:{line}: {key}: expected SOFT:HARD in minutes, not {text!r}")
        return int(found[1]), int(found[2])


def _providers(path: Path, top: Path) -> tuple[tuple[Provider, ...], tuple[str, ...]]:
    providers: dict[str, Provider] = {}
    warnings: list[str] = []
    for number, entry in enumerate(_records(_json(path), "providers", path)):
        where = f"{path}: providers[{number}]"
        name = _word(entry, "name", where)
        if name in providers:
            warnings.append(f"{where}.name: {name!r} is there already; this entry is ignored")
            continue
        providers[name] = Provider(
            name=name,
            type=_word(entry, "type", where),
            conf_dir=top / "conf" / _word(entry, "confPath", where),
            script_dir=top / _RELEASE / _word(entry, "scriptPath", where),
            script_option=_word(entry, "scriptOption", where, default=""),
            host_timeout_s=60.0 * _count(entry, "provHostTimeOut", where, default=10),
        )
    return tuple(providers.values()), tuple(warnings)


def _policy_config(path: Path) -> tuple[Path | None, tuple[RcPolicy, ...]]:
    """No file means no policy; with a file LSF's own program insists on the key ``Policies``, if only ``[]``."""
    if not path.exists():
        return None, ()
    body = _json(path)
    script = _word(body, "UserDefinedScriptPath", str(path), default="")
    policies = [
        _policy(entry, f"{path}: Policies[{number}]") for number, entry in enumerate(_records(body, "Policies", path))
    ]
    return Path(script) if script else None, tuple(policies)


def _policy(entry: dict[str, Any], where: str) -> RcPolicy:
    consumer = entry.get("Consumer", {})
    if not isinstance(consumer, dict):
        raise ConfigError(f"{where}.Consumer: expected an object")
    step = _word(entry, "StepValue", where, default="")
    found = re.fullmatch(r"(\d+):(\d+)", step)
    if step and found is None:
        raise ConfigError(f"{where}.StepValue: expected MACHINES:MINUTES, not {step!r}")
    return RcPolicy(
        name=_word(entry, "Name", where),
        consumer=Consumer(
            accounts=_some(consumer, "rcAccount", where),
            templates=_some(consumer, "templateName", where),
            providers=_some(consumer, "provider", where),
        ),
        max_number=_count(entry, "MaxNumber", where) if "MaxNumber" in entry else None,
        step=int(found[1]) if found else None,
        step_s=60.0 * int(found[2]) if found else 0.0,
    )


def _some(consumer: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    """The names of one list of a consumer; empty for ``all``."""
    value = consumer.get(key, "all")
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(f"{where}.Consumer.{key}: expected 'all' or a list of names")
    return () if "all" in names else tuple(names)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}", hint="Is this the LSF_TOP directory?") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        body = json.loads(_text(path))
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}:{error.lineno}: expected JSON: {error.msg}") from error
    if not isinstance(body, dict):
        raise ConfigError(f"{path}: expected a JSON object")
    return body


def _records(body: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    entries = body.get(key)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{path}: {key}: expected a list of objects (it may be empty)")
    return entries


def _word(entry: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
    value = entry.get(key, default)
    if not isinstance(value, str) or (not value and default is None):
        raise ConfigError(f"{where}.{key}: expected text")
    return value


def _count(entry: dict[str, Any], key: str, where: str, default: int = 0) -> int:
    """A whole number, also as text, as IBM's samples write it."""
    value = str(entry.get(key, default))
    if not value.isdecimal():
        raise ConfigError(f"{where}.{key}: expected a whole number, not {value!r}")
    return int(value)
