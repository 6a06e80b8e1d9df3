"""keepalived's own words, 1.2 to 2.4, as templates (see `vrrpscope.evidence.phrases`).

The messages are those of the sources of 1.2.13, 1.3.5, 1.4.5, 2.0.0, 2.0.20, 2.2.7, 2.3.2, 2.3.3 and after 2.4.3. From
2.3.3 on most name the sender of what they reject. How the generations differ in what they do:

- 1.x in BACKUP re-arms its whole down timer on an advert that it rejects, and says so ("ignoring received
  advertisment..."); from 2.0 on the timer runs out, and the backup becomes master.
- 1.x becomes master in two steps an interval apart; the advert leaves with the first.
- A v3 interval that differs is accepted, and so is, from 2.3.3 on, a list of addresses that differs.
- From 2.3.3 on each kind of rejection is logged once until the state or the master changes.
"""

from __future__ import annotations

import re
from typing import Final

from vrrpscope.evidence.phrases import OTHER, Heard, Phrase, Phrasebook
from vrrpscope.evidence.said import Kind

_INSTANCE: Final = Phrasebook(
    [
        Phrase(Kind.GARP, "Sending[/queueing] {gratuitous ARP|Unsolicited Neighbour Advert}s on <name> for <peer>"),
        Phrase(
            Kind.LOWER_ADVERT, "Received advert[ from <peer>] with lower priority <n>, ours <n>[, forcing new election]"
        ),
        Phrase(Kind.LOWER_ADVERT, "Received lower prio advert[ <n>], forcing new election"),
        Phrase(Kind.LOWER_ADVERT, "Master received priority 0 or lower priority advert"),
        Phrase(Kind.DISCARDED_LOWER, "received lower priority (<n>) advert from <peer> - discarding"),
        Phrase(Kind.FORCED_ELECTION, "forcing a new MASTER election"),
        Phrase(Kind.HIGHER_ADVERT, "{Master r|R}eceived advert[ from <peer>] with higher priority <n>, ours <n>"),
        Phrase(Kind.HIGHER_ADVERT, "Received higher prio advert[ <n>]"),
        Phrase(
            Kind.HIGHER_ADVERT,
            "Master received advert[ from <peer>] with same priority <n> but higher IP address than ours[ (<*>)]",
            "same",
        ),
        Phrase(Kind.DOWN_TIMER, "Receive advertisement timeout"),
        Phrase(Kind.TRANSITION, "Transition to MASTER STATE"),
        Phrase(Kind.MASTER, "Entering MASTER STATE"),
        Phrase(Kind.INIT_BACKUP, "Entering BACKUP STATE (init)"),
        Phrase(Kind.BACKUP, "Entering BACKUP STATE"),
        Phrase(Kind.BACKUP, "Now in BACKUP state"),
        Phrase(Kind.FAULT, "Entering FAULT STATE[ (init)]"),
        Phrase(Kind.FAULT, "Now in FAULT state"),
        Phrase(Kind.FAULT, "entering FAULT state"),
        Phrase(Kind.FAULT, "entering FAULT state (interface <name> down)", "interface"),
        Phrase(Kind.FAULT, "entering FAULT state due to script <name>", "script"),
        Phrase(Kind.FAULT, "entering FAULT state (tracked process <name> quorum not achieved)", "process"),
        Phrase(Kind.FAULT, "entering FAULT state (tracked file <name> has status <n>)", "file"),
        Phrase(Kind.FAULT, "tracked file <name> now FAULT state", "file"),
        Phrase(Kind.FAULT, "entering FAULT state (no IPv{4|6} address for interface)", "no-address"),
        Phrase(Kind.FAULT, "entering FAULT state (src address not configured)", "no-address"),
        Phrase(Kind.FAULT, "Cannot use unicast without any peers - going to fault state", "no-peers"),
        Phrase(Kind.PRIORITY_ZERO_SENT, "{sent|sending} 0 priority"),
        Phrase(Kind.PRIORITY_ZERO_HEARD, "Backup received priority 0 advertisement", "backup"),
        Phrase(Kind.PRIORITY_ZERO_HEARD, "Master received priority 0 message", "master"),
        Phrase(Kind.PRIORITY_CHANGED, "Changing effective priority from <n> to <n>"),
        Phrase(Kind.PRIORITY_CHANGED, "Setting effective priority to <n>"),
        Phrase(Kind.PRIORITY_CHANGED, "Restoring our priority to <n> since <*>"),
        Phrase(Kind.ADDRESSES, "setting [protocol ][E-]VIPs.", "set"),
        Phrase(Kind.ADDRESSES, "removing [protocol ][E-]VIPs.", "removed"),
        Phrase(Kind.PREEMPT_DELAY, "start preempt delay[ ](<s>)", "start"),
        Phrase(Kind.PREEMPT_DELAY, "{stop|reset} preempt delay", "stop"),
        Phrase(Kind.MASTER_KNOWN, "master set to <peer>"),
        Phrase(Kind.MASTER_KNOWN, "master changed from <*> to <peer>"),
        Phrase(Kind.INTERVAL_CHANGED, "advertisement interval updated from <ms>ms to <ms>ms by master"),
        Phrase(
            Kind.INTERVAL_CHANGED,
            "advertisement interval updated from <ms> to <ms> milli-sec from higher priority master",
        ),
        Phrase(
            Kind.INTERVAL_CHANGED,
            "advertisement interval updated to <ms> milli-sec[ from {higher priority master|<ms> milli-sec}]",
        ),
        Phrase(Kind.INTERVAL_CHANGED, "changing advert interval from <ms>ms to locally configured <ms>ms"),
        Phrase(Kind.INTERVAL_CHANGED, "using locally configured advertisement interval (<ms> milli-sec)"),
        Phrase(Kind.REFLECTED, "WARNING - equal priority advert received from remote host with our IP address."),
        Phrase(
            Kind.TWO_OWNERS,
            "CONFIGURATION ERROR: local instance and {a remote instance|<peer>} are both <*>",
        ),
        Phrase(Kind.TWO_OWNERS, "<peer> is still advertising as address owner, <*>"),
        Phrase(Kind.SEND_ERROR, "send advert error <n> (<reason>)"),
        Phrase(Kind.SEND_ERROR, "Cant {send|sent} advert to <peer> (<reason>)"),
        Phrase(Kind.INTERFACE_DOWN, "interface <name> is down"),
        Phrase(Kind.SCRIPT_SUCCEEDED, "tracked file <name> leaving FAULT state", "file"),
        Phrase(Kind.SCRIPT_FAILED, "Tracked BFD instance <name> is DOWN", "bfd"),
        Phrase(Kind.SCRIPT_SUCCEEDED, "Tracked BFD instance <name> is UP", "bfd"),
    ]
)
"""Said of an instance, and named so: `(NAME) ` or `(NAME): ` in 2.x, `VRRP_Instance(NAME) ` too in 1.x."""

