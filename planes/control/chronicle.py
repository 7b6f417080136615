"""What changed in the fabric, in words for the journal: the controller, intents, switches, ports and links.

The coming up of a fabric is told in few words: switches that connect for the first time are told together, ports that
are there from the start not at all, and links not until one is lost, or comes later than its switches.
"""

from __future__ import annotations

from planes.control.damping import Damping
from planes.control.discovery import Discovery
from planes.control.facts import Port
from planes.control.graph import Link
from planes.control.inventory import Inventory, Record
from planes.control.journal import FABRIC, Journal
from planes.control.tenants import Tenants
from planes.control.wall import Wall
from planes.model import state

TOGETHER = 2.0  # seconds in which switches that connect for the first time are told together
BRING_UP = 30.0  # seconds after a switch has connected, in which its links are found one by one


class Chronicle:
    """Compares what is with what was, and tells the difference."""

    def __init__(
        self, journal: Journal, inventory: Inventory, tenants: Tenants, discovery: Discovery, damping: Damping,
        wall: Wall,
    ) -> None:  # fmt: skip
        self._journal, self._inventory, self._tenants = journal, inventory, tenants
        self._discovery, self._damping, self._wall = discovery, damping, wall
        self._asked_at = 0.0
        self._since: dict[int, float] = {}  # when each switch connected last, or was lost
        self._new: list[str] = []  # switches that connected for the first time, not told of yet
        self._new_until = 0.0
        self._refused: dict[int, str] = {}  # by datapath id, what was told of
        self._gone: set[Port] = set()  # edge ports that were told to be gone
        self._links: frozenset[Link] = frozenset()
        self._link_of: dict[Port, Link] = {}  # the last link that was found there
        self._dampened: frozenset[Link] = frozenset()

    # the controller and its intent

    def started(self, software: str, known: state.State, now: float) -> None:
        """The controller has begun, with what the store knew; links that it believes in are no news."""
        on = f" on {software}" if software else ""
        seen = max((row.seen for row in known.of(state.Controller)), default=0.0)
        away = max(0.0, self._wall.time(now) - seen) if seen else 0.0
        cause = f"no controller for {away:.1f} s" if seen else ""
        self._journal.add("controller", f"started{on}", now, kind="controller", cause=cause, seconds=away)
        self._links = self._discovery.links()
        self._note(self._links)

    def asked(self, now: float) -> None:
        """There is a new intent."""
        self._asked_at = now

    def in_force(self, serial: int, networks: int, now: float) -> None:
        """All that are connected have taken the newest intent."""
        text = f"{serial} in force, {networks} network{'s' * (networks != 1)}"
        nobody = not any(record.connected for record in self._inventory.records.values())
        cause = "no switch is connected" if nobody else "all connected switches confirmed"
        self._journal.tell("intent", text, now, kind="intent", cause=cause, seconds=now - self._asked_at)

    # switches and ports

    def connected(self, before: Record, record: Record, now: float) -> None:
        """A switch has a channel, or was read back. `before` is its record of then."""
        if not before.connected:
            self._tell_connected(record, now)
        for number in before.ports:
            self.port((record.dpid, number), before.ports[number].up, now)

    def lost(self, record: Record, reason: str, now: float) -> None:
        """A switch's channel has closed."""
        if record.name in self._new:
            self._tell_new(now)
        self._since[record.dpid] = now
        self._refused.pop(record.dpid, None)
        self._journal.tell(record.name, "lost", now, kind="switch", cause=reason or "its connection was closed")

    def refused(self, record: Record, now: float) -> None:
        """What a switch refuses may have changed."""
        if record.error != self._refused.get(record.dpid, ""):
            text = "refused a change" if record.error else "refuses nothing any more"
            self._journal.tell(record.name, text, now, kind="refusal", cause=record.error)
            self._refused[record.dpid] = record.error

    def port(self, port: Port, was_up: bool | None, now: float) -> None:
        """A port has changed; None: it was not there."""
        described = self._inventory.records[port[0]].ports.get(port[1])
        is_back = described is not None and port in self._gone
        self._gone.discard(port)
        if not self._tenants.is_edge(port) or (was_up is None and not is_back):
            return
        if described is None:
            self._gone.add(port)
            self._journal.tell(self._named(port), "gone", now, kind="port")
        elif is_back or described.up != was_up:
            text = "up" if described.up else "down"
            self._journal.tell(self._named(port), text, now, kind="port", cause=described.why)

    # what is looked at after each event

    def look(self, now: float) -> None:
        """See whether links or what is dampened changed; tell what waited."""
        if self._new and self._new_until <= now:
            self._tell_new(now)
        links = self._discovery.links()
        if links is not self._links:
            self._compare(links, now)
        dampened = self._damping.dampened
        if dampened or self._dampened:
            self._compare_dampened(frozenset(self._link_of[port] for port in dampened & self._link_of.keys()), now)
        self._journal.expire(now)

    def deadline(self) -> float | None:
        """When `look` has something to tell."""
        times = (self._new_until if self._new else None, self._journal.deadline())
        return min((time for time in times if time is not None), default=None)

    def _tell_connected(self, record: Record, now: float) -> None:
        if record.dpid in self._since:
            away = now - self._since[record.dpid]
            self._journal.tell(record.name, "connected again", now, kind="switch", seconds=away)
        else:
            self._new_until = self._new_until if self._new else now + TOGETHER
            self._new.append(record.name)
        self._since[record.dpid] = now

    def _tell_new(self, now: float) -> None:
        first, *others = self._new
        subject, text = (FABRIC, f"{len(self._new)} switches connected") if others else (first, "connected")
        cause = f"for the first time: {', '.join(self._new)}" if others else "for the first time"
        self._journal.tell(subject, text, now, kind="switch", cause=cause)
        self._new.clear()

    def _compare(self, links: frozenset[Link], now: float) -> None:
        lost, found = self._links - links, links - self._links
        for link in sorted(lost):
            self._journal.tell(self._joined(link), "lost", now, kind="link", cause=self._why(link))
        for link in sorted(found):
            if self._link_of.get(link.a) == link or self._is_late(link, now):
                self._journal.tell(self._joined(link), "found", now, kind="link")
        self._links = links
        self._note(found)

    def _compare_dampened(self, dampened: frozenset[Link], now: float) -> None:
        for link in sorted(dampened - self._dampened):
            self._journal.tell(self._joined(link), "dampened", now, kind="link", cause="it keeps failing")
        for link in sorted(self._dampened - dampened):
            self._journal.tell(self._joined(link), "calm again", now, kind="link", cause="it has not failed lately")
        self._dampened = dampened

    def _note(self, links: frozenset[Link]) -> None:
        for link in links:
            self._link_of[link.a] = self._link_of[link.b] = link

    def _is_late(self, link: Link, now: float) -> bool:
        return all(self._since.get(dpid, now) + BRING_UP <= now for dpid in (link.a[0], link.b[0]))

    def _why(self, link: Link) -> str:
        for end in (link.a, link.b):
            record = self._inventory.records[end[0]]
            described = record.ports.get(end[1])
            if not (record.connected or record.lost):
                return f"{record.name} is not connected"
            if described is None:
                return f"{self._named(end)} is gone"
            if not described.up:
                return f"{self._named(end)} is down" + (f": {described.why}" if described.why else "")
            if self._tenants.is_edge(end):
                return f"{self._named(end)} is an edge port now"
        return "it does not carry what discovery sends"

    def _joined(self, link: Link) -> str:
        return f"{self._named(link.a)}/{self._named(link.b)}"

    def _named(self, port: Port) -> str:
        return f"{self._inventory.records[port[0]].name}:{port[1]}"
