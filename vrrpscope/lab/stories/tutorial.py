"""The setting most people begin with: lb01 (150) and lb02 (100), keepalived and nginx, 10.0.0.3."""

from __future__ import annotations

from vrrpscope.lab.stories import firewalls, web
from vrrpscope.lab.stories.cast import (
    BACKUP,
    CLIENT,
    FIRST,
    HANDED_OVER,
    KEY,
    MASTER,
    SETTLED,
    VI,
    VIP,
    becomes,
    both,
    captures,
    hold,
    keepalived,
    next_advert,
    pair,
    start,
)
from vrrpscope.lab.story import Change, Split, Step, Story, Told, Verb

BACK = Change("lb02", "lb01", "preempted")
DEAF_LB02 = Told(
    "critical",
    {KEY: (FIRST, Change("lb01", "lb02", "deaf", "down"))},
    {KEY: (Split("visible", "one-node-deaf", ("lb02",)),)},
    ("split-brain",),
)
PINGS = Step("background", "client", f"ping -D -O -n -i 0.1 {VIP}", note=f"a client pings {VIP} ten times a second")
AS_TAUGHT = captures("lb01", "lb02", filter="host 224.0.0.18")  # tcpdump -nn -i any host 224.0.0.18


def holds(name: str, address: str = VIP) -> Step:
    """Wait until the host's kernel has the virtual address."""
    return Step("until", name, f"ip -4 address show dev eth0 | grep -q 'inet {address}/'")


def nginx(verb: Verb, name: str, note: str) -> Step:
    """Start, stop or kill the host's nginx."""
    return Step(verb, name, "nginx", note=note)


