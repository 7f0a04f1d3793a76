"""What a second cloud's machines and types are called in our books."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from burst.clouds.naming import cloud_of, plain, qualified

CLOUD = st.from_regex(r"[A-Za-z0-9-]{1,12}", fullmatch=True)
OWN = st.text(min_size=1, max_size=20)
EC2S = st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True)


@given(CLOUD, OWN)
def test_a_qualified_name_tells_its_cloud_and_what_that_calls_it(cloud: str, own: str) -> None:
    said = qualified(cloud, own)
    assert cloud_of(said) == cloud
    if not own.startswith(f"{cloud}/"):
        assert plain(said) == own


@given(CLOUD, OWN)
def test_qualifying_twice_changes_nothing(cloud: str, own: str) -> None:
    once = qualified(cloud, own)
    assert qualified(cloud, once) == once


@given(EC2S)
def test_ec2s_names_stay_as_they_are(name: str) -> None:
    assert (qualified("", name), plain(name), cloud_of(name)) == (name, name, "")


@given(CLOUD)
def test_no_name_stays_none(cloud: str) -> None:
    assert (qualified(cloud, ""), plain(""), cloud_of("")) == ("", "", "")


@given(CLOUD, CLOUD, OWN)
def test_names_of_two_clouds_never_meet(one: str, other: str, own: str) -> None:
    if one != other:
        assert qualified(one, own) != qualified(other, own)


def test_a_name_with_slashes_of_its_own() -> None:
    assert qualified("gce", "us-central1-a/n2") == "gce/us-central1-a/n2"
    assert plain("gce/us-central1-a/n2") == "us-central1-a/n2"
