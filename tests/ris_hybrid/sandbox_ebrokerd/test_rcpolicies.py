from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.sandbox.lsf.rcpolicies import Borrower, Consumer, Grant, RcPolicy, Verdict, allow

ALBERT = Borrower(provider="aws", template="node8", account="albert")
BOHR = Borrower(provider="aws", template="node8", account="bohr")


def ask(machines: int, borrower: Borrower = ALBERT, at: float = 0.0) -> Grant:
    return Grant(at=at, borrower=borrower, machines=machines)


def test_without_policies_everything_is_allowed() -> None:
    assert allow((), ask(7), {}, ()).machines == 7


def test_max_number_counts_what_its_consumer_holds() -> None:
    albert_only = RcPolicy(name="cap", consumer=Consumer(accounts=("albert",)), max_number=5)
    standing = {ALBERT: 3, BOHR: 40}
    assert allow([albert_only], ask(7), standing, ()) == Verdict(machines=2, by="cap")
    assert allow([albert_only], ask(7, BOHR), standing, ()).machines == 7


def test_max_number_already_exceeded_leaves_nothing() -> None:
    verdict = allow([RcPolicy(name="cap", max_number=5)], ask(2), {ALBERT: 9}, ())
    assert (verdict.machines, verdict.by) == (0, "cap")


def test_step_value_counts_what_was_asked_for_in_its_window() -> None:
    step = RcPolicy(name="step", step=5, step_s=1200)
    history = [ask(3, at=0), ask(1, BOHR, at=600)]
    assert allow([step], ask(9, at=1199), {}, history).machines == 1
    assert allow([step], ask(9, at=1200), {}, history).machines == 4


def test_all_policies_that_cover_the_borrower_apply_together() -> None:
    # Five per 20 minutes for all and ten per 10 minutes for one account: five may come now.
    policies = [
        RcPolicy(name="global", step=5, step_s=1200),
        RcPolicy(name="own", consumer=Consumer(accounts=("albert",)), step=10, step_s=600),
        RcPolicy(name="other template", consumer=Consumer(templates=("gpu",)), max_number=0),
        RcPolicy(name="other provider", consumer=Consumer(providers=("azure",)), max_number=0),
    ]
    verdict = allow(policies, ask(11), {}, ())
    assert (verdict.machines, verdict.by) == (5, "global")


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_never_more_than_asked_nor_above_the_cap(asked: int, held: int, cap: int, step: int) -> None:
    policies = [RcPolicy(name="cap", max_number=cap), RcPolicy(name="step", step=step, step_s=60)]
    left = allow(policies, ask(asked), {BOHR: held}, ()).machines
    assert 0 <= left <= min(asked, step)
    assert left == 0 or held + left <= cap
