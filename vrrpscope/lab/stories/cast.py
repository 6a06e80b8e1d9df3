"""Who takes part in the stories: hosts, and keepalived configurations made from what is said of an instance."""

from __future__ import annotations

from typing import Any, NamedTuple

from vrrpscope.lab.story import Capture, Change, Host, Instance, Link, Step, Told, Unit

PASSWORD = "s3cr3t50"  # noqa: S105 - invented for the lab, and in clear on the wire by design
MASTER, BACKUP = "Entering MASTER STATE", "Entering BACKUP STATE"
VIP = "10.0.0.3"
KEY = "ipv4/50"  # of the virtual router that most stories are about
FIRST = Change(None, "lb01", "initial")


class VI(NamedTuple):
    """A `vrrp_instance` of keepalived; `more` are further lines of its block."""

    priority: int = 150
    name: str = "VI_50"
    vrid: int = 50
    addresses: tuple[str, ...] = ("10.0.0.3/24",)
    version: int = 2
    advert_int: float = 1
    auth: str = "PASS"
    password: str = PASSWORD
    state: str = ""
    more: tuple[str, ...] = ()


def unicast(own: str, *peers: str) -> tuple[str, ...]:
    """Further lines of an instance that sends to peers instead of the multicast group."""
    return (f"unicast_src_ip {own}", "unicast_peer {", *(f"    {peer}" for peer in peers), "}")


def keepalived(*instances: VI, global_defs: tuple[str, ...] = (), blocks: str = "") -> Unit:
    """A keepalived with these instances; `blocks` stand before them, as they are."""
    text = "global_defs {\n" + "".join(f"    {line}\n" for line in ("router_id lab", *global_defs)) + "}\n" + blocks
    return Unit(
        "keepalived",
        text + "".join(_block(instance) for instance in instances),
        tuple(
            Instance(
                vi.name,
                vi.vrid,
                vi.priority,
                tuple(address.partition("/")[0] for address in vi.addresses),
                vi.version,
                vi.advert_int,
            )
            for vi in instances
        ),
    )


def _block(vi: VI) -> str:
    lines = [
        f"state {vi.state or ('MASTER' if vi.priority >= 150 else 'BACKUP')}",
        "interface eth0",
        f"virtual_router_id {vi.vrid}",
        f"priority {vi.priority}",
        f"advert_int {vi.advert_int}",
    ]
    if vi.version != 2:
        lines += [f"version {vi.version}"]
    elif vi.auth:
        lines += ["authentication {", f"    auth_type {vi.auth}", f"    auth_pass {vi.password}", "}"]
    lines += ["virtual_ipaddress {", *(f"    {address}" for address in vi.addresses), "}", *vi.more]
    return f"\nvrrp_instance {vi.name} {{\n" + "".join(f"    {line}\n" for line in lines) + "}\n"


def host(name: str, number: int, *units: Unit, files: tuple[tuple[str, str], ...] = (), back: int = 0) -> Host:
    """A host with 10.0.0.<number> on segment 0, and 172.16.1.<back> on segment 1 where that is given."""
    mac = f"02:00:0a:00:00:{number:02x}"
    links = [Link(mac, (f"10.0.0.{number}/24", f"fe80::{number}/64", f"fd00::{number}/64"))]
    if back:
        links.append(Link(f"02:00:ac:10:01:{back:02x}", (f"172.16.1.{back}/24",), 1))
    return Host(name, tuple(links), units, files)


CLIENT = Host("client", (Link("02:00:0a:00:00:32", ("10.0.0.50/24", "fd00::50/64")),))


def pair(first: VI | Unit, second: VI | Unit) -> tuple[Host, ...]:
    """lb01 and lb02, each with one keepalived."""
    units = [keepalived(said) if isinstance(said, VI) else said for said in (first, second)]
    return (host("lb01", 5, units[0]), host("lb02", 6, units[1]))


def both(**common: Any) -> tuple[Host, ...]:
    """lb01 (150) and lb02 (100), alike but for the priority."""
    return pair(VI(150, **common), VI(100, **common))


def hold(seconds: float) -> Step:
    """Let the state last."""
    return Step("hold", seconds=seconds)


def start(name: str, note: str = "") -> Step:
    """Start the host's daemon."""
    return Step("start", name, note=note)


def becomes(name: str, state: str = MASTER, seconds: float = 15) -> Step:
    """Wait until the host's daemon logs that state."""
    return Step("await", name, state, seconds)


def next_advert(source: str = "10.0.0.5") -> Step:
    """Wait for an advert from there: what follows happens just after it, not anywhere between two."""
    dump = "timeout 5 tcpdump -n -Z root -c 1 --immediate-mode -i br0"
    return Step("until", "switch", f"{dump} 'ip proto 112 and src host {source}'")


def drop(*what: str, chain: str = "input", family: str = "inet") -> str:
    """The command that drops packets at that hook, in a table `lab`; `nft delete table inet lab` ends it."""
    rules = " ".join(f"{packets} drop;" for packets in what)
    return f"nft 'table {family} lab {{ chain {chain} {{ type filter hook {chain} priority 0; {rules} }}; }}'"


# Both daemons run, lb01 has won, and the captures have begun.
SETTLED = (start("lb01"), start("lb02"), becomes("lb01"), Step("capture"))

# lb01 is stopped and comes back, as an administrator would do it; and what must be said of that.
HAND_OVER = (
    *SETTLED,
    hold(6),
    Step("stop", "lb01", note="keepalived is stopped on lb01"),
    becomes("lb02"),
    hold(6),
    start("lb01", "keepalived is started on lb01"),
    becomes("lb01"),
    hold(6),
)
HANDED_OVER = Told(
    "healthy",
    {KEY: (FIRST, Change("lb01", "lb02", "resigned", "skew"), Change("lb02", "lb01", "preempted"))},
)


def captures(*names: str, ending: str = ".pcap", **options: str) -> tuple[Capture, ...]:
    """One capture at each of these hosts."""
    return tuple(Capture(f"{name}{ending}", name, **options) for name in names)
