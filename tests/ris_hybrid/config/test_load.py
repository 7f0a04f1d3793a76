from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_hybrid.config.document import UnusableFile
from ris_hybrid.config.load import load_allocations, load_site
from ris_hybrid.config.schema import Allocation, Project

EXAMPLE_SITE = Path(__file__).resolve().parents[3] / "examples" / "site"

GOOD = """\
allocation:
    wustlkey: {owner}
    afm_cache_enable: true
    department_number: 3110
    issue_key: ITDEV-20001
    add_archive: false
    quota: 25T
"""


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def one(folder: Path, body: str) -> Allocation:
    text = GOOD.format(owner="q.example") + body
    (allocation,) = load_allocations(write(folder, "a.yml", text)).allocations
    return allocation


def warnings(folder: Path, text: str) -> list[str]:
    loaded = load_allocations(write(folder, "a.yml", text))
    return [f"{remark.line}: {remark.field}: {remark.message}" for remark in loaded.warnings]


def problems(path: Path) -> list[str]:
    with pytest.raises(UnusableFile) as failure:
        load_allocations(path)
    return [str(remark).removeprefix(f"{path}:") for remark in failure.value.problems]


def test_the_example_site_loads_sorted_by_name() -> None:
    loaded = load_site(EXAMPLE_SITE)
    names = [allocation.name for allocation in loaded.allocations]
    assert names == ["genomics", "imaging-core", "neuro_trials", "q.example", "wucci"]


def test_the_first_lab_of_the_example_is_read_in_full() -> None:
    wucci = load_site(EXAMPLE_SITE).allocations[-1]
    assert wucci == Allocation(
        wustlkey="fitzp",
        custom_name="wucci",
        afm_cache_enable=True,
        department_number="3979",
        issue_key="ITDEV-13526",
        add_archive=True,
        quota="1024T",
        dir_projects=wucci.dir_projects,
    )
    assert wucci.quota_bytes == 1024**5
    assert (wucci.lab, wucci.group, wucci.path) == ("wucci", "storage-wucci", "/storage1/fs1/wucci")
    assert wucci.projects == (Project(name="Cryo-EM", rw=("lab-wucci-cryo", "lab-wucci-fib"), ro=(), archive=False),)


def test_a_plain_file_has_no_warnings(tmp_path: Path) -> None:
    assert warnings(tmp_path, GOOD.format(owner="q.example")) == []


def test_what_is_missing_is_a_warning_except_the_owner(tmp_path: Path) -> None:
    text = "allocation:\n    wustlkey: q.example\n    issue_key:\n"
    assert warnings(tmp_path, text) == [
        "1: allocation.add_archive: not given: taken as false",
        "1: allocation.afm_cache_enable: not given: taken as false",
        "1: allocation.department_number: not given: its cost cannot be charged to a department",
        "1: allocation.quota: not given: its size is not limited here",
        "3: allocation.issue_key: has no value: taken as not given",
    ]
    assert load_allocations(tmp_path).allocations[0].quota_bytes is None
    assert problems(write(tmp_path, "a.yml", "allocation:\n    custom_name: x\n")) == [
        "1: allocation.wustlkey: expected a value, found nothing"
    ]


@pytest.mark.parametrize(
    ("written", "value"), [("true", True), ("yes", True), ('"yes"', True), ("1", True), ("0", False), ('"No"', False)]
)
def test_a_flag_may_be_a_word_or_a_digit(tmp_path: Path, written: str, value: bool) -> None:
    assert one(tmp_path, f"    secure: {written}\n").secure is value


def test_a_flag_that_is_not_one_of_yaml_is_warned_about(tmp_path: Path) -> None:
    text = GOOD.format(owner="x") + '    secure: "yes"\n'
    assert warnings(tmp_path, text) == ["8: allocation.secure: expected true or false, found 'yes': taken as true"]


def test_a_department_keeps_its_letters_and_leading_zeros(tmp_path: Path) -> None:
    base = "allocation: {wustlkey: x, department_number: %s}\n"
    for written, value in (("CH00409", "CH00409"), ("0123", "0123"), ("3979", "3979")):
        loaded = load_allocations(write(tmp_path, "a.yml", base % written))
        assert loaded.allocations[0].department_number == value


