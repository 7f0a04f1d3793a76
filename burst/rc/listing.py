"""hostProviders.json and policy_config.json: our entries put in and taken out, everything else left as it is. Pure.

Forms: IBM Spectrum LSF 10.1, "Configuring the resource connector". A file that already says what we want keeps its
bytes; a file that is changed keeps its indentation.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

PROVIDERS = "hostProviders.json"
POLICIES = "policy_config.json"
SCRIPT_KEY = "UserDefinedScriptPath"
TYPE = "risProv"


def entry(provider: str, home: Path) -> dict[str, str]:
    """Our entry: configuration and scripts lie in one folder."""
    return {"name": provider, "type": TYPE, "confPath": str(home), "scriptPath": str(home)}


def with_provider(text: str, ours: dict[str, str], file: str, *, replace: bool = False) -> str:
    """The list with our entry in it; further keys an admin gave it (preProvPath ...) stay.

    Raises ``ConfigError`` when another provider has our name, unless it is to be replaced.
    """
    body = _object(text or '{"providers": []}', file)
    entries = _list(body, "providers", file)
    there = next((one for one in entries if one.get("name") == ours["name"]), None)
    if there is None:
        entries.append(dict(ours))
        return _inserted(text, body, ours)
    if wrong := [f"{key} {there.get(key)}" for key, value in ours.items() if there.get(key) != value]:
        if not replace:
            raise ConfigError(
                f"{file}: provider {ours['name']} is there with {', '.join(wrong)}",
                f"give ours another name (provider in burst.yaml), or take it over: --replace {ours['name']}",
            )
        there.update(ours)
        return _dump(body, text)
    return text


def without_provider(text: str, name: str, file: str) -> str | None:
    """The list without our entry; None when nothing is left in it."""
    body = _object(text, file)
    entries = _list(body, "providers", file)
    body["providers"] = [one for one in entries if one.get("name") != name]
    if len(body["providers"]) == len(entries):
        return text
    return _dump(body, text) if body["providers"] or len(body) > 1 else None


def with_policy(text: str, script: Path, *, file: str, replace: bool) -> tuple[str, str]:
    """The policy file with our script, and the script an admin had set instead, if it was kept.

    The key ``Policies`` is always there: LSF's own program fails without it.
    """
    body = _object(text or "{}", file)
    there = body.get(SCRIPT_KEY) or ""
    wanted = str(script) if replace or not there else there
    kept = there if wanted != str(script) else ""
    if there == wanted and isinstance(body.get("Policies"), list):
        return text, str(kept)
    changed = {SCRIPT_KEY: wanted, **{key: value for key, value in body.items() if key != SCRIPT_KEY}}
    changed.setdefault("Policies", [])
    return _dump(changed, text), str(kept)


def without_policy(text: str, script: Path, before: str | None, file: str) -> str | None:
    """The policy file with the script it had before us; None when nothing is left in it."""
    body = _object(text, file)
    if body.get(SCRIPT_KEY) != str(script):
        return text
    earlier = _object(before, file).get(SCRIPT_KEY) if before else None
    rest = {key: value for key, value in body.items() if key != SCRIPT_KEY}
    if earlier:
        return _dump({SCRIPT_KEY: earlier, **rest}, text)
    return _dump(rest, text) if before or rest.get("Policies") or len(rest) > 1 else None


def same(text: str | None, other: str | None) -> bool:
    """Whether two JSON texts say the same."""
    return text is not None and other is not None and json.loads(text) == json.loads(other)


def _object(text: str, file: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{file}: is not JSON: {error}", "mend it first; nothing was changed") from error
    if not isinstance(body, dict):
        raise ConfigError(f"{file}: expected a JSON object", "mend it first; nothing was changed")
    return body


def _list(body: dict[str, Any], key: str, file: str) -> list[dict[str, Any]]:
    found = body.setdefault(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ConfigError(f"{file}: {key}: expected a list of objects", "mend it first; nothing was changed")
    return found


def _inserted(text: str, body: dict[str, Any], ours: dict[str, str]) -> str:
    """The text with one more entry at the end of the list and every other byte as it was, if that can be done."""
    found = re.search(r'"providers"\s*:\s*', text)
    if found is None:
        return _dump(body, text)
    close = json.JSONDecoder().raw_decode(text, found.end())[1] - 1
    head = text[:close].rstrip()
    indent = re.match(r"\[\s*?\n([ \t]*)", text[found.end() :])
    if indent is None or head.endswith("["):
        return _dump(body, text)
    draft = f"{head},\n{indent[1]}{json.dumps(ours, ensure_ascii=False)}{text[len(head) :]}"
    return draft if json.loads(draft) == body else _dump(body, text)


def _dump(body: dict[str, Any], like: str) -> str:
    second = (like.splitlines() or ["", ""])[1:2] or [""]
    indent = len(second[0]) - len(second[0].lstrip()) if second[0].strip() else 2
    return json.dumps(body, indent="\t" if second[0].startswith("\t") else indent or 2, ensure_ascii=False) + "\n"
