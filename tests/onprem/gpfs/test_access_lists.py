"""Access lists as text, both ways, as the site sets them, and held against each other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onprem.gpfs.acl_diff import differences
from onprem.gpfs.acl_text import LETTERS, AclText, ordered, parse_acl, parse_acl_text, render_acl, render_acl_text
from onprem.gpfs.acl_wanted import active_acl, project_acl
from ris_hybrid.data.scale import Acl, AclEntry
from ris_hybrid.errors import SiteUnavailable

CAPTURED = Path(__file__).parents[2] / "golden" / "gpfs"
ACTIVE, PROJECT = "/storage1/fs1/wucci/Active", "/storage1/fs1/wucci/Active/Cryo-EM"
GROUPS = ("storage-wucci-cryo-em-ro", "storage-wucci-cryo-em-rw")


def captured(name: str) -> str:
    return (CAPTURED / f"{name}.txt").read_text(encoding="utf-8")


def entry(who: str = "group:a", permissions: str = "rx", flags: str = "", *, deny: bool = False) -> AclEntry:
    return AclEntry(kind="deny" if deny else "allow", who=who, permissions=permissions, flags=flags)


def listed(*entries: AclEntry) -> Acl:
    return Acl(path="/a", entries=entries)


@pytest.mark.parametrize("name", ["acl-active", "acl-project", "acl-inherited"])
def test_what_mmgetacl_prints_comes_back_to_the_byte(name: str) -> None:
    assert render_acl_text(parse_acl_text(captured(name))) == captured(name)


def test_owner_and_group_are_told_and_what_is_inherited() -> None:
    text = parse_acl_text(captured("acl-inherited"))
    assert (text.acl("/a").owner, text.acl("/a").group, text.acl("/a").path) == ("j.doe", "domain users", "/a")
    assert text.inherited == (True, True, False, True)
    assert [one.flags for one in text.entries] == ["d", "fi", "", "fd"]
    assert [one.kind for one in text.entries] == ["allow", "allow", "deny", "allow"]


def test_the_sites_own_lists_are_what_is_wanted_of_an_allocation() -> None:
    assert active_acl(ACTIVE, "storage-wucci", GROUPS) == parse_acl(captured("acl-active"), ACTIVE)
    wanted = project_acl(PROJECT, "storage-wucci", GROUPS[1], GROUPS[0])
    assert wanted == parse_acl(captured("acl-project"), PROJECT)
    assert render_acl(wanted) == captured("acl-project")


def test_older_releases_write_mkdir() -> None:
    older = captured("acl-active").replace("APPEND/MKDIR", "MKDIR")
    assert parse_acl(older) == parse_acl(captured("acl-active"))


ENTRIES = st.builds(
    AclEntry,
    kind=st.sampled_from(["allow", "deny"]),
    who=st.one_of(
        st.sampled_from(["special:owner@", "special:group@", "special:everyone@"]),
        st.from_regex(r"(user|group):[A-Za-z0-9][\w .:@+\\-]{0,30}[A-Za-z0-9]", fullmatch=True),
    ),
    permissions=st.sets(st.sampled_from(LETTERS)).map("".join).map(ordered),
    flags=st.sets(st.sampled_from("fdi")).map(lambda some: "".join(one for one in "fdi" if one in some)),
)


@given(st.lists(st.tuples(ENTRIES, st.booleans()), min_size=1, max_size=4))
def test_any_list_is_the_same_after_it_was_text(some: list[tuple[AclEntry, bool]]) -> None:
    text = AclText(entries=tuple(one for one, _ in some), inherited=tuple(came for _, came in some))
    assert parse_acl_text(render_acl_text(text)) == text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (":rw-c:", ":rwxc:", "line 8: says rwxc, and the two lines below it rw-c"),
        ("(X)WRITE_ACL", "(-)WRITE_ACL", "line 4: says rwxc, and the two lines below it rwx-"),
        ("(X)CHOWN ", "(?)CHOWN ", "line 6: expected DELETE"),
        ("(X)READ/LIST ", "", "line 5: expected READ/LIST"),
        (":allow:DirInherit", ":allow:Sideways", "line 4: a flag we do not know: Sideways"),
        (":allow", ":perhaps", "line 4: expected who:rwxc:allow"),
        ("#NFSv4 ACL\n", "", "line 3: expected #NFSv4 ACL first"),
        ("group:storage", "wheel:storage", "line 20: expected who"),
    ],
)
def test_a_text_somebody_edited_is_refused_with_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(SiteUnavailable, match=said):
        parse_acl(captured("acl-active").replace(old, new, 1))


def test_a_text_that_ends_in_an_entry_is_refused() -> None:
    with pytest.raises(SiteUnavailable, match="line 4: the text ends"):
        parse_acl("\n".join(captured("acl-active").split("\n")[:4]))
    with pytest.raises(SiteUnavailable, match="no entry"):
        parse_acl("#NFSv4 ACL\n#owner:root\n")


def test_lists_that_grant_the_same_do_not_differ() -> None:
    wanted = listed(entry("group:a", "rwx", "fd"), entry("group:b"))
    assert differences(wanted, wanted) == ()
    assert differences(wanted, listed(entry("group:b", "xr", "g"), entry("group:a", "xrw", "dfg"))) == ()
    assert differences(wanted, listed(entry("group:b", "r"), entry("group:b", "x"), wanted.entries[0])) == ()


@pytest.mark.parametrize(
    ("found", "kind", "reason"),
    [
        ((), "missing", "no allow entry of group:a with rx"),
        ((entry(permissions="r"),), "less", "allow entry of group:a lacks x"),
        ((entry(permissions="rwx"),), "more", "allow entry of group:a has w beyond what was asked"),
        (
            (entry(), entry("user:eve", "rw", "f")),
            "extra",
            "files inherit with rw was not asked for and may change data",
        ),
        (
            (entry(), entry("user:eve", "r", "fdi")),
            "extra",
            "that only files and directories inherit with r was not asked for",
        ),
        ((entry(), entry("user:eve", "w", "d", deny=True)), "extra", "deny entry of user:eve that directories inherit"),
    ],
)
def test_a_difference_says_what_it_lets_people_do(found: tuple[AclEntry, ...], kind: str, reason: str) -> None:
    (told,) = differences(listed(entry()), listed(*found))
    assert told.kind == kind
    assert reason in told.reason
    assert told.who in {"group:a", "user:eve"}


def test_order_counts_where_something_is_denied() -> None:
    deny, allow = entry("group:b", deny=True), entry()
    assert [one.kind for one in differences(listed(deny, allow), listed(allow, deny))] == ["order"]
    assert differences(listed(deny, allow), listed(deny, allow)) == ()
