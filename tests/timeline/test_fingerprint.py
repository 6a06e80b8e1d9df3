"""Senders are recognised by what they do to the IP header, and by nothing less."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests import trace
from vrrpscope.timeline.engine import Engine
from vrrpscope.timeline.fingerprint import fingerprint
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from vrrpscope.timeline.fingerprint import Fingerprint


def recognised(text: str, **more: object) -> Fingerprint | None:
    """Run a trace in which A advertises; return who A is, if its adverts also had these fields."""
    parsed = trace.parse(text)
    engine = Engine(parsed.tables)
    engine.feed(parsed.adverts, parsed.end)
    (router,) = engine.routers.values()
    speaker = router.speakers["fe80::5" if router.key.family == 6 else "10.0.0.5"]
    speaker.terms = replace(speaker.terms, **more)  # type: ignore[arg-type] # the fields are named by the tests below
    return fingerprint(speaker)


def test_who_counts_its_adverts_without_df_is_keepalived() -> None:
    found = recognised("A is p150\nevery 1s from 0 to 5: A")
    assert found is not None
    assert found.implementation == "keepalived"
    assert "IP IDs" in found.because


def test_a_restart_and_a_loss_change_nothing() -> None:
    found = recognised("A is p150\nevery 1s from 0 to 5: A\n7 A lost=1\n8 A\n9 A id=1\nevery 1s from 10 to 14: A")
    assert found is not None
    assert found.implementation == "keepalived"


def test_df_and_the_virtual_mac_are_frr() -> None:
    found = recognised("A is p150\nevery 1s from 0 to 9: A df id=random", mac="00:00:5e:00:01:33")
    assert found is not None
    assert found.implementation == "frr"
    assert recognised("A is p150\nevery 1s from 0 to 9: A df id=random", mac="00:00:5e:00:01:34") is None


@pytest.mark.parametrize(("auth", "name"), [(Auth.HMAC, "keepalived"), (Auth.MD5, "cisco")])
def test_authentication_that_only_one_vendor_has_says_it_outright(auth: Auth, name: str) -> None:
    found = recognised("A is p150\n0 A id=random", auth=auth)
    assert found is not None
    assert found.implementation == name


@pytest.mark.parametrize(
    "text",
    [
        "every 1s from 0 to 2: A",  # two steps are chance
        "every 1s from 0 to 9: A id=random",
        "every 1s from 0 to 9: A id=-",
        "every 1s from 0 to 9: A df",
        "every 1s from 0 to 9: A df id=random",  # not from the virtual MAC
        "every 1s from 0 to 9: A tos=0",
        "every 1s from 0 to 9: A v6",
    ],
)
def test_less_than_that_tells_nothing(text: str) -> None:
    assert recognised(f"A is p150\n{text}") is None
