"""What must be there in AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from burst.aws.userdata import user_data
from ris_hybrid.checkup.finding import Finding, asked
from ris_hybrid.config.user_data import is_filled_from
from ris_hybrid.errors import CloudError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from burst.aws.account import TemplateFound
    from ris_hybrid.settings import BurstSettings, Pool

_MOST_SKEW_S = 60.0  # AWS refuses signatures that are five minutes off; ages of machines go by the same clock

_OURS = "/etc/ris-hybrid/node.conf"


class Account(Protocol):
    """What is asked of AWS. Raises ``CloudError``."""

    def template(self, name: str) -> TemplateFound:
        """A launch template's default version."""
        ...

    def clock(self) -> float:
        """The cloud's own time."""
        ...

    def waiting_notices(self) -> int:
        """Messages in the queue of notices."""
        ...


def look(settings: BurstSettings, account: Account, now: float | None) -> Iterator[Finding]:
    """Launch templates, clock, queue; what cannot be asked is a finding of its own. Virtual time is None."""
    for pool in settings.pools:
        if pool.launch_template:
            yield from _template(pool, settings, account)
    if now is not None:
        yield _clock(account, now)
    if settings.notices:
        yield _notices(settings, account)
    elif any(pool.purchase != "on-demand" for pool in settings.pools):
        yield Finding(
            name="spot notices",
            ok=False,
            text="no queue is named",
            hint="name the stacks' queue in notices of burst.yaml; until then notices come by the nodes alone",
            needed=False,
        )


def _template(pool: Pool, settings: BurstSettings, account: Account) -> Iterator[Finding]:
    name = f"launch template of {pool.name}"
    try:
        found = account.template(pool.launch_template)
    except CloudError as error:
        hint = error.hint or "apply the stacks"
        yield Finding(name=name, ok=False, text=f"{pool.launch_template}: {error.message}", hint=hint)
        return
    tokens = "IMDSv2 required" if found.tokens_required else "IMDSv2 is not required"
    yield Finding(
        name=name,
        ok=found.tokens_required,
        text=f"{pool.launch_template} version {found.version}: {tokens}",
        hint="set MetadataOptions.HttpTokens to required: jobs must not reach the node's role by a plain request",
    )
    yield Finding(
        name=f"tags in metadata of {pool.name}",
        ok=found.tags_in_metadata,
        text="enabled" if found.tags_in_metadata else "not enabled",
        hint="set MetadataOptions.InstanceMetadataTags to enabled: our boot script reads cluster and lab from its tags",
        needed=_OURS in found.user_data,
    )
    yield from asked(f"user data of {pool.name}", lambda: [_user_data(pool, settings, found)])


def _user_data(pool: Pool, settings: BurstSettings, found: TemplateFound) -> Finding:
    """Raises ``ConfigError`` when burst.yaml gives none."""
    ok = is_filled_from(found.user_data, user_data(pool, settings))
    kind = "is of another burst.yaml or release" if _OURS in found.user_data else "is not ours"
    wrong = f"version {found.version} {kind}" if found.user_data else f"version {found.version} has none"
    return Finding(
        name=f"user data of {pool.name}",
        ok=ok,
        text="as burst.yaml says" if ok else wrong,
        hint=f"put userdata-{pool.name}.yaml (beside the provider's configuration) into a new default version of the"
        f" launch template: apply the stacks, or ris-hybrid burst userdata --pool {pool.name}",
        needed=False,  # an image may do all of it by itself
    )


def _clock(account: Account, now: float) -> Finding:
    try:
        off = now - account.clock()
    except CloudError as error:
        return Finding(name="clock", ok=False, text=f"unknown: {error.message}", hint=error.hint)
    hint = "mend time synchronisation: signatures and the age of machines go by it"
    return Finding(name="clock", ok=abs(off) <= _MOST_SKEW_S, text=f"{off:+.0f} s against EC2", hint=hint)


def _notices(settings: BurstSettings, account: Account) -> Finding:
    try:
        waiting = account.waiting_notices()
    except CloudError as error:
        hint = error.hint or "see the queue's policy and the URL"
        return Finding(name="spot notices", ok=False, text=f"{settings.notices}: {error.message}", hint=hint)
    return Finding(name="spot notices", ok=True, text=f"{settings.notices}: {waiting} waiting")
