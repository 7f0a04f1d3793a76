"""``ris-hybrid images homes``: where each lab's images are, in the words of burst.yaml's section ``node``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from ris_hybrid.cli import show
from ris_hybrid.cli.images_site import JsonOption
from ris_hybrid.cli.which_data import ConfOption, chosen_data
from ris_hybrid.errors import ConfigError


def homes(
    environment: Annotated[
        str, typer.Option("--environment", metavar="ENV", help="Of mirror.yaml; needed where labs are in several.")
    ] = "",
    conf: ConfOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Print burst.yaml's node.registry, node.namespace and node.namespaces, as the mirror has them."""
    import yaml

    from ris_hybrid import image_wiring, wiring
    from ris_hybrid.images.homes import node_images

    where = image_wiring.mirrored(*chosen_data(conf))
    if not where.applied:
        show.note("the mirror was never applied: repositories are those of its plan")
    found = image_wiring.lab_homes(where.plan)
    known = sorted({one.environment for one in found})
    chosen = environment or (known[0] if len(known) == 1 else "")
    node = node_images(found, chosen)
    if node is None:
        wrong = f"environment {environment} has no lab with images" if environment else "labs are in no one environment"
        raise ConfigError(wrong, f"give --environment: {', '.join(known)}" if known else "see `ris-hybrid mirror plan`")
    if as_json:
        show.json_object({"sandbox": bool(wiring.aws_endpoint()), "environment": chosen, "node": asdict(node)})
        return
    for line in yaml.safe_dump({"node": asdict(node)}, sort_keys=False).splitlines():
        show.line(line)
