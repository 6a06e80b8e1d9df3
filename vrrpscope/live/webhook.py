"""`--webhook URL`: each notice as JSON in a POST request.

A server that is away or busy (no connection, 408, 429, 5xx) is asked again, each time after a longer wait; any other
answer but 2xx is final. Certificates are verified. Redirects are not followed: what is meant for one host goes to no
other. Messages name the host alone, for the rest of a URL may be the secret of it, and quote nothing a server says.

Secrets come from the environment, because everybody on a host can see arguments: `$NAME` in the URL or in a header
stands for a variable, and VRRPSCOPE_WEBHOOK_TOKEN is sent as a bearer token unless a header says who we are.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import ssl
import urllib.error
import urllib.request
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from vrrpscope import __version__
from vrrpscope.errors import UsageError
from vrrpscope.live.outbox import WAITING, Notice, Outbox, UndeliveredError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TOKEN: Final = "VRRPSCOPE_WEBHOOK_TOKEN"  # noqa: S105 - the name of the variable
WAITS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each further attempt."""

_TIMEOUT: Final = 10.0  # seconds without an answer
_MAX_WAIT: Final = 60.0  # whatever a server asks for
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_HEADER: Final = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):[ \t]*([^\r\n\0]*)")


class Webhook(Outbox):
    """A web server that is told.

    Args:
        url: where; `$NAME` stands for a variable of the environment, `$$` for a dollar sign.
        headers: `Name: value` each, likewise.
        environment: where secrets come from; the process's by default.
        waits: seconds before each further attempt.
        context: whose certificates are trusted; the system's authorities by default.
        waiting: how many notices may wait.

    Raises:
        UsageError: no such URL, header or variable.
    """

    def __init__(
        self,
        url: str,
        headers: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        waits: Sequence[float] = WAITS,
        context: ssl.SSLContext | None = None,
        waiting: int = WAITING,
    ) -> None:
        environment = os.environ if environment is None else environment
        self.secrets: set[str] = set()  # names of the variables that were used
        self._url = self._filled("--webhook", url, environment)
        host = _host(self._url)
        super().__init__(f"webhook {host}", waiting)
        self._headers = {"Content-Type": "application/json", "User-Agent": f"vrrpscope/{__version__}"}
        for header in headers:
            name, value = self._header(header, environment)
            self._headers[name] = value
        if environment.get(TOKEN) and "authorization" not in map(str.lower, self._headers):
            self._headers["Authorization"] = self._header(f"Authorization: Bearer ${TOKEN}", environment)[1]
        self._waits = waits
        secure = urllib.request.HTTPSHandler(context=context or ssl.create_default_context())
        self._opener = urllib.request.build_opener(secure, _Stay)

    def deliver(self, notice: Notice) -> None:
        """Send it, and again where that may help."""
        data = json.dumps(self.as_json(notice)).encode()
        for wait in (*self._waits, None):
            why, asked = self._post(data)
            if not why:
                return
            if wait is None or self._hurry.wait(max(wait, asked)):
                break
        raise UndeliveredError(why)

    def _post(self, data: bytes) -> tuple[str, float]:
        """Send it once; return why it may help to do so again, if it may, and how many seconds to wait at least.

        Raises:
            UndeliveredError: it helps nothing.
        """
        request = urllib.request.Request(self._url, data, self._headers)  # noqa: S310 - http or https: see `_host`
        try:
            with self._opener.open(request, timeout=_TIMEOUT):
                return "", 0.0
        except urllib.error.HTTPError as error:
            error.close()
            why = f"answers with HTTP status {error.code}"
            if error.code in _PASSING:
                asked = error.headers.get("Retry-After", "")
                seconds = float(asked) if asked.isascii() and asked.isdigit() else 0.0
                return why, min(seconds, _MAX_WAIT)
            redirected = "; redirects are not followed" if 300 <= error.code < 400 else ""
            raise UndeliveredError(why + redirected) from None
        except (OSError, http.client.HTTPException) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(cause, ssl.SSLCertVerificationError):
                raise UndeliveredError(f"its certificate is not trusted: {cause.verify_message}") from None
            text = cause.strerror if isinstance(cause, OSError) else None
            return f"cannot be reached: {text or type(cause).__name__}", 0.0

    def _filled(self, option: str, text: str, environment: Mapping[str, str]) -> str:
        """Return a text with variables in their places."""
        template = Template(text)
        try:
            filled = template.substitute(environment)
        except KeyError as error:
            raise UsageError(f"{option}: ${error.args[0]} is not set in the environment") from None
        except ValueError:
            raise UsageError(f"{option}: a dollar sign without a name; $$ stands for one itself") from None
        self.secrets.update(template.get_identifiers())
        return filled

    def _header(self, text: str, environment: Mapping[str, str]) -> tuple[str, str]:
        found = _HEADER.fullmatch(self._filled("--webhook-header", text, environment))
        if found is None or not found[2].isprintable() or not found[2].isascii():
            raise UsageError("--webhook-header: is not NAME: VALUE in printable ASCII")
        return found[1], found[2]


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """Follow no redirect."""


def _host(url: str) -> str:
    """Return the host of a URL, and its port if it names one.

    Raises:
        UsageError: it is no URL of a web server, or has a password in it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or parts.scheme not in {"http", "https"} or not (url.isascii() and url.isprintable()) or " " in url:
        raise UsageError("--webhook: is not a URL such as https://alerts.example.org/vrrp")
    if parts.username is not None:
        raise UsageError("--webhook: a password in the URL is not sent; give it with --webhook-header")
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"
