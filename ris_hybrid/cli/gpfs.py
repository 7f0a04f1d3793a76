"""``ris-hybrid gpfs``: what Spectrum Scale says of filesets, caches and access lists, and changes of them by REST.

Changes are rehearsed unless ``--apply`` is given: the requests that would be sent are printed, secrets as ``***``.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ris_hybrid import data_wiring
from ris_hybrid.cli import gpfs_lists, show
from ris_hybrid.cli import gpfs_view as view
from ris_hybrid.cli.which_data import ConfOption, chosen_data
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from onprem.gpfs.rest_writes import GpfsRestWrites
    from ris_hybrid.data.scale import Written
    from ris_hybrid.data.settings import DataSettings

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ApplyOption = Annotated[bool, typer.Option("--apply", help="Do it; without this the requests are only shown.")]
SystemOption = Annotated[
    str, typer.Option("--file-system", metavar="DEVICE", help="The file system; without it data.yaml's.")
]
CacheOption = Annotated[
    str, typer.Option("--file-system", metavar="DEVICE", help="The caches' file system; without it data.yaml's.")
]
FilesetArgument = Annotated[str, typer.Argument(metavar="FILESET")]

KeyFileOption = Annotated[
    Path, typer.Option("--key-file", metavar="FILE", help="One line ACCESS:SECRET, readable by its owner alone.")
]
EndpointOption = Annotated[str, typer.Option("--endpoint", metavar="URL", help="Where the bucket is.")]

S3 = "https://s3.us-east-1.amazonaws.com"
FOUND_SOMETHING = 6


@app.command("show")
def show_filesets(
    fileset: Annotated[str, typer.Argument(metavar="[FILESET]", help="One of them, with its snapshots.")] = "",
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """List filesets with quota, use and AFM relation, and which surface says so."""
    settings, folder = chosen_data(conf)
    listing = data_wiring.scale(settings, folder).listing()
    view.need_some(listing)
    if fileset:
        listing = view.only(listing, fileset)
    if as_json:
        show.json_object(view.listing_json(listing))
    else:
        view.show_listing(listing, of_one=bool(fileset))
    for remark in listing.remarks:
        show.warn(remark)
    for one in listing.missing:
        show.warn(f"{one.part}: not known: {one.reason}")


@app.command("acl")
def acl(
    path: Annotated[str, typer.Argument(metavar="PATH", help="Absolute, as the site names it.")],
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Show the NFSv4 access list of a path."""
    settings, folder = chosen_data(conf)
    found = data_wiring.scale(settings, folder).acl(path)
    if as_json:
        show.json_object(asdict(found))
    else:
        view.show_acl(found)