_REJECTIONS: Final = Phrasebook(
    Phrase(Kind.REJECTED, template, reason)
    for reason, templates in {
        "password": ("{received|receive} an invalid passwd[ from <peer>]!",),
        "auth-type": (
            "{received|receive} a <n> auth[ from <peer>], expecting <n>!",
            "Invalid auth type[ from <peer>]: <n>",
            "Received AH header but auth type not AH[ from <peer>]",
            "No AH header but auth type is AH[ from <peer>]",
        ),
        "interval": (
            "advertisement interval mismatch[ with <peer>] mine=<s> sec {rcved|rcv'd}=<s> sec",
            "advertissement interval mismatch mine=<s> rcved=<s>",
        ),
        "address-list": (
            "ip address associated with VRID[ <n>] not present in {MASTER advert|received packet}[ ]: <name>",
            "expected <n> VIPs but received <n>",
            "received an {unexpected|invalid} ip number count <n>, expected <n>!",
            "receive an invalid ip number count associated with VRID!",
            "one or more VIP associated with VRID mismatch actual MASTER advert",
        ),
        "version": (
            "wrong [VRRP ]version[ from <peer>]. Received <n> and expect <n>",
            "invalid version. <n> and expect <n>",
        ),
        "checksum": ("Invalid VRRPv{2|3} checksum[ from <peer>]", "Invalid vrrp checksum"),
        "ttl": (
            "invalid TTL/HL[ from <peer>]. Received <n> and expect <n>",
            "invalid ttl. <n> and expect <n>",
            "TTL/HL <n>[ from <peer>] not in range <*>",
        ),
        "length": (
            "vrrp packet[ from <peer>] too {long|short}, length <n> and expect <n>",
            "{ip/vrrp|vrrp} header too short. <n> and expect at least <n>",
            "ip payload too short. <n> and expect at least <n>",
            "Received packet length mismatch against expected. <n> and expect <n>",
            "ip_tot_len mismatch against received length[ from <peer>]. <n> and received <n>",
            "IPv{4|6} VRRP packet[ with AH] too short - <n> bytes",
        ),
        "type": ("Invalid packet type[ from <peer>]. <n> and expect <n>",),
        "unicast": (
            "Expected {uni|multi}cast packet but received {uni|multi}cast packet[ from <peer>]",
            "discarding {uni|multi}cast packet on {uni|multi}cast instance",
            "unicast source address <peer> not a unicast peer",
        ),
        "ah": (
            "IPSEC-AH : invalid IPSEC HMAC-MD5 value. Due to fields mutation or bad password !",
            "{IPSEC-AH|IPSEC AH} : invalid IPSEC SPI value. <n> and expect <n>",
        ),
        "hmac": (
            "invalid authentication HMAC from <peer>",
            "missing authentication trailer from <peer>",
            "malformed authentication trailer from <peer>",
        ),
        "key-id": ("unknown authentication key id <n> from <peer>",),
        "clock-skew": ("stale authentication trailer from <peer>, clock skew <n> sec exceeds window <n> sec",),
        "sequence": (
            "IPSEC-AH : sequence number <n> already {processed|proceeded}. Packet dropped. Local(<n>)",
            "replayed authentication trailer from <peer>",
        ),
        "owner": ("Dropping packet(s) from <peer> since we are address owner",),
        "vrid": (
            "received VRID mismatch. Received <n>, Expected <n>",
            "Unknown VRID(<n>) received on interface(<name>)[ from <peer>]. ignoring...",
        ),
        "consequence": (
            "ignoring received advertisment...",
            "Dropping received VRRP packet...",
            "bogus VRRP packet received on <name> !!!",
            "Sync instance needed on <name> !!!",
        ),
    }.items()
    for template in templates
)
"""Said of an instance, or of none by 1.2."""

