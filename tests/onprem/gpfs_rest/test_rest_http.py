"""One account, several GUI nodes: which failures go to the next, which end it, and what is never said."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onprem.gpfs import rest_requests as requests
from onprem.gpfs.rest_http import Login, RestHttp
from onprem.gpfs.rest_requests import BucketKeys
from ris_hybrid.errors import ConfigError, Refused, SiteUnavailable
from ris_hybrid.sandbox.scale.server import start
from ris_hybrid.sandbox.scale.state import Scale as Cluster

if TYPE_CHECKING:
    from pathlib import Path

    from tests.onprem.gpfs_rest.conftest import World

NOBODY = "http://127.0.0.1:9"
INFO = requests.reading(requests.INFO)


def test_the_next_node_is_asked_when_one_is_not_there_and_first_from_then_on(world: World) -> None:
    http = world.http(NOBODY, world.gui.url)
    assert http.ask(INFO)
    assert http.ask(INFO)
    assert len(world.cluster.calls) == 2


def test_a_node_that_does_not_answer_in_time_is_passed_by(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        slow = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert world.http(slow, world.gui.url, timeout_s=0.2).ask(INFO)


def test_an_answer_is_an_answer_and_no_reason_to_ask_another_node(world: World) -> None:
    world.cluster.script.statuses = [503]
    other = start(world.cluster)
    with pytest.raises(SiteUnavailable, match="503"):
        world.http(world.gui.url, other.url).ask(INFO)
    assert len(world.cluster.calls) == 1
    other.stop()


def test_a_change_that_was_sent_is_not_sent_to_another_node(world: World) -> None:
    other = start(world.cluster)
    world.cluster.script.drop = 2
    with pytest.raises(SiteUnavailable, match="may have been done"):
        world.http(world.gui.url, other.url).ask(requests.quota("fs1", "lee_active", 1024))
    assert world.cluster.calls == ["POST filesystems/fs1/quotas"]
    other.stop()


def test_a_change_that_could_not_be_sent_goes_to_the_next_node(world: World) -> None:
    assert world.http(NOBODY, world.gui.url).ask(requests.quota("fs1", "lee_active", 1024))


def test_nobody_answers_and_each_is_named(world: World) -> None:
    with pytest.raises(SiteUnavailable, match=r"127.0.0.1:9: cannot be reached") as caught:
        world.http(NOBODY).ask(INFO)
    assert "pass word" not in f"{caught.value}{caught.value.__cause__!r}{caught.value.__context__!r}"


def test_a_wrong_password_is_tried_once_and_a_new_one_again(world: World) -> None:
    passwords = ["wrong one"]
    http = RestHttp((world.gui.url,), lambda: Login(user="ris", password=passwords[-1]))
    for _ in range(3):
        with pytest.raises(Refused, match="does not accept the password of user ris") as caught:
            http.ask(INFO)
        assert "wrong one" not in str(caught.value)
    assert len(world.cluster.calls) == 1
    passwords.append("pass word:1")
    assert http.ask(INFO)


def test_a_user_without_the_role_is_told_which(world: World) -> None:
    with pytest.raises(Refused, match="user looker may not POST") as caught:
        world.http(user="looker").ask(requests.quota("fs1", "lee_active", 1024))
    assert "Administrator or StorageAdmin" in caught.value.hint


def test_what_is_not_there_is_no_error_and_other_refusals_are(world: World) -> None:
    http = world.http()
    assert http.ask(requests.fileset("fs1", "nobody")) is None
    assert list(http.pages(requests.fileset("fs1", "nobody"))) == []
    with pytest.raises(Refused, match="filesystemName"):
        http.ask(requests.fileset("fs9", "nobody"))


def test_every_page_comes_once(world: World) -> None:
    world.cluster.page = 2
    for number in range(5):
        world.of.add(f"more{number}", "")
    pages = list(world.http().pages(requests.filesets("fs1")))
    names = [one["filesetName"] for page in pages for one in page["filesets"]]  # type: ignore[attr-defined]  # JSON
    assert names == ["root", "lee_active", *(f"more{number}" for number in range(5))]
    assert [len(page["filesets"]) for page in pages] == [2, 2, 2, 1]  # type: ignore[arg-type]  # JSON


def test_a_name_that_is_no_plain_word_reaches_the_cluster_whole(world: World) -> None:
    world.of.add("strange name/%41?", "/fs1/s")
    answer = world.http().ask(requests.fileset("fs1", "strange name%2F%41?"))
    assert answer is None  # a name that only looks alike
    world.of.add("strange name%?&=", "/fs1/s")
    assert world.http().ask(requests.fileset("fs1", "strange name%?&="))


def test_what_is_no_gui_is_said(world: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
    with pytest.raises(SiteUnavailable, match="did not answer"):
        world.http(f"http://127.0.0.1:{port}").ask(INFO)
    world.cluster.script.statuses = [302]
    with pytest.raises(SiteUnavailable, match="302"):
        world.http().ask(INFO)


def test_a_password_goes_over_no_open_line() -> None:
    with pytest.raises(ConfigError, match="https"):
        RestHttp(("http://gui1.example.org",), lambda: Login(user="ris", password="x"))


def test_a_certificate_is_trusted_only_by_its_ca_file(tmp_path: Path) -> None:
    gui = start(Cluster(users={"ris": ("secret", "Monitor")}), certificate=_certificate(tmp_path))

    def login() -> Login:
        return Login(user="ris", password="secret")

    with pytest.raises(SiteUnavailable, match="certificate is not trusted"):
        RestHttp((gui.url,), login).ask(INFO)
    assert gui.scale.calls == []
    assert RestHttp((gui.url,), login, ca_file=str(tmp_path / "gui.pem")).ask(INFO)
    gui.stop()


def test_a_change_whose_answer_tls_broke_off_is_not_sent_again(tmp_path: Path) -> None:
    """After the whole request came: only a certificate that is not trusted proves that nothing was sent."""
    _certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "gui.pem")
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            raw = server.accept()[0]
            line = context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=True)
            got.append(line.recv(65536))
            os.write(line.fileno(), b"HTTP/1.1 this is no record of TLS at all\r\n" * 4)
            line.detach()

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        gui = f"https://127.0.0.1:{server.getsockname()[1]}"
        other = start(Cluster(users={"ris": ("secret", "Administrator")}))
        login = Login(user="ris", password="secret")
        http = RestHttp((gui, other.url), lambda: login, ca_file=str(tmp_path / "gui.pem"), timeout_s=5.0)
        with pytest.raises(SiteUnavailable, match="may have been done"):
            http.ask(requests.quota("fs1", "lee_active", 1024))
        thread.join(5.0)
        other.stop()
    assert got[0].startswith(b"POST ")
    assert other.scale.calls == []


def test_no_value_shows_its_secret() -> None:
    keys = BucketKeys(access="AKIAEXAMPLE", secret="topsecretvalue")
    request = requests.bucket_keys("lee", "s3", keys)
    login = Login(user="ris", password="pass word:1")
    shown = f"{keys!r} {request!r} {request.shown()} {login!r} {[keys, login, request]}"
    for secret in ("AKIAEXAMPLE", "topsecretvalue", "pass word:1", login.encoded):
        assert secret not in shown
    assert '"secretKey": "***"' in request.shown()


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "gui.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path
