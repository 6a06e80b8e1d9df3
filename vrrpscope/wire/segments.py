"""Names of segments: which broadcast domain an advert was heard on.

While the layers are walked, each thing that separates broadcast domains (a VLAN tag, a VXLAN network, a
mirror session) leaves a 64-bit *tag*: its kind in the top byte, its number below. Only the few frames that
turn out to be adverts get a name, built from their tags from the outside in. Parts are joined by "+", VLAN
tags that follow each other directly by ".": `vlan30.100`, `vlan5+vni77`, `erspan3+vlan100`. No tag at all is
"".
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


class Tag(IntEnum):
    """What a tag is; 0 is no tag."""

    VLAN = 1  # number: VLAN id; 0, a priority tag, leaves no tag
    ISID = 2  # number: I-SID of 802.1ah
    VNI = 3  # number: VXLAN network identifier
    GRE = 4  # no number
    GRE_KEY = 5  # number: key
    ERSPAN = 6  # type I: no number
    ERSPAN_SESSION = 7  # number: session id, and above it (<< 16) the VLAN the mirror header names


def tag(kind: Tag, number: NDArray[np.generic] | int) -> NDArray[np.uint64]:
    """The tags of one kind with these numbers."""
    return np.asarray(number, np.uint64) | np.uint64(kind << 56)


def segment_name(tags: Iterable[int]) -> str:
    """The name of the segment that these tags, outermost first, lead to.

    The VLAN in an ERSPAN header counts only if the mirrored frame carries no tag itself: it repeats the tag
    that the mirroring switch removed.
    """
    parts: list[str] = []
    before: Tag | None = None
    mirrored = 0  # VLAN of an ERSPAN header, until the mirrored frame shows whether it has its own
    for value in filter(None, tags):
        kind, number = Tag(value >> 56), value & ((1 << 56) - 1)
        if mirrored and kind is not Tag.VLAN:
            parts.append(f"vlan{mirrored}")
        mirrored = 0
        if kind is Tag.VLAN and before is Tag.VLAN:
            parts[-1] += f".{number}"
        elif kind is Tag.ERSPAN_SESSION:
            parts.append(f"erspan{number & 0xFFFF}")
            mirrored = number >> 16
        elif kind in {Tag.GRE, Tag.ERSPAN}:
            parts.append(kind.name.lower())
        else:
            parts.append(f"{_PREFIX[kind]}{number}")
        before = kind
    if mirrored:
        parts.append(f"vlan{mirrored}")
    return "+".join(parts)


_PREFIX = {Tag.VLAN: "vlan", Tag.ISID: "isid", Tag.VNI: "vni", Tag.GRE_KEY: "gre"}
