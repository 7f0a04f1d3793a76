from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.lsf.parse import parse_bhosts_text, parse_bqueues_text, parse_hosts, parse_queues
from ris_hybrid.errors import SiteUnavailable
from ris_hybrid.model import Host, Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    Recorded = Callable[[str], str]

HOST = {"HOST_NAME": "n1", "STATUS": "ok", "MAX": "4", "NJOBS": "1", "RUN": "1"}
QUEUE = {"QUEUE_NAME": "q", "STATUS": "Open:Active", "MAX": "-", "PEND": "3", "RUN": "1"}


def hosts_answer(*records: object) -> str:
    return json.dumps({"COMMAND": "bhosts", "HOSTS": len(records), "RECORDS": records})


def queues_answer(*records: object) -> str:
    return json.dumps({"COMMAND": "bqueues", "QUEUES": len(records), "RECORDS": records})


def test_a_full_host_of_an_aws_cluster(recorded: Recorded) -> None:
    (host,) = parse_hosts(recorded("bhosts-json/1"))
    assert host == Host(name="ip-10-30-9-105", status="closed_Full", max_slots=4, jobs=4, running=4)
    assert host.takes_jobs


def test_hosts_as_a_table(recorded: Recorded) -> None:
    hosts = parse_bhosts_text(recorded("bhosts/1"))
    assert len(hosts) == 11
    assert hosts[-1] == Host(name="master", status="ok", max_slots=4, jobs=0, running=0)
    assert {host.status for host in hosts[:-1]} == {"closed"}


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("bhosts/3", Host(name="hostA", status="ok", max_slots=55, jobs=2, running=2)),
        ("bhosts/4", Host(name="cmp01", status="ok", max_slots=4, jobs=2, running=2)),
        ("bhosts-rc/1", Host(name="icgen2host-10-241-0-37", status="closed_Full", max_slots=0, jobs=0, running=0)),
    ],
)
def test_tables_whose_columns_are_out_of_line_or_more(recorded: Recorded, name: str, first: Host) -> None:
    assert parse_bhosts_text("LSF is processing your request. Please wait ...\n\n" + recorded(name))[0] == first


def test_queues_as_json(recorded: Recorded) -> None:
    assert parse_queues(recorded("bqueues-json/full")) == (
        Queue(name="eda", is_open=True, is_active=True, max_slots=None, pending_slots=0, running_slots=20),
        Queue(name="normal", is_open=False, is_active=False, max_slots=64, pending_slots=12, running_slots=0),
    )


@pytest.mark.parametrize(("name", "running"), [("bqueues/2", {"normal": 2}), ("bqueues/3", {"eda": 20, "normal": 0})])
def test_queues_as_a_table(recorded: Recorded, name: str, running: dict[str, int]) -> None:
    queues = parse_bqueues_text(recorded(name))
    assert {queue.name: queue.running_slots for queue in queues} == running
    assert all(queue.is_open and queue.is_active and queue.max_slots is None for queue in queues)


def test_a_queue_without_its_counts_is_refused(recorded: Recorded) -> None:
    with pytest.raises(SiteUnavailable, match="MAX is 'None'"):
        parse_queues(recorded("bqueues-json/1"))


def test_no_host_is_an_answer_when_lsf_says_so() -> None:
    assert parse_hosts(hosts_answer()) == ()
    assert parse_queues(queues_answer()) == ()


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (HOST | {"HOST_NAME": ""}, "no HOST_NAME"),
        (HOST | {"STATUS": None}, "no STATUS"),
        (HOST | {"NJOBS": "-"}, "NJOBS is '-'"),
        (HOST | {"RUN": "many"}, "RUN is 'many'"),
        ({"HOST_NAME": "n1", "STATUS": "ok", "NJOBS": "0", "RUN": "0"}, "MAX is 'None'"),
        ("n1", "1 of 2 could be read"),
    ],
)
def test_one_odd_host_and_the_list_is_refused(record: object, words: str) -> None:
    with pytest.raises(SiteUnavailable, match=words):
        parse_hosts(hosts_answer(HOST, record))


def test_a_list_shorter_than_announced_is_refused() -> None:
    with pytest.raises(SiteUnavailable, match="announced 2 records, 1 of 1"):
        parse_queues(queues_answer(QUEUE).replace('"QUEUES": 1', '"QUEUES": 2'))


def test_a_broken_record_refuses_the_list() -> None:
    with pytest.raises(SiteUnavailable, match="1 of 2 could be read"):
        parse_hosts(hosts_answer(HOST, HOST).replace('"n1"', '"n"1"', 1))


@pytest.mark.parametrize("status", ["Open", "Ajar:Active", "Open:Asleep", "ok"])
def test_a_queue_status_we_do_not_know_is_refused(status: str) -> None:
    with pytest.raises(SiteUnavailable, match="unknown status"):
        parse_queues(queues_answer(QUEUE | {"STATUS": status}))


@pytest.mark.parametrize("text", ["", "LSF is down. Please wait ...", "cmp01 ok - 4 2 2 0 0 0"])
def test_text_without_a_header_is_no_table(text: str) -> None:
    with pytest.raises(SiteUnavailable, match="no table"):
        parse_bhosts_text(text)
    with pytest.raises(SiteUnavailable, match="no table"):
        parse_bqueues_text(text)


def test_a_row_cut_short_is_refused(recorded: Recorded) -> None:
    with pytest.raises(SiteUnavailable, match="NJOBS"):
        parse_bhosts_text(recorded("bhosts/1") + "compute-worker011  ok  -  4\n")


@given(st.text())
def test_any_text_is_hosts_and_queues_or_refused(text: str) -> None:
    tables = ("HOST_NAME STATUS MAX NJOBS RUN\n", "QUEUE_NAME STATUS MAX PEND RUN\n")
    for read in (parse_hosts, parse_queues, parse_bhosts_text, parse_bqueues_text):
        for head in ("", *tables, '{"RECORDS":[', '{"RECORDS":[{'):
            try:
                found = read(head + text)
            except SiteUnavailable:
                continue
            assert isinstance(found, tuple)
