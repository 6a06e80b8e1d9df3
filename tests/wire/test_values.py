"""The tables stay bounded whatever a capture holds."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from tests import frames as build
from vrrpscope.wire import Advert, Decoder, Tables, values

if TYPE_CHECKING:
    import pytest

SOURCE, GROUP = ip_address("10.0.0.1").packed, ip_address("224.0.0.18").packed


def frame(number: int, *, vlan: int = 0, count: int = 1) -> bytes:
    addresses = tuple(str(ip_address(0x0A000000 + number + n)) for n in range(count))
    password = number.to_bytes(8, "big")
    advert = Advert(addresses=addresses, auth_type=1, auth_data=password)
    return build.ethernet(build.vlan(build.ipv4(advert.build(source=SOURCE, destination=GROUP)), vlan))


def test_past_the_limit_new_values_share_one_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tables, "LIMIT", 4)
    decoder = Decoder()
    frames = [frame(n, vlan=n) for n in range(1, 8)]
    for _ in range(2):
        rows = decoder.decode(build.batch(frames)).adverts
        for column in ("addresses", "secret", "segment"):
            assert rows[column].tolist() == [1, 2, 3, 4, 4, 4, 4]
    tables = decoder.tables
    assert tables.overflowed
    assert tables.segments == ["", "vlan1", "vlan2", "vlan3", "overflow"]
    assert len(tables.addresses) == len(tables.secrets) == 5


def test_few_but_endless_lists_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_ADDRESSES", 250)
    decoder = Decoder()
    rows = decoder.decode(build.batch([frame(n, count=100) for n in range(1, 6)])).adverts
    assert rows["addresses"].tolist() == [1, 2, 3, 3, 3]
    assert decoder.tables.overflowed


def test_tables_that_hold_values_already_are_continued() -> None:
    tables = Decoder().tables
    first = Decoder(tables).decode(build.batch([frame(1), frame(2)])).adverts
    second = Decoder(tables).decode(build.batch([frame(3), frame(2)])).adverts
    assert first["addresses"].tolist() == [1, 2]
    assert second["addresses"].tolist() == [3, 2]
    assert tables.addresses == [(), ("10.0.0.1",), ("10.0.0.2",), ("10.0.0.3",)]
    assert not tables.overflowed
