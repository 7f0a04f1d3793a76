"""What an allocation file may say: one storage allocation under the top key ``allocation``.

The keys are those of the site's files (``services/storage/allocations/storage1/<name>.yml``) and of the service
records they come from, so values are taken in the forms both use: flags as words, numbers for text, empty lists.
What is legal but should be mended is said by ``ris_hybrid.config.advice``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from ris_hybrid.config.quota import parse_quota

_NAME = re.compile(r"[0-9A-Za-z._-]+")
_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A directory of an allocation with its own members: people, service accounts or groups."""

    name: str
    rw: tuple[str, ...]
    ro: tuple[str, ...]
    """Who may only read; a name that is also in ``rw`` is left out here."""
    archive: bool


def flag(value: object) -> object:
    """A flag from the words the service records use; anything else is left for the check to refuse."""
    return _WORDS.get(str(value).lower(), value) if isinstance(value, str | int) else value


def same(name: str) -> str:
    """The form in which the directory compares names: case does not count."""
    return name.casefold()


def _text(value: object) -> object:
    """The digits of a number given where text is meant (``department_number: 3979``)."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _line(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("one line of text")
    return value


def _name(value: str) -> str:
    if not _NAME.fullmatch(value) or value in {".", ".."}:
        raise ValueError("a name of letters, digits, '.', '_' and '-'")
    return value


def _size(value: str) -> str:
    parse_quota(value)
    return value


def _names(value: object) -> object:
    """A list of names; an empty key is an empty list, and a service record may give one text with commas."""
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else value


def _comma_names(value: object) -> object:
    if isinstance(value, str):
        return tuple(name.strip() for name in value.split(",") if name.strip())
    return _names(value)


def _directories(value: dict[str, Members]) -> dict[str, Members]:
    """Refuse what cannot be a directory, and two names that would share one group."""
    group_of: dict[str, str] = {}
    for name in value:
        if "/" in name or name in {".", ".."} or not name.strip() or not name.isprintable():
            raise ValueError(f"project names that are one directory name each (not {name!r})")
        other = group_of.setdefault(same(name), name)
        if other != name:
            raise ValueError(f"project names that differ in more than case ({other!r} and {name!r} share a group)")
    return value


def _nothing_as_empty(value: object) -> object:
    return {} if value is None else value


Text = Annotated[str, BeforeValidator(_text), AfterValidator(_line)]
Name = Annotated[str, BeforeValidator(_text), AfterValidator(_name)]
Flag = Annotated[bool, BeforeValidator(flag)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_names)]


class Members(BaseModel):
    """The body of one entry of ``dir_projects``, as written."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    rw: Names = ()
    ro: Names = ()
    archive: Flag = False


class Allocation(BaseModel):
    """One lab's storage. Keys that are not known are kept in ``extra``."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    wustlkey: Name
    """The owner."""
    custom_name: Name | None = None
    afm_cache_enable: Flag = False
    """Whether the compute cluster reads it through its own cache."""
    department_number: Text | None = None
    issue_key: Text | None = None
    add_archive: Flag = False
    """Whether it has a tape tier beside the disks."""
    quota: Annotated[str, BeforeValidator(_text), AfterValidator(_size)] | None = None
    dir_projects: Annotated[
        dict[str, Annotated[Members, BeforeValidator(_nothing_as_empty)]], AfterValidator(_directories)
    ] = Field(default_factory=dict)
    cost_center: Text | None = None
    funding_number: Text | None = None
    secure: Flag = False
    """Holds protected health information (PHI)."""
    smb_export_name: Text | None = None
    acl_group_members: Annotated[tuple[Text, ...], BeforeValidator(_comma_names)] = ()
    platform: Name = "storage1"
    backend: Name = "gpfs"
    renamed_from: Name | None = None
    """The name under which it is in AWS: its bucket, key and images stay with it under the new one."""

    @property
    def name(self) -> str:
        """What the allocation is called everywhere: ``custom_name`` where there is one, else the owner's key."""
        return self.custom_name or self.wustlkey

    @property
    def lab(self) -> str:
        """The lab as LSF knows it: the ``<lab>`` of the user group ``compute-<lab>``."""
        return self.name

    @property
    def group(self) -> str:
        """The directory group that reads and writes all of it."""
        return f"storage-{self.name}"

    @property
    def path(self) -> str:
        """Where it is mounted on the cluster."""
        return f"/{self.platform}/fs1/{self.name}"

    @property
    def quota_bytes(self) -> int | None:
        """The quota in bytes; None when the file gives none."""
        return None if self.quota is None else parse_quota(self.quota)

    @property
    def projects(self) -> tuple[Project, ...]:
        """The project directories in the order written; who is in ``rw`` does not stay in ``ro``."""
        return tuple(_project(name, members) for name, members in self.dir_projects.items())

    @property
    def extra(self) -> dict[str, object]:
        """Keys this version does not know, as written."""
        return dict(self.model_extra or {})


def _project(name: str, members: Members) -> Project:
    writers = {same(principal) for principal in members.rw}
    readers = tuple(principal for principal in members.ro if same(principal) not in writers)
    return Project(name=name, rw=_once(members.rw), ro=_once(readers), archive=members.archive)


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple({same(name): name for name in names}.values())
