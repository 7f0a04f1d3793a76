"""docs/data.md says what the code says: the rule of ways, the keys of data.yaml, states, reasons and messages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

import ris_hybrid
from ris_hybrid.config.data_file import load_data
from ris_hybrid.data import keys, manifest, planning, taking
from ris_hybrid.data.readiness import Verdict
from ris_hybrid.data.settings import DataSettings
from ris_hybrid.data.values import StagingState, Way
from ris_hybrid.data.ways import rule_table
from tests.architecture.documented import between, every_key, told_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(ris_hybrid.__file__).parents[1]
DOC = TOP / "docs" / "data.md"
LEFT_OUT = (
    *planning.MISSING,
    *(taking.SYMLINK, taking.SPECIAL, taking.EXCLUDED, taking.SAME_COMPOSED, manifest.CHANGED_THERE),
    *(keys.NOT_UTF8, keys.CONTROL, keys.EMPTY_SEGMENT, keys.DOTS, keys.TOO_LONG),
)


@pytest.fixture
def text() -> str:
    return DOC.read_text(encoding="utf-8")


def ways_table() -> str:
    rows = [f"| {condition} | {way} | {reason} |" for condition, way, reason in rule_table()]
    return "\n".join(("| when | then | because |", "|---|---|---|", *rows, ""))


def test_the_table_of_ways_is_the_rule_that_is_applied(text: str, request: pytest.FixtureRequest) -> None:
    """Stale? ``pytest tests/architecture/test_data_doc.py --update-golden``."""
    fresh = text.replace(between(text, "ways") + "<!-- ways: end", ways_table() + "<!-- ways: end", 1)
    if request.config.getoption("--update-golden"):
        DOC.write_text(fresh, encoding="utf-8")
        text = fresh
    assert between(text, "ways") == ways_table()


def test_every_key_of_data_yaml_is_there_with_its_default(text: str) -> None:
    assert told_keys(text) == dict(every_key(DataSettings, ""))


def test_the_example_can_be_read(text: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "data.yaml").write_text(example, encoding="utf-8")
    assert load_data(tmp_path / "data.yaml").images.waivers


@pytest.mark.parametrize("word", [*StagingState, *get_args(Verdict), *get_args(Way), *LEFT_OUT])
def test_every_word_a_person_may_see_is_explained(text: str, word: str) -> None:
    assert re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text), word


def test_every_message_it_explains_is_one_of_ours(text: str) -> None:
    """A part that differs is ``...`` there."""
    messages = re.findall(r"^\| `([^`]+)` \|", between(text, "failures"), re.MULTILINE)
    source = "".join(source_texts())
    parts = {message: [part for part in message.split("...") if part.strip(" :;")] for message in messages}
    assert {message: part for message, every in parts.items() for part in every if part not in source} == {}
    assert len(messages) > 20


def source_texts() -> Iterator[str]:
    """The program's text, with adjacent literals put together."""
    for room in ("ris_hybrid", "onprem"):
        for path in sorted((TOP / room).rglob("*.py")):
            yield re.sub(r'"\n\s*f?"', "", path.read_text(encoding="utf-8"))