def test_odd_departments_and_tickets_are_kept_with_a_warning(tmp_path: Path) -> None:
    text = GOOD.format(owner="x").replace("3110", "Physics").replace("ITDEV-20001", "mail by Ann")
    assert warnings(tmp_path, text) == [
        "4: allocation.department_number: expected four digits, or CH or AU and digits, found 'Physics': kept as it is",
        "5: allocation.issue_key: expected a ticket such as ITDEV-13526, found 'mail by Ann': kept as it is",
    ]


def test_unknown_keys_are_kept_and_warned_about_and_known_ones_of_the_records_are_not(tmp_path: Path) -> None:
    text = GOOD.format(owner="x") + "    qouta: 3T\n    sla: gold\nversion: 2\n"
    assert warnings(tmp_path, text) == [
        "8: allocation.qouta: unknown key, kept but not used (did you mean quota?)",
        "10: version: beside 'allocation': not read",
    ]
    assert load_allocations(tmp_path).allocations[0].extra == {"qouta": "3T", "sla": "gold"}


def test_members_of_a_project_may_be_missing_empty_or_named_twice(tmp_path: Path) -> None:
    body = """\
    dir_projects:
        Nothing:
        Null: {rw: ~, ro: []}
        Twice: {rw: [a, A, 17], ro: [A, b, b], owner: me, archive: "no"}
        Data (old).: {archive: yes}
"""
    allocation = one(tmp_path, body)
    assert allocation.projects == (
        Project(name="Nothing", rw=(), ro=(), archive=False),
        Project(name="Null", rw=(), ro=(), archive=False),
        Project(name="Twice", rw=("A", "17"), ro=("b",), archive=False),
        Project(name="Data (old).", rw=(), ro=(), archive=True),
    )
    at = "allocation.dir_projects"
    assert warnings(tmp_path, GOOD.format(owner="x") + body) == [
        f"11: {at}.Twice.archive: expected true or false, found 'no': taken as false",
        f"11: {at}.Twice.owner: unknown key, kept but not used",
        f"11: {at}.Twice.ro[0]: A is also in rw: rw holds",
        f"11: {at}.Twice.ro[2]: b is listed twice",
        f"11: {at}.Twice.rw[1]: A is listed twice",
        (
            f"12: {at}.Data (old).: project name 'Data (old).' cannot be part of a group name:"
            " no '(', ')', '@' or '.' at the end"
        ),
        f"12: {at}.Data (old).: project name 'Data (old).' has a space: kept, but new projects may not have one",
    ]


def test_group_members_are_a_list_or_one_text_with_commas(tmp_path: Path) -> None:
    assert one(tmp_path, "    acl_group_members: a.b, lab-x,\n").acl_group_members == ("a.b", "lab-x")
    assert one(tmp_path, "    acl_group_members: [a.b, lab-x]\n").acl_group_members == ("a.b", "lab-x")


def test_storage_we_do_not_mirror_is_read_and_said(tmp_path: Path) -> None:
    text = GOOD.format(owner="x") + "    platform: storage3\n"
    assert warnings(tmp_path, text) == ["8: allocation.platform: 'storage3' is read but not mirrored: only storage1 is"]
    assert warnings(tmp_path, f"{text}    backend: qumulo\n") == [
        "9: allocation.backend: 'qumulo' is read but not mirrored: only gpfs is"
    ]


