"""How labels travel between switches: once for all frames under a label, whoever sent them.

A *node* is a port where a set of headers comes in. What its switch does with it leads to other nodes, or ends. Labels
are treated alike whatever is under them, so nodes are few: a port and a target. Where a rule looks deeper a node is not
*regular*, and what comes to it is followed by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from planes.control.facts import Port
from planes.control.verify.fabric import Fabric, Scenario
from planes.control.verify.nodes import (
    End,
    Kind,
    Local,
    Loop,
    Node,
    Onward,
    Summary,
    end_of,
    images,
    is_regular,
    known_label,
    ports_of,
    widened,
)
from planes.data import headers as h
from planes.data.headers import Cube, Headers, Undecided
from planes.data.parcel import Parcel
from planes.data.pipeline import Table
from planes.data.rule import Group
from planes.data.switch import Drop
from planes.data.symbolic import Fate, Outcome, SymbolicSwitch, Visit, everything

MAX_NODES = 2_000_000  # in all scenarios; rules of ours make a port and a target one, a stranger's may tear these up

_LANDING = frozenset({int(Table.LAND)})
_LABELS = _LANDING | {int(Table.LABEL)}


class _Graph:
    """What nodes lead to in one scenario; of the first scenario's nodes only what is otherwise is kept."""

    def __init__(self, transport: Transport, number: int) -> None:
        self._transport, self._number = transport, number
        self.summaries: dict[Node, Summary] = {}
        self.loops: list[tuple[Node, ...]] = []

    def explore(self, start: Node, fresh: frozenset[Node] | None = None) -> Summary:
        """All ends of a node, in depth first order. With `fresh`, others are as in the first scenario."""
        path: dict[Node, Iterator[Node]] = {}
        self._open(start, path)
        while path:
            node = next(reversed(path))
            for each in path[node]:
                if self._done(each, fresh) is None:
                    if each in path:
                        nodes = list(path)
                        self.loops.append(tuple(nodes[nodes.index(each) :]))
                    else:
                        self._open(each, path)
                        break
            else:
                del path[node]
                self.summaries[node] = self._summed(node, fresh)
        return self.summaries[start]

    def _open(self, node: Node, path: dict[Node, Iterator[Node]]) -> None:
        path[node] = iter(self._transport.local(node, self._number).following)

    def _done(self, node: Node, fresh: frozenset[Node] | None) -> Summary | None:
        found = self.summaries.get(node)
        if found is None and fresh is not None and node not in fresh:
            return self._transport.first.summaries.get(node)
        return found

    def _summed(self, node: Node, fresh: frozenset[Node] | None) -> Summary:
        local = self._transport.local(node, self._number)
        ends, regular = set(local.ends), local.regular
        for each in local.following:
            found = self._done(each, fresh)
            if found is None:  # it is on the way here: a circle
                ends.add(End(Kind.LOOPED, each.dpid, each.port, each.cube))
            else:
                ends |= found.ends
                regular = regular and found.regular
        return self._transport.shared(Summary(frozenset(ends), regular))


