"""The daemons a host can run: how each is started, what must be installed, and what its log lines mean.

A daemon stays in the foreground, logs to its standard output and reads its configuration from
`/run/lab/<kind>.conf`. Its own word about who is master is a `Said`: `instance` is the name the daemon uses,
"" for all that it runs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Said(NamedTuple):
    """A change of state as a daemon logged it: MASTER, BACKUP, FAULT, STOPPED."""

    instance: str
    state: str


class Kind(NamedTuple):
    """One kind of daemon; `{config}` in `command` stands for its configuration file."""

    command: str
    needs: tuple[str, ...]  # executables, each in a package of Debian's
    package: str
    hear: Callable[[str], Said | None]
    main: bool = True  # the one that speaks VRRP; others stand beside it
    last_word: bool = True  # it says when it is stopped
    unheard: str = ""  # the family of which its first advert as master comes one interval after its word


_KEEPALIVED = re.compile(r"\((?P<instance>[^)]+)\) Entering (?P<state>\w+) STATE")


def _keepalived(line: str) -> Said | None:
    if entering := _KEEPALIVED.search(line):
        return Said(entering["instance"], entering["state"])
    return Said("", "STOPPED") if line.rstrip().endswith(": Stopping") else None


_FRR = re.compile(r"\[VRID (?P<vrid>\d+)\] \[IP(?P<version>v\d)\] \w+ -> (?P<state>\w+)")
_CARP = re.compile(r"Switching to state: (?P<state>MASTER|BACKUP)")
_FRR_STATES = {"Master": "MASTER", "Backup": "BACKUP", "Initialize": "STOPPED"}


def _vrrpd(line: str) -> Said | None:
    """FRR names a virtual router by family and number; an `Instance` of it is called `ipv4/50`."""
    if change := _FRR.search(line):
        return Said(f"ip{change['version']}/{change['vrid']}", _FRR_STATES.get(change["state"], "FAULT"))
    return None


def _ucarp(line: str) -> Said | None:
    switching = _CARP.search(line)
    return Said("", switching["state"]) if switching else None


def _rogue(line: str) -> Said | None:
    """Each advert claims mastership; there is no belief behind it."""
    if " VRRPv" in line:
        return Said("", "MASTER")
    return Said("", "STOPPED") if line.rstrip().endswith(" ended") else None


def _silent(_: str) -> Said | None:
    return None


PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin:/usr/lib/frr"
"""Where Debian has daemons and tools."""

_FRR_OPTIONS = "--user frr --group frr --log stdout --log-level info --vty_port 0 --config_file {config}"

KINDS = {
    "keepalived": Kind(
        "keepalived --vrrp --dont-fork --log-console --log-detail --no-syslog --use-file={config}",
        ("keepalived",),
        "keepalived",
        _keepalived,
    ),
    "zebra": Kind(
        f"sh -c 'install -d -o frr -g frr /run/frr && exec zebra {_FRR_OPTIONS}'",
        ("zebra",),
        "frr",
        _silent,
        main=False,
    ),
    # FRR 8.4: zebra tells vrrpd the addresses of its macvlan only once that is up, which for IPv6 is too late for
    # the first advert: it comes one interval later. The neighbour advertisements leave at once.
    "vrrpd": Kind(f"vrrpd {_FRR_OPTIONS}", ("vrrpd",), "frr", _vrrpd, unheard="ipv6"),
    # Their configurations are their arguments.
    "ucarp": Kind("ucarp $(cat {config})", ("ucarp",), "ucarp", _ucarp, last_word=False),
    "rogue": Kind('"$PYTHON" -m vrrpscope.lab.rogue $(cat {config})', (), "", _rogue),
    "nginx": Kind("nginx -c {config} -g 'daemon off;'", ("nginx",), "nginx-light", _silent, main=False),
}

# A busy machine shall not make a speaker's timers late. keepalived's own vrrp_rt_priority would limit its processor
# time between two system calls too, after a reload (2.2.7) to nothing: the kernel then kills it. Where nobody may
# have a real-time priority, it goes without.
ON_TIME = "chrt --rr 50 true 2>/dev/null && on_time='chrt --rr 50'"

TOOLS = {
    "chrt": "util-linux",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "setsid": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "nft": "nftables",
    "tcpdump": "tcpdump",
    "ping": "iputils-ping",
}
"""What every story needs, and the Debian package of each."""

SCRIPTED = {"curl": "curl", "killall": "psmisc", "pidof": "sysvinit-utils", "ps": "procps"}
"""What a story needs too where one of its scripts or configurations says the word."""
