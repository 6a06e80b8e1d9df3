"""What a user brings beside a capture, and how it is laid beside the capture.

A capture shows what was on the wire. What each daemon believed, why it changed its mind, and what it was told to
do stand elsewhere: in the daemons' logs (`keepalived_log`, with `log_clock` to place their lines among the packets).
Nothing here reads a clock, and nothing here is trusted: these are files from strangers, as captures are.
"""

from __future__ import annotations
