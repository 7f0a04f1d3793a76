"""What the sandbox's ``skopeo`` and ``crane`` run: registries in a folder, and ECR at AWS_ENDPOINT_URL (sandbox).

Run as a file by ``python -I -S``, so it imports nothing of this product. It knows the options our copiers use, which
skopeo 1.9.3 and crane have; any other is refused as those programs refuse it. Complaints have the shape theirs have;
their exact words were not recorded. Log-ins are checked as registries check them, from the files the options name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_HUB = "docker.io"
_INSPECT = {"--raw": 0, "--authfile": 1, "--retry-times": 1}
_COPY = {
    "--all": 0,
    "--preserve-digests": 0,
    "--digestfile": 1,
    "--src-authfile": 1,
    "--dest-authfile": 1,
    "--retry-times": 1,
}
_VERSIONS = {"skopeo": ["--version", "skopeo version 1.9.3"], "crane": ["version", "0.20.0"]}
"""What each is asked, and what it then says."""
_TAKEN = "ImageTagAlreadyExistsException"
_THERE = "ImageAlreadyExistsException"


class _Fail(Exception):
    """What the program says as it gives up."""


class _Image:
    """``host/repository``, tag or digest, and the log-in for its host."""

    def __init__(self, text: str, auth: Path | None) -> None:
        self.text = text
        name, _, self.digest = text.partition("@")
        head, slash, rest = name.partition("/")
        if not slash or not re.search(r"[.:]|^localhost$", head):
            head, rest = _HUB, name if slash else f"library/{name}"
        self.host = head
        self.repository, _, tag = rest.partition(":")
        self.tag = "" if self.digest else tag or "latest"
        self.login = _login(auth, head)


def _login(auth: Path | None, host: str) -> str:
    if auth is None:
        return ""
    try:
        auths = json.loads(auth.read_text(encoding="utf-8")).get("auths", {})
    except (OSError, ValueError) as error:
        raise _Fail(f"reading {auth}: {error}") from error
    return base64.b64decode(auths.get(host, {}).get("auth", "")).decode()


def _parsed(words: list[str], known: dict[str, int]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    operands: list[str] = []
    left = list(words)
    while left:
        word = left.pop(0)
        if not word.startswith("-"):
            operands.append(word)
        elif word not in known:
            raise _Fail(f"unknown flag: {word}")
        elif known[word] and not left:
            raise _Fail(f"flag needs an argument: {word}")
        else:
            options[word] = left.pop(0) if known[word] else ""
    return options, operands


def _skopeo(root: Path, words: list[str]) -> str:
    verb = words[0] if words else ""
    if verb not in {"inspect", "copy"}:
        raise _Fail(f'unknown command "{verb}" for "skopeo"')
    options, operands = _parsed(words[1:], _INSPECT if verb == "inspect" else _COPY)
    if any(not one.startswith("docker://") for one in operands) or len(operands) != (1 if verb == "inspect" else 2):
        raise _Fail("Exactly one argument expected" if verb == "inspect" else "Exactly two arguments expected")
    names = [one.removeprefix("docker://") for one in operands]
    if any(re.search(r":[^/@]+@", name) for name in names):
        raise _Fail("Docker references with both a tag and digest are currently not supported")
    if verb == "inspect":
        if "--raw" not in options:
            raise _Fail("the sandbox's skopeo inspects with --raw alone")
        return _read(root, _Image(names[0], _path(options.get("--authfile"))))
    if not {"--all", "--preserve-digests"} <= set(options):
        raise _Fail("the sandbox's skopeo copies with --all --preserve-digests alone")
    source = _Image(names[0], _path(options.get("--src-authfile")))
    digest = _copied(root, source, _Image(names[1], _path(options.get("--dest-authfile"))))
    if "--digestfile" in options:
        Path(options["--digestfile"]).write_text(digest, encoding="utf-8")
    return "Getting image source signatures\nWriting manifest to image destination\nStoring signatures\n"


def _crane(root: Path, words: list[str]) -> str:
    verb, names = (words[0], words[1:]) if words else ("", [])
    _parsed(names, {})
    folder = os.environ.get("DOCKER_CONFIG")
    auth = Path(folder) / "config.json" if folder else None
    images = [_Image(name, auth) for name in names]
    if verb == "copy" and len(images) == 2:
        _copied(root, *images)
        return ""
    if verb in {"manifest", "digest"} and len(images) == 1:
        text = _read(root, images[0])
        return text if verb == "manifest" else f"{_digest(text)}\n"
    raise _Fail(f'unknown command "{verb}" for "crane"')


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _digest(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _read(root: Path, image: _Image) -> str:
    """The bytes of a manifest, from a folder or from the sandbox's ECR."""
    if _ECR.fullmatch(image.host):
        wanted = {"imageDigest": image.digest} if image.digest else {"imageTag": image.tag}
        answer = _ecr(image, "BatchGetImage", {"repositoryName": image.repository, "imageIds": [wanted]})
        if not answer["images"]:
            raise _unknown(image)
        return str(answer["images"][0]["imageManifest"])
    host = root / image.host
    if not host.is_dir():
        raise _Fail(f"pinging container registry {image.host}: dial tcp: lookup {image.host}: no such host")
    if (host / "LIMIT").exists():
        raise _Fail("toomanyrequests: You have reached your pull rate limit.")
    asks = (host / "LOGIN").read_text(encoding="utf-8").strip() if (host / "LOGIN").exists() else ""
    if asks and image.login != asks:
        raise _Fail(f"reading manifest {image.tag} in {image.host}/{image.repository}: unauthorized: access denied")
    folder = host / image.repository
    tag = folder / "_tags" / (image.tag or "-")
    digest = image.digest or (tag.read_text(encoding="utf-8").strip() if tag.is_file() else "")
    path = folder / "_manifests" / digest.removeprefix("sha256:")
    if not digest or not path.is_file():
        raise _unknown(image)
    return path.read_text(encoding="utf-8")


