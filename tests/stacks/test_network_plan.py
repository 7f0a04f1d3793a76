from __future__ import annotations

import json
from dataclasses import asdict, replace
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burst.aws.tags import NOTICE, REBALANCE
from ris_hybrid.errors import ConfigError
from ris_hybrid.settings import Budget, BurstSettings, Caps, Gate, Pool, Requirements
from stacks.node_plan import NodePool, node_pools
from stacks.plan import NetworkSettings, plan_network

SETTINGS = NetworkSettings(
    cluster="compute1",
    provider="ris-aws",
    env="test",
    vpc_cidr="10.80.0.0/20",
    onprem_cidr="10.20.0.0/16",
    zones=("us-east-1a", "us-east-1b", "us-east-1c"),
    image_id="ami-0123456789abcdef0",
    pools=(NodePool(name="cpu16", instance_type="c7a.4xlarge"),),
)


def test_a_network_of_private_subnets_one_per_zone():
    plan = plan_network(SETTINGS)
    assert plan.name == "compute1-test"
    assert [(subnet.zone, subnet.cidr) for subnet in plan.subnets] == [
        ("us-east-1a", "10.80.0.0/22"),
        ("us-east-1b", "10.80.4.0/22"),
        ("us-east-1c", "10.80.8.0/22"),
    ]
    assert not plan.internet_gateway
    assert not any(subnet.public_ip for subnet in plan.subnets)


def test_a_zone_added_later_leaves_the_other_subnets_alone():
    more = replace(SETTINGS, zones=(*SETTINGS.zones, "us-east-1d"))
    assert plan_network(more).subnets[:3] == plan_network(SETTINGS).subnets


def test_only_lsf_daemons_are_reached_and_only_from_the_site():
    plan = plan_network(SETTINGS)
    assert {(rule.protocol, rule.from_port, rule.to_port) for rule in plan.ingress} == {
        ("tcp", 7869, 7869),
        ("udp", 7869, 7869),
        ("tcp", 6878, 6878),
        ("tcp", 6881, 6881),
        ("tcp", 6882, 6882),
    }
    assert {rule.cidr for rule in plan.ingress} == {"10.20.0.0/16"}
    assert {rule.cidr for rule in plan.egress} == {"10.20.0.0/16", "10.80.0.0/20"}


def test_a_launch_template_for_each_pool_with_a_closed_node():
    template = plan_network(SETTINGS).launch_templates[0]
    assert (template.name, template.pool) == ("compute1-test-cpu16", "cpu16")
    assert (template.http_tokens, template.http_hop_limit, template.public_ip) == ("required", 2, False)
    assert (template.root_type, template.root_encrypted, template.root_gib) == ("gp3", True, 100)
    assert template.tags["ris_pool"] == "cpu16"


def test_where_phi_is_a_container_does_not_reach_the_metadata():
    plan = plan_network(replace(SETTINGS, phi=True))
    assert plan.phi
    assert plan.launch_templates[0].http_hop_limit == 1


def test_a_pool_for_multi_node_jobs_opens_the_nodes_to_each_other_and_groups_are_made_once():
    plain = SETTINGS.pools[0]
    assert not plan_network(SETTINGS).nodes_talk
    for change in ({"efa": True}, {"placement_group": "close"}, {"multi_node": True}):
        assert plan_network(replace(SETTINGS, pools=(replace(plain, **change),))).nodes_talk
    grouped = (
        replace(plain, placement_group="close"),
        replace(plain, name="mpi", placement_group="close"),
        NodePool(name="x", instance_type=""),
    )
    plan = plan_network(replace(SETTINGS, pools=grouped))
    assert [(group.name, group.strategy) for group in plan.placement_groups] == [("close", "cluster")]
    assert [template.placement_group for template in plan.launch_templates] == ["close", "close", ""]


def test_a_node_may_pull_images_and_mark_itself_and_nothing_else():
    role = plan_network(SETTINGS).role
    assert [(one["Sid"], len(one["Action"])) for one in role.statements] == [
        ("Login", 1),
        ("Pull", 3),
        ("OwnNotice", 1),
    ]
    assert role.statements[-1]["Condition"] == {
        "StringLike": {"aws:userid": "*:${ec2:InstanceID}"},
        "StringEquals": {"ec2:ResourceTag/ris_cluster": "compute1"},
        "ForAllValues:StringEquals": {"aws:TagKeys": [NOTICE, REBALANCE]},
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("#!/bin/sh\n", "pool cpu16: user_data does not begin with #cloud-config"),
        ("#cloud-config\n" + "#" * 16384, "pool cpu16: user_data of 16398 bytes, EC2 takes 16384"),
    ],
)
def test_user_data_no_machine_would_take_is_refused(text, said):
    with pytest.raises(ConfigError, match=said):
        plan_network(replace(SETTINGS, pools=(replace(SETTINGS.pools[0], user_data=text),)))


