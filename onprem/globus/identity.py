"""Everything one identity asks Globus with, made when it is first needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from onprem.globus.app import retrying, transfer_client
from onprem.globus.control import GlobusControl
from onprem.globus.directory import Directory
from onprem.globus.errors import globus_words
from onprem.globus.mover import GlobusMover
from onprem.globus.service import Service
from onprem.globus.sharing import Sharing

if TYPE_CHECKING:
    from collections.abc import Callable

    from globus_sdk import GlobusApp

    from onprem.globus.hold import Holds
    from onprem.globus.pace import Pace
    from ris_hybrid.data.settings import Globus


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The service's, or a person's."""

    app: GlobusApp
    settings: Globus
    pace: Pace
    holds: Holds

    @cached_property
    def service(self) -> Service:
        """Its way to Globus Transfer."""
        return Service(transfer_client(self.app), self.pace, self.app)

    @cached_property
    def directory(self) -> Directory:
        """Its way to groups and identities."""
        with globus_words("Globus Groups"):
            return Directory(self.service, self.app, retrying())

    def mover(self) -> GlobusMover:
        """The port ``Mover``."""
        return GlobusMover(self.service, self.settings, self.holds)

    def control(self, tell: Callable[[str], None] = lambda _: None) -> GlobusControl:
        """The port ``MoverControl``; ``tell`` hears what could not be held."""
        return GlobusControl(self.service, self.settings, self.holds, tell)

    def sharing(self) -> Sharing:
        """Permissions on guest collections."""
        return Sharing(self.service, self.directory, self.settings)

    def login(self) -> None:
        """Get tokens anew; a person is sent to the browser and asked for a code."""
        with globus_words("logging in"):
            self.app.login(force=True)

    def logout(self) -> None:
        """Take all tokens back and forget them."""
        with globus_words("logging out"):
            self.app.logout(sweep=True)
