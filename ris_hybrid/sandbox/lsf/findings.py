"""Reads a script's answer: one JSON object and nothing else on stdout, field by field, noting each breach (sandbox)."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any

from ris_hybrid.sandbox.lsf.answers import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXCERPT = 200


class Findings:
    """Collects the breaches of one answer and reads its fields, noting each that is not as it must be."""

    def __init__(self, verb: str, stdout: str) -> None:
        self._verb = verb
        self._excerpt = stdout.strip()[:_EXCERPT]
        self._found: list[ProtocolError] = []

    def add(self, what: str) -> None:
        """Note a breach."""
        self._found.append(ProtocolError(verb=self._verb, what=what, excerpt=self._excerpt))

    def all(self) -> tuple[ProtocolError, ...]:
        """Every breach noted so far."""
        return tuple(self._found)

    def text(self, record: Mapping[str, Any], key: str, where: str = "", *, required: bool = False) -> str:
        """A string field; empty when absent or of another type."""
        value = record.get(key)
        if isinstance(value, str):
            if required and not value:
                self.add(f"{where}{key}: empty")
            return value
        if value is not None or required:
            self.add(f"{where}{key}: expected a string, not {json.dumps(value)[:40]}")
        return ""

    def whole(self, record: Mapping[str, Any], key: str, where: str = "", *, required: bool = False) -> int:
        """An integer field; 0 when absent or of another type."""
        value = record.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if value is not None or required:
            self.add(f"{where}{key}: expected an integer, not {json.dumps(value)[:40]}")
        return 0

    def records(self, record: Mapping[str, Any], key: str, where: str = "") -> list[dict[str, Any]]:
        """A required list of objects; other entries are noted and left out."""
        value = record.get(key)
        if not isinstance(value, list):
            self.add(f"{where}{key}: expected a list, not {json.dumps(value)[:40]}")
            return []
        if not all(isinstance(entry, dict) for entry in value):
            self.add(f"{where}{key}: expected objects in the list")
        return [entry for entry in value if isinstance(entry, dict)]


def answer_body(rc: int, stdout: str, findings: Findings) -> tuple[dict[str, Any] | None, str]:
    """The object of a successful answer, or None and the message of the failure."""
    body = json_object(stdout, findings)
    if rc == 0:
        return body, ""
    if rc != 1:
        findings.add(f"exit code {rc}; a failure exits 1")
    if body is None:
        return None, ""
    message = findings.text(body, "message", required=True)
    if body.get("requestId"):
        findings.add("a failed call names a requestId; LSF forgets it")
    return None, message


def json_object(stdout: str, findings: Findings) -> dict[str, Any] | None:
    """The one object of stdout. LSF also reads a Python literal, as IBM's ibmcloudgen2 prints it: noted, and used."""
    text = stdout.strip()
    if not text:
        findings.add("nothing on stdout; expected one JSON object")
        return None
    try:
        value: object = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        value = _python_literal(text)
        if value is None:
            findings.add(f"stdout is not one JSON object and nothing else: {error}")
            return None
        findings.add("a Python literal (single quotes) instead of JSON")
    if not isinstance(value, dict):
        findings.add("stdout is JSON, but not an object")
        return None
    return value


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _python_literal(text: str) -> dict[Any, Any] | None:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):  # the last two: nested too deeply
        return None
    # What JSON cannot say (bytes, sets) would break the reading of fields further on.
    try:
        json.dumps(value)
    except TypeError:
        return None
    return value if isinstance(value, dict) else None
