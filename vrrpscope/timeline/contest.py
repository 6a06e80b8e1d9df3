"""Two masters at once: which of them is deaf, and why.

A contest begins when a router becomes master while another still is. Most are over in one exchange: one
hears the other's winning advert and yields. It becomes a split brain when the one that should have yielded
goes on advertising, or when the two reject each other's adverts.

Coupling tells who hears whom (keepalived with its default options). A master that accepts a losing advert
answers it within milliseconds and so follows the other's rhythm. If the stronger one echoes, it hears the
weaker one, which therefore is deaf; if both keep their own rhythm, neither hears the other. Senders that never
echo (FRR, strict mode) look like the latter, so free rhythms convict less surely than an echo does. FRR is known
by its DF flag: where it is the stronger one, only the weaker is convicted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vrrpscope.findings import Confidence
from vrrpscope.timeline.acceptance import shares_addresses
from vrrpscope.timeline.events import SplitBrain
from vrrpscope.timeline.masters import strength
from vrrpscope.timeline.timers import MILLISECOND

if TYPE_CHECKING:
    from vrrpscope.timeline.events import Seen
    from vrrpscope.timeline.profile import RouterKey
    from vrrpscope.timeline.speaker import Speaker

_ECHO = 50 * MILLISECOND  # measured 1.7 to 13 ms
_EXCHANGE = 10  # one that hears yields within this fraction of an interval
_MAX_FRAMES = 8
_OFFENCES_SHOWN = 3


class Suspicion(NamedTuple):
    """Why a contest is a split brain, as far as its members' fields or numbers say."""

    cause: str
    confidence: Confidence


