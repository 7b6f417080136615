"""First-hop redundancy groups as IOS shows them: `show standby`, `show vrrp`, `show glbp`, each whole or brief.

A member of a group is told from the store's state; what it was configured to be, from the intent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from planes.management.tables import Cell, Table
from planes.model.intent import Gateway, Intent, Md5, Member
from planes.model.state import GatewayState, State

PROTOCOLS: Mapping[str, Mapping[str, str]] = {
    "standby": {"hsrp": "version 1", "hsrp2": "version 2"},
    "vrrp": {"vrrp2": "version 2", "vrrp": "version 3"},
    "glbp": {"glbp": ""},
}
HELLO, VRRP_HELLO = 3000, 1000  # milliseconds, where a plan says nothing (RFC 2281, 5.1; RFC 9568, 5.2.7)


@dataclass(frozen=True)
class Seat:
    """A member of a group: as it is, and as it was configured."""

    row: GatewayState
    gateway: Gateway
    member: Member

    @property
    def name(self) -> str:
        return f"{self.row.network}/{self.row.segment} on {self.row.switch}"

    @property
    def vrrp(self) -> bool:
        return self.row.protocol.startswith("vrrp")

    @property
    def hello(self) -> int:
        """Milliseconds."""
        return self.gateway.hello or (VRRP_HELLO if self.vrrp else HELLO)

    @property
    def hold(self) -> int:
        """Milliseconds; VRRP's is Active_Down_Interval (RFC 9568, 6.1)."""
        if self.vrrp:
            return 3 * self.hello + (256 - self.row.priority) * self.hello // 256
        return self.gateway.hold or self.hello * 10 // 3


def seats(intent: Intent, known: State, family: str) -> list[Seat]:
    """The members of all groups of a family out of PROTOCOLS."""
    configured = {
        (network.name, segment.name, member.switch): (segment.gateway, member)
        for network in intent.networks
        for segment in network.segments
        if segment.gateway
        for member in segment.gateway.members
    }
    rows = [row for row in known.of(GatewayState) if row.protocol in PROTOCOLS[family]]
    found = [(row, configured.get((row.network, row.segment, row.switch))) for row in rows]
    return [Seat(row, *given) for row, given in found if given is not None]


def table(name: str, members: Iterable[Seat], now: float) -> Table:
    """For programs; times in milliseconds, `since` in seconds; `now` is Unix time."""
    rows: list[tuple[Cell, ...]] = []
    for seat in members:
        row = seat.row
        rows.append(
            (
                row.network,
                row.segment,
                row.switch,
                row.protocol,
                row.group,
                row.state,
                ", ".join(row.virtual_ips),
                row.virtual_mac,
                seat.hello,
                seat.hold,
                row.priority,
                seat.member.priority,
                row.preempt,
                row.active or None,
                row.standby or None,
                ", ".join(_tracks(seat)) or None,
                ", ".join(row.forwarders) or None,
                row.last or None,
                round(now - row.since) if row.since else None,
            )
        )
    columns = (
        "network",
        "segment",
        "switch",
        "protocol",
        "group",
        "state",
        "virtual IP",
        "virtual MAC",
        "hello",
        "hold",
        "priority",
        "configured priority",
        "preempt",
        "active",
        "standby",
        "track",
        "forwarders",
        "last",
        "since",
    )
    return Table(name, columns, rows)


def told(members: Iterable[Seat], now: float) -> Iterator[str]:
    """For people, as `show standby` tells it."""
    for seat in members:
        row = seat.row
        version = next(names[row.protocol] for names in PROTOCOLS.values() if row.protocol in names)
        yield f"{seat.name} - Group {row.group}" + (f" ({version})" if version else "")
        yield f"  State is {row.state.capitalize()}"
        yield from _last(row, now)
        yield f"  Virtual IP address is {', '.join(row.virtual_ips) or 'unknown'}"
        yield f"  Virtual MAC address is {dotted(row.virtual_mac)}"
        yield from _timers(seat)
        yield from _preemption(seat)
        yield f"  Active router is {row.active or 'unknown'}"
        if not seat.vrrp:
            yield f"  Standby router is {row.standby or 'unknown'}"
        yield f"  Priority {row.priority} (configured {seat.member.priority})"
        yield from (f"    Track {track}" for track in _tracks(seat))
        yield from _glbp(seat)
        yield from _authentication(seat.gateway)


