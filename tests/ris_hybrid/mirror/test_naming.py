from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.mirror import naming

NAMES = st.text("abcXYZ019._-", min_size=1, max_size=80)
ORGANIZATIONS = st.from_regex(naming.ORGANIZATION, fullmatch=True)
ENVIRONMENTS = st.from_regex(naming.ENVIRONMENT, fullmatch=True)
CLUSTERS = st.from_regex(naming.CLUSTER, fullmatch=True)
BUCKET = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
ROLE = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
PREFIX_OF_ECR = re.compile(r"(?:[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/?)+")


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("wucci", "wucci"),
        ("Neuro_Trials", "neuro-trials"),
        ("q.example", "q-example"),
        (".hidden", "hidden"),
        ("a__.b", "a-b"),
        ("___", ""),
    ],
)
def test_a_slug_keeps_what_s3_takes(name: str, slug: str) -> None:
    assert naming.slug(name) == slug


@given(organization=ORGANIZATIONS, name=NAMES)
def test_every_bucket_name_is_legal(organization: str, name: str) -> None:
    bucket = naming.bucket_name(organization, "compute1/prod", name)
    assert BUCKET.fullmatch(bucket)
    assert bucket.startswith(f"{organization}-")
    assert not bucket.endswith(("-s3alias", "--ol-s3"))
    assert naming.key_alias(bucket) == f"alias/{bucket}"


def test_a_bucket_name_depends_on_where_it_is_and_not_on_case() -> None:
    assert naming.bucket_name("ris", "a", "Wucci") == naming.bucket_name("ris", "a", "wucci")
    assert naming.bucket_name("ris", "a", "wucci") != naming.bucket_name("ris", "b", "wucci")
    assert naming.bucket_name("ris", "a", "a_b") != naming.bucket_name("ris", "a", "a.b")


@given(cluster=CLUSTERS, env=ENVIRONMENTS, name=NAMES, project=st.text(max_size=80))
def test_every_role_and_budget_name_is_legal(cluster: str, env: str, name: str, project: str) -> None:
    prefix, slug = f"{cluster}-{env}", naming.role_word(name)
    for parts, kind in (((slug,), "lab"), ((slug,), "jobs"), ((slug, naming.role_word(project)), "rw")):
        role = naming.role_name(prefix, parts, kind)
        assert ROLE.fullmatch(role)
        assert role.endswith(f".{kind}")
    budget = naming.budget_name(prefix, name)
    assert len(budget) <= 100
    assert not {":", "\\"} & set(budget)


@given(env=ENVIRONMENTS, name=NAMES)
def test_every_namespace_is_legal_and_short_enough_for_a_rule_of_ecr(env: str, name: str) -> None:
    space = naming.namespace(env, name)
    assert PREFIX_OF_ECR.fullmatch(space)
    assert 2 <= len(space) <= 30


@given(one=NAMES, other=NAMES)
def test_two_allocations_never_share_a_name(one: str, other: str) -> None:
    same = one.casefold() == other.casefold()
    assert (naming.bucket_name("ris", "a", one) == naming.bucket_name("ris", "a", other)) == same
    assert (naming.namespace("prod", one) == naming.namespace("prod", other)) == same
    assert (naming.role_word(one) == naming.role_word(other)) == same


def test_a_name_that_is_too_long_ends_in_a_hash_of_all_of_it() -> None:
    long, other = (naming.role_name("compute1-prod", ("a" * 40, end), "rw") for end in ("x" * 40, "x" * 39 + "y"))
    assert (len(long), len(other)) == (64, 64)
    assert long != other


def test_a_project_of_one_allocation_is_not_the_project_of_another() -> None:
    assert naming.role_name("c-prod", ("a", "b-c"), "rw") != naming.role_name("c-prod", ("a-b", "c"), "rw")


def test_names_that_are_legal_already_stay_readable() -> None:
    assert naming.role_name("compute1-prod", ("wucci", "cryo-em"), "rw") == "compute1-prod-wucci.cryo-em.rw"
    assert naming.namespace("prod", "imaging-core") == "prod/imaging-core"
    assert naming.budget_name("compute1-prod", "neuro_trials") == "compute1-prod-neuro_trials"


def test_a_hidden_name_shows_nothing_and_is_its_own_in_each_allocation() -> None:
    hidden = naming.hidden_word("Trials", "Jane Doe 1234")
    assert re.fullmatch(r"p-[0-9a-f]{10}", hidden)
    assert hidden == naming.hidden_word("trials", "jane doe 1234")
    assert hidden != naming.hidden_word("other", "Jane Doe 1234")


def test_ten_thousand_allocations_have_their_own_roles_under_the_longest_prefix() -> None:
    prefix = f"{'c' * 31}-{'e' * 16}"
    names = {naming.role_name(prefix, (f"allocation{n}",), kind) for n in range(10_000) for kind in ("lab", "jobs")}
    assert len(names) == 20_000
