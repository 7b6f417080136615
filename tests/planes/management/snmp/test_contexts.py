from __future__ import annotations

from dataclasses import dataclass, field

from planes.management.snmp.contexts import FORGET, Contexts, Source
from planes.management.snmp.objects import Objects, Oid, Syntax, Value
from planes.management.snmp.snapshot import Moment, Snapshot
from planes.management.watch import View
from planes.model.intent import Intent, Network

NAME: Oid = (1, 3, 1)
UPTIME: Oid = (1, 3, 2)
OWN: Oid = (1, 3, 3)
NOW = Moment(1000.0, 10.0)


def view(serial: int, *networks: str) -> View:
    return View(intent=Intent("fabric", tuple(Network(name, ()) for name in networks)), serial=serial, synced=True)


@dataclass
class Made:
    """Counts what is made: which network's objects, and how often what ticks."""

    objects: list[str | None] = field(default_factory=list)
    ticking: int = 0

    def source(self) -> Source:
        return Source(self._objects, self._ticking, lambda now: {OWN: Value(Syntax.INTEGER, int(now.steady))})

    def _objects(self, view: View, now: float, network: str | None) -> Objects:
        self.objects.append(network)
        told = f"{network or 'all'} of {view.serial}"
        return {NAME: Value(Syntax.OCTETS, told.encode()), **self._ticking(view, now, network)}

    def _ticking(self, view: View, now: float, network: str | None) -> Objects:
        self.ticking += 1
        return {UPTIME: Value(Syntax.TIMETICKS, int(now))}


def told(contexts: Contexts, network: str | None, now: Moment = NOW) -> dict[Oid, int | bytes | Oid] | None:
    snapshot = contexts.snapshot(network, now)
    if snapshot is None:
        return None
    return {name: snapshot.value(place, now).data for place, name in enumerate(snapshot.names)}


def follow(contexts: Contexts, view: View, now: Moment = NOW) -> dict[str | None, Snapshot]:
    built = contexts.build(view, now, contexts.wanted(now))
    contexts.put(view, built)
    return built


def test_all_and_each_network_see_what_is_theirs() -> None:
    contexts = Contexts(Made().source())
    follow(contexts, view(1, "red", "blue"))
    assert told(contexts, None) == {NAME: b"all of 1", UPTIME: 1000, OWN: 10}
    assert told(contexts, "red") == {NAME: b"red of 1", UPTIME: 1000}  # nothing of the agent itself
    assert told(contexts, "green") is None


def test_time_goes_on_without_a_new_view() -> None:
    contexts = Contexts(Made().source())
    follow(contexts, view(1))
    assert told(contexts, None, Moment(1060.0, 70.0)) == {NAME: b"all of 1", UPTIME: 1060, OWN: 70}


def test_what_ticks_is_made_once_for_a_request() -> None:
    made = Made()
    contexts = Contexts(made.source())
    follow(contexts, view(1))
    before = made.ticking
    snapshot = contexts.snapshot(None, NOW)
    assert snapshot is not None
    request = Moment(1001.0, 11.0)
    for _ in range(5):
        for place in range(len(snapshot)):
            snapshot.varbind(place, request)
    assert made.ticking == before + 1


def test_a_networks_snapshot_is_made_when_it_is_asked_for_and_as_long_as_it_is() -> None:
    made = Made()
    contexts = Contexts(made.source())
    follow(contexts, view(1, "red", "blue"))
    assert made.objects == [None]
    told(contexts, "red")
    told(contexts, "red")
    assert made.objects == [None, "red"]
    assert set(follow(contexts, view(2, "red", "blue"))) == {None, "red"}
    assert told(contexts, "red") == {NAME: b"red of 2", UPTIME: 1000}
    later = Moment(2000.0, NOW.steady + FORGET)
    assert set(follow(contexts, view(3, "red", "blue"), later)) == {None}
    assert told(contexts, "red", later) == {NAME: b"red of 3", UPTIME: 2000}


def test_a_network_that_is_no_more_is_not_served() -> None:
    contexts = Contexts(Made().source())
    follow(contexts, view(1, "red"))
    told(contexts, "red")
    follow(contexts, view(2))
    assert told(contexts, "red") is None
    assert contexts.wanted(NOW) == [None]


def test_before_the_first_view_there_is_an_empty_fabric() -> None:
    assert told(Contexts(Made().source()), None) == {NAME: b"all of 0", UPTIME: 1000, OWN: 10}
