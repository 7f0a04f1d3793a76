"""The words of Spectrum Scale's REST v2: what its messages mean, and what must not be read in them (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

HIDDEN = "***"
EXISTS = "EFSSP1102C"
"""A fileset of that name exists."""

_SECRET_KEYS = ("accesskey", "secretkey", "password", "authorization", "akey", "skey", "token")
_NOT_THERE = re.compile(r"Invalid value in '?(filesetName|fsetName|mappingName|nodeclassName)\b", re.IGNORECASE)
_CODE = re.compile(r"\bEFSS[GP][0-9]{4}[A-Z]\b")
_WORDS = "|".join(_SECRET_KEYS)
_SPELT = re.compile(
    rf"""(?ix)
    (?P<name>["']?--?(?:{_WORDS})["']?\s+ | ["']?\b(?:{_WORDS})\b["']?\s*[:=]\s*)
    (?P<value>(?:Basic|Bearer|Token)\s+\S+ | "[^"]*" | '[^']*' | [^\s,;}}\])"']+)
    """
)
_MMAFMCOSKEYS = re.compile(r"(?i)(mmafmcoskeys\s+\S+\s+set\s+)(?!--keyfile)(\S+\s+\S+)")
_MOST = 300
"""Characters of a foreign text that are passed on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job ended. ``lost``: nobody says, so the thing itself must be looked at."""

    how: Literal["done", "failed", "lost"]
    code: str = ""
    text: str = ""


def hidden(value: object) -> object:
    """A JSON value with every secret as ``***``, whatever its key's spelling."""
    if isinstance(value, Mapping):
        return {key: HIDDEN if _is_secret(str(key)) else hidden(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [hidden(each) for each in value]
    return redacted(value) if isinstance(value, str) else value


def redacted(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """The text without these secrets, and without what its own words call one."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _SPELT.sub(lambda found: f"{found['name']}{HIDDEN}", text)
    return _MMAFMCOSKEYS.sub(rf"\1{HIDDEN} {HIDDEN}", text)


def short(text: str) -> str:
    """One line of it, of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= _MOST else f"{line[:_MOST]}..."


def is_not_there(status: int, message: str) -> bool:
    """Whether an answer says that what was named does not exist: REST says so with 400, not with 404."""
    return status == 400 and bool(_NOT_THERE.search(message))


def message_of(document: object) -> str:
    """The message of an answer's ``status``; empty where there is none."""
    status = document.get("status") if isinstance(document, Mapping) else None
    message = status.get("message") if isinstance(status, Mapping) else None
    return message if isinstance(message, str) else ""


def job_of(document: Mapping[str, object]) -> Mapping[str, object]:
    """The job that an answer is about; empty where it names none."""
    jobs = document.get("jobs")
    first = jobs[0] if isinstance(jobs, list) and jobs else None
    return first if isinstance(first, Mapping) else {}


def ended(job: Mapping[str, object]) -> Ended | None:
    """How a job ended; None while it runs. A status that is not known is ``lost``, like UNKNOWN."""
    status = str(job.get("status", "")).upper()
    if status in {"RUNNING", "CANCELLING"}:
        return None
    if status == "COMPLETED":
        return Ended(how="done")
    if status not in {"FAILED", "CANCELLED"}:
        return Ended(how="lost", text=f"the job's status is {short(status) or 'not given'}")
    said = _first_words(job.get("result"))
    code = _CODE.search(said)
    return Ended(how="failed", code=code[0] if code else "", text=said or f"the job is {status}")


def _first_words(result: object) -> str:
    """The first line of stderr, else of stdout, else the exit code."""
    if not isinstance(result, Mapping):
        return ""
    for stream in ("stderr", "stdout"):
        lines = result.get(stream)
        words = [str(line).strip() for line in lines if str(line).strip()] if isinstance(lines, list) else []
        if words:
            return words[0]
    exit_code = result.get("exitCode")
    return "" if exit_code is None else f"exit code {exit_code}"


def _is_secret(key: str) -> bool:
    bare = re.sub(r"[^a-z]", "", key.casefold())
    return any(word in bare for word in _SECRET_KEYS)
