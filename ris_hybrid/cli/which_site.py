"""Which site a command reads: the one it is told, or the example shipped with the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ris_hybrid.cli import show

EXAMPLE_SITE = Path(__file__).resolve().parents[1] / "sandbox" / "site"

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="DIR",
        envvar="RIS_HYBRID_SITE",
        help="The site's files (Ansible tree). Without it: the example site of the sandbox.",
        show_default=False,
    ),
]


def chosen_site(site: Path | None) -> Path:
    """The directory to read, and a note on stderr when it is the example."""
    if site is not None:
        return site
    show.note("no --site given: this is the example (sandbox) site, its labs are made up")
    here = Path.cwd()
    return EXAMPLE_SITE.relative_to(here) if EXAMPLE_SITE.is_relative_to(here) else EXAMPLE_SITE
