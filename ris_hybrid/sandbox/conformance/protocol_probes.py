"""Probes of the protocol: good input, bad input, ids nobody knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ris_hybrid.sandbox.conformance import talk
from ris_hybrid.sandbox.conformance.verdict import Probe, need
from ris_hybrid.sandbox.lsf.answers import Asked
from ris_hybrid.sandbox.lsf.findings import Findings, json_object

if TYPE_CHECKING:
    from ris_hybrid.sandbox.conformance.process import Ran
    from ris_hybrid.sandbox.conformance.stand import Stand

_ACTING = ("requestMachines", "getRequestStatus", "requestReturnMachines", "getReturnRequests")
_BAD = {"garbage": b"\x00{not json", "an empty file": b"", "a list": b"[]", "a missing file": None}


def _templates(stand: Stand) -> None:
    talk.templates(stand)


def _templates_on_garbage(stand: Stand) -> None:
    for what, content in _BAD.items():
        ran = stand.finish(stand.start_on("getAvailableTemplates", content, "in.json"))
        need(ran.rc == 0, f"getAvailableTemplates: exit {ran.rc} on {what}")


def _whole_life(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    request_id = talk.request(stand, template, 2)
    first = talk.status(stand, {request_id: Asked(kind="create", machines=2)})[request_id]
    need(first.status in {"running", "complete"}, f"getRequestStatus: {first.status} right after the launch")
    answer = talk.settled(stand, request_id, Asked(kind="create", machines=2))
    need(len(answer.machines) == 2, f"getRequestStatus: {len(answer.machines)} machines, not 2")
    need(all(one.launched for one in answer.machines), "getRequestStatus: a machine without launchtime")
    held = talk.named(answer.machines)
    need(not talk.reclaims(stand, held), "getReturnRequests: reports machines that are well")
    return_id = talk.give_back(stand, held)
    need(return_id != request_id, "requestReturnMachines: the return id is that of the request")
    back = talk.settled(stand, return_id, Asked(kind="return", machines=2))
    need(back.status == "complete", f"getRequestStatus: return is {back.status} after all have ended")
    need(not stand.machines(), f"{len(stand.machines())} machines still run after the return was complete")


def _bad_files(stand: Stand) -> None:
    for verb in _ACTING:
        for what, content in _BAD.items():
            _failed_cleanly(stand.finish(stand.start_on(verb, content, "in.json")), what)
    need(not stand.machines(), "a bad file launched machines")


def _failed_cleanly(ran: Ran, what: str) -> None:
    need(ran.rc == 1, f"{ran.verb}: exit {ran.rc}, not 1, on {what}")
    findings = Findings(ran.verb, ran.stdout)
    body = json_object(ran.stdout, findings)
    breaches = findings.all()
    need(not breaches, f"{ran.verb}: on {what}: {breaches[0].what if breaches else ''}")
    need(isinstance((body or {}).get("message"), str), f"{ran.verb}: no message on {what}")


def _blank_in_path(stand: Stand) -> None:
    running = stand.start_on("getReturnRequests", b'{"machines": []}', "with a blank.json")
    ran = stand.finish(running)
    need(ran.rc == 0, f"getReturnRequests: exit {ran.rc}: {ran.tail or ran.stdout[:80]}")


def _unknown_template(stand: Stand) -> None:
    message = talk.refused(stand.call("requestMachines", talk.asking("NoSuchTemplate", 1)))
    need(message, "requestMachines: no message")
    need(not stand.machines(), "a machine runs of a template that does not exist")


def _bad_counts(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    for count in (0, -1, "two", None, [1]):
        ran = stand.call("requestMachines", talk.asking(template, count))
        need(ran.rc == 1, f"requestMachines: exit {ran.rc} for machineCount {count!r}")
        need(talk.refused(ran), f"requestMachines: no message for machineCount {count!r}")
    need(not stand.machines(), "machines run though no count was a count")


def _unknown_ids(stand: Stand) -> None:
    template, _ = talk.largest(stand)
    request_id, machines = talk.launched(stand, template, 1)
    return_id = talk.give_back(stand, talk.named(machines))
    talk.settled(stand, return_id, Asked(kind="return", machines=1))
    stand.later(1800)
    strange = {one: Asked(kind="create", machines=1) for one in ("foo", _other(request_id), _other(return_id))}
    for one, answer in talk.status(stand, strange).items():
        need(answer.status == "complete_with_error", f"getRequestStatus: {answer.status} for an unknown id like {one}")
        need(not answer.machines, f"getRequestStatus: machines for an unknown id like {one}")


def _other(request_id: str) -> str:
    """An id of the same shape that nobody gave out: its last letters and digits are others."""
    swap = str.maketrans("0123456789abcdef", "1032547698badcfe")
    return re.sub(r"[0-9a-f]{4}$", lambda found: found[0].translate(swap), request_id)


def _one_object(stand: Stand) -> None:
    need(stand.ran, "no script was run")
    for ran in stand.ran:
        findings = Findings(ran.verb, ran.stdout)
        json_object(ran.stdout, findings)
        breaches = findings.all()
        need(not breaches, f"{ran.verb}: {breaches[0].what if breaches else ''}: {ran.stdout.strip()[:60]!r}")


def _in_time(stand: Stand) -> None:
    need(stand.ran, "no script was run")
    slowest = max(stand.ran, key=lambda ran: ran.wall_s)
    need(slowest.wall_s < 30, f"{slowest.verb}: took {slowest.wall_s:.0f} s")


FIRST = (
    Probe(
        name="templates",
        why="LSF computes demand from ncpus, mem and the flag; a template it cannot read brings no node.",
        run=_templates,
    ),
    Probe(
        name="templates on a bad file",
        why="The input of getAvailableTemplates means nothing; failing on it leaves LSF without templates.",
        run=_templates_on_garbage,
    ),
    Probe(
        name="a whole life",
        why="Request, status, check, return and status are what LSF does with every node.",
        run=_whole_life,
    ),
    Probe(
        name="bad files",
        why="LSF takes the text of a failure from the JSON on stdout; a crash tells the admin nothing.",
        run=_bad_files,
    ),
    Probe(
        name="a blank in the path",
        why="LSF_TOP may lie anywhere; unquoted words in a wrapper break on the first blank.",
        run=_blank_in_path,
    ),
    Probe(
        name="unknown template",
        why="A template taken out of the file while its demand is on the way must not start anything.",
        run=_unknown_template,
    ),
    Probe(
        name="counts that are none",
        why="Zero, less, text or nothing is a bug somewhere; machines nobody asked for must not come of it.",
        run=_bad_counts,
    ),
    Probe(
        name="unknown ids",
        why="Complete for an id that never was lets LSF drop machines that still run.",
        run=_unknown_ids,
    ),
)
LAST = (
    Probe(
        name="one JSON object on stdout",
        why="LSF parses stdout of every call; a warning printed there makes the answer unreadable.",
        run=_one_object,
    ),
    Probe(
        name="every call within 30 s",
        why="LSF asks every 30 s; a slower script becomes the clock of the cluster.",
        run=_in_time,
    ),
)
