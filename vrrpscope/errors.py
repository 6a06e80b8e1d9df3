"""What can go wrong, as one tree; each class carries the exit code the command line ends with.

    VrrpscopeError                2   anything a user can mend
    ├── UsageError                2   arguments that do not fit together
    ├── CaptureError              3   a capture that cannot be read at all
    │   └── NotACaptureError      3   a readable file that is no capture
    ├── PrivilegeError            4   the operating system does not let us
    └── StagingError              2   a story of the lab could not be told

Damage *inside* a capture is no error: what can be had is used and the damage is kept as a `Problem` (see
`vrrpscope.capture.frames`). A bad packet is no error either: it is a row with flags.
"""

from __future__ import annotations

from typing import ClassVar


class VrrpscopeError(Exception):
    """Base of all errors meant for a user: one line that says what, where, and what to do."""

    exit_code: ClassVar[int] = 2


class UsageError(VrrpscopeError):
    """The arguments do not fit together or name nothing."""


class CaptureError(VrrpscopeError):
    """A capture cannot be read: missing, unreadable, a directory without captures."""

    exit_code = 3


class NotACaptureError(CaptureError):
    """The file was read and is not a capture in any format we know."""


class PrivilegeError(VrrpscopeError):
    """The operating system refuses what was asked for."""

    exit_code = 4


class StagingError(VrrpscopeError):
    """A story of the lab could not be told: a tool failed, or what it waits for did not come."""
