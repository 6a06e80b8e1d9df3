"""FRR vrrpd's own words, 7.3 to 10, as templates (see `vrrpscope.evidence.phrases`).

FRR has no names for its virtual routers: they are called by family and VRID here, `ipv4/50`, as reports call them. What
it rejects it says only while it debugs (`debug vrrp packets`, `debug vrrp protocol`): a silent log is no proof that all
was accepted. A line may begin with FRR's identifier of the message (8.1 and later) and an error code.
"""

from __future__ import annotations

import re
from typing import Final

from vrrpscope.evidence.phrases import Heard, Phrase, Phrasebook
from vrrpscope.evidence.said import Kind

_INSTANCE: Final = Phrasebook(
    [
        Phrase(Kind.DOWN_TIMER, "Master_Down_Timer expired"),
        Phrase(Kind.MASTER, "{Backup|Initialize} -> Master"),
        Phrase(Kind.BACKUP, "Master -> Backup"),
        Phrase(Kind.INIT_BACKUP, "Initialize -> Backup"),
        Phrase(Kind.STOPPED, "{Master|Backup} -> Initialize"),
        Phrase(Kind.STARTED, "'Startup' event", "instance"),
        Phrase(Kind.STOPPING, "'Shutdown' event"),
        Phrase(Kind.HIGHER_ADVERT, "Received advertisement from <peer> w/ priority <n>; switching to Backup"),
        Phrase(Kind.DISCARDED_LOWER, "Discarding advertisement from <peer> (<n> < <n> & preempt = true)"),
        Phrase(Kind.LOWER_ADVERT, "Discarding advertisement from <peer> (<n> <= <n> & <*>)"),
        Phrase(Kind.OTHER, "Refusing to start Virtual Router: Already running"),
        Phrase(Kind.REFUSED, "Refusing to start Virtual Router: <reason>"),
        Phrase(Kind.SEND_ERROR, "Failed to send VRRP Advertisement: <reason>"),
        Phrase(Kind.INTERFACE_DOWN, "Interface <name> down"),
        Phrase(Kind.DIFFERS, "Datagram has <n> addresses, but this VRRP instance has <n>", "address-list"),
        *(
            Phrase(Kind.REJECTED, f"Datagram invalid: {template}", reason)
            for template, reason in (
                ("Bad version <n>", "version"),
                ("Bad authentication type <n>", "auth-type"),
                ("Bad VRRP checksum <*>; should be <*>", "checksum"),
                ("Bad type <n>", "type"),
                ("IPv4 TTL is <n>; should be <n>", "ttl"),
                ("IPv6 Hop Limit is <n>; should be <n>", "ttl"),
                ("IPv6 Hop Limit not received", "ttl"),
                ("Packet has incorrect # addresses[ or missing auth fields]", "length"),
                ("VRRP packet is {undersized (<n> < <n>)|oversized (<n> > <n>)}", "length"),
                ("IPv4 packet length field does not match # received bytes; <n>!= <n>", "length"),
                ("IPv4 packet has no payload", "length"),
                ("Datagram not large enough to contain IP header", "length"),
                ("Bad IP address, #<n>", "address-list"),
                ("Advertisement contains VRID <n> which does not match our instance", "vrid"),
                ("Received advertisement but we are the address owner", "owner"),
                (
                    "Received advertisement with advertisement interval <s> unequal to our configured value <s>",
                    "interval",
                ),
            )
        ),
    ]
)
_DAEMON: Final = Phrasebook(
    [
        Phrase(Kind.STARTED, "vrrpd <*> starting: <*>", "daemon"),
        Phrase(Kind.STOPPING, "Terminating on signal"),
        Phrase(Kind.LATE, "{Thread|Event} Starvation: <*> was scheduled to pop greater than <s>s ago"),
    ]
)

_MARKS: Final = re.compile(r"(?:\[[0-9A-Z]{5}-[0-9A-Z]{5}\])?(?:\[EC \d{1,20}\])? ?(?:\[[A-Z]{2,8}\] )?", re.ASCII)
_NAMED: Final = re.compile(
    r"\[VRID (?P<vrid>\d{1,3})\] (?:\[IPv(?P<family>[46])\] )?(?P<rest>.*)", re.ASCII | re.DOTALL
)
_VERSION: Final = re.compile(r"vrrpd (\S{1,40}) starting: ", re.ASCII)


def understand(text: str) -> Heard:
    """What a message of FRR's vrrpd means."""
    text = unmarked(text)
    named = _NAMED.fullmatch(text)
    if named is None:
        return _DAEMON.find(text)
    instance = f"ipv{named['family']}/{named['vrid']}" if named["family"] else named["vrid"]
    return _INSTANCE.find(named["rest"], instance)


def unmarked(text: str) -> str:
    """A message without FRR's identifier, error code and part (`[CORE]`)."""
    match = _MARKS.match(text)
    return text[match.end() :] if match else text


def version(text: str) -> str | None:
    """The version that a vrrpd names as it starts."""
    match = _VERSION.match(unmarked(text))
    return match[1] if match else None
