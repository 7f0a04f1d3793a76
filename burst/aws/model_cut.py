"""botocore's EC2 description, cut to the calls we make, so that the hook need not read all of it.

botocore describes 830 EC2 operations in some megabytes of JSON and reads them each time a process makes a client:
about half the CPU time of a hook call. The cut is written with the provider's configuration, from the botocore that
is installed, and named by its version and by those calls; any other one is left unread for botocore's own files.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from zlib import crc32

import botocore
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

OPERATIONS = (
    "CreateFleet",
    "CreateTags",
    "DeleteTags",
    "DescribeInstanceStatus",
    "DescribeInstances",
    "DescribeLaunchTemplates",
    "DescribeTags",
    "TerminateInstances",
)
_COPIED = ("_retry", "partitions", "sdk-default-configuration")
_SERVICES = ("ec2", "sts")  # sts: credentials by an assumed role


def folder_for(conf: Path) -> Path:
    """Where the cut for the installed botocore and these operations lies below a provider's configuration folder.

    A release of ours that calls more of EC2 leaves the cut of an earlier one unread, until it is written again.
    """
    calls = crc32(" ".join(OPERATIONS).encode())
    return conf / f"botocore-{botocore.__version__}-{calls:08x}"


def write(conf: Path) -> Path:
    """Write the cut below ``conf``; gives its folder. The service description, which marks it whole, comes last."""
    loader, folder = Loader(), folder_for(conf)
    version = loader.determine_latest_version("ec2", "service-2")
    service = folder / "ec2" / version
    service.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        _dump(folder / f"{name}.json", loader.load_data(name))
    _dump(folder / "endpoints.json", _endpoints(loader.load_data("endpoints")))
    _dump(service / "endpoint-rule-set-1.json", loader.load_service_model("ec2", "endpoint-rule-set-1", version))
    _dump(service / "paginators-1.json", _pages(loader.load_service_model("ec2", "paginators-1", version)))
    _dump(service / "service-2.json", cut(loader.load_service_model("ec2", "service-2", version), OPERATIONS))
    return folder


def loader_for(conf: Path | None) -> Loader | None:
    """A loader of the cut, or None where there is none for the installed botocore."""
    if conf is None:
        return None
    folder = folder_for(conf)
    if not any(folder.glob("ec2/*/service-2.json")):
        return None
    return Loader(extra_search_paths=[str(folder)], include_default_search_paths=False)


def cut(model: Mapping[str, Any], operations: Iterable[str]) -> dict[str, Any]:
    """A service description with these operations and the shapes they reach, without its texts."""
    kept = {name: model["operations"][name] for name in operations}
    wanted, shapes = list(_shapes_of(kept)), {}
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            wanted += _shapes_of(shapes[name])
    rest = {key: value for key, value in model.items() if key not in {"operations", "shapes", "documentation"}}
    short: dict[str, Any] = _without_texts({**rest, "operations": kept, "shapes": shapes})
    return short


def _shapes_of(part: object) -> Iterable[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _shapes_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from _shapes_of(value)


def _without_texts(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _without_texts(value) for key, value in part.items() if key != "documentation"}
    return [_without_texts(value) for value in part] if isinstance(part, list) else part


def _endpoints(endpoints: Mapping[str, Any]) -> dict[str, Any]:
    partitions = [
        {**partition, "services": {name: partition["services"].get(name, {}) for name in _SERVICES}}
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def _pages(paginators: Mapping[str, Any]) -> dict[str, Any]:
    return {"pagination": {name: page for name, page in paginators["pagination"].items() if name in OPERATIONS}}


def _dump(path: Path, value: object) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(value), encoding="utf-8")
    draft.replace(path)
