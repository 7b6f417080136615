"""What the source of a frame teaches, and whether it may be believed: GUARD's slow half."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from ipaddress import ip_address

from planes.control import facts
from planes.control.engine import Engine
from planes.control.facts import ROUTER_MAC, Access, Address, BindingFact, Edge, Hellos, HostFact, Neighbor
from planes.control.fragments.guard import LINK_LOCAL
from planes.control.hosts import Claimed, Hosts, Known, Verdict
from planes.control.ids import IdsExhausted
from planes.control.inventory import Inventory
from planes.control.journal import Journal
from planes.control.probe import PROBE_MAC, probe, question, sent_from, spoken_for
from planes.control.quota import Quota, Wanted
from planes.control.sending import Sending
from planes.control.tenants import Tenants
from planes.data import fields as f
from planes.data.packet import Fields, mac_text
from planes.data.pipeline import Table

MAX_VLAN = 0xFFF
GROUP_BIT = 1 << 40  # of a MAC address (IEEE 802)

_SOURCE = {
    Verdict.PROBE: "source-on-two-ports",
    Verdict.PENDING: "source-on-two-ports",
    Verdict.SPOOFED: "source-spoofed",
    Verdict.FULL: "too-many-hosts-on-port",
}
_ADDRESS = {
    Verdict.PROBE: "address-on-two-hosts",
    Verdict.PENDING: "address-on-two-hosts",
    Verdict.SPOOFED: "address-spoofed",
}


class Sources:
    """Hosts as the engine is told of them: placed, moved and given addresses by what they send."""

    def __init__(
        self,
        inventory: Inventory,
        engine: Engine,
        tenants: Tenants,
        drops: Counter[str],
        quota: Quota,
        sending: Sending,
        journal: Journal,
    ) -> None:
        self._inventory, self._engine, self._tenants, self._drops = inventory, engine, tenants, drops
        self._quota, self._sending, self._journal = quota, sending, journal
        self._hosts = Hosts()
        self._waiting: dict[Claimed, tuple[Access, Fields, bytes]] = {}  # the frame that made a claim
        self._changed: set[Address] = set()

    def known(self, host: Address) -> Known | None:
        """A host, where it is known."""
        return self._hosts.known.get(host)

    def frame(self, edge: Edge, access: Access, fields: Fields, data: bytes, now: float) -> None:
        """A frame was punted from GUARD: it goes on if it comes from who it says."""
        host = (edge.segment, fields[f.ETH_SRC])
        reason = self._forged(host, access, fields, now) or self._source(host, access, fields, data, now)
        admitted = self._sync()
        if reason is not None:
            self._drops[reason] += 1
        elif admitted:
            self._sending.again(edge, access, data, Table.SERVICE)

    def answered(self, edge: Edge, access: Access, fields: Fields, now: float) -> None:
        """A frame came for the probes' address: claims on what it speaks for are settled."""
        host, spoken = (edge.segment, fields[f.ETH_SRC]), spoken_for(edge.segment, fields)
        for claim in self._hosts.answered(host, access, spoken, now):
            self._waiting.pop(claim, None)

    def expire(self, now: float) -> None:
        """What was not answered for in time has moved, and the frame that claimed it goes on."""
        over = self._hosts.expire(now)
        self._sync()
        for claim, won in over:
            access, fields, data = self._waiting.pop(claim, (None, {}, b""))
            edge = self._tenants.edge(access) if access and won else None
            if access is not None and edge is not None and edge.segment == claim[0]:
                self.frame(edge, access, fields, data, now)

    def deadline(self) -> float | None:
        """When `expire` has something to do next."""
        return self._hosts.deadline()

    def reconsider(self, changed: frozenset[Access]) -> None:
        """These accesses came, left or changed: forget who is in none of them any more, and see who is bound."""
        bindings = self._engine.facts.table(facts.BINDING)
        for access in changed:
            self._hosts.unbind(access)
            for host in self._hosts.on(access):
                if not self.belongs(host[0], access):
                    self._hosts.forget(host)
        for access in sorted(changed & bindings.keys()):
            edge, bound = self._tenants.edge(access), bindings[access]
            if edge is not None:
                self._hosts.bind((edge.segment, bound.mac), access, bound.neighbor(edge.segment))
        for access in changed:
            self._release_gateways(access)
        self._sync()

    def recall(self, segment: int, address: int, known: Known) -> bool:
        """Place a host where the store knew it; False when it may not be there."""
        host, bound = (segment, address), self._binding(known.access)
        if not self.belongs(segment, known.access) or (bound is not None and bound.mac != address):
            return False
        if host not in self._hosts.known:
            self._hosts.place(host, known)
            self._release_gateways(known.access)
            self._sync()
        return True

    def belongs(self, segment: int, access: Access) -> bool:
        """Whether an access is in a segment."""
        edge = self._tenants.edge(access)
        return edge is not None and edge.segment == segment

    def rename(self, dpids: Iterable[int]) -> None:
        """These switches have other names now: so their hosts' rows are to be written anew."""
        renamed = set(dpids)
        self._changed |= {host for host, known in self._hosts.known.items() if known.access[0] in renamed}

    def take_changed(self) -> list[tuple[Address, Known | None]]:
        """The hosts that changed since the last call; None for one that is no more."""
        changed, self._changed = self._changed, set()
        return [(host, self._hosts.known.get(host)) for host in sorted(changed)]

    # judging a frame; these give the reason why it is dropped

    def _forged(self, host: Address, access: Access, fields: Fields, now: float) -> str | None:
        """What can't be true, whoever answers."""
        segment, source = host
        if source & GROUP_BIT or source in (0, PROBE_MAC, ROUTER_MAC):
            return "source-not-an-address"
        members = self._engine.facts.table(facts.MEMBERS).get(segment)
        if members is not None and source in members.macs:
            return "gateway-spoofed"
        if members is not None and members.hellos and _is_hello(members.hellos, fields):
            return "hello-from-a-host"
        if fields[f.VLAN_VID] & MAX_VLAN in self._engine.facts.table(facts.TAKEN).get(segment, ()):
            return "tag-of-another-segment"
        sender, spoken = sent_from(segment, fields), spoken_for(segment, fields)
        bound = self._binding(access)
        if bound is not None and (bound.mac != source or not _allowed(bound, [*spoken, *([sender] if sender else [])])):
            return "source-not-bound"
        if duplicates := [each for each in spoken if self._is_gateways(each)]:
            self._tell_duplicates(duplicates, source, access, now)
            return "address-spoofed"
        if sender is not None and sender not in spoken:
            foreign = self._hosts.owners.get(sender, source) != source
            return "address-spoofed" if foreign or self._is_gateways(sender) else None
        return None

    def _source(self, host: Address, access: Access, fields: Fields, data: bytes, now: float) -> str | None:
        """Learn from the frame, or ask those whose place or address it claims."""
        verdict = self._hosts.seen(host, access, now, old_up=self._holds(host, access))
        if verdict is Verdict.PROBE:
            self._waiting[host] = access, fields, data
            self._ask(host, probe(host[1], self._hosts.known[host]))
        if verdict in _SOURCE:
            return _SOURCE[verdict]
        for neighbor in spoken_for(host[0], fields):
            owner = host[0], self._hosts.owners.get(neighbor, host[1])
            verdict = self._hosts.spoke(host, neighbor, now, owner_up=self._holds(owner, access))
            if verdict is Verdict.PROBE:
                self._waiting[neighbor] = access, fields, data
                self._ask(owner, [question(owner[1], *neighbor[1:])])
            if verdict in _ADDRESS:
                return _ADDRESS[verdict]
        return None

    def _ask(self, host: Address, questions: Iterable[bytes]) -> None:
        for asked in questions:
            self._sending.out(self._hosts.known[host].access, asked)

    def _holds(self, host: Address, against: Access) -> bool:
        """Whether a host must be asked before another access gets its place or its address.

        Not where its port is down, nor between ports of routers: they take over from each other, and are believed.
        """
        known, segment = self._hosts.known.get(host), self._engine.facts.table(facts.SEGMENT).get(host[0])
        if known is None:
            return True
        routers = segment.routers if segment else ()
        is_up = any(map(self._inventory.is_up, self._tenants.members(known.access)))
        return is_up and not (known.access in routers and against in routers)

    def _binding(self, access: Access) -> BindingFact | None:
        return self._engine.facts.table(facts.BINDING).get(access)

    def _is_gateways(self, neighbor: Neighbor) -> bool:
        gateway = self._engine.facts.table(facts.GATEWAY).get(neighbor[0])
        members = self._engine.facts.table(facts.MEMBERS).get(neighbor[0])
        return (gateway is not None and gateway.owns(neighbor)) or (members is not None and members.owns(neighbor))

    def _tell_duplicates(self, addresses: Iterable[Neighbor], source: int, access: Access, now: float) -> None:
        """Somebody has an address that is the gateway's: its owner wants to know who."""
        dpid, port, _ = access
        at = f"{self._inventory.records[dpid].name}:{port}"
        for neighbor in addresses:
            subject, address = "/".join(self._tenants.names(neighbor[0])), ip_address(neighbor[2])
            told = f"duplicate address {address}, the gateway's, at {at}, sourced by {mac_text(source)}"
            self._journal.add_once((neighbor, access), subject, told, now, kind="duplicate")

    # telling the engine

    def _release_gateways(self, access: Access) -> None:
        for host in self._hosts.on(access):
            for neighbor in self._hosts.known[host].neighbors(host[0]):
                if self._is_gateways(neighbor):
                    self._hosts.release(neighbor)

    def _sync(self) -> bool:
        """Tell the engine of what changed. False when there was no room for a host, which then is as it was before."""
        touched: set[Neighbor] = set()
        admitted = True
        while changed := self._hosts.take_changed():
            for host in changed:
                touched |= {*self._told(host), *self._hosts.neighbors(host)}
                reason = self._tell(host)
                if reason is not None:
                    self._drops[reason] += 1
                    self._revert(host)
                    admitted = False
            self._changed.update(changed)
        for neighbor in touched:
            owner = self._hosts.owners.get(neighbor)
            if owner is None:
                self._engine.drop(facts.NEIGHBOR, neighbor)
            else:
                self._engine.put(facts.NEIGHBOR, neighbor, owner)
        return admitted

    def _tell(self, host: Address) -> str | None:
        """Put a host's fact, or drop it; why it may not be put. Whoever is admitted is admitted here."""
        known = self._hosts.known.get(host)
        if known is None:
            self._engine.drop(facts.HOST, host)
            return None
        try:
            slot = self._tenants.slot(host[0], mac_text(host[1]))
        except IdsExhausted:
            return "slots-exhausted"
        told, before = HostFact(slot, known.access, known.ipv4, known.ipv6), set(self._told(host))
        grown = [neighbor for neighbor in known.neighbors(host[0]) if neighbor not in before]
        edge, old = self._tenants.edge(known.access), self._engine.facts.table(facts.HOST).get(host)
        if edge is not None and (grown or old is None or old.access != known.access):
            wanted: list[Wanted] = [
                (facts.HOST, host, told),
                *((facts.NEIGHBOR, neighbor, host[1]) for neighbor in grown),
            ]
            if (reason := self._quota.refusal(edge.network, host, wanted)) is not None:
                return reason
        self._engine.put(facts.HOST, host, told)
        return None

    def _told(self, host: Address) -> Iterable[Neighbor]:
        """The addresses of a host that the engine knows of."""
        fact = self._engine.facts.table(facts.HOST).get(host)
        return Known(fact.access, fact.ipv4, fact.ipv6).neighbors(host[0]) if fact else ()

    def _revert(self, host: Address) -> None:
        fact = self._engine.facts.table(facts.HOST).get(host)
        if fact is None:
            self._hosts.forget(host)
        else:
            self._hosts.place(host, Known(fact.access, fact.ipv4, fact.ipv6))


def _is_hello(hellos: Hellos, fields: Fields) -> bool:
    return fields.get(f.IP_PROTO) == hellos.protocol and hellos.port in (0, fields.get(f.UDP_DST))


def known_at(access: Access, addresses: Iterable[str]) -> Known:
    """A host from its row."""
    parsed = [ip_address(text) for text in addresses]
    ipv4, ipv6 = (tuple(int(a) for a in parsed if a.version == version) for version in (4, 6))
    return Known(access, ipv4, ipv6)


def _allowed(bound: BindingFact, used: Iterable[Neighbor]) -> bool:
    """Whether all addresses that a frame uses may be: the bound one, none yet (0.0.0.0, ::), or an IPv6 link-local."""
    value, mask = LINK_LOCAL
    return all(
        version != bound.version or address in (0, bound.address) or (version == 6 and address & mask == value)
        for _, version, address in used
    )
