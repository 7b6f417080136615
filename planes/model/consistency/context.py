"""What every consistency check looks at, and what it says."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from planes.model.errors import did_you_mean
from planes.model.plan import Host, Plan, Segment, Switch
from planes.model.source import Path
from planes.model.wiring import End, Wiring


@dataclass(frozen=True)
class Fault:
    """A disagreement, at a path of the plan: at its value, or at its key."""

    path: Path
    message: str
    at_key: bool = False


class Elsewhere(Protocol):
    """The networks beside those in a plan, where it is but a part: what they may not contradict."""

    @property
    def names(self) -> Collection[str]:
        """The networks."""

    def vlans(self, end: End) -> Collection[int | None]:
        """That a port has there."""

    def has(self, host: str) -> bool:
        """A host is plugged in there."""

    def is_home(self, host: str) -> bool:
        """A host is in a segment there without adding tags of its own."""


@dataclass(frozen=True)
class Nowhere:
    """No networks: the plan is whole."""

    names: tuple[str, ...] = ()

    def vlans(self, end: End) -> tuple[int | None, ...]:
        """None."""
        return ()

    def has(self, host: str) -> bool:
        """None is."""
        return False

    def is_home(self, host: str) -> bool:
        """Of none."""
        return False


@dataclass(frozen=True)
class Context:
    """A plan, its wiring where nodes and links are known, and the paths that could not be read."""

    plan: Plan
    wiring: Wiring | None
    lost: frozenset[Path]
    elsewhere: Elsewhere = Nowhere()

    def intact(self, *path: str | int) -> bool:
        """Everything at and below the path was read."""
        return path not in self._damaged

    @cached_property
    def _damaged(self) -> frozenset[Path]:
        return frozenset(place[:length] for place in self.lost for length in range(len(place) + 1))

    @property
    def hosts(self) -> dict[str, Host]:
        return self.plan.topology.hosts if self.plan.topology else {}

    @property
    def switches(self) -> dict[str, Switch]:
        return self.plan.topology.switches if self.plan.topology else {}

    @cached_property
    def unread(self) -> frozenset[str]:
        """Names that the file gives to something that could not be read: nobody may call them unknown."""
        return frozenset(str(place[-1]) for place in self.lost)

    def segments(self) -> Iterator[tuple[Path, str, str, Segment]]:
        """Path, network name, segment name and segment."""
        for network, wanted in self.plan.networks.items():
            for name, segment in wanted.segments.items():
                yield ("networks", network, "segments", name), network, name, segment

    def unknown(
        self, what: str, name: str, allowed: Collection[str], path: Path, at_key: bool = False
    ) -> Iterator[Fault]:
        """A fault when `name` is none of the allowed ones."""
        if name not in allowed and name not in self.unread:
            yield Fault(path, f"unknown {what} {name!r}, {did_you_mean(name, allowed)}", at_key)