class Transport:
    """Labels between switches, in every scenario."""

    def __init__(self, fabric: Fabric, scenarios: Sequence[Scenario]) -> None:
        self._fabric, self._scenarios = fabric, scenarios
        self._locals: dict[tuple[Node, frozenset[int]], Local] = {}
        self._from_label: dict[tuple[int, Headers, frozenset[int]], list[Outcome]] = {}
        self._shared: dict[Summary, Summary] = {}
        self._ports: dict[tuple[int, int], frozenset[int]] = {}
        self._starts: dict[tuple[int, int, Cube, int, frozenset[int]], Local] = {}
        self._handed: dict[tuple[int, int, Cube, int], Onward] = {}
        self._put_out: dict[Node, Onward] = {}
        self._otherwise: dict[Node, int] = defaultdict(int)  # in which scenarios, bit by bit
        self.seen: dict[int, set[Visit]] = defaultdict(set)  # what the nodes stand on
        self.unknown: list[Node] = []  # where something is met that there are no words for
        self.first = _Graph(self, 0)
        self._graphs = [self.first]

    # as a whole

    def explore(self) -> Iterator[str]:
        """Follow all that may be on any link, in every scenario; tells of each when it is done."""
        for dpid, port in sorted(self._fabric.wires):
            self._explore_first(Node(dpid, port, h.EVERYTHING))
        yield f"{len(self.first.summaries)} ports and labels"
        watchers, before = self._indexed()
        for number, scenario in enumerate(self._scenarios[1:], 1):
            self._graphs.append(self._explore_after(number, scenario, watchers, before))
            yield f"link {number} of {len(self._scenarios) - 1}"
        usual = self._scenarios[0]
        self.unknown = [node for node in self.first.summaries if self._is_unknown(node)]
        self._locals = {key: local for key, local in self._locals.items() if key[1] == usual.at(key[0].dpid)}
        self._from_label.clear()

    def goes_on(self, fabric: Fabric) -> None:
        """The fabric has changed, but for nothing of what was looked at here."""
        self._fabric = fabric

    def _is_unknown(self, node: Node) -> bool:
        return any(end.kind is Kind.UNKNOWN for end in self.local(node, 0).ends)

    @property
    def loops(self) -> list[Loop]:
        """All circles."""
        return [Loop(nodes, number) for number, graph in enumerate(self._graphs) for nodes in graph.loops]

    def _explore_first(self, node: Node) -> Summary:
        found = self.first.summaries.get(node)
        return found if found is not None else self.first.explore(node)

    def _indexed(self) -> tuple[dict[Port, list[Node]], dict[Node, list[Node]]]:
        """The nodes that watch a port, and those that lead to a node."""
        watchers: dict[Port, list[Node]] = defaultdict(list)
        before: dict[Node, list[Node]] = defaultdict(list)
        for node in self.first.summaries:
            local = self.local(node, 0)
            for port in local.watched:
                watchers[node.dpid, port].append(node)
            for each in local.following:
                before[each].append(node)
        return watchers, before

    def _explore_after(
        self,
        number: int,
        scenario: Scenario,
        watchers: dict[Port, list[Node]],
        before: dict[Node, list[Node]],
    ) -> _Graph:
        """Only the nodes that watch a port that is down now, and those before them, may be otherwise."""
        gone = [end for end in scenario.down if end not in self._fabric.down]
        pending = [node for end in gone for node in watchers[end] if node.cube != h.EVERYTHING]
        affected = set(pending)
        while pending:
            for each in before[pending.pop()]:
                if each not in affected and each.cube != h.EVERYTHING:
                    affected.add(each)
                    pending.append(each)
        graph, fresh = _Graph(self, number), frozenset(affected)
        for node in affected:
            if node not in graph.summaries:
                graph.explore(node, fresh)
        graph.summaries = {
            node: summary for node, summary in graph.summaries.items() if self.first.summaries.get(node) != summary
        }
        for node in graph.summaries:
            self._otherwise[node] |= 1 << number
        return graph

    # from one switch on

    def handed(self, dpid: int, group: int, label: Cube, in_port: int) -> Onward:
        """Where frames go that a switch hands to a group, of whose eth_dst so much is known."""
        key = dpid, group, widened(label), in_port
        if key not in self._handed:
            start = lambda number: self._start(*key, self._scenarios[number])  # noqa: E731
            self._handed[key] = self._onward(dpid, start)
        return self._handed[key]

    def put_out(self, at: Port, label: Cube) -> Onward:
        """Where frames go that come in at a port."""
        node = Node(*at, widened(label))
        if node not in self._put_out:
            local = Local((node,), frozenset(), True, frozenset())
            self._put_out[node] = self._onward(at[0], lambda _: local)
        return self._put_out[node]

    def _onward(self, dpid: int, start: Callable[[int], Local]) -> Onward:
        first = start(0)
        for node in first.following:
            self._explore_first(node)
        differing = 0
        for node in first.following:
            differing |= self._otherwise.get(node, 0)
        for number, scenario in enumerate(self._scenarios):
            if scenario.at(dpid) & first.watched - self._scenarios[0].at(dpid):
                differing |= 1 << number
        others = []
        base = self._summary(first, 0)
        for number in _ones(differing):
            summary = self._summary(start(number), number)
            if summary != base:
                others.append((number, summary))
        return Onward(base, tuple(others))

    def _summary(self, local: Local, number: int) -> Summary:
        ends, regular = set(local.ends), local.regular
        for node in local.following:
            found = self._graphs[number].summaries.get(node) if number < len(self._graphs) else None
            found = found or self._explore_first(node)
            ends |= found.ends
            regular = regular and found.regular
        return self.shared(Summary(frozenset(ends), regular))

    def _start(self, dpid: int, group: int, label: Cube, in_port: int, scenario: Scenario) -> Local:
        key = dpid, group, label, in_port, scenario.at(dpid)
        found = self._starts.get(key)
        if found is None:
            node = Node(dpid, in_port, label)
            parcel = everything(in_port, label)
            switch = self._fabric.switches[dpid]
            outcomes = switch.expand(group, parcel, scenario.at(dpid), self.seen[dpid])
            found = self._starts[key] = self._localized(node, switch, outcomes)
        return found

    def summary(self, node: Node, number: int) -> Summary:
        """All ends of a node in a scenario."""
        base = self._explore_first(node)
        return self._graphs[number].summaries.get(node, base) if number < len(self._graphs) else base

    # nodes

    def local(self, node: Node, number: int) -> Local:
        """What the switch of a node does in a scenario."""
        down, usual = self._scenarios[number].at(node.dpid), self._scenarios[0].at(node.dpid)
        base = self._locals.get((node, usual))
        if base is not None and not (down ^ usual) & base.watched:
            return base
        found = self._locals.get((node, down))
        if found is None:
            if len(self._locals) >= MAX_NODES:
                raise Undecided
            switch = self._fabric.switches[node.dpid]
            outcomes = list(self._outcomes(node, switch, down))
            found = self._locals[node, down] = self._localized(node, switch, outcomes)
        return found

    def _outcomes(self, node: Node, switch: SymbolicSwitch, down: frozenset[int]) -> Iterator[Outcome]:
        """From LABEL on, which hardly ever asks for the port, what holds for one port holds for others."""
        entered, seen = everything(node.port, node.cube, node.minus), self.seen[node.dpid]
        for outcome in switch.run(entered, 0, down, _LABELS, seen=seen):
            parcel = outcome.parcel
            if outcome.fate is not Fate.STOPPED or outcome.number != Table.LABEL:
                yield outcome
            elif parcel.plain and (parcel.fixed, parcel.constant) == (entered.fixed, entered.constant):
                yield from self._labelled(node.dpid, parcel, node.port, switch, down)
            else:
                yield from switch.run(parcel, Table.LABEL, down, _LANDING, seen=seen)

    def _labelled(
        self, dpid: int, parcel: Parcel, port: int, switch: SymbolicSwitch, down: frozenset[int]
    ) -> Iterator[Outcome]:
        key = dpid, parcel.headers, down
        found = self._from_label.get(key)
        if found is None:
            found = switch.run(parcel.anywhere(), Table.LABEL, down, _LANDING, seen=self.seen[dpid])
            self._from_label[key] = found
        for outcome in found:
            if (part := outcome.parcel.came_by(port)) is not None:
                yield Outcome(outcome.fate, outcome.number, part, outcome.why)

    def _localized(self, node: Node, switch: SymbolicSwitch, outcomes: Sequence[Outcome]) -> Local:
        following: dict[Node, None] = {}
        ends, watched, groups = set(), set[int](), set[int]()
        for outcome in outcomes:
            groups.update(step.entry.id for step in outcome.parcel.steps if isinstance(step.entry, Group))
            if outcome.fate is Fate.OUT or outcome.why is Drop.PORT_DOWN:
                watched.add(outcome.number)
            peer = self._fabric.wires.get((node.dpid, outcome.number)) if outcome.fate is Fate.OUT else None
            if peer is None:
                ends.add(end_of(node.dpid, node.port, outcome))
            elif peer in self._fabric.down or peer[0] not in self._fabric.switches:
                ends.add(End(Kind.DROPPED, *peer, known_label(outcome.parcel), Drop.PORT_DOWN))
            else:
                following.update(dict.fromkeys(images(outcome.parcel, peer)))
        watched.update(*(self._watched(node.dpid, switch, group) for group in groups))
        return Local(tuple(following), frozenset(ends), is_regular(node, outcomes), frozenset(watched))

    def _watched(self, dpid: int, switch: SymbolicSwitch, group: int) -> frozenset[int]:
        found = self._ports.get((dpid, group))
        if found is None:
            found = self._ports[dpid, group] = frozenset(ports_of(switch, group))
        return found

    def shared(self, summary: Summary) -> Summary:
        """The same, once."""
        return self._shared.setdefault(summary, summary)


def _ones(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
