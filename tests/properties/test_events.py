"""Whatever happens and in whatever order: the rules follow from what is, and not from how it came about.

Links and switches fail and come back, hosts speak, move and spoof, plans are edited. After each step the engine agrees
with itself compiled anew, and every switch holds what it should; in the end all of a segment reach each other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import permutations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from simulated import Fabric, attached

from planes.control import events as ev
from planes.control.facts import Access
from planes.data import fields as f
from planes.data import packet
from planes.data.packet import mac_text
from planes.model.intent import Binding, Gateway, Intent, Network, Policy, Route, Segment

SWITCHES = (1, 2, 3, 4)
LINKS = tuple(((a, 10 + n), (b, 20 + n)) for n, (a, b) in enumerate([(1, 2), (2, 3), (3, 4), (4, 1), (1, 3)]))
BOND = {3: (4,)}  # ports 3 and 4 of each switch are a LAG; 1 and 2 are alone
ACCESSES = tuple((dpid, port, vlan) for dpid in SWITCHES for port in (1, 2, 3) for vlan in (0, 7))
SEGMENTS = (("red", "one"), ("red", "two"), ("blue", "one"))
SUBNETS = {"one": "10.1.0.0/24", "two": "10.2.0.0/24"}
LINES = (
    Policy("deny", "one", "two", "tcp", (22, 22)),
    Policy("allow", "one", None, stateful=True),
    Policy("deny", None, "one", "udp", (1000, 1999)),
    Policy("allow", None, "two", rate=1_000_000),
)
EVERYONE = 0xFFFF_FFFF_FFFF
macs = st.integers(1, 5).map(lambda n: 0x0200_0000_0000 | n)
addresses = st.tuples(st.sampled_from(["10.1.0.", "10.2.0."]), st.integers(1, 5)).map(lambda a: f"{a[0]}{a[1]}")
accesses = st.sampled_from(ACCESSES)
segments = st.sampled_from(SEGMENTS)


@dataclass
class Plan:
    """What is wanted, to be edited."""

    places: dict[Access, tuple[str, str]] = field(default_factory=dict)
    apart: set[int] = field(default_factory=set)  # switches whose bonded ports are used singly
    gateways: set[tuple[str, str]] = field(default_factory=set)
    routed: bool = False
    policy: list[Policy] = field(default_factory=list)
    bound: dict[Access, tuple[int, str]] = field(default_factory=dict)
    rate: int | None = None

    def of(self, segment: tuple[str, str]) -> set[Access]:
        return {access for access, place in self.places.items() if place == segment}

    def intent(self) -> Intent:
        red = tuple(self._segment(place) for place in SEGMENTS if place[0] == "red")
        routes = (Route("0.0.0.0/0", "10.1.0.5"), Route("10.9.0.0/16", "10.2.0.4")) if self.routed else ()
        return Intent(
            "test",
            (
                Network("red", red, routes, tuple(self.policy), self.rate),
                Network("blue", (self._segment(("blue", "one")),)),
            ),
        )

    def _segment(self, place: tuple[str, str]) -> Segment:
        mine, subnet = sorted(self.of(place)), SUBNETS[place[1]]
        gateway = Gateway((subnet.replace("0/24", "1"),), "anycast", 1) if place in self.gateways else None
        bound = tuple(
            Binding(f"s{at[0]}", at[1], at[2] or None, mac_text(self.bound[at][0]), self.bound[at][1])
            for at in mine
            if at in self.bound
        )
        ports = tuple(attached(*at, *(() if at[0] in self.apart else BOND.get(at[1], ()))) for at in mine)
        return Segment(place[1], (subnet,), ports, gateway, bound)


class Events(RuleBasedStateMachine):
    """A ring of four switches with a chord, two networks with the same addresses."""

    def __init__(self) -> None:
        super().__init__()
        edges = [(dpid, port) for dpid in SWITCHES for port in (1, 2, 3, 4)]
        self.fabric, self.plan = Fabric(SWITCHES, LINKS, edges), Plan()

    @initialize(places=st.dictionaries(accesses, segments, min_size=4, max_size=12), gateways=st.sets(segments))
    def start(self, places: dict[Access, tuple[str, str]], gateways: set[tuple[str, str]]) -> None:
        self.plan.gateways = gateways
        for access, place in places.items():
            self._place(access, place)
        self.fabric.start(self.plan.intent())

    # what happens

    @rule(link=st.sampled_from(LINKS))
    def cut(self, link: tuple[tuple[int, int], tuple[int, int]]) -> None:
        self.fabric.cut(link[0])

    @rule(link=st.sampled_from(LINKS))
    def mend(self, link: tuple[tuple[int, int], tuple[int, int]]) -> None:
        self.fabric.mend(link[0])

    @rule(port=accesses.map(lambda at: at[:2]), up=st.booleans())
    def plug(self, port: tuple[int, int], up: bool) -> None:
        (self.fabric.mend if up else self.fabric.cut)(port)

    @precondition(lambda self: len(self.fabric.connected) > 1)
    @rule(dpid=st.sampled_from(SWITCHES))
    def lose(self, dpid: int) -> None:
        if dpid in self.fabric.connected:
            self.fabric.connected.discard(dpid)
            self.fabric.give(ev.SwitchLost(dpid))

    @rule(dpid=st.sampled_from(SWITCHES))
    def back(self, dpid: int) -> None:
        self.fabric.connect(dpid)

    @rule(seconds=st.sampled_from([0.2, 1.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.fabric.advance(seconds)

    @rule(access=accesses, mac=macs, address=addresses, wanted=addresses)
    def speak(self, access: Access, mac: int, address: str, wanted: str) -> None:
        """A host says where it is; another with the same address has moved, or lies."""
        ask = packet.arp(packet.ARP_REQUEST, mac, IPv4Address(address), 0, IPv4Address(wanted))
        heard = self.fabric.say(access, packet.ethernet(EVERYONE, mac, f.ETH_ARP, ask))
        if self.fabric.connected == set(SWITCHES):
            assert heard <= self._neighbors(access)

    @rule(access=accesses, mac=macs, source=addresses, to=macs)
    def send(self, access: Access, mac: int, source: str, to: int) -> None:
        data = packet.ipv4(IPv4Address(source), IPv4Address("10.1.0.9"), 99, b"x" * 30)
        heard = self.fabric.say(access, packet.ethernet(to, mac, f.ETH_IPV4, data))
        if self.fabric.connected == set(SWITCHES):
            assert heard <= self._neighbors(access)

    # how plans are edited

    @rule(access=accesses, place=st.none() | segments)
    def place(self, access: Access, place: tuple[str, str] | None) -> None:
        self._place(access, place)
        self._apply()

    @rule(dpid=st.sampled_from(SWITCHES))
    def bond(self, dpid: int) -> None:
        self.plan.apart ^= {dpid}
        self._apply()

    @rule(place=segments)
    def gateway(self, place: tuple[str, str]) -> None:
        self.plan.gateways ^= {place}
        self._apply()

    @rule(routed=st.booleans(), rate=st.none() | st.just(5_000_000))
    def route(self, routed: bool, rate: int | None) -> None:
        self.plan.routed, self.plan.rate = routed, rate
        self._apply()

    @rule(policy=st.lists(st.sampled_from(LINES), max_size=4))
    def policy(self, policy: list[Policy]) -> None:
        self.plan.policy = policy
        self._apply()

    @rule(access=accesses, mac=st.none() | macs, address=addresses)
    def bind(self, access: Access, mac: int | None, address: str) -> None:
        self.plan.bound.pop(access, None)
        others = [
            self.plan.bound[at] for at in self.plan.of(self.plan.places.get(access, ("", ""))) & self.plan.bound.keys()
        ]
        if mac is not None and all(mac != other and address != at for other, at in others):
            self.plan.bound[access] = mac, address
        self._apply()

    # what must hold

    @invariant()
    def the_rules_follow_from_what_is(self) -> None:
        engine = self.fabric.core.engine
        anew = engine.recompiled()
        for dpid, switch in self.fabric.switches.items():
            wanted = set(engine.entries(dpid))
            assert set(anew.entries(dpid)) == wanted
            if dpid in self.fabric.connected:
                assert set(switch.entries()) == wanted
        for network in (1, 2):
            assert +Counter(engine.load(network)) == +Counter(anew.load(network))

    @invariant()
    def the_store_was_told_what_is(self) -> None:
        ledger = self.fabric.core.ledger
        for table, rows in self.fabric.rows.items():
            assert all(ledger.get(table, at) == row for at, row in rows.items())

    def teardown(self) -> None:
        for link in LINKS:
            self.fabric.mend(link[0])
        for dpid, port, _ in ACCESSES:
            self.fabric.mend((dpid, port))
        for dpid in SWITCHES:
            self.fabric.connect(dpid)
        self.fabric.advance(120)  # damped links are back too
        for place in SEGMENTS:
            self._reach_each_other(self.plan.of(place))

    def _reach_each_other(self, members: set[Access]) -> None:
        macs = {at: self.plan.bound.get(at, (0x0200_0000_1000 | n,))[0] for n, at in enumerate(sorted(members))}
        for at, mac in macs.items():
            assert self.fabric.say(at, packet.ethernet(EVERYONE, mac, 0x88B5, b"x" * 46)) == members - {at}
        for (at, mac), (to, target) in permutations(macs.items(), 2):
            assert self.fabric.say(at, packet.ethernet(target, mac, 0x88B5, b"x" * 46)) == {to}

    def _place(self, access: Access, place: tuple[str, str] | None) -> None:
        """As plans may be: an access is in one segment, a port has one access to each, and bindings are apart."""
        self.plan.places.pop(access, None)
        self.plan.bound.pop(access, None)
        if place is not None and not any(at[:2] == access[:2] for at in self.plan.of(place)):
            self.plan.places[access] = place

    def _apply(self) -> None:
        self.fabric.want(self.plan.intent())

    def _neighbors(self, access: Access) -> set[Access]:
        place = self.plan.places.get(access)
        return self.plan.of(place) - {access} if place else set()


TestEvents = Events.TestCase
TestEvents.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
