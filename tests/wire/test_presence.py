"""Whether a speaker's host is heard at all: bounded, thinned, and the same for any batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import frames as build
from vrrpscope.wire import NO_MAC, Advert, Decoder, Kind
from vrrpscope.wire.presence import GRAIN, MAX_HOSTS, Presence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vrrpscope.capture.frames import Frames

MESSAGE = Advert(vrid=5).build(source=bytes(4), destination=bytes(4))
LB1, LB2, STRANGER = (bytes.fromhex(f"02000a0000{last}") for last in ("05", "06", "99"))
ALIKE = bytes.fromhex("02ff00000005")  # ends as LB1 does
VIRTUAL = bytes.fromhex("00005e000105")


def advert(mac: bytes) -> bytes:
    return build.ethernet(build.ipv4(MESSAGE), source=mac)


def data(mac: bytes) -> bytes:
    return build.ethernet(build.ipv4(bytes(40), protocol=6), source=mac)


def alive(frames: Frames, size: int | None = None) -> tuple[NDArray[np.void], Presence]:
    """The rows of a capture read in batches of a size."""
    decoder, presence = Decoder(), Presence()
    size = size or max(len(frames.start), 1)
    parts = [build.part(frames, slice(at, at + size)) for at in range(0, len(frames.start), size)] or [frames]
    return np.concatenate([presence.seen(part, decoder.decode(part).adverts) for part in parts]), presence


def batch(frames: Sequence[bytes], *, link: int = build.ETHERNET, step: int = GRAIN) -> Frames:
    return build.batch(frames, link=link)._replace(t=np.arange(len(frames), dtype=np.int64) * step)


def test_other_frames_of_a_speakers_host_are_seen_from_its_first_advert_on() -> None:
    rows, _ = alive(batch([data(LB1), advert(LB1), data(LB1), data(STRANGER), advert(LB2), data(LB2), data(LB1)]))
    assert rows["number"].tolist() == [3, 6, 7]
    assert rows["sender"].tolist() == [int.from_bytes(mac, "big") for mac in (LB1, LB2, LB1)]
    assert set(rows["kind"]) == {Kind.ALIVE}
    assert set(rows["mac"]) == {NO_MAC}
    assert rows["t"].tolist() == [2 * GRAIN, 5 * GRAIN, 6 * GRAIN]


def test_adverts_are_no_sign_of_life_beside_themselves() -> None:
    rows, _ = alive(batch([advert(LB1)] * 5))
    assert len(rows) == 0


def test_one_frame_in_each_tenth_of_a_second_is_enough() -> None:
    rows, _ = alive(batch([advert(LB1), advert(LB2)] + [data(LB1), data(LB2)] * 100, step=GRAIN // 20))
    assert rows["sender"].tolist().count(int.from_bytes(LB1, "big")) == 11
    assert len(rows) == 22


def test_a_mac_that_ends_alike_is_another() -> None:
    rows, _ = alive(batch([advert(LB1), data(ALIKE), data(LB1), advert(ALIKE), data(ALIKE), data(LB1)]))
    assert rows["number"].tolist() == [3, 5, 6]


def test_a_virtual_mac_says_nothing_about_a_host() -> None:
    rows, _ = alive(batch([advert(VIRTUAL), data(VIRTUAL), data(VIRTUAL)]))
    assert len(rows) == 0


def test_more_hosts_than_are_followed_are_left_out_and_said() -> None:
    macs = [bytes([2, 0, 0, 0, 0, n]) for n in range(MAX_HOSTS + 2)]
    rows, presence = alive(batch([*map(advert, macs), *map(data, macs), advert(LB1), data(LB1)]), 5)
    assert rows["sender"].tolist() == [int.from_bytes(mac, "big") for mac in macs[:MAX_HOSTS]]
    assert presence.overflowed


@pytest.mark.parametrize("link", [build.SLL, build.SLL2])
def test_linux_cooked_frames_show_a_mac_if_it_is_one(link: int) -> None:
    cooked = build.sll if link == build.SLL else build.sll2
    packets = [build.ipv4(MESSAGE), build.ipv4(bytes(40), protocol=6)]
    frames = [cooked(packets[0], source=LB1), cooked(packets[1], source=LB1), cooked(packets[1], source=LB1[:4])]
    rows, _ = alive(batch(frames, link=link))
    assert rows["number"].tolist() == [2]


def test_other_links_and_short_frames_show_nothing() -> None:
    frames = batch([advert(LB1), data(LB1)[:11], b"", data(LB1)])
    links = np.array([1, 1, 1, build.RAW], np.uint16)
    rows, _ = alive(frames._replace(link=links))
    assert len(rows) == 0
    assert len(alive(batch([]))[0]) == 0


def test_frame_numbers_may_have_gaps() -> None:
    frames = batch([advert(LB1), data(LB1), advert(LB1), data(LB1)])
    rows, _ = alive(frames._replace(number=np.array([1, 5, 6, 9])))
    assert rows["number"].tolist() == [5, 9]


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.booleans(), st.sampled_from([LB1, LB2, ALIKE, VIRTUAL]), st.integers(-1, 3)), max_size=40),
    st.integers(1, 20),
)
def test_any_split_into_batches_gives_the_same_rows(steps: list[tuple[bool, bytes, int]], size: int) -> None:
    frames = batch([advert(mac) if is_advert else data(mac) for is_advert, mac, _ in steps])
    t = np.cumsum([step * GRAIN // 2 for _, _, step in steps], dtype=np.int64)
    frames = frames._replace(t=t)
    assert alive(frames)[0].tobytes() == alive(frames, size)[0].tobytes()
