"""What people write about a network: every legal section can be built, and what is wrong is said at its place."""

from __future__ import annotations

from ipaddress import IPv4Network
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ris_hybrid.config.document import UnusableFile
from stacks.environment import Environment
from stacks.environment_file import read_environment
from stacks.network.addresses import reverse_zones, subnets
from stacks.network.faults import network_faults
from stacks.network.ports import egress, ingress
from stacks.network.settings import NetworkSettings

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLE = (Path(__file__).parents[2] / "stacks" / "config" / "example.yaml").read_text(encoding="utf-8")
ENVIRONMENT = Environment(
    cluster="c1", provider="aws", organization="wustl-ris", env="prod", account="123456789012", region="us-east-1"
)
ZONES = [f"us-east-1{letter}" for letter in "abcdef"]


@st.composite
def private_networks(draw: st.DrawFn) -> IPv4Network:
    around = IPv4Network(draw(st.sampled_from(["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"])))
    prefix = draw(st.integers(max(16, around.prefixlen), 24))
    part = draw(st.integers(0, 2 ** (prefix - around.prefixlen) - 1))
    return IPv4Network((int(around.network_address) + part * 2 ** (32 - prefix), prefix))


@st.composite
def sites(draw: st.DrawFn) -> list[IPv4Network]:
    made = st.builds(
        lambda address, prefix: IPv4Network((address, prefix), strict=False),
        st.integers(0, 2**32 - 1),
        st.integers(1, 32),
    )
    return draw(st.lists(made, max_size=4))


def section(vpc: IPv4Network, site: list[IPv4Network], zones: list[str], **more: Any) -> NetworkSettings:
    written = {"vpc_cidr": str(vpc), "onprem_cidrs": tuple(map(str, site)), "zones": tuple(zones), **more}
    return NetworkSettings.model_validate(written)


@given(private_networks(), st.integers(1, 6))
def test_subnets_of_any_legal_network_are_apart_inside_and_large_enough(vpc, count):
    parts = subnets(vpc, ZONES[:count], {})
    assert list(parts) == ZONES[:count]
    assert all(part.subnet_of(vpc) and part.prefixlen <= 28 for part in parts.values())
    assert not any(one.overlaps(other) for one, other in combinations(parts.values(), 2))


@given(private_networks(), st.integers(1, 3))
def test_a_zone_added_later_leaves_the_other_subnets_alone(vpc, count):
    before, after = (subnets(vpc, ZONES[:some], {}) for some in (count, count + 1))
    assert before.items() <= after.items()


@given(private_networks(), sites(), st.integers(1, 6))
def test_a_site_that_overlaps_is_refused_and_so_is_one_too_wide(vpc, site, count):
    settings = section(vpc, site, ZONES[:count])
    wrong = {loc for loc, _ in network_faults(ENVIRONMENT, settings)}
    expected = {("onprem_cidrs", n) for n, one in enumerate(site) if one.overlaps(vpc) or one.prefixlen < 8}
    assert wrong == (expected if site else {("onprem_cidrs",)})


@given(private_networks(), sites(), st.booleans())
def test_whatever_is_allowed_no_group_is_open_to_the_world(vpc, site, scratch):
    settings = section(vpc, site, ZONES[:2], scratch=scratch, site_ports=({"name": "NFS", "from_port": 2049},))
    if not list(network_faults(ENVIRONMENT, settings)):
        for rule in (*ingress(settings), *egress(settings)):
            assert not rule.cidr or IPv4Network(rule.cidr).prefixlen >= 8
            assert rule.cidr in {"", *map(str, site)}


@given(st.integers(0, 2**32 - 1), st.integers(8, 32))
def test_every_address_has_its_place_in_one_reverse_zone(address, prefix):
    network = IPv4Network((address, prefix), strict=False)
    zones = reverse_zones(network)
    for one in (network.network_address, network.broadcast_address):
        assert sum(one.reverse_pointer.endswith(f".{zone}") for zone in zones) == 1
    assert len(zones) == len(set(zones)) <= 128


@pytest.mark.parametrize(
    ("network", "zones"),
    [
        ("10.80.0.0/16", ["80.10.in-addr.arpa"]),
        ("10.80.4.0/23", ["4.80.10.in-addr.arpa", "5.80.10.in-addr.arpa"]),
        ("10.80.4.128/25", ["4.80.10.in-addr.arpa"]),
        ("10.0.0.0/8", ["10.in-addr.arpa"]),
        ("16.0.0.0/7", ["16.in-addr.arpa", "17.in-addr.arpa"]),
    ],
)
def test_reverse_zones_end_at_full_octets(network, zones):
    assert list(reverse_zones(IPv4Network(network))) == zones


