"""`--key`: the passwords and keys that digests are verified with, so given that they need not be seen.

What stands on a command line stands in the list of processes and in the shell's history; a file or a variable of the
environment does not. No message of ours ever names a key.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

_MOST = 4_096
"""Bytes of a key file that are read: no key is longer, and a file that is has another purpose."""


def _key(_: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return the keys that the values stand for."""
    return tuple(_read(value, parameter) for value in values)


def _read(value: str, parameter: click.Parameter) -> bytes:
    kind, _, name = value.partition(":")
    if value.startswith("@"):
        path = value[1:]
        try:
            with Path(path).open("rb") as file:
                text = file.read(_MOST)
        except OSError as error:
            raise click.BadParameter(f"{path}: {error.strerror}", param=parameter) from error
        key = text.rstrip(b"\r\n")
    elif kind == "env" and name:
        key = os.environb.get(os.fsencode(name), b"")
        if not key:
            raise click.BadParameter(f"no variable {name} in the environment", param=parameter)
    else:
        key = os.fsencode(value)
    if not key:
        raise click.BadParameter("an empty key", param=parameter)
    return key


key_option = click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="KEY",
    callback=_key,
    help="Verify AH, HMAC and MD5 digests with this key (repeatable). @FILE or env:NAME keep it from sight.",
)
"""For commands that verify digests: `keys`, as bytes."""
