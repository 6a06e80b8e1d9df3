"""A host as a small container, and the bridges between hosts.

    lb01 10.0.0.5 ──┐                 ┌── web1 172.16.1.7
    lb02 10.0.0.6 ──┼── br0     br1 ──┤
    client  .50   ──┘                 └── web2 172.16.1.8

Each host has network, process, mount and host-name namespaces of its own, so that what an administrator's
script does there (`ps -C nginx`, `hostname`, `systemctl stop keepalived`) means that host and no other. Its
`/run` is a directory of the cell's own `/run`, through which both sides exchange files:

    /run/lab/<unit>.conf    a configuration          /run/lab/<unit>.out   a FIFO: what the daemon says
    /run/lab/<unit>.unit    how it is started        /run/lab/<unit>.pid   its process, and process group
    /run/lab/bin/systemctl  starts, stops and signals units; over the system's own one too

The bridges are in the cell's own network namespace: that is the host `switch`. Without multicast snooping a
bridge floods 224.0.0.0/24, as RFC 4541 section 2.1.2 asks of every switch.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vrrpscope.errors import StagingError
from vrrpscope.lab.daemons import KINDS, ON_TIME, PATH
from vrrpscope.lab.logs import Log
from vrrpscope.lab.story import Host

if TYPE_CHECKING:
    from collections.abc import Iterable

SWITCH = "switch"
HOSTS = Path("/run/hosts")
LAB = Path("/run/lab")  # inside a host
ENVIRONMENT = {
    "PATH": f"{LAB}/bin:{PATH}",
    "LC_ALL": "C",
    "TZ": "UTC",
    # For the lab's own programs: "$PYTHON" -m vrrpscope.lab.client …
    "PYTHON": sys.executable,
    "PYTHONPATH": str(Path(__file__).parents[2]),
}

# The first process of a host: it tells its id outside, moves in, and then reaps whatever is left to it.
_INIT = """
read pid rest </proc/self/stat
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount --bind {run} /run
for tool in /usr/bin/systemctl /usr/sbin/service; do
    [ ! -e "$tool" ] || mount --bind /run/lab/bin/systemctl "$tool"
done
hostname {name}
# Addresses are given, never learned: zebra advertises itself as an IPv6 router while vrrpd is master.
echo 0 >/proc/sys/net/ipv6/conf/default/accept_ra
ip link set lo up
echo "$pid"
exec >/dev/null
sleep infinity &
wait
"""

_SYSTEMCTL = """#!/bin/sh
# systemctl [OPTIONS] VERB UNIT, or service UNIT VERB: the part of both that scripts beside keepalived use.
signal=TERM
while [ $# -gt 0 ]; do
    case $1 in
        -s) signal=$2; shift ;;
        -*) ;;
        start|stop|restart|reload|status|is-active|kill) verb=$1 ;;
        *) unit=${1%.service} ;;
    esac
    shift
done
lab=/run/lab
[ -e $lab/$unit.unit ] || { echo "Unit $unit.service not found." >&2; exit 5; }
pid=$(cat $lab/$unit.pid 2>/dev/null)
active() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }
stop() {
    active || return 0
    kill -TERM "$pid"
    while active; do sleep 0.01; done
}
start() {
    active || setsid sh $lab/$unit.unit >$lab/$unit.out 2>&1 </dev/null &
}
case $verb in
    start) start ;;
    stop) stop ;;
    restart) stop; pid=; start ;;
    reload) active && kill -HUP "$pid" ;;
    kill) active && kill -s "$signal" -- "-$pid" ;;
    *) active ;;