def _unknown(image: _Image) -> _Fail:
    what = image.tag or image.digest
    return _Fail(f"reading manifest {what} in {image.host}/{image.repository}: manifest unknown: manifest unknown")


def _copied(root: Path, source: _Image, target: _Image) -> str:
    """Put a manifest, and before it those it names, into ECR; gives its digest."""
    if not _ECR.fullmatch(target.host):
        raise _Fail(f"pinging container registry {target.host}: the sandbox pushes to its ECR alone")
    text = _read(root, source)
    for one in json.loads(text).get("manifests", []):
        part = _Image(f"{source.host}/{source.repository}@{one['digest']}", None)
        part.login = source.login
        _put(target, _read(root, part), "")
    _put(target, text, target.tag)
    return _digest(text)


def _put(target: _Image, text: str, tag: str) -> None:
    content = {"repositoryName": target.repository, "imageManifest": text, "imageDigest": _digest(text)}
    _ecr(target, "PutImage", content | ({"imageTag": tag} if tag else {}))


def _ecr(image: _Image, action: str, content: Mapping[str, object]) -> dict[str, list[dict[str, object]]]:
    """One call of ECR's API in the place of the registry's own protocol, which the sandbox does not speak."""
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    match = _ECR.fullmatch(image.host)
    account, region = match.groups() if match else ("", "")
    if image.login != f"AWS:{account}-auth-token":  # moto's log-in
        raise _Fail(f"{image.host}/{image.repository}: unauthorized: authentication required")
    key = os.environ.get("AWS_ACCESS_KEY_ID", "sandbox")
    headers = {
        "X-Amz-Target": f"AmazonEC2ContainerRegistry_V20150921.{action}",
        "Content-Type": "application/x-amz-json-1.1",
        "Authorization": f"AWS4-HMAC-SHA256 Credential={key}/20260101/{region}/ecr/aws4_request, Signature=none",
    }
    url = os.environ.get("AWS_ENDPOINT_URL", "")
    if not url.startswith("http://127.0.0.1:"):
        raise _Fail(f"pinging container registry {image.host}: AWS_ENDPOINT_URL is no sandbox")
    request = Request(url, data=json.dumps(content).encode(), headers=headers)  # noqa: S310 - loopback, checked above
    try:
        with urlopen(request) as answer:  # noqa: S310 - the same
            found: dict[str, list[dict[str, object]]] = json.load(answer)
            return found
    except HTTPError as error:
        with error:
            said = json.load(error)
        code = str(said.get("__type", "")).rpartition("#")[2]
        if code == _THERE:
            return {}
        raise _Fail(f"writing manifest: {'tag invalid: ' if code == _TAKEN else ''}{said.get('message')}") from error
    except URLError as error:
        raise _Fail(f"pinging container registry {image.host}: dial tcp: {error.reason}") from error


def main(args: list[str]) -> int:
    """``[folder, program, argument ...]``: do as the program would and give its code."""
    root, name, *words = args
    if words == _VERSIONS[name][:1]:
        sys.stdout.write(f"{_VERSIONS[name][1]}\n")
        return 0
    try:
        sys.stdout.write((_skopeo if name == "skopeo" else _crane)(Path(root), words))
    except _Fail as why:
        said = f'time="2026-11-28T00:00:00Z" level=fatal msg="{why}"' if name == "skopeo" else f"Error: {why}"
        sys.stderr.write(f"{said}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
