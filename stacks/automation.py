"""The stacks run by Pulumi's own engine, through its Automation API: the port ``Deployer`` where the CLI is installed.

The API is a client of the command ``pulumi``, which must be on PATH. It works in the project's folder, with the
backend, the login and the passphrase that the environment names. What the command prints is not passed on: only its
events are read, so that no secret can be among it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import yaml
from pulumi import automation

from ris_hybrid.config.document import read
from ris_hybrid.errors import ConfigError, TryAgain
from stacks.engine_events import Seen
from stacks.environment_file import read_environment
from stacks.layers import split

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ris_hybrid.mirror.deployed import Deployed

CONFIG = Path("stacks", "config")
"""Where the project keeps its environments' files and the stacks' configuration, below its folder."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_NO_CLI = "install Pulumi's CLI and log in to your backend, or try it in the sandbox: ris-hybrid sandbox start"


class PulumiDeployer:
    """Runs the stacks of one project folder over one mirror plan.

    ``preview`` may be given a draft of the plan. ``up`` takes the one that the environment's file names, so that
    ``pulumi up`` by hand does the same; any other is a ``ConfigError``. ``profiles`` has AWS's profile by environment,
    for those that have one: it wins over keys that are set, and Pulumi's backend is reached with it too.
    """

    def __init__(
        self, project: Path, plan: Path, packs: Sequence[Path] = (), profiles: Mapping[str, str] | None = None
    ) -> None:
        if not (project / "Pulumi.yaml").is_file():
            raise ConfigError(f"{project}: there is no Pulumi.yaml", "name the folder of the stacks' project: --stacks")
        self._project, self._plan, self._profiles = project.absolute(), plan.absolute(), profiles or {}
        self._usual: dict[str, Any] = {
            "policy_packs": [str(pack.absolute()) for pack in packs],
            "refresh": True,  # what was changed behind our back is seen, and put right
            "color": "never",
            "suppress_outputs": True,
        }

    def preview(self, stack: str) -> Deployed:
        """What ``up`` would do; a stack that never was is made in the backend, empty."""
        split(stack)
        seen = Seen(stack)
        with _told(seen), self._draft(stack) as config:
            self._made(stack).preview(config_file=config, on_event=seen.note, **self._usual)
        return seen.deployed()

    def up(self, stack: str) -> Deployed:
        """Build the stack."""
        self._check_plan(split(stack)[1])
        seen = Seen(stack)
        with _told(seen):
            self._made(stack).up(on_event=seen.note, show_secrets=False, **self._usual)
        return seen.deployed()

    def outputs(self, stack: str) -> Mapping[str, object]:
        """What the stack gave out last."""
        split(stack)
        with _told(Seen(stack)):
            try:
                given = automation.select_stack(
                    stack_name=stack, work_dir=self._folder(), opts=self._options(stack)
                ).outputs()
            except automation.StackNotFoundError:
                return {}
        return {name: output.value for name, output in given.items() if not output.secret}

    def _made(self, stack: str) -> automation.Stack:
        return automation.create_or_select_stack(stack_name=stack, work_dir=self._folder(), opts=self._options(stack))

    def _options(self, stack: str) -> automation.LocalWorkspaceOptions:
        """Keys in the environment would win over a profile, so they are emptied for the command."""
        profile = self._profiles.get(split(stack)[1], "")
        chosen = {"AWS_PROFILE": profile, **dict.fromkeys(_KEYS, "")} if profile else {}
        return automation.LocalWorkspaceOptions(env_vars=chosen)

    def _folder(self) -> str:
        """Where the command works; raises ``ConfigError`` when there is no command."""
        if shutil.which("pulumi") is None:
            raise ConfigError("the command pulumi is not on PATH", _NO_CLI)
        return str(self._project)

    @contextmanager
    def _draft(self, stack: str) -> Iterator[str]:
        """A copy of the stack's configuration that names our plan; whatever the engine writes into it is dropped."""
        own = self._project / CONFIG / f"Pulumi.{stack}.yaml"
        written = _mapping(read(own).data) if own.is_file() else {}
        config = {**_mapping(written.get("config")), "ris-hybrid:mirror": str(self._plan)}
        with TemporaryDirectory(prefix="ris-hybrid-") as folder:
            draft = Path(folder, own.name)
            draft.write_text(yaml.safe_dump({**written, "config": config}), encoding="utf-8")
            yield str(draft)

    def _check_plan(self, env: str) -> None:
        path = self._project / CONFIG / f"{env}.yaml"
        named = path.parent / read_environment(path, env).mirror
        if named.resolve() != self._plan.resolve():
            wanted = os.path.relpath(self._plan, path.parent)
            raise ConfigError(
                f"{path}: mirror: expected {wanted}, found {named.name}", f"write there: mirror: {wanted}"
            )


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


@contextmanager
def _told(seen: Seen) -> Iterator[None]:
    """Errors of the Automation API as ours; the engine's own words come from its events."""
    try:
        yield
    except automation.InvalidVersionError as error:
        raise ConfigError(str(error), "install a newer Pulumi CLI") from error
    except automation.ConcurrentUpdateError as error:
        raise TryAgain("another update of this stack runs", "wait for it; if it was killed: pulumi cancel") from error
    except automation.CommandError as error:
        raise seen.failure(_last_error(str(error))) from error


def _last_error(text: str) -> str:
    """Pulumi's last line that begins with ``error:``, of what the command wrote."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line.removeprefix("error:").strip() for line in lines if line.startswith("error:")]
    return said[-1] if said else "pulumi failed and did not say why"