esac
"""


class Container:
    """One running host."""

    def __init__(self, host: Host) -> None:
        """Start the container; its links come with `Network`."""
        self.host = host
        self.run_directory = HOSTS / host.name
        self.lab = self.run_directory / "lab"
        (self.lab / "bin").mkdir(parents=True)
        self.logs: dict[str, Log] = {}
        self._executable("bin/systemctl", _SYSTEMCTL)
        (self.lab / "bin" / "service").symlink_to("systemctl")
        for name, text in host.files:
            self._executable(name, text)
        for unit in host.units:
            config = LAB / f"{unit.kind}.conf"
            (self.lab / config.name).write_text(unit.config, encoding="utf-8", errors="surrogateescape")
            kind = KINDS[unit.kind]
            start = f"{ON_TIME}\nexec $on_time " if kind.main else "exec "
            start += kind.command.format(config=config)
            (self.lab / f"{unit.kind}.unit").write_text(f"echo $$ >{LAB}/{unit.kind}.pid\n{start}\n")
            self.logs[unit.kind] = Log(self.lab / f"{unit.kind}.out", f"{host.name}'s {unit.kind}")
        self._pid = self._begin()

    def run(self, command: str) -> None:
        """Run a shell command to its end.

        Raises:
            StagingError: it failed, or ran for more than 30 s.
        """
        answer = self.ask(command)
        if answer.returncode:
            why = (answer.stderr or answer.stdout).strip() or f"exit status {answer.returncode}"
            raise StagingError(f"{self.host.name}: {command}: {why}")

    def ask(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a shell command, whether it succeeds or not.

        Raises:
            StagingError: it ran for more than 30 s.
        """
        try:
            return subprocess.run(
                (*self._inside(), "sh", "-c", f"cd {LAB}; {command}"),
                check=False,
                capture_output=True,
                text=True,
                env=ENVIRONMENT,
                timeout=30,
            )
        except subprocess.TimeoutExpired as late:
            raise StagingError(f"{self.host.name}: {command}: not done within {late.timeout:g} s") from late

    def begin(self, name: str, command: str) -> tuple[subprocess.Popen[bytes], Log]:
        """Start a command beside the story; its output goes to a log of that name, its process id to `name.pid`."""
        log = Log(self.lab / f"{name}.out", f"{self.host.name}'s {name}")
        with open(log.path, "w", encoding="utf-8") as output:
            process = subprocess.Popen(
                (*self._inside(), "sh", "-c", f"cd {LAB}; echo $$ >{name}.pid; exec {command}"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT,
            )
        return process, log

    def _begin(self) -> int:
        apart = ("unshare", "--net", "--uts", "--pid", "--mount", "--fork", "--kill-child")
        script = _INIT.format(run=shlex.quote(str(self.run_directory)), name=shlex.quote(self.host.name))
        self._init = subprocess.Popen(
            (*apart, "sh", "-ec", script),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        word = self._init.stdout.readline() if self._init.stdout else b""
        if not word:
            raise StagingError(f"{self.host.name}: a container could not be made for it")
        return int(word)

    def _inside(self) -> tuple[str, ...]:
        return ("nsenter", f"--target={self._pid}", "--net", "--uts", "--pid", "--mount")

    def _executable(self, name: str, text: str) -> None:
        path = self.lab / name
        path.write_text(text)
        path.chmod(0o755)

    @property
    def pid(self) -> int:
        """The host's first process, as the cell numbers it: what its links are moved to."""
        return self._pid


class Switch(Container):
    """The cell's own network namespace, where the bridges are."""

    def _begin(self) -> int:
        LAB.symlink_to(self.lab)
        return os.getpid()

    def _inside(self) -> tuple[str, ...]:
        return ()


class Network:
    """All hosts of a story, connected; they end with the cell."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        """Start the hosts and connect them.

        Raises:
            StagingError: a device or an address could not be had.
        """
        self.hosts: dict[str, Container] = {SWITCH: Switch(Host(SWITCH, ()))}
        self.hosts |= {host.name: Container(host) for host in hosts}
        self.switch = self.hosts[SWITCH]
        links = [link for container in self.hosts.values() for link in container.host.links]
        for segment in sorted({link.segment for link in links}):
            self.switch.run(f"ip link add br{segment} type bridge mcast_snooping 0 && ip link set br{segment} up")
        for container in self.hosts.values():
            self._connect(container)

    def _connect(self, container: Container) -> None:
        host = container.host
        for index, link in enumerate(host.links):
            port = host.name if index == 0 else f"{host.name}.{index}"
            self.switch.run(f"ip link add {port} type veth peer name eth{index} netns {container.pid}")
            self.switch.run(f"ip link set {port} master br{link.segment} up")
            container.run(f"ip link set eth{index} address {link.mac} addrgenmode none up")
            for address in link.addresses:
                # Without duplicate address detection an IPv6 address can be used at once.
                nodad = "nodad" if ":" in address else ""
                container.run(f"ip address add {address} dev eth{index} {nodad}")