_ACCEPTED: Final = Phrasebook(
    [
        Phrase(Kind.DIFFERS, "advertisement interval mismatch ours = <cs> centi-sec rcv'd=<cs> centi-sec", "interval"),
        Phrase(Kind.DIFFERS, "advertisement interval changed: mine=<ms> milli-sec, rcved=<ms> milli-sec", "interval"),
        Phrase(
            Kind.DIFFERS,
            "ip address associated with VRID <n> not present in advert from <peer>: <name>",
            "address-list",
        ),
    ]
)

_DAEMON: Final = Phrasebook(
    [
        Phrase(Kind.GARP, "Sending {gratuitous ARP|unsolicited Neighbour Advert} on <name> for <peer>"),
        Phrase(Kind.GARP, "<*>: sending gratuitous {ARP|NA} for <peer>"),
        Phrase(Kind.SCRIPT_RESULT, "Script `<name>` now returning <n>"),
        Phrase(Kind.SCRIPT_FAILED, "VRRP_Script(<name>) failed (exited with status <n>)", "status"),
        Phrase(Kind.SCRIPT_FAILED, "VRRP_Script(<name>) failed (due to signal <n>)", "signal"),
        Phrase(Kind.SCRIPT_FAILED, "VRRP_Script(<name>) {timed_out|timed out}", "timeout"),
        Phrase(Kind.SCRIPT_FAILED, "VRRP_Script(<name>) failed"),
        Phrase(Kind.SCRIPT_FAILED, "VRRP_Script(<name>) considered unsuccessful on reload"),
        Phrase(Kind.SCRIPT_SUCCEEDED, "VRRP_Script(<name>) {succeeded|considered successful on reload}"),
        Phrase(Kind.SCRIPT_FAILED, "Quorum lost for tracked process <name>", "process"),
        Phrase(Kind.SCRIPT_SUCCEEDED, "Quorum gained for tracked process <name>", "process"),
        Phrase(Kind.LATE, "{A|VRRP} thread timer expired <s> seconds ago"),
        Phrase(Kind.SYNC_GROUP, "VRRP_Group(<name>)[:] Syncing instances to <reason> state"),
        Phrase(Kind.SYNC_GROUP, "VRRP_Group(<name>): Syncing <*> to <reason> state"),
        Phrase(Kind.SYNC_GROUP, "VRRP_Group(<name>) Transition to <reason> state"),
        Phrase(Kind.SYNC_GROUP, "VRRP_Group(<name>) Leaving FAULT state", "backup"),
        Phrase(Kind.INTERFACE_DOWN, "Netlink reports <name> down"),
        Phrase(Kind.INTERFACE_UP, "Netlink reports <name> up"),
        Phrase(Kind.INTERFACE_DOWN, "Interface <name> deleted", "deleted"),
        Phrase(Kind.INTERFACE_UP, "Interface <name> added", "added"),
        Phrase(Kind.INTERFACE_DOWN, "Kernel is reporting: interface <name> DOWN"),
        Phrase(Kind.INTERFACE_UP, "Kernel is reporting: interface <name> UP"),
        Phrase(Kind.OWN_ADDRESS, "Assigned address <peer> for interface <name>", "added"),
        Phrase(Kind.OWN_ADDRESS, "Deassigned address <peer> from interface <name>", "removed"),
        Phrase(Kind.STARTED, "Starting Keepalived v<*>", "daemon"),
        Phrase(Kind.STARTED, "Starting VRRP child process, pid=<*>", "child"),
        Phrase(Kind.DELAYED, "Delaying startup for [a further ]<s> seconds", "begun"),
        Phrase(Kind.DELAYED, "{Delayed start completed|Reduced delayed start passed}", "over"),
        Phrase(Kind.RELOADED, "{Reloading|Reloading ...}", "begun"),
        Phrase(Kind.RELOADED, "Reload complete", "complete"),
        Phrase(Kind.STOPPING, "Stopping[ Keepalived v<*>]"),
        Phrase(Kind.STOPPING, "Terminating[ VRRP child process] on signal"),
        Phrase(Kind.STOPPED, "Stopped Keepalived v<*>"),
        Phrase(Kind.DIED, "VRRP child process(<*>) died: {Respawning|Exiting}", "lost"),
        Phrase(Kind.DIED, "<name> exited due to signal <n> (<*>)[ - <*>]", "signal"),
        Phrase(Kind.DIED, "<name> exited due to segmentation fault (SIGSEGV).", "signal"),
        Phrase(Kind.DIED, "<name> exited with {status <n>|permanent error <*>. Terminating}", "status"),
    ]
)
"""Said of the whole daemon or one of its processes."""

