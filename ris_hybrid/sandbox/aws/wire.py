"""AWS calls and answers as plain values: who asks for what, in which protocol, and how an error is written in it.

Formats: the EC2 and query protocols send a form (``Action=...&Filter.1.Name=...``) and answer in XML; JSON services
name the action in ``X-Amz-Target``; REST services have only a method and a path (see ``operations``).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl, urlencode
from xml.sax.saxutils import escape

from ris_hybrid.sandbox.aws.operations import rest_operation, rest_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Protocol = Literal["ec2", "query", "json", "rest-json", "rest-xml"]
Environ = dict[str, Any]
BUILDER = "sandbox-pulumi"
"""The access key of the sandbox's apply, by which its calls are told from the product's."""
DATA = "sandbox-data"
"""That of the data plane's commands: in production the role that stages data has one of its own too."""
_CONNECTION = frozenset({"werkzeug.socket", "wsgi.input"})
_FORM = "application/x-www-form-urlencoded"
_CREDENTIAL = re.compile(r"(?:Credential=|^)([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
_XML_REST = frozenset({"s3", "s3control", "route53", "cloudfront"})
_UNSIGNED_STS = frozenset({"AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"})


class ApiError(Exception):
    """An error in AWS's words: its code, its sentence and the HTTP status it comes with."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def not_in_sandbox(what: str) -> ApiError:
    """The one error for everything the sandbox cannot do; 501, so that no client tries it again."""
    return ApiError("SandboxNotImplemented", f"{what} is not implemented: this is the sandbox, not AWS.", 501)


def would_have_done() -> ApiError:
    """The answer to an allowed DryRun."""
    return ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)


class Params:
    """The flat fields of a form with the numbered lists and structures of the query protocol read back."""

    __slots__ = ("flat",)

    def __init__(self, flat: Mapping[str, str]) -> None:
        self.flat = flat

    def get(self, name: str, default: str = "") -> str:
        """One field, or the default."""
        return self.flat.get(name, default)

    def flag(self, name: str) -> bool:
        """Whether a Boolean field says true."""
        return self.flat.get(name, "").lower() == "true"

    def number(self, name: str, default: int | None = None) -> int | None:
        """A whole number. Raises ``ApiError`` InvalidParameterValue when it is none."""
        text = self.flat.get(name)
        if text is None:
            return default
        try:
            return int(float(text))
        except (ValueError, OverflowError):
            raise ApiError("InvalidParameterValue", f"Invalid value '{text}' for {name}.") from None

    def values(self, name: str) -> list[str]:
        """``name.1``, ``name.2``, ... as a list."""
        found: list[str] = []
        while (value := self.flat.get(f"{name}.{len(found) + 1}")) is not None:
            found.append(value)
        return found

    def sub(self, name: str) -> Params:
        """The structure ``name.*``."""
        start = name + "."
        return Params({key[len(start) :]: value for key, value in self.flat.items() if key.startswith(start)})

    def items(self, name: str) -> list[Params]:
        """The structures ``name.1.*``, ``name.2.*``, ... in order."""
        parts: dict[int, dict[str, str]] = {}
        for key, value in self.sub(name).flat.items():
            index, _, rest = key.partition(".")
            if index.isdigit():
                parts.setdefault(int(index), {})[rest] = value
        return [Params(parts[index]) for index in sorted(parts)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request of a client, read but not changed."""

    service: str
    region: str
    account: str
    key: str = ""
    """The access key it is signed with; empty for an unsigned one."""
    action: str
    protocol: Protocol
    pairs: tuple[tuple[str, str], ...]
    body: bytes
    environ: Environ

    @property
    def name(self) -> str:
        """``ec2:CreateFleet``; an operation of REST that botocore does not know has the HTTP method in its place."""
        return f"{self.service}:{self.action}"

    @property
    def params(self) -> Params:
        """The form fields."""
        return Params(dict(self.pairs))

    def digest(self) -> str:
        """A fingerprint of what was asked; the signature of a signed address is no part of it."""
        asked = [pair for pair in self.pairs if not pair[0].startswith("X-Amz-")]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    def asking(self, pairs: Iterable[tuple[str, str]]) -> Call:
        """The same caller asking with another form."""
        form = tuple(pairs)
        body = urlencode(form).encode()
        environ = self.environ | {"REQUEST_METHOD": "POST", "QUERY_STRING": "", "CONTENT_TYPE": _FORM}
        action = dict(form).get("Action", self.action)
        return replace(self, pairs=form, body=body, action=action, environ=environ)

    def kept(self) -> Call:
        """The same call without its connection, to be made again."""
        environ = {name: value for name, value in self.environ.items() if name not in _CONNECTION}
        return replace(self, environ=environ)

    def wsgi(self) -> Environ:
        """A fresh WSGI environment of this call."""
        environ = self.environ | {"wsgi.input": io.BytesIO(self.body), "CONTENT_LENGTH": str(len(self.body))}
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return environ


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the call was done."""
        return 200 <= self.status < 300

    def saying(self, body: bytes) -> Answer:
        """The same answer with another body."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != "content-length")
        return replace(self, headers=(*kept, ("Content-Length", str(len(body)))), body=body)


def xml_answer(body: bytes, status: int = 200) -> Answer:
    """An answer of an XML service."""
    return Answer(status=status, headers=(("Content-Type", "text/xml;charset=UTF-8"),), body=b"").saying(body)


def json_answer(value: object, status: int = 200, kind: str = "application/json") -> Answer:
    """An answer in JSON."""
    return Answer(status=status, headers=(("Content-Type", kind),), body=b"").saying(json.dumps(value).encode())


def _body(environ: Environ) -> bytes:
    length = environ.get("CONTENT_LENGTH") or ""
    stream = environ["wsgi.input"]
    if length.isdigit():
        return bytes(stream.read(int(length)))
    return bytes(stream.read()) if environ.get("wsgi.input_terminated") else b""


def _action(environ: Environ, fields: Mapping[str, str]) -> str:
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    return fields.get("Action") or target.rpartition(".")[2]


def _protocol(environ: Environ, service: str, fields: Mapping[str, str]) -> Protocol:
    if "Action" in fields:
        return "ec2" if service == "ec2" else "query"
    if environ.get("HTTP_X_AMZ_TARGET") or "x-amz-json" in environ.get("CONTENT_TYPE", ""):
        return "json"
    return "rest-xml" if service in _XML_REST else "rest-json"


def read_call(environ: Environ, account_of: Callable[[str], str]) -> Call:
    """Read a request; ``account_of`` names the account of an access key. Unsigned calls count as S3's, as in moto."""
    body = _body(environ)
    pairs = tuple(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    if environ.get("CONTENT_TYPE", "").startswith(_FORM):
        pairs += tuple(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    fields = dict(pairs)
    action = _action(environ, fields)
    scope = _CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION") or fields.get("X-Amz-Credential", ""))
    key, region, service = scope.groups() if scope else ("", "us-east-1", "s3")
    if not scope and action in _UNSIGNED_STS:
        service = "sts"
    if not action:
        service = rest_service(service, environ.get("PATH_INFO", ""))
        action = rest_operation(service, environ, fields)
    return Call(
        service=service,
        region=region,
        account=account_of(key),
        key=key,
        action=action,
        protocol=_protocol(environ, service, fields),
        pairs=pairs,
        body=body,
        environ=environ,
    )


def error_answer(call: Call, error: ApiError) -> Answer:
    """The error in the shape that a client of this service reads (AWS API references, common errors)."""
    if call.protocol in {"json", "rest-json"}:
        kind = "application/x-amz-json-1.1" if call.protocol == "json" else "application/json"
        answer = json_answer({"__type": error.code, "message": error.message}, error.status, kind)
        return replace(answer, headers=(*answer.headers, ("x-amzn-ErrorType", error.code)))
    told = f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n{_xml_error(call.protocol, told)}'
    return xml_answer(text.encode(), error.status)


def _xml_error(protocol: Protocol, told: str) -> str:
    match protocol:
        case "ec2":
            return f"<Response><Errors><Error>{told}</Error></Errors><RequestID>sandbox</RequestID></Response>"
        case "query":
            error = f"<Error><Type>Sender</Type>{told}</Error>"
            return f"<ErrorResponse>{error}<RequestId>sandbox</RequestId></ErrorResponse>"
        case _:
            return f"<Error>{told}<RequestId>sandbox</RequestId></Error>"
