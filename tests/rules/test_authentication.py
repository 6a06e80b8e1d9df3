"""Digests, sequence numbers and the clocks in trailers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.rules.judging import CERTAIN, INFO, LIKELY, WARNING, Story, Told, check, findings
from vrrpscope.rules import RULES
from vrrpscope.wire.columns import NO_KEY

_PAIR = "A is p150 ah=next key=1\n B is p100 ah=next key={}\n every 1s from 0 to 5: A\n every 1s from 5.75 to 9.75: B\n"
_AH = "A is p150 ah=next\n every 1s from 0 to 60: A\n"
_HMAC = "A is p150 hmac={}\n B is p100 hmac={}\n every 1s from 0 to 5: A\n 5.5 A p0\n every 1s from 6.11 to 9.11: B\n"

STORIES = [
    Story(
        "bad-digest",
        "positive",
        "two routers, one of which signs with the key given",
        _PAIR.format("none"),
        (Told(WARNING, CERTAIN, "B", 5.75, 9.75, (7, 11), "the digests of 5 adverts of 10.0.0.6 fit none"),),
    ),
    Story(
        "bad-digest",
        "positive",
        "one advert of many was changed on its way",
        "A is p150 ah=next key=1\n every 1s from 0 to 9: A\n 4.5 A key=none",
        (Told(WARNING, CERTAIN, "A", 4.5, 4.5, (6,), "the digest of 1 advert of 10.0.0.5 fits none"),),
    ),
    Story(
        "bad-digest",
        "positive",
        "the key given is nobody's",
        "A is p150 ah=next key=none\n every 1s from 0 to 9: A",
        (Told(INFO, CERTAIN, "A", 0, 9, (1, 10), "the digests of 10 adverts of 10.0.0.5 fit none"),),
    ),
    Story("bad-digest", "near-miss", "two routers sign with different keys, both given", _PAIR.format(2)),
    Story("bad-digest", "clean", "two routers sign with one key", _PAIR.format(1)),
    Story("bad-digest", "clean", "no key was given", _AH),
    Story(
        "replayed-adverts",
        "positive",
        "adverts of before are played half a minute later",
        "A is p150 ah=next\n every 1s from 0 to 9: A\n every 1s from 10 to 14: A again=30.3\nevery 1s from 15 to 60: A",
        (Told(WARNING, LIKELY, "A", 40.3, 44.3, (42, 50), "5 adverts of 10.0.0.5 came a second time"),),
    ),
    Story(
        "replayed-adverts",
        "positive",
        "adverts of a master that is silent now are played",
        "A is p150 ah=next\n every 1s from 0 to 9: A\n every 1s from 10 to 14: A again=20\n",
        (Told(WARNING, LIKELY, "A", 30, 34, (16, 20), "5 adverts of 10.0.0.5"),),
    ),
    Story(
        "replayed-adverts",
        "positive",
        "trailers of before are played",
        "A is p150 hmac=0\n every 1s from 0 to 9: A\n every 1s from 10 to 12: A again=30.3\n every 1s from 13 to 60: A",
        (Told(WARNING, LIKELY, "A", 40.3, 42.3, (42, 46), "3 adverts of 10.0.0.5"),),
    ),
    Story(
        "replayed-adverts", "near-miss", "a mirror port doubles every advert", _AH.replace("next", "next again=0.02ms")
    ),
    Story(
        "replayed-adverts",
        "near-miss",
        "a daemon begins anew, and with it its numbers",
        "A is p150 ah=next\n every 1s from 0 to 9: A\n 20 A ah=1 id=1\n every 1s from 21 to 30: A",
    ),
    Story(
        "replayed-adverts",
        "near-miss",
        "a daemon begins anew, and its first advert is lost",
        "A is p150 ah=next\n every 1s from 0 to 9: A\n 20 A ah=2 id=2\n every 1s from 21 to 30: A",
    ),
    Story(
        "replayed-adverts",
        "near-miss",
        "two masters use the same numbers",
        "A is p150\n B is p100\n 0 A ah=1\n 1 A ah=2\n 1.5 B ah=2 id=2\n 2 A ah=3\n 2.5 B ah=3 id=3\n 9 A ah=4",
    ),
    Story(
        "replayed-adverts",
        "near-miss",
        "two captures show the same adverts, half a minute apart",
        "A is p150 ah=next again=30@1\n every 1s from 0 to 60: A",
    ),
    Story(
        "replayed-adverts",
        "near-miss",
        "unicast copies share a number",
        _AH.replace("next", "next uni=10.0.0.6,10.0.0.7"),
    ),
    Story("replayed-adverts", "clean", "a master numbers on", _AH),
    Story(
        "sequence-backwards",
        "positive",
        "an AH counter goes back though IDs go on",
        "A is p150 ah=next\n every 1s from 0 to 9: A\n 10 A ah=3\n every 1s from 11 to 20: A",
        (Told(WARNING, LIKELY, "A", 10, 10, (11,), "the sequence number of 10.0.0.5 went back"),),
    ),
    Story(
        "sequence-backwards",
        "positive",
        "a clock is set back, twice",
        "every 1s from 0 to 9: A hmac=0\n every 1s from 10 to 19: A hmac=-60\n every 1s from 20 to 29: A hmac=-90",
        (Told(WARNING, LIKELY, "A", 10, 20, (11, 21), "went back 2 times"),),
    ),
    Story(
        "sequence-backwards",
        "near-miss",
        "a daemon begins anew",
        "A is p150 ah=next\n every 1s from 0 to 9: A\n 20 A ah=1 id=1\n every 1s from 21 to 30: A",
    ),
    Story(
        "sequence-backwards",
        "near-miss",
        "a backup goes on from the number it heard",
        "A is p150 ah=next\n B is p100 ah=next\n every 1s from 0 to 5: A\n 5.5 A p0\n every 1s from 6.11 to 20.11: B",
    ),
    Story("sequence-backwards", "clean", "a master numbers on", _AH),
    Story(
        "hmac-clock",
        "positive",
        "two clocks are further apart than the window",
        _HMAC.format(0, -7.5),
        (Told(WARNING, CERTAIN, "B A", 0, 9.11, (7, 11), "10.0.0.6 and 10.0.0.5 are 7.500 s apart"),),
    ),
    Story(
        "hmac-clock",
        "positive",
        "two clocks differ within the window",
        _HMAC.format(2, 0.5),
        (Told(INFO, CERTAIN, "B A", 0, 9.11, (7, 11), "10.0.0.6 and 10.0.0.5 are 1.500 s apart"),),
    ),
    Story(
        "hmac-clock",
        "positive",
        "the capture's clock is behind all others",
        _HMAC.format(3600, 3600),
        (Told(INFO, CERTAIN, "A B", 0, 9.11, (7, 11), "all 2 routers are 60 min 0 s ahead of the capture's"),),
    ),
    Story(
        "hmac-clock",
        "positive",
        "one router's clock differs from the capture's",
        "every 1s from 0 to 9: A hmac=-40",
        (Told(INFO, CERTAIN, "A", 0, 9, (10,), "the clock of 10.0.0.5 is 40.0 s behind the capture's"),),
    ),
    Story("hmac-clock", "near-miss", "clocks a little apart", _HMAC.format(0.4, -0.4)),
    Story("hmac-clock", "clean", "no trailer", _AH),
]


@pytest.mark.parametrize("story", STORIES, ids=str)
def test_authentication(story: Story) -> None:
    check(story)


def test_a_longer_interval_widens_the_window() -> None:
    text = _HMAC.format(0, -7.5).replace("p1", "i4s p1").replace("every 1s", "every 4s")
    (found,) = findings(text, [RULES["hmac-clock"]])
    assert found.severity is INFO
    assert "12.0 s" in found.explanation


def test_a_bad_digest_names_the_key_of_the_others_by_its_number() -> None:
    (found,) = findings(_PAIR.format("none"), [RULES["bad-digest"]])
    assert found.explanation.startswith("10.0.0.5 signs with key 1.")
    assert found.cause == "password-mismatch"


def test_two_keys_make_a_password_mismatch_certain_and_one_key_none() -> None:
    split = (
        "A is p150 ah=next key=1\n B is p100 ah=next key={}\n every 1s from 0 to 20: A\n every 1s from 4.7 to 20.7: B"
    )
    found = {f.rule: f for f in findings(split.format(2))}
    assert found["split-brain"].cause == "password-mismatch"
    assert found["split-brain"].confidence is CERTAIN
    assert "its digests fit key 2" in found["password-mismatch"].explanation
    bad = {f.rule: f for f in findings(split.format("none"))}
    assert (bad["split-brain"].cause, bad["split-brain"].confidence) == ("password-mismatch", CERTAIN)
    assert "password-mismatch" not in bad
    same = {f.rule: f for f in findings(split.format(1))}
    assert same["split-brain"].cause != "password-mismatch"
    assert "password-mismatch" not in same["split-brain"].also_possible
    assert "password-mismatch" not in same


def test_one_changed_advert_is_no_password_mismatch() -> None:
    text = _PAIR.format(1) + "2.5 A key=none\n"
    assert "password-mismatch" not in {f.rule for f in findings(text)}


@pytest.mark.parametrize(("ids", "told"), [((1, 1), True), ((1, 2), False)])
def test_trailers_under_two_key_ids_are_no_mismatch(ids: tuple[int, int], told: bool) -> None:
    from tests.timeline.profiles import profile
    from vrrpscope.timeline.acceptance import Accepts, judge

    one, other = (
        replace(profile(f"{who} hmac=0 key={n}"), secret=bytes([key_id]))
        for n, (who, key_id) in enumerate(zip("AB", ids, strict=True), 1)
    )
    assert (judge(one, other).accepts is Accepts.NO) is told
    assert judge(one, replace(other, signed_with=NO_KEY)).accepts is (Accepts.NO if told else Accepts.YES)
    assert judge(one, replace(other, signed_with=0)).accepts is Accepts.YES
