"""Make the captures of the benchmark: `python -m tests.bench.make mixed day storm [--adverts N]`.

Every file is the same on every machine. One that is there already is kept, since only whole files bear their
final name. The names say what is in them: `day-1000000.pcap` holds a million frames.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(tempfile.gettempdir()) / "vrrpscope-bench"
KINDS: Final = ("mixed", "day", "storm")
MILLION: Final = 1_000_000


def make(kind: str, frames: int = MILLION, folder: Path = FOLDER) -> Path:
    """Return the path of a capture, made if it is not there.

    Args:
        kind: `mixed` (1 % adverts in a server's traffic), `day` (adverts with a failover now and then) or
            `storm` (two masters at once, no advert like another).
        frames: how many.
        folder: where; made if it is not there.
    """
    path = folder / f"{kind}-{frames}.pcap"
    if path.exists():
        return path
    # NumPy only when there is work: whoever measures memory from this process wants it small.
    from tests.bench import adverts, packets
    from tests.bench.mixed import Mixed

    folder.mkdir(parents=True, exist_ok=True)
    if kind == "mixed":
        mixed = Mixed(frames)
        packets.write(path, mixed.t, mixed.lengths, mixed.fill)
    else:
        plan = {"day": adverts.day, "storm": adverts.storm}[kind](frames)
        packets.write(path, plan["t"], adverts.lengths(plan), lambda part: adverts.frames(plan[part]))
    return path


def main() -> None:
    """Make what the command line names and print the paths."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.make", description=__doc__)
    parser.add_argument("kinds", nargs="*", choices=KINDS, default=KINDS, metavar="KIND", help="mixed, day, storm")
    parser.add_argument("--adverts", "--frames", type=int, default=MILLION, dest="frames", help="frames in each")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    for kind in options.kinds:
        sys.stdout.write(f"{make(kind, options.frames, options.folder)}\n")


if __name__ == "__main__":
    main()
