from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vrrpscope.wire.checksum import message_sums, ones_complement_sum, pseudo_header, range_sums
from vrrpscope.wire.gather import Block


def test_the_example_of_rfc_1071_adds_up() -> None:
    assert ones_complement_sum(bytes.fromhex("0001f203f4f5f6f7")) == 0xDDF2


def test_pseudo_headers_have_the_layout_of_their_family() -> None:
    assert pseudo_header(b"\1" * 4, b"\2" * 4, 12) == b"\1" * 4 + b"\2" * 4 + bytes([0, 112, 0, 12])
    assert pseudo_header(b"\1" * 16, b"\2" * 16, 12)[32:] == bytes([0, 0, 0, 12, 0, 0, 0, 112])


@settings(deadline=None)
@given(st.lists(st.binary(max_size=90) | st.binary(min_size=4090, max_size=4100), min_size=1, max_size=8))
def test_sums_of_many_are_the_sums_of_each(messages: list[bytes]) -> None:
    data = np.frombuffer(b"".join(messages) + b"\xff" * 256, np.uint8)
    length = np.array([len(message) for message in messages], np.int64)
    start = np.cumsum(length) - length
    block = Block(data)
    expected = [ones_complement_sum(message) for message in messages]
    assert message_sums(block, block.words(start, 64), start, length).tolist() == expected
    assert range_sums(block, start, length).tolist() == expected
