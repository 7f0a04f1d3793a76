"""Whatever an input file, the configuration, EC2 or LSF says: one JSON object, exit 0 or 1, no exception.

Hypothesis makes inputs that look nearly right; a corpus is mutated beside it, which is fast. ``RIS_FUZZ_INPUTS`` says
how many inputs there are in all, ``RIS_FUZZ_SEED`` which.
"""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as from_seed
from hypothesis import strategies as st

from onprem.lsf.read import LsfScheduler
from onprem.shell import Completed
from ris_hybrid.errors import SiteUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

VERBS = ("requestMachines", "getRequestStatus", "requestReturnMachines", "getReturnRequests", "policy")

_SCALARS: list[Any] = [None, True, False, 0, -1, 1, 2**63, -(2**70), 0.5, 1e300, "", "cpu", "lee", "\u0000", "é" * 300]
_SCALARS += ["i-00000000000000001", "add-1-x", "ret-1799990000-0123456789abcdef", "../x", "%s", "{}", [], {}, [[]], "٣"]
_JUNK = (b"", b"\xff", b"\x00", b"{", b"}", b"[", b'"', b",", b":", b"NaN", b"1e999", b"-0", b"\\ud800", b"\n", b"null")

odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(_SCALARS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
count = st.integers(0, 5) | st.sampled_from(["2", " 3", "-1", "1e3", 2**80, None, True, 1.0]) | odd
named = st.fixed_dictionaries({}, optional={"name": st.text(max_size=9) | odd, "machineId": st.text(max_size=9) | odd})
template = st.fixed_dictionaries({}, optional={"templateId": st.just("cpu") | odd, "machineCount": count})
demand = {
    "providerName": st.just("aws") | odd,
    "templateName": st.just("cpu") | odd,
    "newDemand": count,
    "rcAccount": odd,
}
inputs_of = {
    "requestMachines": st.fixed_dictionaries({}, optional={"template": template | odd, "rc_account": odd}) | odd,
    "getRequestStatus": st.fixed_dictionaries(
        {"requests": st.lists(st.fixed_dictionaries({}, optional={"requestId": st.text() | odd}), max_size=3) | odd}
    ),
    "requestReturnMachines": st.fixed_dictionaries({"machines": st.lists(named, max_size=3) | odd}),
    "getReturnRequests": st.fixed_dictionaries({"machines": st.lists(named, max_size=3) | odd}),
    "policy": st.fixed_dictionaries({"request": st.fixed_dictionaries({}, optional=demand) | odd}),
}


def _many(most: int, seed: int) -> Callable[[Any], Any]:
    """So many examples from that seed, and none kept from earlier runs."""
    chosen = settings(
        max_examples=max(1, most),
        phases=[Phase.generate],
        database=None,
        derandomize=False,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    return lambda test: chosen(from_seed(seed)(test))


def test_inputs_that_look_nearly_right(fuzzed: Any, inputs: int, seed: int, record_property: Any) -> None:
    @_many(min(inputs // 5, 5000), seed)
    @given(st.sampled_from(VERBS).flatmap(lambda verb: st.tuples(st.just(verb), inputs_of[verb])))
    def check(given_input: tuple[str, Any]) -> None:
        verb, value = given_input
        fuzzed.call(verb, json.dumps(value).encode("utf-8", "surrogatepass"))

    check()
    record_property("counts", f"fuzz: {fuzzed.seen} inputs by strategies, seed {seed}")


def test_the_corpus_mutated(fuzzed: Any, inputs: int, seed: int, corpus: Any, record_property: Any) -> None:
    draw = Random(seed)  # noqa: S311  # no secret
    verbs = (*VERBS, "getAvailableTemplates")
    for verb in verbs:
        for content in corpus[verb]:
            fuzzed.call(verb, content)
    while fuzzed.seen < inputs * 11 // 20:
        verb = draw.choice(verbs)
        fuzzed.call(verb, _mutated(draw, draw.choice(corpus[verb])))
    record_property("counts", f"fuzz: {fuzzed.seen} inputs from the corpus, seed {seed}")


def test_the_configuration_mutated(fuzzed: Any, inputs: int, seed: int, corpus: Any, record_property: Any) -> None:
    draw = Random(seed + 1)  # noqa: S311  # no secret
    good = fuzzed.good.encode()
    for _ in range(inputs * 3 // 20):
        fuzzed.configure(_mutated(draw, good))
        verb = draw.choice((*VERBS, "getAvailableTemplates"))
        fuzzed.call(verb, corpus[verb][0])
    record_property("counts", f"fuzz: {fuzzed.seen} configuration files, seed {seed}")


class _Prints:
    """A shell whose every command prints this."""

    def __init__(self, text: str) -> None:
        self._text = text

    def run(self, _command: object) -> Completed:
        return Completed(rc=0, stdout=self._text)


def test_what_lsf_prints_mutated(lsf_texts: dict[str, bytes], inputs: int, seed: int, record_property: Any) -> None:
    """An answer in whole, or ``SiteUnavailable``: never another error."""
    draw, seen = Random(seed + 2), 0  # noqa: S311  # no secret
    while seen < inputs // 10:
        kind = draw.choice(sorted(lsf_texts))
        text = _mutated(draw, lsf_texts[kind]).decode("utf-8", "replace")
        seen += 1
        try:
            found = getattr(LsfScheduler(_Prints(text)), kind)()  # type: ignore[arg-type]
        except SiteUnavailable:
            continue
        assert isinstance(found, tuple)
    record_property("counts", f"fuzz: {seen} texts of LSF's commands, seed {seed}")


def _mutated(draw: Random, content: bytes) -> bytes:
    """One to three changes: of bytes, or of a value somewhere in the JSON."""
    for _ in range(draw.randint(1, 3)):
        content = _bytes_changed(draw, content) if draw.random() < 0.4 else _value_changed(draw, content)
    return content


def _bytes_changed(draw: Random, content: bytes) -> bytes:
    at = draw.randint(0, len(content))
    match draw.randint(0, 3):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + draw.choice(_JUNK) + content[at:]
        case 2:
            return content[:at] + bytes([draw.randint(0, 255)]) + content[at + 1 :]
        case _:
            end = draw.randint(at, len(content))
            return content[:at] + content[at:end] * 2 + content[end:]


def _value_changed(draw: Random, content: bytes) -> bytes:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return _bytes_changed(draw, content)
    changed = _replaced(draw, value)
    return json.dumps(changed).encode("utf-8", "surrogatepass")


def _replaced(draw: Random, value: Any) -> Any:
    """The value with something inside it replaced, taken away or doubled."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        key = draw.choice(sorted(value))
        if draw.random() < 0.15:
            return {name: one for name, one in value.items() if name != key}
        return {**value, key: _replaced(draw, value[key])}
    if isinstance(value, list) and value and draw.random() < 0.9:
        at = draw.randrange(len(value))
        if draw.random() < 0.15:
            return [*value, value[at]]
        return [*value[:at], _replaced(draw, value[at]), *value[at + 1 :]]
    return draw.choice(_SCALARS)
