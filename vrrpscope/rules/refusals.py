"""Adverts to unicast peers that are answered by ICMP errors: what the error, and who sends it, say of that peer.

A kernel answers "protocol unreachable" where no socket takes the advert. That is so where no daemon runs, and where one
runs that listens to something else: to the group, or to another address of its host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vrrpscope.findings import Confidence, Finding, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.text import count
from vrrpscope.timeline.events import Refusal, Refused
from vrrpscope.timeline.timers import SECOND
from vrrpscope.wire.columns import Destination

if TYPE_CHECKING:
    from collections.abc import Iterator

PEERS: Final = "On {sender} and all others compare the lists: grep -A4 unicast_ /etc/keepalived/keepalived.conf\n"

_FILTER: Final = """On {refuser} let VRRP in (nft list ruleset shows table and chain):
  firewall-cmd --permanent --add-rich-rule='rule protocol value="vrrp" accept' && firewall-cmd --reload
  nft insert rule inet filter input meta l4proto 112 accept
  iptables -I INPUT -p 112 -j ACCEPT; ip6tables -I INPUT -p 112 -j ACCEPT"""

_SETTLED = 3 * SECOND  # adverts went on for so long without an error


class _Meaning(NamedTuple):
    """What errors of one kind from one host mean."""

    severity: Severity
    confidence: Confidence
    title: str
    why: str
    fix: str
    cause: str
    also: tuple[str, ...] = ()


@rule("unicast-refused", Refused)
def unicast_refused(refused: Refused, case: Case) -> Iterator[Finding]:
    """A unicast peer, or a host on the way to it, answers adverts with ICMP errors."""
    sender, refuser = refused.sender, refused.refuser
    if case.router is None or (refuser == sender and refused.refusal is Refusal.UNREACHABLE):
        return  # its own kernel: nobody answers for that peer, which is another rule
    icmp = "ICMPv6" if refused.key.family == 6 else "ICMP"
    code = f"{icmp} type {refused.code[0]}, code {refused.code[1]}"
    errors = f"{count(refused.count, 'error')} ({code}), the first is {case.where(refused.first)}."
    meaning = _meaning(refused, case)
    yield case.finding(
        "unicast-refused",
        meaning.severity,
        meaning.confidence,
        start=refused.first.t,
        end=refused.last.t,
        title=meaning.title,
        explanation=f"{errors} {meaning.why}",
        remedy=meaning.fix,
        routers=(sender, *((refuser,) if refuser in case.router.speakers else ())),
        frames=(refused.first, refused.last),
        subject=f"{sender} {refuser} {refused.peer} {code}",
        cause=meaning.cause,
        also_possible=meaning.also,
    )


def _meaning(refused: Refused, case: Case) -> _Meaning:
    match refused.refusal:
        case Refusal.REJECTED:
            return _rejected(refused, Confidence.CERTAIN, "Only a filter answers so.")
        case Refusal.UNREACHABLE:
            return _unreachable(refused)
        case _:
            return _not_listening(refused, case)


def _rejected(refused: Refused, sure: Confidence, why: str) -> _Meaning:
    sender, refuser = refused.sender, refused.refuser
    return _Meaning(
        Severity.WARNING,
        sure,
        f"a packet filter on {refuser} rejects the adverts of {sender}",
        f"{why} {refuser} does not hear {sender}, and becomes master beside it.",
        _FILTER.format(refuser=refuser),
        "packet-filter",
    )


def _unreachable(refused: Refused) -> _Meaning:
    sender, peer = refused.sender, refused.peer
    return _Meaning(
        Severity.WARNING,
        Confidence.LIKELY,
        f"{refused.refuser} cannot pass on the adverts of {sender} to {peer}",
        f"So {peer} does not hear {sender}: it is down, cannot be reached on this way, or does not exist.",
        PEERS.format(sender=sender) + f"ip route get {peer}; ping {peer}",
        "path",
        ("unicast-peers",),
    )


def _not_listening(refused: Refused, case: Case) -> _Meaning:
    """No socket there takes the adverts: is there no daemon, or does it listen to something else?"""
    sender, refuser = refused.sender, refused.refuser
    speaker = None if case.router is None else case.router.speakers.get(refuser)
    if speaker is not None and speaker.terms.destination is Destination.MULTICAST:
        return _Meaning(
            Severity.WARNING,
            Confidence.CERTAIN,
            f"{refuser} listens to the multicast group, and {sender} sends to its address",
            f"The adverts of {refuser} itself go to the group, and its kernel answers for what comes to its address.",
            "Configure unicast_peer on both, or on neither.",
            "unicast-mismatch",
        )
    if _took_over(refused, case):
        meaning = _rejected(refused, Confidence.LIKELY, f"The daemon on {refuser} runs: it became master meanwhile.")
        return meaning._replace(also=("unicast-peers",))
    if speaker is not None or _has_settled(refused, case):
        return _Meaning(
            Severity.INFO,
            Confidence.CERTAIN,
            f"{refuser} was up without a VRRP daemon while {sender} sent to it",
            "Its kernel answered: the host was up and its filter let VRRP in, but nothing there listened.",
            f"If it was not meant to be stopped: on {refuser}, systemctl status keepalived, and its log.",
            "stopped",
            ("crashed", "fault"),
        )
    return _Meaning(
        Severity.WARNING,
        Confidence.LIKELY,
        f"{sender} sends its adverts to {refuser}, where nothing listens to VRRP",
        f"The kernel of {refuser} answers: the host is up and its filter lets VRRP in, but no daemon there listens to "
        "this address, and none was heard in this capture. A wrong address in unicast_peer, or a backup that is not "
        "running.",
        PEERS.format(sender=sender) + f"If {refuser} is right: systemctl status keepalived there.",
        "unicast-peers",
        ("stopped", "crashed"),
    )


def _took_over(refused: Refused, case: Case) -> bool:
    """Whether the refuser became master while it refused."""
    reigns = [] if case.router is None else case.router.history.reigns
    return any(r.router == refused.refuser and refused.first.t < r.start < refused.last.t for r in reigns)


def _has_settled(refused: Refused, case: Case) -> bool:
    """Whether the sender's adverts went on without an error afterwards."""
    speaker = case.speaker(refused.sender)
    return speaker.last.t - refused.last.t > max(_SETTLED, 3 * speaker.terms.interval)
