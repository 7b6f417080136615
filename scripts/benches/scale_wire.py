"""100,000 rules onto one bridge: ours, from rule objects to the barrier's reply, against `ovs-ofctl --bundle`."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

from benches.figures import Goal, Measure
from benches.scale_vswitch import BARRIER_REPLY, Vswitch, vswitch
from benches.section import Runs, Section
from controller.outbox import Outbox
from planes.control.events import Confirmed, Event, Install
from planes.control.fragments import priorities as p
from planes.control.fragments import transport
from planes.data import fields as f
from planes.data.delta import delta
from planes.data.label import label
from planes.data.pipeline import DESTINATION_MASK, NETWORK_SHIFT, Table, in_segment
from planes.data.rule import DecTtl, Entry, Group, GroupType, Load, Rule, SetField, ToGroup, match
from topologies.errors import LabError

RULES = 100_000
SWITCHES = 80
HOSTS_A_SEGMENT, SEGMENTS_A_NETWORK = 10, 2
COOKIE = 0x7470 << 48
FIRST_MAC, ROUTER_MAC = 0x0200_0000_0001, 0x0E74_7000_0002
FIRST_ADDRESS = 0x0A00_0001  # 10.0.0.1
NETWORK_MASK = 0xFFFFF << NETWORK_SHIFT

OURS = Measure("100,000 rules onto one bridge, from rule objects to the barrier's reply", "s")
THEIRS = Measure("the same by `ovs-ofctl --bundle add-flows`", "s")
RATIO = Measure("100,000 rules, ours against ovs-ofctl, ratio of the medians", "ratio", Goal("<=", 2))


def section(quick: bool) -> Section:
    """Pairs of runs, one after the other, so that whatever else the machine does meets both alike."""
    pairs = 2 if quick else 5
    return Section("100,000 rules onto one bridge", (RATIO, OURS, THEIRS), lambda: _measure(pairs))


def _measure(pairs: int) -> Runs:
    ours, theirs, wanted = [], [], list(rules(RULES))
    with vswitch() as switch:
        _install(switch, groups())
        _install(switch, wanted)
        flows = switch.directory / "flows"
        flows.write_text(switch.ofctl("dump-flows", "--no-stats"), encoding="utf-8")  # the same rules, in its words
        for _ in range(pairs):
            _clear(switch)
            begun = perf_counter()
            _install(switch, wanted)
            ours.append(perf_counter() - begun)
            _clear(switch)
            begun = perf_counter()
            switch.ofctl("add-flows", str(flows))
            theirs.append(perf_counter() - begun)
        _check(switch, RULES)
    return {RATIO: [median(ours) / median(theirs)], OURS: ours, THEIRS: theirs}


def rules(count: int) -> Iterator[Rule]:
    """Rules as the engine makes them, for hosts elsewhere: half page table entries, half routes."""
    for number in range(count // 2):
        segment = 1 + number // HOSTS_A_SEGMENT
        network, mac = 1 + segment // SEGMENTS_A_NETWORK, FIRST_MAC + number
        index = 1 + number % SWITCHES
        wanted = match(metadata=in_segment(segment), eth_dst=mac)
        away = (SetField(f.ETH_DST, label(index, number + 1)), ToGroup(transport.group_id(index)))
        yield Rule(Table.LOCATE, p.ADDRESS, wanted, away, cookie=COOKIE | number)
        routed = match(
            metadata=(network << NETWORK_SHIFT, NETWORK_MASK), eth_type=f.ETH_IPV4, ipv4_dst=FIRST_ADDRESS + number
        )
        hop = (DecTtl(), SetField(f.ETH_SRC, ROUTER_MAC), SetField(f.ETH_DST, mac), Load(f.NXM_IN_PORT, 0, 0, 16))
        enter = in_segment(segment)[0], DESTINATION_MASK
        yield Rule(Table.ROUTE, p.ADDRESS, routed, hop, metadata=enter, goto=Table.POLICY, cookie=COOKIE | number)


def groups() -> list[Group]:
    """The ways that the rules name, to nowhere."""
    return [Group(transport.group_id(index), GroupType.FAST_FAILOVER, ()) for index in range(1, SWITCHES + 1)]


def _install(switch: Vswitch, entries: list[Entry] | list[Rule] | list[Group]) -> None:
    """As the controller does it: a difference, an outbox, one message after the other. LabError when refused."""
    posted: list[Event] = []
    outbox = Outbox(1, switch.connection.sendall, posted.append, lambda held: None, _hung_up)
    outbox.install(Install(1, delta((), entries), 1))
    for kind, xid in switch.messages():
        if kind == BARRIER_REPLY:
            outbox.barrier(xid)
        if posted:
            break
    if posted != [Confirmed(1, 1)]:
        raise LabError(f"the switch did not take the rules: {posted[0]}")


def _hung_up(reason: str) -> None:
    raise LabError(f"the switch is hung up on: {reason}")


def _clear(switch: Vswitch) -> None:
    switch.ofctl("del-flows")
    _check(switch, 0)


def _check(switch: Vswitch, count: int) -> None:
    found = switch.ofctl("dump-aggregate")
    if f"flow_count={count}\n" not in found:
        raise LabError(f"the bridge was to hold {count} rules: {found.strip()}")
