"""``ris-hybrid burst import``: a burst.yaml from the configuration of IBM's AWS plug-ins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.errors import ConfigError


def take_over(
    source: Annotated[
        Path, typer.Argument(metavar="FILE_OR_DIR", help="The provider's conf folder, or its templates.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to write; without it stdout.")] = None,
    cluster: Annotated[str, typer.Option("--cluster", help="LSF's name of the cluster.")] = "",
    provider: Annotated[str, typer.Option("--provider", help="What LSF is to call our provider.")] = "ris-aws",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print burst.yaml and what is not in it as JSON.")] = False,
) -> None:
    """Make a burst.yaml from awsprov_config.json and awsprov_templates.json, and list what it could not carry."""
    from burst.rc.ibm.document import imported
    from burst.rc.ibm.read import load

    made = imported(load(source), cluster=cluster, provider=provider)
    if output is not None:
        _write(output, made.text)
    if as_json:
        left = [{"template": one.template or None, "key": one.key, "reason": one.reason} for one in made.left]
        names = [{"template": was, "pool": now} for was, now in made.names]
        show.json_object({"burst_yaml": made.text, "not_carried": left, "renamed": names})
        return
    for was, now in made.names:
        show.note(f"template {was} is pool {now}: LSF takes no underscore; jobs that name it must follow")
    for one in made.left:
        show.warn(f"not carried: {f'{one.template}: ' if one.template else ''}{one.key}: {one.reason}")
    if output is None:
        show.line(made.text.rstrip("\n"), raw=True)
    else:
        show.line(f"written {output}")


def _write(path: Path, text: str) -> None:
    """Raises ``ConfigError`` when there is such a file already: somebody may have edited it."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{path}: is there already", "name another file, or remove it") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