def test_the_sites_own_tags_never_replace_ours():
    plan = plan_network(replace(SETTINGS, tags={"owner": "ris", "ris_cluster": "other"}))
    assert plan.tags == {
        "owner": "ris",
        "ris_cluster": "compute1",
        "ris_provider": "ris-aws",
        "ris_env": "test",
        "ris_managed": "ris-hybrid",
    }


def test_the_plan_is_json_as_it_stands():
    plan = asdict(plan_network(SETTINGS))
    assert json.loads(json.dumps(plan))["launch_templates"][0]["image_id"] == "ami-0123456789abcdef0"


def test_a_site_may_have_public_addresses_and_a_gateway_where_no_phi_is():
    plan = plan_network(replace(SETTINGS, onprem_cidr="128.252.0.0/16", internet_gateway=True))
    assert plan.ingress[0].cidr == "128.252.0.0/16"
    assert plan.internet_gateway


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"vpc_cidr": "not a cidr"}, "vpc_cidr: expected an IPv4 network"),
        ({"vpc_cidr": "10.80.0.1/20"}, "vpc_cidr: expected an IPv4 network"),
        ({"vpc_cidr": "52.0.0.0/20"}, "is not private"),
        ({"vpc_cidr": "10.20.8.0/22"}, "overlaps onprem_cidr"),
        ({"vpc_cidr": "10.80.0.0/27"}, "expected /16 to /26"),
        ({"vpc_cidr": "10.64.0.0/12"}, "expected /16 to /26"),
        ({"onprem_cidr": "0.0.0.0/0"}, "wider than /8"),
        ({"onprem_cidr": ""}, "onprem_cidr: expected an IPv4 network"),
        ({"phi": True, "internet_gateway": True}, "a network with PHI has none"),
        ({"zones": ("a", "b"), "aws_endpoints": True}, "zones: a is no availability zone"),
        ({"zones": ()}, "zones: expected at least one, each once, found none"),
        ({"zones": ("a", "a")}, "zones: expected at least one, each once, found a, a"),
        ({"pools": ()}, "pools: expected at least one"),
        ({"pools": SETTINGS.pools * 2}, "pools: expected at least one, each once, found cpu16, cpu16"),
    ],
)
def test_settings_that_cannot_be_built_are_refused(change, said):
    with pytest.raises(ConfigError, match=said):
        plan_network(replace(SETTINGS, **change))


@given(prefix=st.integers(16, 25), block=st.integers(0, 255), zones=st.integers(1, 8))
def test_subnets_are_disjoint_equal_and_inside(prefix, block, zones):
    vpc = IPv4Network((f"172.{16 + block % 16}.0.0", prefix))
    names = tuple(f"zone-{number}" for number in range(zones))
    cut = [
        IPv4Network(subnet.cidr) for subnet in plan_network(replace(SETTINGS, vpc_cidr=str(vpc), zones=names)).subnets
    ]
    assert len(cut) == zones
    assert len({subnet.prefixlen for subnet in cut}) == 1
    assert all(subnet.subnet_of(vpc) and subnet.prefixlen <= 28 for subnet in cut)
    assert not any(one.overlaps(other) for one in cut for other in cut if one != other)
    assert len(set(cut)) == zones


def test_the_pools_of_burst_yaml_become_nodes_of_their_first_type():
    pool = Pool(name="cpu16", instance_types=("c7a.4xlarge", "m7a.4xlarge"), slots=16, memory_mib=30000, max_nodes=3)
    burst = BurstSettings(
        cluster="compute1",
        provider="ris-aws",
        region="us-east-1",
        pools=(pool,),
        gates=(Gate(pending_jobs=1),),
        caps=Caps(nodes=3),
        budget=Budget(usd_per_month=10),
    )
    assert node_pools(burst, {}) == SETTINGS.pools
    wide = replace(
        pool, requirements=Requirements(vcpus=16, memory_mib=1), all_or_none=True, efa=True, placement_group="close"
    )
    assert node_pools(replace(burst, pools=(wide,)), {"cpu16": "#cloud-config\n"}) == (
        NodePool(
            name="cpu16",
            instance_type="",
            user_data="#cloud-config\n",
            efa=True,
            placement_group="close",
            multi_node=True,
        ),
    )