def test_a_rename_names_another_allocation(tmp_path: Path) -> None:
    text = GOOD.format(owner="new")
    assert warnings(tmp_path, f"{text}    renamed_from: old\n") == []
    assert warnings(tmp_path, f"{text}    renamed_from: NEW\n") == [
        "8: allocation.renamed_from: is the name it has: not a rename"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: expected an allocation, found an empty file"),
        ("# only this\n", "1: expected an allocation, found an empty file"),
        ("- allocation: {}\n", "1: expected the top key 'allocation', found a list"),
        ("allocation\n", "1: expected the top key 'allocation', found 'allocation'"),
        ("\nallocation: [a]\n", "2: allocation: expected keys and values, found a list"),
        ("allocation:\n", "1: allocation: expected keys and values, found nothing"),
        ("allocation:\n  wustlkey: a\n  wust", "3: expected YAML: could not find expected ':'"),
        ("alocation: {wustlkey: a}\n", "1: alocation: expected the top key 'allocation', found 'alocation'"),
        ("site: {a: b}\n", "1: expected at least one YAML file with the top key 'allocation', found none"),
    ],
)
def test_a_file_that_holds_no_allocation_says_why(tmp_path: Path, text: str, message: str) -> None:
    assert problems(write(tmp_path, "a.yml", text)) == [message]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("wustlkey", "a/b", "expected a name of letters, digits, '.', '_' and '-', found 'a/b'"),
        ("wustlkey", "'..'", "expected a name of letters, digits, '.', '_' and '-', found '..'"),
        ("custom_name", "true", "expected text, found true"),
        (
            "quota",
            "0T",
            "expected a size above zero such as 25T or 5500G (K, M, G, T or P; powers of 1024), found '0T'",
        ),
        (
            "quota",
            "1024",
            "expected a size above zero such as 25T or 5500G (K, M, G, T or P; powers of 1024), found 1024",
        ),
        ("issue_key", '"a\\nb"', r"expected one line of text, found 'a\nb'"),
        ("issue_key", "{a: 1}", "expected text, found keys and values"),
        ("add_archive", "maybe", "expected true or false, found 'maybe'"),
        ("add_archive", "[" + "a" * 80 + "]", "expected true or false, found a list"),
        ("cost_center", '" "', "expected one line of text, found ' '"),
        ("smb_export_name", "!vault abc", "expected a plain value, found one with the tag !vault"),
        ("dir_projects", "[a]", "expected keys and values, found a list"),
    ],
)
def test_a_value_that_cannot_be_used_says_what_was_expected(tmp_path: Path, key: str, value: str, message: str) -> None:
    owner = "" if key == "wustlkey" else "  wustlkey: x\n"
    file = write(tmp_path, "a.yml", f"allocation:\n{owner}  {key}: {value}\n")
    assert problems(file) == [f"{3 if owner else 2}: allocation.{key}: {message}"]


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        ("X: [a]", 4, ".X: expected keys and values, found a list"),
        ("X: {rw: lab}", 4, ".X.rw: expected a list, found 'lab'"),
        ("X: {ro: [a, on]}", 4, ".X.ro[1]: expected text, found true"),
        ("a/b:", 3, ": expected project names that are one directory name each (not 'a/b'), found keys and values"),
        (
            "Data: {}\n    data: {}",
            3,
            (
                ": expected project names that differ in more than case ('Data' and 'data' share a group),"
                " found keys and values"
            ),
        ),
    ],
)
def test_projects_that_cannot_be_made_say_why(tmp_path: Path, body: str, line: int, message: str) -> None:
    file = write(tmp_path, "a.yml", f"allocation:\n  wustlkey: x\n  dir_projects:\n    {body}\n")
    assert problems(file) == [f"{line}: allocation.dir_projects{message}"]


def test_everything_wrong_in_all_files_is_said_at_once(tmp_path: Path) -> None:
    a = write(tmp_path, "a.yml", "allocation:\n  quota: 5\n")
    b = write(tmp_path / "below", "b.yaml", "allocation: {wustlkey: x, add_archive: [], custom_name: !t y}\n")
    c = write(tmp_path, "c.yml", "a: [")
    write(tmp_path, "d.yml", GOOD.format(owner="fine"))
    with pytest.raises(UnusableFile) as failure:
        load_allocations(tmp_path)
    said = [(remark.file, remark.line, remark.field) for remark in failure.value.problems]
    assert said == [
        (str(a), 1, "allocation.wustlkey"),
        (str(a), 2, "allocation.quota"),
        (str(b), 1, "allocation.custom_name"),
        (str(b), 1, "allocation.add_archive"),
        (str(c), 1, ""),
    ]
    assert failure.value.exit_code == 2
    assert failure.value.message.count("\n") == 4


