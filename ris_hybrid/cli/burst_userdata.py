"""``ris-hybrid burst userdata``: what a machine of a pool is told at its first boot."""

from __future__ import annotations

from typing import Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.burst_site import ConfOption, JsonOption


def userdata(
    pool: Annotated[str, typer.Option("--pool", help="The pool of burst.yaml.")],
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print the user data of a pool's nodes, for the stacks to put into its launch template."""
    from burst.aws.shapes import with_shapes
    from burst.aws.userdata import MOST_BYTES, user_data
    from ris_hybrid.cli.burst_site import load_settings
    from ris_hybrid.config.burst_file import load_burst
    from ris_hybrid.errors import ConfigError

    # The stacks have not run yet when this is asked first, so their outputs are not looked for.
    settings = load_settings(None) if conf is None else with_shapes(load_burst(conf))
    known = settings.pool(pool)
    if known is None:
        raise ConfigError(f"no pool {pool}", f"burst.yaml has {', '.join(one.name for one in settings.pools)}")
    text = user_data(known, settings)
    if as_json:
        size = len(text.encode())
        show.json_object({"pool": pool, "bytes": size, "most_bytes": MOST_BYTES, "user_data": text})
        return
    show.line(text.rstrip("\n"), raw=True)