@app.command("cache")
def cache(
    fileset: FilesetArgument,
    conf: ConfOption = None,
    file_system: CacheOption = "",
    *,
    check: Annotated[bool, typer.Option("--check", help="Exit with 6 unless nothing waits in it.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how an AFM cache stands to its home: whether all that was written to it has arrived."""
    settings, folder = chosen_data(conf)
    device = file_system or settings.gpfs.cache or settings.gpfs.file_system
    state = data_wiring.scale(settings, folder).cache(device, fileset)
    if as_json:
        show.json_object(asdict(state))
    else:
        show.fields(asdict(state))
    if check and state.health not in {"clean", "none"}:
        raise typer.Exit(FOUND_SOMETHING)


@app.command("create-fileset")
def create_fileset(
    name: FilesetArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="Where it is linked.")],
    *,
    conf: ConfOption = None,
    file_system: SystemOption = "",
    comment: Annotated[str, typer.Option("--comment", help="A ticket; no personal data.")] = "",
    owner: Annotated[str, typer.Option("--owner", metavar="USER:GROUP")] = "root:root",
    permissions: Annotated[str, typer.Option("--permissions", metavar="MODE")] = "2770",
    apply: ApplyOption = False,
) -> None:
    """Create an independent fileset and link it, if it is not there."""
    from ris_hybrid.data.scale import FilesetWanted

    device, writes = _writes(conf, apply=apply)
    wanted = FilesetWanted(
        file_system=file_system or device,
        name=name,
        path=path,
        comment=comment,
        owner=owner,
        permissions=permissions,
    )
    _done(writes.create_fileset(wanted), apply=apply)


@app.command("set-quota")
def set_quota(
    fileset: FilesetArgument,
    size: Annotated[str, typer.Argument(metavar="SIZE", help="Such as 25T; powers of 1024.")],
    conf: ConfOption = None,
    file_system: SystemOption = "",
    *,
    apply: ApplyOption = False,
) -> None:
    """Set the block limit of a fileset, hard and soft."""
    from ris_hybrid.config.quota import parse_quota

    try:
        wanted = parse_quota(size)
    except ValueError as error:
        raise ConfigError(f"SIZE: expected {error}, found {size!r}") from error
    settings, folder = chosen_data(conf)
    device = file_system or settings.gpfs.file_system
    view.tell_quota(data_wiring.scale(settings, folder).listing(), device, fileset, wanted)
    _device, writes = _writes_of(settings, folder, apply=apply)
    _done(writes.set_quota(device, fileset, wanted), apply=apply)


@app.command("relate")
def relate(
    fileset: FilesetArgument,
    bucket: Annotated[str, typer.Argument(metavar="BUCKET")],
    key_file: KeyFileOption,
    *,
    conf: ConfOption = None,
    file_system: SystemOption = "",
    endpoint: EndpointOption = S3,
    mode: Annotated[Literal["sw", "iw", "ro", "lu", "mu"], typer.Option("--mode", help="AFM's; kept for ever.")] = "iw",
    apply: ApplyOption = False,
) -> None:
    """Make an AFM fileset over a bucket: keys, mapping, fileset. It wants a fileset of its own."""
    from ris_hybrid.data.scale import CosRelation

    device, writes = _writes(conf, apply=apply)
    relation = CosRelation(
        file_system=file_system or device,
        fileset=fileset,
        bucket=bucket,
        endpoint=endpoint,
        mode=mode,
        prefix="",
        key_file=str(key_file),
    )
    _done(writes.relate(relation), apply=apply)


@app.command("renew-keys")
def renew_keys(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET")],
    key_file: KeyFileOption,
    *,
    conf: ConfOption = None,
    endpoint: EndpointOption = S3,
    apply: ApplyOption = False,
) -> None:
    """Give the cluster a bucket's new keys, after they were rotated; filesets over it stay as they are."""
    _device, writes = _writes(conf, apply=apply)
    _done(writes.renew_keys(bucket, endpoint, key_file), apply=apply)


@app.command("flush")
def flush(fileset: FilesetArgument, conf: ConfOption = None, file_system: CacheOption = "") -> None:
    """Say whether all that was written to an AFM cache is home, and else what brings it there; sends nothing."""
    settings, folder = chosen_data(conf)
    device = file_system or settings.gpfs.cache or settings.gpfs.file_system
    _done(data_wiring.cache_flush(settings, folder).flush(device, fileset), apply=True)


def _writes(conf: Path | None, *, apply: bool) -> tuple[str, GpfsRestWrites]:
    """data.yaml's file system, and what changes it or only tells."""
    return _writes_of(*chosen_data(conf), apply=apply)


def _writes_of(settings: DataSettings, folder: Path, *, apply: bool) -> tuple[str, GpfsRestWrites]:
    rehearsed = None if apply else _tell
    writes = data_wiring.scale_writes(settings, folder, rehearsed=rehearsed, waiting=_waiting)
    return settings.gpfs.file_system, writes


def _waiting(seconds: float) -> None:
    show.note(f"its job runs; the next look is in {seconds:g} s")


def _tell(request: str) -> None:
    for text in request.splitlines():
        show.line(text)


def _done(written: Written, *, apply: bool) -> None:
    if apply or written.outcome == "unchanged":
        show.line(f"{written.outcome}: {written.text}")
    else:
        show.note(f"nothing was sent: with --apply it would be {written.outcome}")


app.command("allowed")(gpfs_lists.allowed)
app.command("drift")(gpfs_lists.drift)
app.command("file")(gpfs_lists.file)
app.command("policy")(gpfs_lists.policy)
