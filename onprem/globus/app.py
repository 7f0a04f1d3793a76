"""Who we are to Globus: the service by client credentials, a person by a login in the browser.

Tokens of the service stay in memory, or go to one SQLite file; a person's go to such a file. It is the only place
where tokens lie, and its owner alone may read it. Addresses of the services follow the SDK's environment
(``GLOBUS_SDK_SERVICE_URL_TRANSFER``, ``..._AUTH``, ``..._GROUPS``), which the sandbox sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from globus_sdk import ClientApp, GlobusAppConfig, NativeAppAuthClient, TransferClient, UserApp
from globus_sdk.login_flows import CommandLineLoginFlowManager
from globus_sdk.token_storage import MemoryTokenStorage, SQLiteTokenStorage
from globus_sdk.transport import RetryConfig

from onprem.globus.errors import globus_words
from onprem.globus.secret import read_secret
from ris_hybrid.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from globus_sdk import GlobusApp
    from globus_sdk.token_storage import TokenStorage

    from ris_hybrid.data.settings import Globus

NAME = "ris-hybrid"
RETRIES = 2
"""Of one call, by the SDK, seconds apart; what then still fails is tried again by who called."""


def token_file(path: Path) -> TokenStorage:
    """A store on disk, readable by its owner alone."""
    try:
        store = SQLiteTokenStorage(path)
        path.chmod(0o600)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: no tokens can be kept here", "name a folder of your own") from error
    return store


def service_app(settings: Globus, folder: Path, store: TokenStorage | None = None) -> ClientApp:
    """The service's own identity, ``<client_id>@clients.auth.globus.org``; its secret file is relative to ``folder``.

    Raises ``ConfigError`` when the secret cannot be had.
    """
    secret = read_secret(folder / settings.secret_file)
    config = GlobusAppConfig(token_storage=store or MemoryTokenStorage())
    with globus_words("the service's identity"):
        return ClientApp(NAME, client_id=settings.client_id, client_secret=secret, config=config)


class AskedHere(CommandLineLoginFlowManager):
    """A login in the browser; ``ask`` gets the address to open and gives the code that then stands there."""

    def __init__(self, client: NativeAppAuthClient, ask: Callable[[str], str]) -> None:
        super().__init__(client, request_refresh_tokens=True)
        self._ask = ask

    def print_authorize_url(self, authorize_url: str) -> None:
        """Kept for the question."""
        self._url = authorize_url

    def prompt_for_code(self) -> str:
        """The code."""
        return self._ask(self._url).strip()


def person_app(settings: Globus, store: TokenStorage, ask: Callable[[str], str]) -> UserApp:
    """A person's identity; without a token a call is refused, and says how to log in: only a login asks.

    ``ask`` shows a person the address it is given, and gives the code Globus shows there.
    """
    if not settings.people_client_id:
        hint = "make a native client at app.globus.org and name it in globus.people_client_id"
        raise ConfigError("data.yaml names no client by which people log in", hint)
    with globus_words("a person's identity"):
        client = NativeAppAuthClient(settings.people_client_id, app_name=NAME)
        config = GlobusAppConfig(
            token_storage=store,
            request_refresh_tokens=True,
            token_validation_error_handler=None,
            login_flow_manager=AskedHere(client, ask),
        )
        return UserApp(NAME, login_client=client, config=config)


def retrying() -> RetryConfig:
    """How the SDK's clients try again by themselves."""
    return RetryConfig(max_retries=RETRIES)


def transfer_client(app: GlobusApp) -> TransferClient:
    """The Transfer service in that identity's name."""
    with globus_words("the Transfer service"):
        return TransferClient(app=app, retry_config=retrying())
