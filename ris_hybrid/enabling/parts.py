"""Every file the burst has a hand in: how it is rendered with us, and what it is without us."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from burst.rc import install, listing
from burst.userdata import user_data
from onprem.lsf.conf import assignments, batch, tables, wanted
from onprem.lsf.conf.edits import Edit, Edited, Kept
from onprem.lsf.conf.places import owner
from ris_hybrid.enabling.undo import Undone, undo
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from onprem.lsf.conf.places import LsfFiles
    from ris_hybrid.enabling.record import Row
    from ris_hybrid.settings import BurstSettings, Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a person said beside burst.yaml."""

    hook: str
    """Full path of the installed ``ris-hybrid-rc``."""
    burst_yaml: str = ""
    """Full path of burst.yaml, for the service."""
    addresses: str = ""
    """LSF's pattern for the cloud's addresses; empty when not given."""
    replace: frozenset[str] = field(default_factory=frozenset)
    """Keys to set although an admin set them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One file. ``render`` gives its text with us, from the text without us (None: no file)."""

    path: Path
    render: Callable[[str | None], Edited]
    executable: bool = False


def home(files: LsfFiles, settings: BurstSettings) -> Path:
    """Our provider's folder."""
    return files.connector / settings.provider


def parts(settings: BurstSettings, files: LsfFiles, options: Options) -> Iterator[Part]:
    """All of them, in the order they are written: what others refer to comes first."""
    ours = home(files, settings)
    path, text = install.configuration(settings, ours)
    yield Part(path=path, render=lambda _: Edited(text=text))
    for script, body in install.scripts(ours, options.hook).items():
        yield Part(path=script, render=_script(script, body, options), executable=True)
    yield from (_told(pool, settings, ours) for pool in settings.pools)
    unit = install.unit(_service(settings, files, options))
    yield Part(path=ours / install.UNIT, render=lambda _: Edited(text=unit))
    yield from _lsf_parts(settings, files, options)
    yield from _connector_parts(settings, files, options)


def _told(pool: Pool, settings: BurstSettings, ours: Path) -> Part:
    """What a pool's nodes are told at their first boot: for whoever makes EC2's launch template, and to be read."""
    text = user_data(pool, settings)
    return Part(path=ours / "conf" / f"userdata-{pool.name}.yaml", render=lambda _: Edited(text=text))


def _service(settings: BurstSettings, files: LsfFiles, options: Options) -> dict[str, str]:
    return {
        "PROVIDER": settings.provider,
        "USER": owner(files.lsf_conf),
        "DATA": str(files.data),
        "LSF_PROFILE": str(files.envdir / "profile.lsf"),
        "COMMAND": options.hook.removesuffix("-rc"),
        "CONF": options.burst_yaml,
    }


def _lsf_parts(settings: BurstSettings, files: LsfFiles, options: Options) -> Iterator[Part]:
    edit = Edit(owner=settings.provider, replace=options.replace)
    conf, resources, queues = wanted.lsf_conf(settings), wanted.resources(settings), wanted.queues(settings)
    shared, cluster, batch_queues, modules = map(str, (files.shared, files.cluster_file, files.queues, files.modules))
    yield Part(path=files.shared, render=lambda text: tables.declare(_there(text, shared), resources, edit, shared))
    if options.addresses:
        yield Part(path=files.cluster_file, render=lambda text: _addresses(text, options.addresses, edit, cluster))
    if queues or files.queues.is_file():
        twins = wanted.copies(settings)

        def with_queues(text: str | None) -> Edited:
            made = batch.copy_queues(_there(text, batch_queues), twins, queues, edit, batch_queues)
            return batch.set_queues(made.text, queues, edit, batch_queues)

        yield Part(path=files.queues, render=with_queues)
    yield Part(
        path=files.modules,
        render=lambda text: tables.load_module(_there(text, modules), wanted.MODULE, edit, modules),
    )
    yield Part(
        path=files.lsf_conf,
        render=lambda text: assignments.set_keys(_there(text, "lsf.conf"), conf, edit, str(files.lsf_conf)),
    )


def _connector_parts(settings: BurstSettings, files: LsfFiles, options: Options) -> Iterator[Part]:
    ours, name = home(files, settings), settings.provider
    policies, providers = files.connector / listing.POLICIES, files.connector / listing.PROVIDERS
    script = ours / "scripts" / "policy.sh"
    entry, replace = listing.entry(name, ours), name in options.replace

    def policy(text: str | None) -> Edited:
        taken = listing.SCRIPT_KEY in options.replace
        body, other = listing.with_policy(text or "", script, file=str(policies), replace=taken)
        kept = Kept(where=str(policies), key=listing.SCRIPT_KEY, has=other, wanted=str(script))
        return Edited(text=body, kept=(kept,) if other else ())

    yield Part(path=policies, render=policy)
    yield Part(
        path=providers,
        render=lambda text: Edited(text=listing.with_provider(text or "", entry, str(providers), replace=replace)),
    )


def _script(path: Path, body: str, options: Options) -> Callable[[str | None], Edited]:
    def render(text: str | None) -> Edited:
        if text in (None, body) or path.name in options.replace or install.is_shipped(text or ""):
            return Edited(text=body)
        if not install.is_ours(text or ""):
            raise ConfigError(
                f"{path}: is a script of another provider",
                "give ours a name of its own (provider in burst.yaml), so that it has a folder of its own",
            )
        kept = Kept(where=str(path), key=path.name, has="an edited script", wanted="the one shipped")
        return Edited(text=text or "", kept=(kept,))

    return render


def _addresses(text: str | None, addresses: str, edit: Edit, file: str) -> Edited:
    body = _there(text, file)
    has = batch.address_range(body, file)
    if has is None:
        return batch.set_range(body, addresses, edit, file)
    kept = Kept(where=file, key=batch.RANGE, has=has, wanted=addresses)
    enough = addresses in has.split() or "*.*.*.*" in has.split()
    return Edited(text=body, kept=() if enough else (kept,))


def _there(text: str | None, file: str) -> str:
    if text is None:
        raise ConfigError(f"{file}: cannot be read: no such file", "is this the LSF_ENVDIR of a master?")
    return text


def without_us(path: Path, text: str, row: Row, home: Path) -> Undone:
    """What a file is without us, with what an admin has changed since. ``home`` is our provider's folder."""
    if path.parent == home / "scripts":
        untouched = text == row.before or text in row.written
        return Undone(text=row.before) if untouched else Undone(text=text, kept=(f"the edited {path.name}",))
    if path.is_relative_to(home):
        return Undone(text=row.before)
    if text == row.before or text in row.written:
        return Undone(text=row.before)
    if path.name == listing.PROVIDERS:
        return _json(listing.without_provider(text, home.name, str(path)), row)
    if path.name == listing.POLICIES:
        script = home / "scripts" / "policy.sh"
        return _json(listing.without_policy(text, script, row.before, str(path)), row)
    return undo(text, row.written, row.before or "")


def _json(text: str | None, row: Row) -> Undone:
    return Undone(text=row.before if listing.same(text, row.before) else text)
