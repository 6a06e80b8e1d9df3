"""The cell: the private namespaces in which one story is told.

    vrrpscope lab run ──► setpriv ──► unshare ──► sh ──► python -m vrrpscope.lab
       the story, pickled, on its standard input; the results, as a tar, on its standard output

The cell has its own mount, process and network namespaces. In it every filesystem is read-only, except `/proc`,
`/sys` and `/dev`, and `/run` is new and empty: whatever a daemon or a script does to files or to the network
stays inside and ends with the cell. It ends when the first process in it does, and that one is killed by the
kernel when this process ends in whatever way, `kill -9` included. So there is nothing to clean up, and nothing
is written outside before the story has been told to its end.
"""

from __future__ import annotations

import io
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from vrrpscope.errors import PrivilegeError, StagingError, UsageError
from vrrpscope.lab.daemons import KINDS, PATH, SCRIPTED, TOOLS

if TYPE_CHECKING:
    from vrrpscope.lab.story import Story

PACKAGE_ROOT = Path(__file__).parents[2]

# dash's %b turns the \040 that stands for a space in /proc/self/mounts back into one.
_ENTER = r"""
mount -t tmpfs -o mode=755 tmpfs /run
cut -d ' ' -f 2 /proc/self/mounts | while read -r at; do
    at=$(printf %b "$at")
    case $at in
        /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/*) ;;
        *) mount -o remount,bind,ro "$at" ;;
    esac
done
ip link set lo up
exec "$@"
"""


def check_machine(story: Story) -> None:
    """See that the story can be told here.

    Raises:
        UsageError: no Linux, or a program is missing (the line names its package).
        PrivilegeError: not root.
    """
    if not sys.platform.startswith("linux"):
        raise UsageError("the lab needs Linux: it runs real daemons in network namespaces")
    needed = dict(TOOLS)
    for host in story.hosts:
        for unit in host.units:
            needed |= dict.fromkeys(KINDS[unit.kind].needs, KINDS[unit.kind].package)
        words = set(
            re.findall(r"\w+", " ".join([unit.config for unit in host.units] + [text for _, text in host.files]))
        )
        needed |= {name: SCRIPTED[name] for name in words & SCRIPTED.keys()}
    path = os.pathsep.join((os.environ.get("PATH", ""), PATH))
    missing = [name for name in needed if shutil.which(name, path=path) is None]
    if missing:
        packages = " ".join(sorted({needed[name] for name in missing}))
        raise UsageError(f"{story.name} needs {', '.join(missing)}; on Debian or Ubuntu: apt-get install {packages}")
    if os.geteuid() != 0:
        raise PrivilegeError(f"the lab needs root to make network namespaces: sudo {sys.argv[0]} lab run {story.name}")


def tell(story: Story) -> dict[str, bytes]:
    """Tell a story in a cell of its own; messages go to standard error as they come.

    Returns:
        The files that came of it, by name.

    Raises:
        StagingError: it could not be told; the message says at which step.
    """
    apart = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "--mount-proc")
    teller = (sys.executable, "-m", "vrrpscope.lab")
    cell = subprocess.Popen(
        ("setpriv", "--pdeathsig", "KILL", *apart, "sh", "-ec", _ENTER, "cell", *teller),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PACKAGE_ROOT,
        start_new_session=True,  # Ctrl-C is for this process; the cell is killed
    )
    try:
        archive, _ = cell.communicate(pickle.dumps(story))
    finally:
        if cell.poll() is None:
            os.killpg(cell.pid, signal.SIGKILL)
            cell.wait()
    if cell.returncode:
        raise StagingError(f"{story.name}: {archive.decode(errors='replace') or 'the cell ended early'}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = [(member.name, tar.extractfile(member)) for member in tar]
        return {name: stream.read() for name, stream in members if stream is not None}
