"""``ris-hybrid data``: datasets into the cloud, their results back, and out of the cloud again."""

from __future__ import annotations

import typer

from ris_hybrid.cli.data_back import cancel, evict, give_back
from ris_hybrid.cli.data_service import run
from ris_hybrid.cli.data_stage import plan, stage
from ris_hybrid.cli.data_status import status
from ris_hybrid.cli.data_verify import verify

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.command("plan")(plan)
app.command("stage")(stage)
app.command("status")(status)
app.command("verify")(verify)
app.command("return")(give_back)
app.command("evict")(evict)
app.command("cancel")(cancel)
app.command("run")(run)
