"""Stands in for the command ``pulumi`` in tests: the few subcommands and the events the Automation API needs.

Its folder (PULUMI_STAND_IN) holds ``programs.json``: stack -> {resources, outputs, secrets, refused, forbidden, error},
and keeps a state file for each stack. It calls no cloud.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["PULUMI_STAND_IN"])
KIND = "aws:s3/bucket:Bucket"


def main(arguments: list[str]) -> int:
    words = [word for word in arguments if word != "--non-interactive"]
    with (FOLDER / "asked").open("a") as log:
        log.write(f"{' '.join(words)}\n")
    if words[0] == "version":
        print((FOLDER / "version").read_text() if (FOLDER / "version").exists() else "v3.272.0")
        return 0
    with (FOLDER / "credentials").open("a") as log:
        log.write(f"{os.environ.get('AWS_PROFILE')} {os.environ.get('AWS_ACCESS_KEY_ID')}\n")
    if (FOLDER / "trouble").exists():
        print((FOLDER / "trouble").read_text(), file=sys.stderr)
        return 255
    stack = words[words.index("--stack") + 1] if "--stack" in words else words[2]
    if words[0] in {"up", "preview"}:
        return run(words[0], stack, Path(words[words.index("--event-log") + 1]))
    return about(words[1], stack, words)


def about(verb: str, stack: str, words: list[str]) -> int:
    """``pulumi stack select|init|output|history``."""
    path = state_file(stack)
    if verb == "init":
        path.write_text(json.dumps({"resources": {}, "outputs": {}}))
        return 0
    if not path.exists():
        print(f"error: no stack named '{stack}' found", file=sys.stderr)
        return 255
    if verb == "output":
        state = json.loads(path.read_text())
        hidden = set() if "--show-secrets" in words else set(state.get("secrets", ()))
        print(json.dumps({key: "[secret]" if key in hidden else value for key, value in state["outputs"].items()}))
    if verb == "history":
        update = {"kind": "update", "startTime": "2026-11-28T00:00:00.000Z", "message": "", "environment": {}}
        print(json.dumps([{**update, "config": {}, "result": "succeeded"}]))
    return 0


def run(verb: str, stack: str, log: Path) -> int:
    program = json.loads((FOLDER / "programs.json").read_text())[stack]
    state = json.loads(state_file(stack).read_text())
    events, code = list(steps(verb, program, state, stack)), 0
    if any("resOpFailedEvent" in event or "error" in str(event.get("diagnosticEvent")) for event in events):
        code = 255
    if any(event.get("policyEvent", {}).get("enforcementLevel") == "mandatory" for event in events):
        code = 255
    if verb == "up" and code == 0:
        state |= {"outputs": program["outputs"], "secrets": program.get("secrets", [])}
    if verb == "up":
        state_file(stack).write_text(json.dumps(state))
    events.append({"summaryEvent": {"resourceChanges": {}, "durationSeconds": 1, "maybeCorrupt": False}})
    events.append({"cancelEvent": {}})
    tell(str(log), events)
    if code:
        print("error: update failed", file=sys.stderr)
    return code


def steps(verb: str, program: dict[str, Any], state: dict[str, Any], stack: str) -> Any:
    urn = f"urn:pulumi:{stack}::ris-hybrid::pulumi:pulumi:Stack::ris-hybrid-{stack}"
    yield {"preludeEvent": {"config": {}}}
    yield step("same", "pulumi:pulumi:Stack", urn)
    if program.get("error"):
        yield {"diagnosticEvent": {"message": f"<{{%reset%}}>{program['error']}\n", "severity": "error", "urn": urn}}
        return
    for name, message in program.get("forbidden", {}).items():
        yield {
            "policyEvent": {
                "message": f"<{{%fg 1%}}>{message}<{{%reset%}}>",
                "policyName": "no-public-bucket",
                "enforcementLevel": "mandatory",
                "resourceUrn": urn_of(stack, name),
            }
        }
    if program.get("forbidden"):
        return
    yield from changed(verb, program, state, stack)


def changed(verb: str, program: dict[str, Any], state: dict[str, Any], stack: str) -> Any:
    built = state["resources"]
    for name, properties in program["resources"].items():
        if verb == "up" and name in program.get("refused", {}):
            refusal = program["refused"][name]
            yield step("create", KIND, urn_of(stack, name))
            yield {"diagnosticEvent": {"message": refusal, "severity": "error", "urn": urn_of(stack, name)}}
            yield {"resOpFailedEvent": {"metadata": {"op": "create", "urn": urn_of(stack, name), "type": KIND}}}
            return
        old = built.get(name)
        diffs = [key for key in {**(old or {}), **properties} if (old or {}).get(key) != properties.get(key)]
        if old is not None and "bucket" in diffs:
            for op in ("create-replacement", "replace", "delete-replaced"):
                yield step(op, KIND, urn_of(stack, name), diffs)
        else:
            op = "create" if old is None else "update" if diffs else "same"
            yield step(op, KIND, urn_of(stack, name), diffs if old else [])
        built[name] = properties
    for name in [name for name in built if name not in program["resources"]]:
        kept = built.pop(name).get("retained", False)
        yield step("delete", KIND, urn_of(stack, name), retained=kept)


def step(op: str, kind: str, urn: str, diffs: Any = (), *, retained: bool = False) -> dict[str, Any]:
    old = {"type": kind, "urn": urn, "retainOnDelete": retained}
    detailed = {f"{key}.inner[0]": {"diffKind": "update"} for key in diffs}
    return {
        "resourcePreEvent": {
            "metadata": {"op": op, "urn": urn, "type": kind, "old": old, "diffs": list(diffs), "detailedDiff": detailed}
        }
    }


def urn_of(stack: str, name: str) -> str:
    return f"urn:pulumi:{stack}::ris-hybrid::{KIND}::{name}"


def state_file(stack: str) -> Path:
    return FOLDER / f"state-{stack}.json"


def tell(address: str, events: list[dict[str, Any]]) -> None:
    """Over gRPC, as the command does since 3.206."""
    import grpc  # noqa: PLC0415  # most subcommands need it not
    from pulumi.runtime.proto import events_pb2, events_pb2_grpc  # noqa: PLC0415

    requests = [
        events_pb2.EventRequest(event=json.dumps({"sequence": at, "timestamp": 0, **event}))
        for at, event in enumerate(events)
    ]
    with grpc.insecure_channel(address.replace("tcp:/", "").lstrip("/")) as channel:
        events_pb2_grpc.EventsStub(channel).StreamEvents(iter(requests))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
