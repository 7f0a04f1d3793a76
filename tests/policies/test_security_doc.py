"""docs/security.md holds the table of the rules as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from policies.rules.all_rules import RULES
from ris_hybrid.cli.policy_view import markdown

if TYPE_CHECKING:
    import pytest

DOC = Path(__file__).parents[2] / "docs" / "security.md"
BEGIN, END = "<!-- rules: begin -->\n", "<!-- rules: end -->\n"


def test_the_table_of_controls_is_the_rules_own(request: pytest.FixtureRequest) -> None:
    """Stale? ``pytest tests/policies/test_security_doc.py --update-golden``."""
    text = DOC.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    fresh = f"{before}{BEGIN}{markdown(RULES)}\n{END}{after}"
    if request.config.getoption("--update-golden"):
        DOC.write_text(fresh, encoding="utf-8")
        text = fresh
    assert text == fresh
