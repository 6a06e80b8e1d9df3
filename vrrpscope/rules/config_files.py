"""One configuration for itself: what cannot be read, what keepalived ignores, what is set unwisely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vrrpscope.evidence.configuration import OWNER, SECOND, Configuration
from vrrpscope.evidence.counterparts import Cluster
from vrrpscope.findings import Confidence, Severity
from vrrpscope.rules.catalogue import Case, rule
from vrrpscope.rules.configured import see, told
from vrrpscope.rules.text import listing, some, span
from vrrpscope.timeline.timers import master_down
from vrrpscope.wire.columns import Auth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vrrpscope.evidence.configuration import Instance
    from vrrpscope.findings import Finding

SHORT: Final = SECOND
"""Of the time until a backup takes over: less than this, and a busy moment is enough."""


@rule("damaged-configuration", Configuration)
def damaged_configuration(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """A configuration cannot be read whole; what can be had of it was used."""
    remarks = [each for each in configuration.remarks if each.kind == "damage"]
    if remarks:
        first = remarks[0]
        more = f" And {len(remarks) - 1} more like that." if len(remarks) > 1 else ""
        yield told(
            "damaged-configuration",
            Severity.WARNING,
            title=f"{configuration.path} cannot be read whole",
            explanation=f"{first.line}: {first.message}.{more} All else was used, but may be misunderstood.",
            remedy="Let keepalived itself look at it on its host: keepalived -t -f FILE. If included files are missing "
            f"here, copy them beside it. {see(each.line for each in remarks)}",
            lines=[each.line for each in remarks],
        )
    if configuration.conditional and not configuration.named:
        yield told(
            "damaged-configuration",
            Severity.INFO,
            title=f"lines of {configuration.path} depend on the host's name",
            explanation="They begin with @NAME, and all of them were taken, since no name was given.",
            remedy=f"Say whose configuration it is: NAME={configuration.path}",
            lines=[configuration.start],
            subject="conditional",
        )


@rule("unknown-keyword", Configuration)
def unknown_keyword(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """A word that keepalived does not know, and passes over."""
    for remark in configuration.remarks:
        if remark.kind == "unknown":
            yield told(
                "unknown-keyword",
                Severity.WARNING if remark.harm else Severity.INFO,
                title=f"{configuration.host} has an unknown keyword: {remark.message}",
                explanation="keepalived says so in its log and goes on without the line, and without the block that it "
                "opens.",
                remedy=f"Correct it, if it is not one of a newer version. {see([remark.line])}",
                lines=[remark.line],
                confidence=Confidence.LIKELY,
                subject=f"{remark.line.number} {remark.message}",
            )


@rule("ignored-setting", Configuration)
def ignored_setting(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """A setting that keepalived reads and ignores, or changes."""
    keys = {each.name: each.key for each in configuration.instances}
    for remark in configuration.remarks:
        if remark.kind == "ignored":
            of = f" ({remark.instance})" if remark.instance else ""
            yield told(
                "ignored-setting",
                Severity.WARNING if remark.harm else Severity.INFO,
                title=f"keepalived on {configuration.host} ignores {remark.message}{of}",
                explanation="It says so in its log at the start and goes on with what is left.",
                remedy=f"Write what is meant, or delete it. {see([remark.line])}",
                lines=[remark.line],
                key=keys.get(remark.instance),
                subject=f"{remark.line.number} {remark.message}",
            )


@rule("duplicate-vrid", Configuration)
def duplicate_vrid(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """Two instances of one host have one VRID on one interface."""
    known: dict[tuple[str, str, tuple[str, ...]], Instance] = {}
    for instance in configuration.instances:
        first = known.setdefault((instance.key, instance.interface, instance.peers), instance)
        if first is instance:
            continue
        lines = [each.at("virtual_router_id") for each in (first, instance)]
        yield told(
            "duplicate-vrid",
            Severity.CRITICAL,
            title=f"{first.name} and {instance.name} of {configuration.host} both have VRID {instance.vrid} on "
            f"{instance.interface}",
            explanation="keepalived refuses to start with it, and a reload ends it.",
            remedy=f"Give one of them another virtual_router_id, here and on its counterparts. {see(lines)}",
            lines=lines,
            key=instance.key,
            confidence=Confidence.LIKELY if instance.unicast else Confidence.CERTAIN,
            subject=instance.name,
        )


@rule("owner-priority", Configuration)
def owner_priority(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """A priority at the upper end, 254 or 255."""
    for instance in configuration.instances:
        if instance.priority < OWNER - 1:
            continue
        owner = instance.priority == OWNER
        line = instance.at("priority")
        yield told(
            "owner-priority",
            Severity.INFO,
            title=f"{configuration.host} has priority {instance.priority} for VRID {instance.vrid}",
            explanation="255 says that it owns the address: it takes over whenever it returns, no weight lowers it and "
            "nopreempt does not hold. That is right only if the address is one of its interface's own."
            if owner
            else "Nothing is above it but an owner, so no weight can raise it, and its skew time is almost nothing: it "
            "takes over an instant before others would.",
            remedy=f"Use priorities in the middle, such as 150 and 100. {see([line])}",
            lines=[line],
            key=instance.key,
            subject=instance.name,
            cause="owner" if owner else "short-timers",
        )


@rule("short-interval", Cluster)
def short_interval(cluster: Cluster, _: Case) -> Iterator[Finding]:
    """Adverts follow each other so fast that a busy moment is taken for a failure."""
    short = [m for m in cluster.members if m.instance.down_timer_adverts * m.instance.advert_int < SHORT]
    if not short:
        return
    slowest = min(short, key=lambda m: m.instance.advert_int)
    instance = slowest.instance
    wait = master_down(instance.version, instance.priority, instance.advert_int)
    wait += (instance.down_timer_adverts - 3) * instance.advert_int
    yield told(
        "short-interval",
        Severity.INFO,
        title=f"{listing(m.host for m in short)} takes over after {span(wait)} without adverts of VRID {instance.vrid}",
        explanation="A snapshot, a live migration or a moment without CPU lasts longer and makes two masters.",
        remedy="Use advert_int 1, or a larger down_timer_adverts, unless the hosts keep such times: measure first with "
        f"vrrpscope analyze. {see(m.instance.at('advert_int') for m in short)}",
        lines=[m.instance.at("advert_int") for m in short],
        key=instance.key,
        cause="short-timers",
    )


@rule("clear-text-password", Cluster)
def clear_text_password(cluster: Cluster, case: Case) -> Iterator[Finding]:
    """A password will cross the segment in clear."""
    senders = [member for member in cluster.members if member.instance.auth is Auth.SIMPLE]
    if not senders:
        return
    lines = [member.instance.at("auth_pass") for member in senders]
    secrets = listing(dict.fromkeys(case.secret(member.instance.secret) for member in senders))
    yield told(
        "clear-text-password",
        Severity.INFO,
        title=f"the password of VRID {senders[0].instance.vrid} ({secrets}) crosses the segment in clear",
        explanation="VRRPv2's simple password is readable in every advert. It keeps out mistakes, not attackers.",
        remedy="Do not use it anywhere else. Filter protocol 112 to the routers' addresses, or use keepalived's "
        f"auth_hmac (2.4). {see(lines)}",
        lines=lines,
        key=cluster.key,
    )


@rule("script-security", Configuration)
def script_security(configuration: Configuration, _: Case) -> Iterator[Finding]:
    """Scripts run without the checks, or as the user, that they should run with."""
    scripts = [script for script in configuration.scripts if not script.user]
    settings = configuration.settings
    if not configuration.scripts or (settings.script_security and (settings.script_user or not scripts)):
        return
    missing = ["enable_script_security"] * (not settings.script_security)
    missing += ["script_user"] * (not settings.script_user and bool(scripts))
    lines = [script.line for script in configuration.scripts]
    yield told(
        "script-security",
        Severity.INFO,
        title=f"{configuration.host} runs {some([s.name for s in configuration.scripts])} without {listing(missing)}",
        explanation="Without enable_script_security root runs scripts that others may change; without script_user they "
        "run as keepalived_script if there is such a user, else as root.",
        remedy=f"Write both into global_defs, and see that only root can write to the scripts. {see(lines)}",
        lines=lines,
    )
