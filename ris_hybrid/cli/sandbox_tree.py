"""``ris-hybrid sandbox tree``: files of an allocation for the data plane to move. Sandbox only."""

from __future__ import annotations

from typing import Annotated

import typer

from ris_hybrid.cli import show


def tree(
    allocation: Annotated[str, typer.Argument(metavar="ALLOCATION", help="An allocation of the example site.")],
    files: Annotated[int, typer.Option("--files", min=0, help="Small files, shared out among its projects.")] = 200,
    large: Annotated[int, typer.Option("--large", min=0, help="Sparse files, likewise.")] = 5,
    large_mib: Annotated[int, typer.Option("--large-mib", min=1, help="Size of each of those, MiB.")] = 4,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Give an allocation of the running sandbox a tree of made-up files in place of the one it has. Sandbox only."""
    from ris_hybrid.errors import SiteUnavailable
    from ris_hybrid.sandbox.data_room import planted
    from ris_hybrid.sandbox.places import running
    from ris_hybrid.sandbox.site_tree import Trees

    places = running()
    if places is None:
        raise SiteUnavailable("no sandbox is running", "run: ris-hybrid sandbox start")
    show.note(f"sandbox: {places.root}")
    made = planted(places, allocation, Trees(small=files, large=large, large_bytes=large_mib * 1024**2))
    folder = places.site / "storage1" / "fs1" / allocation
    if as_json:
        show.json_object({"sandbox": True, "files": made.files, "bytes": made.bytes, "folder": str(folder)})
        return
    show.line(f"{made.files:,} files ({made.bytes / 1024**2:,.1f} MiB) in {folder}")
