"""`live --metrics, --on-finding, --webhook, --syslog`: who else is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import click

from vrrpscope.errors import UsageError
from vrrpscope.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Callable

    from vrrpscope.live.listener import Listener
    from vrrpscope.live.outbox import Outbox

_F = TypeVar("_F", bound="Callable[..., object]")


class Others(NamedTuple):
    """Who is to be told, as the user wrote it."""

    metrics: str | None
    commands: tuple[str, ...]
    webhook: str | None
    headers: tuple[str, ...]
    syslog: str | None
    at_least: str


def telling(function: _F) -> _F:
    """Give a command the options of `Others`: metrics, commands, webhook, headers, syslog, at_least."""
    for option in reversed(
        (
            click.option("--metrics", metavar="ADDRESS:PORT", help="Serve metrics for Prometheus here."),
            click.option(
                "--on-finding",
                "commands",
                multiple=True,
                metavar="COMMAND",
                help="Start this for each finding, JSON on its standard input (repeatable).",
            ),
            click.option("--webhook", metavar="URL", help="POST each finding; $NAME is taken from the environment."),
            click.option(
                "--webhook-header",
                "headers",
                multiple=True,
                metavar="'NAME: VALUE'",
                help="Send this too; $NAME likewise (repeatable).",
            ),
            click.option("--syslog", metavar="WHERE", help="Log findings: journal, /dev/log or ADDRESS:PORT."),
            click.option(
                "--tell-at-least",
                "at_least",
                type=click.Choice([severity.value for severity in Severity]),
                default=Severity.INFO.value,
                show_default=True,
                help="Tell others of no findings less severe.",
            ),
        )
    ):
        function = option(function)
    return function


def listeners(others: Others, say: Callable[[str], None], *, show_secrets: bool) -> list[Listener]:
    """Return those who are told.

    Raises:
        UsageError: one cannot be told, or would be told a password.
    """
    found: list[Listener] = []
    outboxes = _outboxes(others)
    if outboxes:
        if show_secrets:
            raise UsageError(
                "--show-secrets: passwords are shown here and told nobody else; leave out one or the other"
            )
        from vrrpscope.live.notify import Notifier  # noqa: PLC0415 - likewise

        found.append(Notifier(outboxes, say=say, at_least=Severity(others.at_least)))
    if others.metrics is not None:
        from vrrpscope.live.metrics import Metrics  # noqa: PLC0415 - prometheus-client, only for those who ask

        found.append(Metrics(others.metrics, say=say))
    return found


def _outboxes(others: Others) -> list[Outbox]:
    outboxes: list[Outbox] = []
    hidden: set[str] = set()
    if others.webhook is not None:
        from vrrpscope.live.webhook import Webhook  # noqa: PLC0415 - likewise

        webhook = Webhook(others.webhook, others.headers)
        hidden = webhook.secrets
        outboxes.append(webhook)
    elif others.headers:
        raise UsageError("--webhook-header: goes with --webhook")
    if others.commands:
        from vrrpscope.live.command import Command  # noqa: PLC0415 - likewise

        outboxes += [Command(text, hidden=hidden) for text in others.commands]
    if others.syslog is not None:
        from vrrpscope.live.syslog import Syslog  # noqa: PLC0415 - likewise

        outboxes.append(Syslog(others.syslog))
    return outboxes