STORIES = (
    Story(
        "failover",
        "keepalived on lb01 is stopped, lb02 takes over, lb01 returns and preempts. A client pings 10.0.0.3.",
        "priority 0 from lb01, lb02 0.61 s later (its skew time) with five gratuitous ARPs, and five more after 5 s; "
        "lb01 preempts 3.4 s after its start, and lb02 yields without a word; the client misses 0.6 s of pings once.",
        (*both(), CLIENT),
        (
            *SETTLED,
            PINGS,
            hold(5),
            Step("stop", "lb01", note="keepalived is stopped on lb01"),
            becomes("lb02"),
            holds("lb02"),
            hold(6),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            holds("lb01"),
            hold(5),
        ),
        HANDED_OVER._replace(outages=1),
        staged=("stopped", "preemption"),
    ),
    Story(
        "nginx-proxy",
        "A client asks http://10.0.0.3/, which nginx on lb01 passes on to two web servers. keepalived and nginx on "
        "lb01 are killed at once; lb02 takes over; lb01 returns and preempts.",
        "lb01 falls silent without a priority 0, lb02 takes over 3.61 s after its last advert (master down interval); "
        "the client is refused until then; lb01 is back 3.4 s after its start, and its leftover 10.0.0.3 did no harm.",
        web.balancers(),
        (
            *web.WEB_SERVES,
            *SETTLED,
            web.ASKS,
            hold(4),
            next_advert(),
            Step("kill", "lb01", note="SIGKILL to keepalived on lb01"),
            nginx("kill", "lb01", "SIGKILL to nginx on lb01"),
            becomes("lb02"),
            holds("lb02"),
            hold(5),
            nginx("start", "lb01", "nginx is started on lb01"),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            holds("lb01"),
            hold(4.5),
        ),
        Told(
            "warning",
            {KEY: (FIRST, Change("lb01", "lb02", "timeout", "down"), BACK)},
            rules=("failover",),
            outages=1,
        ),
        staged=("crashed",),
    ),
    Story(
        "firewall-split-brain",
        "A new firewall on lb02 lets no VRRP in; lb02 becomes master beside lb01, until protocol 112 is accepted. A "
        "client pings 10.0.0.3. Captured as tutorials do: tcpdump -nn -i any host 224.0.0.18.",
        "two masters: each advert of lb02 (priority 100) is answered by lb01 (150) within milliseconds, while lb02 "
        "answers nothing: lb02 is the deaf one, although its capture shows lb01's adverts (a capture sees packets "
        "before the firewall does). Let in, lb02 yields at lb01's next advert.",
        (*both(), CLIENT),
        (
            *SETTLED,
            PINGS,
            hold(4),
            next_advert(),
            hold(0.4),
            Step("run", "lb02", firewalls.FIREWALL, note="lb02's new firewall drops what it does not know"),
            becomes("lb02"),
            hold(6),
            next_advert("10.0.0.6"),
            hold(0.4),
            Step("run", "lb02", firewalls.LET_IN, note="protocol 112 is accepted on lb02"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        DEAF_LB02,
        captures=AS_TAUGHT,
        staged=("packet-filter",),
    ),
    Story(
        "firewalld-split-brain",
        "firewalld is switched on at lb02, eth0 in its zone public; lb02 becomes master beside lb01, until a rich "
        'rule accepts "vrrp". A client pings 10.0.0.3. Captured with tcpdump -nn -i any host 224.0.0.18.',
        "two masters: lb01 (150) answers each advert of lb02 (100) at once, lb02 answers none and is the deaf one. "
        "All adverts of lb01 are in lb02's capture: firewalld rejects them after tcpdump has seen them.",
        (both()[0], both()[1]._replace(files=(("firewalld.nft", firewalls.FIREWALLD),)), CLIENT),
        (
            *SETTLED,
            PINGS,
            hold(4),
            next_advert(),
            hold(0.4),
            Step("run", "lb02", "./firewalld.nft", note="systemctl start firewalld, on lb02"),
            becomes("lb02"),
            hold(6),
            next_advert("10.0.0.6"),
            hold(0.4),
            Step(
                "run",
                "lb02",
                firewalls.RICH_RULE,
                note="""firewall-cmd --add-rich-rule='rule protocol value="vrrp" accept', on lb02""",
            ),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        DEAF_LB02,
        captures=AS_TAUGHT,
        staged=("packet-filter",),
    ),
    Story(
        "two-instances",
        "VRID 50 (10.0.0.3) belongs to lb01, VRID 51 (10.0.0.4) to lb02: both work. lb02 is stopped and started again.",
        "two virtual routers with crossed masters; VRID 51 moves to lb01 after lb02's priority 0 and back "
        "when lb02 preempts; VRID 50 stays with lb01 undisturbed.",
        pair(
            *(
                keepalived(VI(first), VI(second, "VI_51", 51, ("10.0.0.4/24",), password="s3cr3t51"))  # noqa: S106 - invented
                for first, second in ((150, 100), (100, 150))
            )
        ),
        (
            start("lb01"),
            start("lb02"),
            becomes("lb01", f"(VI_50) {MASTER}"),
            becomes("lb02", f"(VI_51) {MASTER}"),
            Step("capture"),
            hold(5),
            Step("stop", "lb02", note="keepalived is stopped on lb02"),
            becomes("lb01", f"(VI_51) {MASTER}"),
            holds("lb01", "10.0.0.4"),
            hold(6),
            start("lb02", "keepalived is started on lb02"),
            becomes("lb02", f"(VI_51) {MASTER}"),
            holds("lb02", "10.0.0.4"),
            hold(5),
        ),
        Told(
            "healthy",
            {
                KEY: (FIRST,),
                "ipv4/51": (
                    Change(None, "lb02", "initial"),
                    Change("lb02", "lb01", "resigned", "skew"),
                    Change("lb01", "lb02", "preempted"),
                ),
            },
        ),
        staged=("stopped", "preemption"),
    ),
    Story(
        "nginx-check",
        "keepalived runs a script that starts nginx where it died, and stops keepalived where that fails. lb01's "
        "nginx.conf is broken and nginx stopped: lb02 takes over until both are repaired.",
        "a priority 0 from lb01, though nobody stopped keepalived by hand, and lb02 0.61 s later; lb01 preempts "
        "when it is back. The client's outage begins before VRRP's: with nginx, not with the master.",
        web.balancers(web.RUN_SCRIPT, (("check_nginx.sh", web.CHECK_NGINX),)),
        (
            *web.WEB_SERVES,
            *SETTLED,
            web.ASKS,
            hold(5),
            Step("run", "lb01", "sed -i 's/1024;/1024/' nginx.conf", note="lb01's nginx.conf loses a semicolon"),
            nginx("stop", "lb01", "nginx is stopped on lb01, and cannot be started"),
            becomes("lb02"),
            holds("lb02"),
            hold(5),
            Step("run", "lb01", "sed -i 's/1024$/1024;/' nginx.conf", note="lb01's nginx.conf is repaired"),
            nginx("start", "lb01", "nginx is started on lb01"),
            Step("until", "lb01", "[ -s /run/nginx.pid ]"),
            start("lb01", "keepalived is started on lb01"),
            becomes("lb01"),
            hold(4.5),
        ),
        HANDED_OVER._replace(outages=1),
        staged=("stopped",),
    ),
    Story(
        "nginx-weight",
        "keepalived takes 60 off a priority while killall -0 finds no nginx. lb01's nginx is stopped, then started.",
        "lb01's priority drops from 150 to 90 without a gap, lb02 (100) takes over 3.61 s after the last 150, lb01 "
        "falls silent without priority 0; with nginx back, lb01 preempts. VRRP always has a master; the client has no "
        "nginx for more than 3 s.",
        web.balancers(web.WEIGH_NGINX),
        (
            *web.WEB_SERVES,
            *SETTLED,
            web.ASKS,
            hold(5),
            nginx("stop", "lb01", "nginx is stopped on lb01"),
            becomes("lb02"),
            holds("lb02"),
            hold(5),
            nginx("start", "lb01", "nginx is started on lb01"),
            becomes("lb01"),
            holds("lb01"),
            hold(4.5),
        ),
        Told("warning", {KEY: (FIRST, Change("lb01", "lb02", "priority-drop", "down"), BACK)}, rules=("failover",)),
        staged=("priority-weight",),
    ),
    Story(
        "anti-split-brain",
        "lb02's new firewall lets no VRRP in and both become master. A script on lb02 sees that lb01's nginx answers "
        "while 10.0.0.3 is here too, and stops nginx and keepalived on lb02.",
        "two masters: lb01 answers each advert of lb02, which answers none; then lb02 resigns with priority 0, and "
        "lb01, master all along, goes on. After the repair lb02 is a silent backup.",
        tuple(
            h._replace(files=(("check_split_brain.sh", web.CHECK_SPLIT_BRAIN),)) if h.name == "lb02" else h
            for h in web.balancers()
        ),
        (
            *web.WEB_SERVES,
            *SETTLED,
            web.ASKS,
            Step("background", "lb02", "./check_split_brain.sh", note="lb02 looks for a split brain every 6 s"),
            hold(4),
            Step("run", "lb02", firewalls.FIREWALL, note="lb02's new firewall drops what it does not know"),
            becomes("lb02"),
            becomes("lb02", "Stopped"),
            hold(4),
            Step("run", "lb02", firewalls.LET_IN, note="protocol 112 is accepted on lb02"),
            nginx("start", "lb02", "nginx is started on lb02"),
            start("lb02", "keepalived is started on lb02"),
            becomes("lb02", BACKUP),
            hold(5),
        ),
        DEAF_LB02,
        staged=("packet-filter",),
    ),
)
