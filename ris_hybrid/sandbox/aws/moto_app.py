"""moto's own application behind one function: a call in, an answer out, and every crash as one clear error."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from moto.core.base_backend import AccountSpecificBackend
from moto.core.utils import convert_to_flask_response
from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.moto_api._internal import mock_random
from moto.moto_server.utilities import RegexConverter
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map
from werkzeug.wrappers import Response

from ris_hybrid.sandbox.aws.wire import Answer, Call, Environ, not_in_sandbox

QUEUE = "spot-notices"
"""The SQS queue that every account and region has from the start."""
_CRASH = "X-Sandbox-Crash"
_NO_PAGE = "text/html"
_QUIET = "MOTO_EC2_LOAD_DEFAULT_AMIS"


Wsgi = Callable[[Environ, Any], Iterable[bytes]]
"""A WSGI application."""


class Moto:
    """moto in this process; ids come from ``seed``, so the same calls in the same order give the same ids."""

    def __init__(self, seed: int) -> None:
        # moto looks through all 1301 public images for each instance it starts: that is 80 % of a launch.
        os.environ.setdefault(_QUIET, "false")
        self._seed = seed
        self._wsgi = _moto_application()
        self._opened: set[tuple[str, str]] = set()
        mock_random.seed(seed)
        # moto makes its one session at the first call: by then somebody may have set a profile that is in no file.
        AccountSpecificBackend.get_session().get_available_partitions()

    def answer(self, call: Call) -> Answer:
        """moto's answer. Raises ``ApiError`` SandboxNotImplemented when moto has none or crashed."""
        self._open(call.account, call.region)
        answer = run(self._wsgi, call.wsgi())
        headers = dict(answer.headers)
        # In S3 every path is a bucket's or an object's, and a HEAD that finds none says so without a document.
        no_document = headers.get("Content-Type", "").startswith(_NO_PAGE) and call.service != "s3"
        unrouted = answer.status == 404 and no_document
        if _CRASH in headers or unrouted:
            raise not_in_sandbox(f"{call.name} ({headers.get(_CRASH, 'moto does not know it')})")
        return replace(answer, headers=tuple(pair for pair in answer.headers if pair[0] != _CRASH))

    def reset(self) -> None:
        """Forget everything and start the ids again."""
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/moto-api/reset",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
        }
        run(self._wsgi, environ)
        self._opened.clear()
        mock_random.seed(self._seed)

    def _open(self, account: str, region: str) -> None:
        """Make a region's default network from the seed at its first call, and the queue of spot notices.

        moto makes it at a reset or at the first call, by what was there before: its ids would depend on that.
        """
        if (account, region) in self._opened or region not in ec2_backends[account]:
            return
        self._opened.add((account, region))
        running = mock_random.getstate()
        mock_random.seed(f"{self._seed} {account} {region}")
        ec2_backends[account][region].reset()
        sqs_backends[account][region].create_queue(QUEUE)
        mock_random.setstate(running)


def run(wsgi: Wsgi, environ: Environ) -> Answer:
    """Let a WSGI application answer in full."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _exc: object = None) -> None:
        begun.append((status, headers))

    body = wsgi(environ, start_response)
    content = b"".join(body)
    close = getattr(body, "close", None)
    if close is not None:
        close()
    status, headers = begun[-1]
    return Answer(status=int(status.split()[0]), headers=tuple(headers), body=content)


class _Dispatcher(DomainDispatcherApplication):
    """Finds the service of a host once: moto lists its own folder for each call, a fifth of the call's time."""

    def __init__(self, create_app: Any) -> None:
        super().__init__(create_app)
        self._services: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """As moto finds it."""
        if host not in self._services:
            self._services[host] = super().get_backend_for_host(host)
        return self._services[host]


class _Launches(EC2Response):
    """moto's EC2, naming the machines of a launch by their ids: writing each in full takes nine tenths of the time."""

    def run_instances(self) -> Any:
        """Launch as moto does."""
        launched: Any = super().run_instances().result
        return "".join(f"<instanceId>{one.id}</instanceId>" for one in launched.instances)


def _crashed(error: Exception) -> Any:
    if isinstance(error, HTTPException):
        return error
    words = f"{type(error).__name__}: {error}".replace("\r", " ").replace("\n", " ")
    return Response(status=500, headers={_CRASH: words[:300].encode("ascii", "replace").decode()})


class _AnyKey(RegexConverter):
    """moto's routes end a key at its first newline; S3's keys may have any character."""

    def __init__(self, url_map: Any, *items: Any) -> None:
        super().__init__(url_map, *(re.sub(r"\.([+*])$", r"[\\s\\S]\1", one) for one in items))


def _take_every_key(app: Any) -> None:
    rules = [rule.empty() for rule in app.url_map.iter_rules()]
    app.url_map = Map(converters={"regex": _AnyKey})
    for rule in rules:
        app.url_map.add(rule)


def _moto_application() -> Wsgi:
    def without_backend(_environ: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("500 no backend", [(_CRASH, "moto has no such service")])
        return ()

    def backend_app(service: Any) -> Any:
        if service is None:
            return without_backend
        app = create_backend_app(service)
        if service == "s3":
            _take_every_key(app)
        app.debug = False  # else a crash goes past the error handler
        app.register_error_handler(Exception, _crashed)
        if "EC2Response.dispatch" in app.view_functions:
            app.view_functions["EC2Response.dispatch"] = convert_to_flask_response(_Launches.dispatch)
        logging.getLogger(app.name).setLevel(logging.CRITICAL)
        return app

    return _Dispatcher(backend_app)
