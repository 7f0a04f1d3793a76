"""``ris-hybrid burst userdata``: what a machine of a pool is told at its first boot, and all pools for the stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from ris_hybrid.settings import BurstSettings


def userdata(
    pool: Annotated[str, typer.Option("--pool", help="The pool of burst.yaml; without it, with --json, all.")] = "",
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print the user data of a pool's nodes; with --json and no --pool, the file the compute stack builds all from."""
    from burst.shapes import with_shapes
    from ris_hybrid.cli.burst_site import load_settings
    from ris_hybrid.config.burst_file import load_burst

    # The stacks have not run yet when this is asked first, so their outputs are not looked for.
    settings = load_settings(None) if conf is None else with_shapes(load_burst(conf))
    if pool:
        _one(settings, pool, as_json=as_json)
        return
    if not as_json:
        raise ConfigError("expected --pool NAME, or --json for all pools", "see ris-hybrid burst userdata --help")
    from burst.pools_file import pools_file
    from ris_hybrid.config.pools_file import pools_data

    show.json_object(pools_data(pools_file(settings)))


def _one(settings: BurstSettings, pool: str, *, as_json: bool) -> None:
    from burst.userdata import sent, user_data

    known = settings.pool(pool)
    if known is None:
        raise ConfigError(f"no pool {pool}", f"burst.yaml has {', '.join(one.name for one in settings.pools)}")
    text = user_data(known, settings)
    if as_json:
        size, most = sent(known, settings, text)
        show.json_object({"pool": pool, "bytes": size, "most_bytes": most, "user_data": text})
        return
    show.line(text.rstrip("\n"), raw=True)
