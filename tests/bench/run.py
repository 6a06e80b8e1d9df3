"""Measure vrrpscope beside its peers: `python -m tests.bench.run [--captures day] [--peers tshark]`.

Each is run as a whole process, with its start-up, in turn (A B A B), after the capture has been read once so
that it lies in the page cache. Seconds are the median of the rounds, memory is the greatest resident set that
the kernel reports for the process. The kernel hands a child its parent's resident set as a floor; this module
therefore imports little, and the floor is printed.

scapy would take minutes: it reads the first frames only, and its time is extrapolated from that, less what it
needs for an empty capture.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.bench.make import FOLDER, KINDS, MILLION

if TYPE_CHECKING:
    from collections.abc import Iterator

VRRPSCOPE: Final = (
    shlex.quote(str(Path(sys.executable).with_name("vrrpscope")))
    + " analyze FILE --format json -o /dev/null --fail-on never"
)
SCAPY: Final = """
import sys
from scapy.config import conf
conf.route_autoload = conf.route6_autoload = False
import scapy.layers.all
from scapy.layers.vrrp import VRRP, VRRPv3
from scapy.utils import PcapReader
with PcapReader(sys.argv[1]) as capture:
    for frame in capture:
        advert = frame.getlayer(VRRP) or frame.getlayer(VRRPv3)
        if advert:
            print(frame.time, advert.vrid, advert.priority)
"""
COMMANDS: Final = {
    "vrrpscope": VRRPSCOPE,
    "tshark": "tshark -n -r FILE -Y vrrp -T fields -e frame.number -e frame.time_epoch -e ip.src"
    " -e vrrp.virt_rtr_id -e vrrp.prio",
    "tcpdump": "tcpdump -n -r FILE -w /dev/null 'ip proto 112'",
    "scapy": shlex.join([sys.executable, "-c", SCAPY, "FILE"]),
}
PEERS: Final = tuple(COMMANDS)
HEAD: Final = 20_000
"""Frames scapy is given."""


class Run(NamedTuple):
    """One process, start to end: wall seconds and the peak of its resident set in bytes."""

    seconds: float
    memory: int


def measure(command: str, path: Path) -> Run:
    """Run a command, FILE replaced by a capture, and measure it.

    Raises:
        RuntimeError: the command failed; what it said is the message.
    """
    argv = [word.replace("FILE", str(path)) for word in shlex.split(command)]
    began = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        complaint = said.decode(errors="replace").strip()[-300:]
        raise RuntimeError(f"{argv[0]} ended with {process.returncode}: {complaint}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, usage.ru_maxrss * unit)


def median(runs: list[Run]) -> Run:
    """Return the median of the seconds and the greatest memory."""
    return Run(sorted(run.seconds for run in runs)[len(runs) // 2], max(run.memory for run in runs))


def head(path: Path, frames: int) -> Path:
    """Return a copy of a capture's first frames, beside it."""
    short = path.with_name(f"{path.stem}-head-{frames}.pcap")
    with path.open("rb") as whole, short.open("wb") as out:
        out.write(whole.read(24))
        for _ in range(frames):
            record = whole.read(16)
            if len(record) < 16:
                break
            out.write(record + whole.read(struct.unpack("<8xI4x", record)[0]))
    return short


def capture(kind: str, frames: int, folder: Path) -> Path:
    """Return a capture, made by a process of its own so that this one stays small, and read once."""
    argv = [sys.executable, "-m", "tests.bench.make", kind, "--frames", str(frames), "--folder", str(folder)]
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    path = folder / f"{kind}-{frames}.pcap"
    with path.open("rb", buffering=0) as whole:
        while whole.read(1 << 20):
            pass
    return path


def compare(path: Path, frames: int, commands: dict[str, str], rounds: int) -> dict[str, Run]:
    """Run all commands in turn on one capture; one that fails is named on standard error and left out."""
    short, empty = (head(path, HEAD), head(path, 0)) if "scapy" in commands else (path, path)
    runs: dict[str, list[Run]] = {peer: [] for peer in commands}
    floor: list[Run] = []
    for _ in range(rounds):
        for peer in list(runs):
            try:
                runs[peer].append(measure(commands[peer], short if peer == "scapy" else path))
                if peer == "scapy":
                    floor.append(measure(commands[peer], empty))
            except (OSError, RuntimeError) as error:
                sys.stderr.write(f"{peer}: {error}\n")
                del runs[peer]
    results = {peer: median(done) for peer, done in runs.items() if done}
    if "scapy" in results and frames > HEAD:
        start, (seconds, memory) = median(floor).seconds, results["scapy"]
        results["scapy"] = Run(start + (seconds - start) * frames / HEAD, memory)
    return results


def table(title: str, frames: int, results: dict[str, Run]) -> Iterator[str]:
    """Yield the lines of one capture's table."""
    yield f"{title:<24}{'seconds':>10}{'frames/s':>12}{'peak MB':>9}{'x vrrpscope':>13}"
    ours = results.get("vrrpscope")
    for peer, run in results.items():
        name = f"  {peer}" + (f" (from {HEAD})" if peer == "scapy" and frames > HEAD else "")
        ratio = f"{run.seconds / ours.seconds:.2f}" if ours else "-"
        speed = f"{frames / run.seconds:,.0f}"
        yield f"{name:<24}{run.seconds:>10.2f}{speed:>12}{run.memory / 1e6:>9.0f}{ratio:>13}"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.run", description=__doc__)
    parser.add_argument("--captures", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=PEERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=MILLION, help="frames in each capture")
    parser.add_argument(
        "--memory",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also run a day four times as long",
    )
    parser.add_argument("--vrrpscope", default=VRRPSCOPE, metavar="COMMAND", help="how to run it; FILE is the capture")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the captures are kept")
    return parser.parse_args()


def main() -> None:
    """Measure what the command line names and print one table a capture."""
    chosen = options()
    commands = {peer: COMMANDS[peer] for peer in chosen.peers} | (
        {"vrrpscope": chosen.vrrpscope} if "vrrpscope" in chosen.peers else {}
    )
    for peer, command in list(commands.items()):
        if shutil.which(shlex.split(command)[0]) is None:
            sys.stderr.write(f"{peer}: not installed, left out\n")
            del commands[peer]
    floor = measure(shlex.join([shutil.which("true") or "true"]), Path())
    sys.stdout.write(
        f"median of {chosen.rounds} rounds in turn; memory below {floor.memory / 1e6:.0f} MB cannot be told\n"
    )
    for kind in chosen.captures:
        path = capture(kind, chosen.frames, chosen.folder)
        results = compare(path, chosen.frames, commands, chosen.rounds)
        title = f"{kind}, {path.stat().st_size / 1e6:.0f} MB"
        sys.stdout.write("\n" + "\n".join(table(title, chosen.frames, results)) + "\n")
        sys.stdout.flush()
    if chosen.memory and "vrrpscope" in commands:
        sizes = (chosen.frames, 4 * chosen.frames)
        short, long = (measure(commands["vrrpscope"], capture("day", n, chosen.folder)) for n in sizes)
        sys.stdout.write(
            f"\nmemory of vrrpscope: {short.memory / 1e6:.0f} MB for {sizes[0]:,} adverts,"
            f" {long.memory / 1e6:.0f} MB for {sizes[1]:,} (x {long.memory / short.memory:.2f})\n"
        )


if __name__ == "__main__":
    main()
