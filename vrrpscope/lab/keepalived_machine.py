"""What of this machine a configuration can use in the lab, where everything can be read but `/run` is new and empty."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from typing import Final

from vrrpscope.lab.hosts import ENVIRONMENT

OWN_TOOLS: Final = ("systemctl", "service")
"""Every host of the lab has these, whatever this machine has."""


def runnable(executable: str, directory: str) -> str | None:
    """Return how a script's executable is named in the lab, None if it is not there.

    keepalived looks for a name without a slash in its PATH. It opens what follows a `<` and does not run it.
    """
    if executable.startswith("<"):
        return executable
    if "/" not in executable and (executable in OWN_TOOLS or shutil.which(executable, path=ENVIRONMENT["PATH"])):
        return executable
    path = executable if executable.startswith("/") else os.path.normpath(os.path.join(directory, executable))
    return path if visible(path) and os.path.isfile(path) and os.access(path, os.X_OK) else None


def visible(path: str) -> bool:
    """Tell whether the file exists and can be seen in the lab."""
    return os.path.exists(path) and not os.path.realpath(path).startswith("/run/")


def insecure(path: str) -> bool:
    """Tell whether `enable_script_security` disables a script that root runs (lib/notify.c: check_security)."""
    path = os.path.realpath(shutil.which(path, path=ENVIRONMENT["PATH"]) or path)
    while True:
        try:
            status = os.lstat(path)
        except OSError:
            return False  # one of the lab's own tools
        sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
        writable = status.st_mode & (stat.S_IWOTH | (stat.S_IWGRP if status.st_gid else 0))
        if status.st_uid or (writable and not sticky):
            return True
        if path == "/":
            return False
        path = os.path.dirname(path)


def user_here(name: str) -> bool:
    """Tell whether there is such a user."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def group_here(name: str) -> bool:
    """Tell whether there is such a group."""
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True
