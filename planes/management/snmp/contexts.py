"""What is served to whom: a snapshot of all, and one of each network that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from planes.management.snmp.objects import Objects
from planes.management.snmp.snapshot import Live, Moment, Snapshot
from planes.management.watch import View

FORGET = 300.0  # seconds after which a network's snapshot is dropped unless somebody asks


@dataclass(frozen=True)
class Source:
    """Where objects come from: `objects` all those of a view, `ticking` those of them that change with time alone."""

    objects: Callable[[View, float, str | None], Objects]
    ticking: Callable[[View, float, str | None], Objects]
    own: Callable[[Moment], Objects]  # what the agent tells of itself, in the context of all


class Contexts:
    """The snapshots, of the newest view that was given. `build` may run in another thread; all else may not."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._view = View()
        self._networks: frozenset[str] = frozenset()
        self._kept: dict[str | None, Snapshot] = {}
        self._asked: dict[str | None, float] = {}

    def snapshot(self, network: str | None, now: Moment) -> Snapshot | None:
        """What is served of a network; None if there is none of that name. The first who asks waits for it."""
        if network is not None and network not in self._networks:
            return None
        self._asked[network] = now.steady
        kept = self._kept.get(network)
        if kept is None:
            kept = self._kept[network] = self._built(self._view, now, network)
        return kept

    def wanted(self, now: Moment) -> list[str | None]:
        """Of what snapshots are to be built: of all, and of the networks that were asked for lately."""
        return [None, *(name for name, at in self._asked.items() if name is not None and now.steady - at < FORGET)]

    def build(self, view: View, now: Moment, wanted: Iterable[str | None]) -> dict[str | None, Snapshot]:
        """Snapshots of a view, for `put`."""
        networks = {network.name for network in view.intent.networks}
        return {name: self._built(view, now, name) for name in wanted if name is None or name in networks}

    def put(self, view: View, snapshots: dict[str | None, Snapshot]) -> None:
        """From now on this is served."""
        self._view, self._kept = view, snapshots
        self._networks = frozenset(network.name for network in view.intent.networks)
        self._asked = {name: at for name, at in self._asked.items() if name is None or name in self._networks}

    def _built(self, view: View, now: Moment, network: str | None) -> Snapshot:
        objects = self._source.objects(view, now.unix, network)
        live = self._live(view, network)
        return Snapshot(objects, live, live(now), self._kept.get(network))

    def _live(self, view: View, network: str | None) -> Live:
        """What ticks, made once for each request."""
        last: list[tuple[Moment, Objects]] = []

        def live(now: Moment) -> Objects:
            if not last or last[0][0] is not now:
                ticking = self._source.ticking(view, now.unix, network)
                last[:] = [(now, ticking if network is not None else {**ticking, **self._source.own(now)})]
            return last[0][1]

        return live
