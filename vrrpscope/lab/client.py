"""A user of the virtual address: asks a web server at a fixed cadence and says how each request went.

    python -m vrrpscope.lab.client http://10.0.0.3/ --every 0.1 --timeout 0.5

One line for each request when it has ended, flushed:

    1700000000.100042 ok 0.812 web1             when it was started, how it went, milliseconds, who answered
    1700000000.200051 fail 500.214 timed out

Every request has a connection of its own, as the first one of a new user has: a kept connection would hide that the
address moved. It has one deadline as a whole, from before the connection to the last byte, which a watchdog enforces:
a socket's timeout starts anew with every byte that a slow server lets fall. So no more than `timeout / every` requests
are ever under way, a pool of threads that size is never exhausted, and a request that hangs does not delay the next.

The URL names an address, not a host: resolving a name knows no deadline. Proxies are not asked, redirects not followed.
SIGTERM or SIGINT ends it once the requests under way have ended.
"""

from __future__ import annotations

import argparse
import errno
import math
import socket
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, RemoteDisconnected
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from vrrpscope.lab.cadence import SECOND, stamp, ticks

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_THREADS: Final = 64
MAX_BODY: Final = 4096  # bytes of an answer that are read at all
MAX_TEXT: Final = 60
FAILURES: Final[dict[type[Exception], str]] = {
    TimeoutError: "timed out",
    ConnectionRefusedError: "refused",
    RemoteDisconnected: "closed early",
    ConnectionError: "reset",
    HTTPException: "bad answer",
}
"""What to call an error; the first that fits, so the special ones come before the general."""


def ask(url: SplitResult, timeout_s: float) -> str:
    """Ask once, within `timeout_s`; return the line to print, without its end."""
    started, begun = time.time_ns(), time.monotonic_ns()
    try:
        ok, text = _get(url, timeout_s)
    except (OSError, HTTPException) as error:
        ok, text = False, failure(error)
    took = time.monotonic_ns() - begun
    if took >= timeout_s * SECOND:  # the watchdog's cut looks like an end of the answer, or like an error
        ok, text = False, "timed out"
    return f"{stamp(started)} {'ok' if ok else 'fail'} {took / 1_000_000:.3f} {text}"


def _get(url: SplitResult, timeout_s: float) -> tuple[bool, str]:
    """Return whether the server was content, and what it answered."""
    deadline = time.monotonic() + timeout_s
    connection = HTTPConnection(url.hostname or "", url.port, timeout=timeout_s)
    connection.connect()
    watchdog = threading.Timer(max(0, deadline - time.monotonic()), _cut, [connection.sock])
    watchdog.start()
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        connection.request("GET", path, headers={"Connection": "close"})
        with connection.getresponse() as response:
            if response.status >= 400:
                return False, f"HTTP {response.status}"
            body = response.read(MAX_BODY)
            if response.length and len(body) < MAX_BODY:
                return False, "cut short"
            return True, printable(body)
    finally:
        watchdog.cancel()
        connection.close()


def _cut(connection: socket.socket) -> None:
    """Let whoever reads from or writes to the connection go on at once."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def printable(body: bytes) -> str:
    """The first characters of a body that a line can hold; a dash if there are none."""
    text = "".join(c for c in body.decode(errors="replace") if c.isprintable())
    return text.strip()[:MAX_TEXT].rstrip() or "-"


def failure(error: Exception) -> str:
    """What went wrong, in two or three words."""
    for kind, words in FAILURES.items():
        if isinstance(error, kind):
            return words
    if isinstance(error, OSError) and error.errno in {errno.EHOSTUNREACH, errno.ENETUNREACH}:
        return "no route"
    return (getattr(error, "strerror", None) or type(error).__name__).lower()


def _url(text: str) -> SplitResult:
    url = urlsplit(text)
    if url.scheme != "http" or not url.hostname or url.port == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not http://ADDRESS[:PORT]/[PATH]")
    return url


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask until told to stop; the command line is in the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m vrrpscope.lab.client", description="Ask a URL at a fixed cadence.")
    parser.add_argument("url", type=_url, help="http://ADDRESS[:PORT]/[PATH]")
    parser.add_argument("--every", type=float, default=0.1, metavar="S", help="seconds between two requests")
    parser.add_argument("--timeout", type=float, default=0.5, metavar="S", help="seconds a request may take as a whole")
    given = parser.parse_args(arguments)
    if not (given.every >= 0.001 and given.timeout > 0):
        parser.error("--every must be 0.001 or more, --timeout more than 0")
    threads = math.ceil(given.timeout / given.every) + 2  # one that ends, one that starts
    if threads > MAX_THREADS:
        parser.error(f"--timeout must not be more than {MAX_THREADS - 2} times --every")

    lock = threading.Lock()

    def tell() -> None:
        line = ask(given.url, given.timeout)
        with lock:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    pending: list[Future[None]] = []
    with ThreadPoolExecutor(threads) as pool:
        for _ in ticks(round(given.every * SECOND)):
            for ended in [future for future in pending if future.done()]:
                ended.result()  # nobody reads our lines any more, or a bug: say so and end
                pending.remove(ended)
            pending.append(pool.submit(tell))
    return 0


if __name__ == "__main__":
    sys.exit(main())
