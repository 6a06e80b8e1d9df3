"""Web servers that are told: local ones that fail in every way they can."""

from __future__ import annotations

import json
import shutil
import socket
import ssl
import subprocess
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.live.telling import NEW, PATIENCE, told
from tests.live.watched import SAMPLES, finding, watch
from vrrpscope.errors import UsageError
from vrrpscope.live.notify import Notifier
from vrrpscope.live.outbox import Notice
from vrrpscope.live.webhook import TOKEN, Webhook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

OPENSSL: Final = (
    *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
    *("-subj", "/CN=hook", "-addext", "subjectAltName=IP:127.0.0.1"),
)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", TOKEN):
        monkeypatch.delenv(name, raising=False)


class Server(ThreadingHTTPServer):
    """Answers with the statuses given, the last one again and again."""

    daemon_threads = True

    def __init__(self, statuses: Sequence[int], headers: Mapping[str, str]) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.statuses = list(statuses)
        self.headers = headers
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook/s3cret"


class _Answer(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append((self.path, dict(self.headers), body))
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0], "sesame, you said")
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.requests.append((self.path, dict(self.headers), {}))
        self.send_error(200)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
        pass


@contextmanager
def serving(*statuses: int, context: ssl.SSLContext | None = None, **headers: str) -> Iterator[Server]:
    server = Server(statuses, {name.replace("_", "-"): value for name, value in headers.items()})
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_webhook_gets_the_finding_and_the_secrets_of_the_environment() -> None:
    with serving(204) as server:
        environment = {"HOOK": server.url, "KEY": "sesame"}
        box = Webhook("$HOOK", ["X-Key: a ${KEY} $$1"], environment=environment)
        said = told(box, NEW)
    assert not said
    path, headers, body = server.requests[0]
    assert path == "/hook/s3cret"
    assert headers["X-Key"] == "a sesame $1"
    assert headers["Content-Type"] == "application/json"
    assert "Authorization" not in headers
    assert body["finding"]["rule"] == "split-brain"
    assert box.secrets == {"HOOK", "KEY"}


def test_a_token_in_the_environment_is_sent_unless_a_header_says_who_we_are() -> None:
    with serving(204) as server:
        told(Webhook(server.url, environment={TOKEN: "sesame"}), NEW)
        told(Webhook(server.url, ["authorization: Basic $T"], environment={TOKEN: "sesame", "T": "x"}), NEW)
    assert server.requests[0][1]["Authorization"] == "Bearer sesame"
    assert server.requests[1][1]["Authorization"] == "Basic x"


def test_a_server_that_fails_for_a_while_is_asked_again() -> None:
    with serving(503, 429, 500, 200, Retry_After="0") as server:
        said = told(Webhook(server.url, waits=(0, 0, 0, 0)), NEW)
    assert not said
    assert len(server.requests) == 4


def test_a_server_that_goes_on_failing_is_said_without_its_words_or_our_path() -> None:
    with serving(500) as server:
        said = told(Webhook(server.url, waits=(0, 0)), NEW, Notice("new", finding(2)))
    assert len(server.requests) == 6
    assert said == [f"webhook 127.0.0.1:{server.server_port}: answers with HTTP status 500"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_answer_that_will_not_change_is_final(status: int) -> None:
    with serving(status) as server:
        said = told(Webhook(server.url, waits=(0, 0)), NEW)
    assert len(server.requests) == 1
    assert said == [f"webhook 127.0.0.1:{server.server_port}: answers with HTTP status {status}"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with serving(200) as other, serving(status, Location=other.url) as server:
        said = told(Webhook(server.url, ["X-Key: $KEY"], environment={"KEY": "sesame"}), NEW)
    assert not other.requests
    assert said[0].endswith(f"answers with HTTP status {status}; redirects are not followed")


def test_a_server_that_is_away_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = told(Webhook(f"http://127.0.0.1:{port}/", waits=(0,)), NEW)
    assert said == [f"webhook 127.0.0.1:{port}: cannot be reached: Connection refused"]


def test_what_a_server_asks_for_is_waited_and_the_end_is_not_held_up_by_it() -> None:
    with serving(503, Retry_After="3600") as server:
        box, said = Webhook(server.url, waits=(0,)), list[str]()
        notifier = Notifier([box], say=said.append, patience=0.2)
        notifier.found([finding()])
        notifier.close(None)
    assert len(server.requests) <= 1
    assert len(said) == 1


def test_what_is_no_http_is_a_trouble_and_no_more() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(1)
                peer.sendall(b"\0\1\2 nonsense\r\n\r\n")
                peer.shutdown(socket.SHUT_WR)
                while peer.recv(1 << 16):
                    pass

        thread = Thread(target=babble)
        thread.start()
        said = told(Webhook(f"http://127.0.0.1:{server.getsockname()[1]}/", waits=()), NEW)
        thread.join()
    assert said[0].endswith("cannot be reached: BadStatusLine")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl, which makes a certificate, is not installed")
def test_a_certificate_is_verified(tmp_path: Path) -> None:
    key, certificate = str(tmp_path / "key"), str(tmp_path / "certificate")
    subprocess.run(
        [*OPENSSL, "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(200, context=context) as server:
        url = server.url.replace("http:", "https:")
        said = told(Webhook(url, waits=(0, 0)), NEW)
        assert "certificate is not trusted: self" in said[0]
        assert not server.requests
        trusting = ssl.create_default_context(cafile=certificate)
        assert not told(Webhook(url, context=trusting), NEW)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("file:///etc/passwd", []),
        ("ftp://host/", []),
        ("https:///path", []),
        ("https://user:sesame@host/", []),
        ("https://host:99999/", []),
        ("https://ho st/sesame", []),
        ("https://host/\nsesame", []),
        ("$NONE", []),
        ("https://host/$", []),
        ("https://host/", ["sesame"]),
        ("https://host/", ["X Y: sesame"]),
        ("https://host/", ["X: $EVIL"]),
        ("https://host/", ["X: $NONE"]),
    ],
)
def test_what_cannot_be_sent_is_refused_at_once_without_quoting_it(url: str, headers: list[str]) -> None:
    with pytest.raises(UsageError, match=r"^--webhook") as refused:
        Webhook(url, headers, environment={"EVIL": "sesame\r\nX-More: yes"})
    assert "sesame" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_passwords_are_not_sent() -> None:
    with serving(200) as server:
        notifier = Notifier([Webhook(server.url)], say=print, patience=PATIENCE)
        watch("password-mismatch/lb01.pcap", notifier)
        notifier.close(None)
    sent = json.dumps([body for _, _, body in server.requests])
    assert "password" in sent
    configured = _passwords("password-mismatch")
    assert configured
    assert not [password for password in configured if password in sent]


def _passwords(sample: str) -> set[str]:
    lines = [line.split() for path in (SAMPLES / sample).glob("*.conf") for line in path.read_text().splitlines()]
    return {words[1] for words in lines if words[:1] == ["auth_pass"]}
