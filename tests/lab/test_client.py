"""The client against a web server that answers, hangs, dawdles, breaks off or is not there."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest

from vrrpscope.lab import client
from vrrpscope.lab.traffic import from_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]  # where the package is found if it is not installed
LINE: Final = re.compile(r"\d{10}\.\d{6} (ok|fail) (\d+\.\d{3}) (\S.*)")


class Web(ThreadingHTTPServer):
    """A web server whose every path is another fault; what hangs is let go when it closes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.over = threading.Event()
        self.hang = False
        self.hung = threading.Semaphore(0)  # one more for each request that hangs
        self.peers: set[int] = set()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


class Page(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.peers.add(self.client_address[1])
        if self.server.hang:
            self.server.hung.release()
            self.server.over.wait(5)
            return
        match self.path:
            case "/":
                self.answer(200, b"\tweb1\r\n")
            case "/long?x=1":
                self.answer(200, b"x" * 10_000)
            case "/empty":
                self.answer(204, b"")
            case "/bad-gateway":
                self.answer(502, b"sorry")
            case "/short":
                self.answer(200, b"web", length=99)
            case "/nonsense":
                self.wfile.write(b"220 mail.example ESMTP\r\n")
            case "/dawdle":
                self.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
                while not self.server.over.wait(0.01):
                    self.wfile.write(b".")

    def answer(self, status: int, body: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    with Web() as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that go away are the point here
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield server
        server.over.set()
        server.shutdown()


def asked(url: str, timeout_s: float = 2) -> tuple[str, float, str]:
    match = LINE.fullmatch(client.ask(urlsplit(url), timeout_s))
    assert match
    return match[1], float(match[2]), match[3]


@pytest.mark.parametrize(
    ("path", "how", "text"),
    [
        ("/", "ok", "web1"),
        ("/long?x=1", "ok", "x" * 60),
        ("/empty", "ok", "-"),
        ("/bad-gateway", "fail", "HTTP 502"),
        ("/short", "fail", "cut short"),
        ("/nonsense", "fail", "bad answer"),
        ("/nothing", "fail", "closed early"),
    ],
)
def test_a_line_says_how_it_went_and_who_answered(web: Web, path: str, how: str, text: str) -> None:
    assert asked(web.url(path))[::2] == (how, text)


def test_a_server_that_is_not_there_refuses() -> None:
    with socket.socket() as bound:  # but not listening, so nobody else can take the port meanwhile
        bound.bind(("127.0.0.1", 0))
        assert asked(f"http://127.0.0.1:{bound.getsockname()[1]}/")[::2] == ("fail", "refused")


def test_a_request_that_hangs_times_out(web: Web) -> None:
    web.hang = True
    how, took, text = asked(web.url(), 0.05)
    assert (how, text) == ("fail", "timed out")
    assert took >= 50


def test_a_byte_now_and_then_does_not_move_the_deadline(web: Web) -> None:
    assert asked(web.url("/dawdle"), 0.1)[::2] == ("fail", "timed out")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(113, "No route to host"), "no route"),
        (OSError(101, "Network is unreachable"), "no route"),
        (ConnectionResetError(104, "Connection reset by peer"), "reset"),
        (TimeoutError(110, "Connection timed out"), "timed out"),
        (OSError(105, "No buffer space available"), "no buffer space available"),
        (OSError("odd"), "oserror"),
    ],
)
def test_an_error_is_named_in_a_few_words(error: Exception, text: str) -> None:
    assert client.failure(error) == text


def test_a_body_is_made_to_fit_a_line() -> None:
    assert client.printable(" a\0b\x1b[1m\n\u00e9 \ufeff ".encode()) == "ab[1m\u00e9"
    assert client.printable(b"\xff\n") == "\ufffd"
    assert client.printable(b"\r\n ") == "-"


@contextmanager
def running(url: str, *more: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "vrrpscope.lab.client", url, *more]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_one_that_hangs_delays_no_other_and_all_are_told_at_the_end(web: Web) -> None:
    with running(web.url(), "--every", "0.02", "--timeout", "0.5") as process:
        assert process.stdout
        early = [process.stdout.readline() for _ in range(3)]
        web.hang = True
        # The eighth begins to hang before the first is given up: none waits for another.
        assert all(web.hung.acquire(timeout=5) for _ in range(8))
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=5)
    assert (process.returncode, errors) == (0, "")
    lines = early + rest.splitlines()
    assert all(LINE.fullmatch(line.rstrip()) for line in lines)
    traffic = from_requests(lines)
    assert traffic.sent == len(lines) == len(web.peers)  # all are told, each from a connection of its own
    assert traffic.answered >= 3
    assert traffic.served_by == {"web1": traffic.answered}
    (outage,) = traffic.outages
    assert outage.lost >= 8


def test_interrupting_ends_it_too(web: Web) -> None:
    with running(web.url(), "--every", "0.02") as process:
        assert process.stdout
        assert process.stdout.readline().endswith(" web1\n")
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["https://10.0.0.3/"],
        ["http:///x"],
        ["http://10.0.0.3:x/"],
        ["http://10.0.0.3/", "--every", "0"],
        ["http://10.0.0.3/", "--every", "nan"],
        ["http://10.0.0.3/", "--timeout", "0"],
        ["http://10.0.0.3/", "--every", "0.001", "--timeout", "1"],
    ],
    ids=" ".join,
)
def test_arguments_that_make_no_sense_are_a_usage_error(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        client.main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err