def test_one_name_for_two_allocations_is_an_error_that_names_both_files(tmp_path: Path) -> None:
    first = write(tmp_path, "a.yml", GOOD.format(owner="Smith"))
    second = write(tmp_path, "b.yml", GOOD.format(owner="jones") + "    custom_name: smith\n")
    with pytest.raises(UnusableFile) as failure:
        load_allocations(tmp_path)
    assert failure.value.message == (
        f"{second}:8: allocation.custom_name: expected a name of its own, found 'smith', which {first}:2 has as 'Smith'"
    )


def test_an_owner_may_have_several_allocations_and_a_name_may_be_used_on_each_platform(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", GOOD.format(owner="smith"))
    write(tmp_path, "b.yml", GOOD.format(owner="smith") + "    custom_name: second\n")
    write(tmp_path, "c.yml", GOOD.format(owner="smith") + "    platform: storage2\n")
    paths = [allocation.path for allocation in load_allocations(tmp_path).allocations]
    assert paths == ["/storage1/fs1/second", "/storage1/fs1/smith", "/storage2/fs1/smith"]


def test_other_yaml_files_are_skipped_and_named(tmp_path: Path) -> None:
    write(tmp_path, "a.yml", GOOD.format(owner="x"))
    other = write(tmp_path / "vars", "all.yml", "ntp: !vault abc\nserver: [a]\n")
    write(tmp_path / ".git", "broken.yml", "[")
    write(tmp_path, "notes.txt", "[")
    loaded = load_allocations(tmp_path)
    assert loaded.skipped == (str(other),)
    assert len(loaded.allocations) == 1


def test_links_are_followed_once_and_a_broken_one_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "real", "a.yml", GOOD.format(owner="x"))
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "back").symlink_to(tmp_path / "site")
    assert len(load_allocations(tmp_path / "site").allocations) == 1
    gone = tmp_path / "site" / "gone.yml"
    gone.symlink_to(tmp_path / "nowhere.yml")
    with pytest.raises(UnusableFile, match=r"gone\.yml:1: cannot be read: No such file"):
        load_allocations(tmp_path / "site")


def test_a_directory_without_allocations_and_a_path_that_cannot_be_read_are_errors(tmp_path: Path) -> None:
    assert problems(tmp_path) == ["1: expected at least one YAML file with the top key 'allocation', found none"]
    assert problems(tmp_path / "none") == ["1: cannot be read: No such file or directory"]
    assert problems(tmp_path / ("x" * 300)) == ["1: cannot be read: File name too long"]


def test_a_site_is_read_from_its_folder_for_allocations_where_it_has_one(tmp_path: Path) -> None:
    write(tmp_path, "playbook.yml", "- hosts: all\n")
    write(tmp_path / "services" / "storage" / "allocations" / "storage1", "a.yml", GOOD.format(owner="x"))
    assert len(load_site(tmp_path).allocations) == 1
    assert len(load_site(tmp_path / "services" / "storage" / "allocations").allocations) == 1


KEYS = [*Allocation.model_fields, "rw", "ro", "extra", "name", "model_config"]
YAML_VALUE = st.recursive(
    st.sampled_from(["", "~", "true", "no", "3979", "0T", "1.5T", "a.b", "'a b'", "!x y", '"\\n"', "1e9", "[]", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(item or '~' for item in items)}]")
        | st.dictionaries(st.sampled_from(["rw", "ro", "X", "x", "a b", "a/b", "archive"]), inner, max_size=3).map(
            lambda pairs: f"{{{', '.join(f'{key}: {value}' for key, value in pairs.items())}}}"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(st.sampled_from(KEYS), YAML_VALUE), max_size=6))
def test_any_allocation_is_read_or_refused_with_file_and_line(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    body = "".join(f"  {key}: {value}\n" for key, value in pairs)
    file = write(tmp_path_factory.getbasetemp(), "any.yml", f"allocation:\n  wustlkey: owner\n{body}")
    projects: tuple[Project, ...] = ()
    refusal = ""
    try:
        projects = load_allocations(file).allocations[0].projects
    except UnusableFile as error:
        refusal = error.message
    assert all(line.startswith(f"{file}:") for line in refusal.splitlines())
    assert len({project.name.casefold() for project in projects}) == len(projects)
    assert not any(set(project.rw) & set(project.ro) for project in projects)
