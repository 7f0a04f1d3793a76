"""``docker-image``: the name a user wrote, and what the node starts for it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.burst.node_place import Place, install

if TYPE_CHECKING:
    from collections.abc import Mapping

GOLDEN = Path(__file__).parents[1] / "golden" / "images"
REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
DIGEST = f"sha256:{'ab' * 32}"
NAMES = [line.split("\t") for line in (GOLDEN / "names.tsv").read_text().splitlines()]
"""Written, normalised, tag: what ``ris_hybrid.images`` makes of it."""


def ready(place: Place, make: Any, namespaces: Mapping[str, str] | None = None, lab: str = "wucci") -> None:
    node = {"registry": REGISTRY, "namespace": "prod/{lab}", "namespaces": namespaces or {}}
    install(place, make, node=node)
    (place.etc / "lab").write_text(f"{lab}\n")
    place.command("aws", f"echo {DIGEST}")


def tag_of(name: str) -> str:
    return f"ref-{sha256(name.encode()).hexdigest()[:32]}"


@pytest.mark.parametrize(("written", "normal", "tag"), NAMES)
def test_a_name_becomes_the_digest_that_its_tag_has(
    place: Place, make: Any, written: str, normal: str, tag: str
) -> None:
    ready(place, make)
    done = place.run("docker-image", written)
    assert done.stdout == f"{REGISTRY}/prod/wucci/images@{DIGEST}\n", done.stderr
    asked = (
        "aws ecr batch-get-image --region eu-west-1 --registry-id 123456789012 --repository-name prod/wucci/images"
        f" --image-ids imageTag={tag} --query images[0].imageId.imageDigest --output text"
    )
    assert place.calls() == [asked]
    assert tag == tag_of(normal)


def test_a_lab_whose_allocation_has_another_name_has_its_own_namespace(place: Place, make: Any) -> None:
    ready(place, make, {"imaging-core": "prod/imaging_core", "wucci": "prod/wucci_2"})
    assert f"{REGISTRY}/prod/wucci_2/images@" in place.run("docker-image", "ubuntu").stdout


@pytest.mark.parametrize("answer", ["echo None", "echo 'A RepositoryNotFoundException occurred' >&2; exit 254"])
def test_an_image_that_is_not_there_or_held_starts_nothing(place: Place, make: Any, answer: str) -> None:
    ready(place, make)
    place.command("aws", answer)
    done = place.run("docker-image", "ubuntu:22.04")
    assert (done.returncode, done.stdout) == (3, "")
    assert "ubuntu:22.04 of wucci is not copied to the cloud, or held back by its scan" in done.stderr


def test_nothing_of_a_jobs_environment_chooses_the_image(place: Place, make: Any) -> None:
    ready(place, make)
    elsewhere = place.root / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "node.conf").write_text("RIS_REGISTRY=evil.example.org\nRIS_NAMESPACE=evil\nRIS_NAMESPACES=\n")
    (elsewhere / "lab").write_text("evil\n")
    place.command("aws", f'echo "with $(env | sort | tr "\\n" " ")" >>"{place.calls_file}"; echo {DIGEST}')
    place.more_env = {
        "RIS_ETC": str(elsewhere),
        "AWS_ENDPOINT_URL": "https://evil.example.org",
        "AWS_CONFIG_FILE": f"{elsewhere}/config",
        "AWS_CA_BUNDLE": f"{elsewhere}/ca",
        "HTTPS_PROXY": "http://evil.example.org",
        "BASH_FUNC_printf%%": "() { echo evil; }",
    }
    assert place.run("docker-image", "ubuntu").stdout == f"{REGISTRY}/prod/wucci/images@{DIGEST}\n"
    (seen,) = [call for call in place.calls() if call.startswith("with ")]
    assert "evil" not in seen
    assert "elsewhere" not in seen
    assert "AWS_CONFIG_FILE=/dev/null" in seen


def test_a_registry_that_does_not_answer_starts_nothing(place: Place, make: Any) -> None:
    ready(place, make)
    place.command("aws", "echo could not connect >&2; exit 255")
    done = place.run("docker-image", "ubuntu")
    assert (done.returncode, done.stdout) == (4, "")
    assert "does not answer for ubuntu:latest: could not connect" in done.stderr


def test_what_is_said_before_the_answer_is_no_answer(place: Place, make: Any) -> None:
    ready(place, make)
    place.command("aws", f"echo a warning >&2; echo {DIGEST}")
    assert place.run("docker-image", "ubuntu").stdout.endswith(f"@{DIGEST}\n")


@pytest.mark.parametrize("written", ["", "-v", "a;reboot", "$(id)", "a\nb"])
def test_what_is_no_name_is_asked_of_nobody(place: Place, make: Any, written: str) -> None:
    ready(place, make)
    assert place.run("docker-image", written).returncode == 2
    assert place.calls() == []


def test_a_machine_knows_its_lab_from_its_tags(place: Place, make: Any) -> None:
    install(place, make)
    assert place.run("boot.sh").returncode == 0
    assert (place.etc / "lab").read_text() == "wucci\n"