_SYSTEM: Final = Phrasebook(
    [
        Phrase(
            Kind.DIED,
            "{keepalived|frr|vrrpd}<*>.service: Main process exited, code={killed|dumped}, status=<n>/<*>",
            "signal",
        ),
        Phrase(
            Kind.DIED, "{keepalived|frr|vrrpd}<*>.service: Main process exited, code=exited, status=<n>/<*>", "status"
        ),
        Phrase(Kind.DIED, "<*>Killed process <*> ({keepalived|vrrpd}<*>)<*>", "out-of-memory"),
    ]
)
"""Said by systemd and the kernel, who speak when a daemon no longer can."""

_NAMED: Final = re.compile(r"(?:VRRP_Instance)?\((?P<name>.{1,128}?)\):? (?P<rest>.*)", re.DOTALL)
_NO_NAME: Final = re.compile(r".*\bLine \d+", re.ASCII)  # (keepalived.conf: Line 5): a place, no instance
_ONCE_ACCEPTED: Final = (2, 3, 3)
_VERSION: Final = re.compile(r"Starting Keepalived v(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_BOOKS: Final = (_INSTANCE, _ACCEPTED, _REJECTIONS, _DAEMON)


def understand(text: str) -> Heard:
    """What a message of keepalived means."""
    named = _NAMED.fullmatch(text)
    if named is None or _NO_NAME.fullmatch(named["name"]):
        instance, rest = "", text
    else:
        instance, rest = named["name"], named["rest"]
    for book in _BOOKS:
        heard = book.find(rest, instance)
        if heard.kind is not Kind.OTHER:
            return heard
    return OTHER._replace(instance=instance)


def understand_system(text: str) -> Heard:
    """What a message of systemd or the kernel means for a daemon of ours."""
    return _SYSTEM.find(text)


def version(text: str) -> tuple[int, ...] | None:
    """The version that a keepalived names as it starts, as far as the message tells."""
    match = _VERSION.match(text)
    return tuple(map(int, match.groups())) if match else None


def by_version(heard: Heard, release: tuple[int, ...] | None) -> Heard:
    """Correct what only the version tells: 2.3.3 accepts other counts of addresses, in the words of 2.0.20."""
    if (
        release is not None
        and release >= _ONCE_ACCEPTED
        and (heard.kind, heard.reason) == (Kind.REJECTED, "address-list")
    ):
        return heard._replace(kind=Kind.DIFFERS)
    return heard
