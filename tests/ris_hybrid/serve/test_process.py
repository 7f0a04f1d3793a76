"""What each turn is made of: settings read anew, the figures written, and a wrong file not taken over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from burst.clients import Clients
from burst.turn import Problem, Turned
from ris_hybrid.clocks import FixedClock
from ris_hybrid.errors import ConfigError
from ris_hybrid.serve.metrics import Metrics
from ris_hybrid.serve.process import Order, Turns

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class File:
    """burst.yaml as an admin edits it."""

    settings: Any
    wrong: str = ""
    budgets: list[float] = field(default_factory=list)
    problems: tuple[Problem, ...] = ()
    said: list[str] = field(default_factory=list)

    def load(self) -> Any:
        if self.wrong:
            raise ConfigError(self.wrong)
        return self.settings

    def deed(self, provider: Any, _clients: Clients) -> Turned:
        self.budgets.append(provider.settings.budget.usd_per_month)
        return Turned(at=provider.now, problems=self.problems)


@pytest.fixture
def file(make: Any) -> File:
    return File(make.settings(endpoint_url="http://127.0.0.1:9"))


def turns(file: File, data: Path, metrics: Path | None = None) -> Turns:
    order = Order(load=file.load, data=data, clock=FixedClock(5.0), metrics=metrics, say=file.said.append)
    return Turns(order, Clients(), Metrics(), file.deed)


def events(data: Path) -> list[str]:
    log = data / "aws-audit.jsonl"
    return [json.loads(line)["message"] for line in log.read_text().splitlines()] if log.exists() else []


def test_settings_are_taken_over_at_the_next_turn(file: File, tmp_path: Path, make: Any) -> None:
    service = turns(file, tmp_path)
    service.take(1.0)
    cheaper = replace(file.settings.budget, usd_per_month=7.0)
    file.settings = replace(file.settings, budget=cheaper)
    service.take(31.0)
    assert file.budgets == [make.settings().budget.usd_per_month, 7.0]
    assert "ris_hybrid_budget_usd 7.0" in (tmp_path / "aws.prom").read_text()


def test_a_file_that_has_become_wrong_is_said_and_not_taken_over(file: File, tmp_path: Path) -> None:
    service = turns(file, tmp_path)
    file.wrong = "burst.yaml:3: caps.nodes: expected a number"
    service.take(1.0)
    assert events(tmp_path) == [file.wrong]
    file.wrong = ""
    file.settings = replace(file.settings, notices="no queue")
    service.take(31.0)
    assert events(tmp_path)[1] == "notices: expected the URL of an SQS queue, found 'no queue'"
    file.settings = replace(file.settings, notices="", provider="other")
    service.take(61.0)
    assert events(tmp_path)[2] == "provider: expected aws, found other: start the service anew"
    assert len(set(file.budgets)) == 1


def test_what_is_wrong_is_said_once_until_it_is_something_else(file: File, tmp_path: Path) -> None:
    service = turns(file, tmp_path)
    file.problems = (Problem(what="cloud", text="no credentials"),)
    service.take(1.0)
    service.take(31.0)
    assert file.said == ["no credentials"]
    file.problems = ()
    service.take(61.0)
    file.wrong = "burst.yaml:3: wrong"
    file.problems = (Problem(what="cloud", text="no credentials"),)
    service.take(91.0)
    assert file.said == ["no credentials", "burst.yaml:3: wrong", "no credentials"]


def test_a_service_does_not_start_with_a_wrong_file(file: File, tmp_path: Path) -> None:
    file.wrong = "burst.yaml: not there"
    with pytest.raises(ConfigError, match="not there"):
        turns(file, tmp_path)


def test_figures_go_where_they_are_wanted(file: File, tmp_path: Path) -> None:
    turns(file, tmp_path, tmp_path / "textfile" / "ris.prom").take(1.0)
    assert (tmp_path / "textfile" / "ris.prom").exists()
    assert not (tmp_path / "aws.prom").exists()
