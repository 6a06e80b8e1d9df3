"""What runs inside a cell: reads a story from standard input, tells it, writes the results as a tar.

Where it cannot be told, it ends with 1 and standard output says why. Standard error is for the person who waits.
"""

from __future__ import annotations

import io
import pickle
import sys
import tarfile

from vrrpscope.errors import StagingError
from vrrpscope.lab.teller import tell


def main() -> int:
    """Tell the story; 0 when it was told to its end."""
    story = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent process wrote it
    try:
        files = tell(story)
    except (StagingError, OSError) as error:
        sys.stdout.write(str(error))
        return 1
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return 0


if __name__ == "__main__":
    sys.exit(main())