@pytest.fixture
def said(tmp_path: Path) -> Callable[[dict[str, str]], str]:
    """What is said of the example when lines of it are replaced."""

    def read(changes: dict[str, str]) -> str:
        text = EXAMPLE
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "prod.yaml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UnusableFile) as caught:
            read_environment(path, "prod")
        return str(caught.value).replace(f"{tmp_path}/", "")

    return read


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("vpc_cidr: 10.80.0.0/16", "vpc_cidr: 10.80.0.1/16", "an IPv4 network such as 10.80.0.0/16"),
        ("vpc_cidr: 10.80.0.0/16", "vpc_cidr: 11.80.0.0/16", "a part of 10/8, 172.16/12 or 192.168/16"),
        ("vpc_cidr: 10.80.0.0/16", "vpc_cidr: 10.80.0.0/25", "/16 to /24, found 10.80.0.0/25"),
        ("10.20.0.0/16] # LSF", "10.80.1.0/24] # LSF", "no address of the VPC (10.80.0.0/16)"),
        ("us-east-1b,", "us-west-2b,", "a zone of us-east-1, such as us-east-1a, found us-west-2b"),
        ("us-east-1b,", "us-east-1a,", "one to 6 zones, each once"),
        ("dns:", "internet_gateway: true\n  dns:", "none where PHI may come"),
        ("from_port: 636", "from_port: 636, to_port: 600", "636 or more, found 600"),
        ("from_port: 636", "from_port: 70000", "less than or equal to 65535"),
        ("{name: LDAPS", '{name: "the site\'s"', "text like"),
        (
            "static_routes: [10.20.0.0/16]",
            "static_routes: [10.30.0.0/16]",
            "a part of onprem_cidrs, found 10.30.0.0/16",
        ),
        ("ip: 198.51.100.10", "ip: vpn.example.org", "an IPv4 address such as"),
        ("name_servers: [10.20.0.53", "name_servers: [8.8.8.8", "an address of onprem_cidrs, found 8.8.8.8"),
        ("name_servers: [10.20.0.53, 10.20.1.53]", "name_servers: []", "the site's name servers, found none"),
        ("onprem_domains: [example.org]", "onprem_domains: []", "the domains of the site's hosts, found none"),
        ("zone: compute1.aws.example.org", "zone: example.org", "a domain outside of zone example.org"),
        ("zone: compute1.aws.example.org", "zone: Compute1", "a domain such as aws.example.org, in lower case"),
        ("flow_log_days: 400", "subnet_cidrs: {us-east-1d: 10.80.1.0/24}", "one of zones, found us-east-1d"),
        ("flow_log_days: 400", "subnet_cidrs: {us-east-1a: 10.81.1.0/24}", "a part of 10.80.0.0/16"),
        ("flow_log_days: 400", "subnet_cidrs: {us-east-1a: 10.80.64.0/24}", "subnets apart, found us-east-1a"),
        ("flow_log_days: 400", "flow_log_days: 7", "30, 60, 90"),
        ("flow_log_days: 400", "existing: {vpc: 7}", "text, found 7"),
        ("flow_log_days: 400", "existing: {vpc: vpc-x}", "an id such as vpc-0a1b2c3d4e5f60718, found 'vpc-x'"),
        (
            "flow_log_days: 400",
            "existing: {vpc: vpc-0a1b2c3d, subnets: {us-east-1d: subnet-0a1b2c3d}}",
            "one of zones, found us-east-1d",
        ),
        ("  vpc_cidr: 10.80.0.0/16\n", "", "expected a value, found nothing"),
        ("region: us-east-1", "region: US", "text like"),
        ("onprem_cidrs:", "onprem_cidr:", "a known key, found 'onprem_cidr' (did you mean onprem_cidrs?)"),
    ],
)
def test_what_is_wrong_is_said_at_its_line_with_what_was_expected(said, old, new, message):
    (text,) = (line for line in said({old: new}).splitlines() if message in line)
    place, field, _ = text.split(": ", 2)
    file, _, line = place.partition(":")
    assert file == "prod.yaml"
    key = field.rpartition(".")[2].partition("[")[0]
    written = EXAMPLE.replace(old, new, 1).splitlines()[int(line) - 1]
    assert key in written or new == ""


def test_everything_wrong_is_said_at_once(said):
    text = said({"us-east-1b,": "us-west-2b,", "10.20.0.0/16] # LSF": "10.80.1.0/24] # LSF"})
    assert [line.split(": ")[1] for line in text.splitlines()] == [
        "network.onprem_cidrs[0]",
        "network.zones[1]",
        "network.link.vpn.static_routes[0]",
        "network.dns.name_servers[0]",
        "network.dns.name_servers[1]",
    ]