class Contest:
    """The time during which a virtual router has more than one master."""

    def __init__(self, start: int, seen: Seen, last_heard: Seen | None) -> None:
        self.start = start
        self.confirmed = False
        self.suspicion: Suspicion | None = None
        self._presumed: tuple[Suspicion, tuple[str, ...]] | None = None  # what it is if it turns out to be one
        self.last_heard = last_heard
        self.members: dict[str, Speaker] = {}
        self._adverts: dict[str, int] = {}
        self._offences: dict[str, int] = {}
        self._deaf: tuple[str, ...] = ()
        self._proven = False
        self._is_brief = False
        self._is_caught = False  # one that should have yielded advertised, and not because two adverts crossed
        self._sent_unseen: dict[str, None] = {}
        self._frames: list[Seen] = [seen]
        self._previous: tuple[Speaker, int] | None = None  # who spoke last, and when
        self._echoes = 0
        self._replies = 0  # adverts of the stronger that came first after one of the weaker

    def join(self, speaker: Speaker) -> None:
        """Take in one more master."""
        self.members[speaker.address] = speaker

    def heard(self, speaker: Speaker, seen: Seen) -> None:
        """Count an advert of a member and whether it answered another's."""
        self._adverts[speaker.address] = self._adverts.get(speaker.address, 0) + 1
        if self._previous is not None:
            other, before = self._previous
            if other is not speaker and speaker.profile.beats(other.profile):
                self._replies += 1
                self._echoes += seen.t - before <= min(_ECHO, speaker.profile.interval // 8)
        self._previous = (speaker, seen.t)

    def offend(self, speaker: Speaker, seen: Seen, delay: int) -> bool:
        """Note an advert by a member that should have yielded `delay` ago; whether it proves deafness.

        One advert may have crossed the winning one on its way. Two cannot, nor can one that comes half an
        interval later.
        """
        count = self._offences[speaker.address] = self._offences.get(speaker.address, 0) + 1
        if count <= _OFFENCES_SHOWN:
            self.witness(seen)
        proof = count > 1 or delay >= speaker.profile.interval // 2
        self._is_caught |= proof
        return proof

    def ignores_answers(self, speaker: Speaker) -> bool:
        """Whether a member that should yield is answered at once all the time, and goes on all the same."""
        return self.confirmed and speaker.address in self._offences and self._is_echoing

    @property
    def heard_of(self) -> int:
        """How many members have been heard since it began."""
        return len(self._adverts)

    @property
    def _is_echoing(self) -> bool:
        return self._replies > 0 and self._echoes * 10 >= self._replies * 8

    def suspect(self, cause: str, confidence: Confidence, deaf: tuple[str, ...] = ()) -> None:
        """Keep why it is a split brain; the first reason is the one that began it."""
        if self.suspicion is None:
            self.suspicion, self._deaf = Suspicion(cause, confidence), deaf

    def presume(self, cause: str, confidence: Confidence, deaf: tuple[str, ...] = ()) -> None:
        """Keep what it will have been if it does not end with the next exchange."""
        if self._presumed is None:
            self._presumed = Suspicion(cause, confidence), deaf

    def believe(self) -> None:
        """It did not."""
        if self._presumed is not None:
            suspicion, deaf = self._presumed
            self.suspect(*suspicion, deaf)

    def end_briefly(self, end: int, interval: int) -> None:
        """One yields with its first chance to, which may have been late enough for a split brain all the same."""
        if self._presumed is not None and not self.confirmed and end - self.start >= interval // _EXCHANGE:
            self.believe()
            self.confirmed = self._is_brief = True

    def prove(self) -> None:
        """Note that a member that was mute spoke again: it was there all the time."""
        self._proven = True

    def doubt(self) -> None:
        """Note that a mute member did not speak when nothing muted it any more: it may have been dead."""
        if not self._proven and self.suspicion is not None:
            self.suspicion = self.suspicion._replace(confidence=Confidence.POSSIBLE)

    def unseen(self, speaker: Speaker) -> None:
        """Note that a member advertised, by its IP IDs, and nobody saw it."""
        self._sent_unseen[speaker.address] = None
        for member in self.members.values():
            if member.reign is not None:  # what it sent before the other was known to be there too
                self._adverts[member.address] = max(self._adverts.get(member.address, 0), member.reign.adverts)

    def witness(self, seen: Seen) -> None:
        """Keep a frame as evidence."""
        if len(self._frames) < _MAX_FRAMES and seen not in self._frames:
            self._frames.append(seen)

    def event(self, key: RouterKey, at: int, end: int | None) -> SplitBrain:
        """Tell what is known of it now."""
        suspicion, deaf, alternatives = self._verdict()
        return SplitBrain(
            at=at,
            key=key,
            start=self.start,
            end=end,
            routers=tuple(self.members),
            silent=self._is_silent,
            cause=suspicion.cause,
            confidence=suspicion.confidence,
            deaf=deaf,
            also_possible=alternatives,
            last_heard=self.last_heard,
            frames=tuple(self._frames),
            echoes=(self._echoes, self._replies),
            sent_unseen=tuple(self._sent_unseen),
            clusters=self._clusters(),
        )

    def _clusters(self) -> tuple[tuple[str, ...], ...]:
        """Group the members by the addresses they share."""
        groups: list[list[Speaker]] = []
        for member in self.members.values():
            known = next((g for g in groups if any(shares_addresses(m.terms, member.terms) for m in g)), None)
            if known is None:
                groups.append([member])
            else:
                known.append(member)
        return tuple(tuple(m.address for m in group) for group in groups) if len(groups) > 1 else ()

    @property
    def _is_silent(self) -> bool:
        """Whether at most one member advertises. One that should have yielded was caught at it."""
        enough = 1 if self._is_brief else 2
        heard = {router for router, count in self._adverts.items() if count >= enough}
        return not self._is_caught and len(heard | self._sent_unseen.keys()) < 2

    def _verdict(self) -> tuple[Suspicion, tuple[str, ...], tuple[str, ...]]:
        if self.suspicion is not None:
            suspicion = self.suspicion
            if self._is_silent and not self._proven and suspicion.confidence is Confidence.CERTAIN:
                suspicion = suspicion._replace(confidence=Confidence.LIKELY)
            return suspicion, self._deaf, ()
        deaf = tuple(self._offences)
        everyone = tuple(self.members)
        strongest = max(self.members.values(), key=strength)
        if self._is_echoing:
            sure = Confidence.CERTAIN if self._replies >= 3 else Confidence.LIKELY
            return Suspicion("one-node-deaf", sure), deaf, ()
        if self._replies >= 2 and self._echoes * 10 <= self._replies * 2:
            if strongest.profile.df:  # it answers nobody, so it may hear well
                return Suspicion("one-node-deaf", Confidence.LIKELY), deaf, ("both-deaf",)
            sure = Confidence.LIKELY if strongest.numbers else Confidence.POSSIBLE
            return Suspicion("both-deaf", sure), everyone, ("one-node-deaf",)
        return Suspicion("unknown", Confidence.POSSIBLE), deaf, ("one-node-deaf", "both-deaf")