def standby_brief(members: Iterable[Seat]) -> Iterator[str]:
    """`show standby brief`."""
    rows = [
        (
            seat.name,
            str(seat.row.group),
            str(seat.row.priority),
            "P" if seat.row.preempt else "",
            seat.row.state.capitalize(),
            seat.row.active or "unknown",
            seat.row.standby or "unknown",
            ", ".join(seat.row.virtual_ips) or "unknown",
        )
        for seat in members
    ]
    head = ("Interface", "Grp", "Pri", "P", "State", "Active", "Standby", "Virtual IP")
    indent = " " * (max([len(head[0]), *(len(row[0]) for row in rows)]) + len(" Grp  Pri "))
    yield f"{indent}P indicates configured to preempt."
    yield f"{indent}|"
    yield from _columns(head, rows)


def vrrp_brief(members: Iterable[Seat]) -> Iterator[str]:
    """`show vrrp brief`; Time is how long the active may be silent, in milliseconds."""
    rows = [
        (
            seat.name,
            str(seat.row.group),
            str(seat.row.priority),
            str(seat.hold),
            "Y" if seat.row.priority == 255 else "N",
            "Y" if seat.row.preempt else "N",
            seat.row.state.capitalize(),
            seat.row.active or "unknown",
            ", ".join(seat.row.virtual_ips),
        )
        for seat in members
    ]
    yield from _columns(("Interface", "Grp", "Pri", "Time", "Own", "Pre", "State", "Master addr", "Group addr"), rows)


def glbp_brief(members: Iterable[Seat]) -> Iterator[str]:
    """`show glbp brief`: the gateway, then its forwarders."""
    rows = []
    for seat in members:
        row = seat.row
        told = (row.active or "unknown", row.standby or "unknown")
        addresses = ", ".join(row.virtual_ips)
        rows.append((seat.name, str(row.group), "-", str(row.priority), row.state.capitalize(), addresses, *told))
        for forwarder in row.forwarders:
            number, standing, mac = forwarder.split()
            rows.append((seat.name, str(row.group), number, "-", standing.capitalize(), dotted(mac), "-", "-"))
    head = ("Interface", "Grp", "Fwd", "Pri", "State", "Address", "Active router", "Standby router")
    yield from _columns(head, rows)


def dotted(mac: str) -> str:
    """As IOS writes a MAC address: 0000.0c07.ac01."""
    digits = mac.replace(":", "")
    return ".".join(digits[place : place + 4] for place in range(0, len(digits), 4)) or "unknown"


def _columns(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        yield " ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()


def _last(row: GatewayState, now: float) -> Iterator[str]:
    if row.last:
        when = f" {_clock(now - row.since)} ago" if row.since else ""
        yield f"    last state change{when}: {row.last}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{rest:02}"


def _timers(seat: Seat) -> Iterator[str]:
    if seat.vrrp:
        yield f"  Advertisement interval is {_seconds(seat.hello)}, master down interval is {_seconds(seat.hold)}"
    else:
        yield f"  Hello time {_seconds(seat.hello)}, hold time {_seconds(seat.hold)}"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds // 1000} sec" if milliseconds % 1000 == 0 else f"{milliseconds} msec"


def _preemption(seat: Seat) -> Iterator[str]:
    delay = f", delay {_seconds(seat.gateway.preempt_delay)}" if seat.gateway.preempt_delay else ""
    yield f"  Preemption {'enabled' + delay if seat.row.preempt else 'disabled'}"


def _tracks(seat: Seat) -> list[str]:
    return [f"{track.kind} {track.target} decrement {track.decrement}" for track in seat.member.track]


def _glbp(seat: Seat) -> Iterator[str]:
    if seat.row.protocol != "glbp":
        return
    yield f"  Weighting {seat.member.weight}"
    yield f"  Load balancing: {seat.gateway.balance}"
    for forwarder in seat.row.forwarders:
        number, standing, mac = forwarder.split()
        yield f"  Forwarder {number}"
        yield f"    State is {standing.capitalize()}"
        yield f"    MAC address is {dotted(mac)}"


def _authentication(gateway: Gateway) -> Iterator[str]:
    """Never the secret."""
    if gateway.authentication is not None:
        yield f"  Authentication {'MD5' if isinstance(gateway.authentication, Md5) else 'text'}"
