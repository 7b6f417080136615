"""What goes into the control plane and what comes out: events and effects, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass

from planes.data.delta import Delta
from planes.data.rule import Action, Entry
from planes.data.traffic import PortCounts
from planes.model.intent import Intent
from planes.model.state import Change, State


@dataclass(frozen=True)
class PortDescription:
    """A port as its switch describes it; `speed` in bits per second, `why` it is down.

    The local port carries the bridge's name.
    """

    number: int
    name: str
    up: bool
    mac: str = ""
    speed: int = 0
    why: str = ""


@dataclass(frozen=True)
class Restored:
    """What the store knew when the controller started."""

    state: State


@dataclass(frozen=True)
class IntentChanged:
    """The store holds a new intent."""

    serial: int
    intent: Intent


@dataclass(frozen=True)
class SwitchConnected:
    """A switch has connected, or was read back again; `held` is all that it holds."""

    dpid: int
    ports: tuple[PortDescription, ...]
    held: frozenset[Entry] = frozenset()


@dataclass(frozen=True)
class SwitchLost:
    """A switch's channel closed, for this reason if we closed it; it goes on with the rules it has."""

    dpid: int
    reason: str = ""


@dataclass(frozen=True)
class PortChanged:
    """A port appeared, changed, or (`gone`) disappeared."""

    dpid: int
    port: PortDescription
    gone: bool = False


@dataclass(frozen=True)
class FrameArrived:
    """A frame was punted from a table; `metadata` is what it had there."""

    dpid: int
    in_port: int
    table: int
    metadata: int
    data: bytes


@dataclass(frozen=True)
class Confirmed:
    """A switch answered the barrier that followed an Install with this token."""

    dpid: int
    token: int


@dataclass(frozen=True)
class Refused:
    """A switch would not take a change. What it holds now is unknown, but for a `part`: of that it has nothing."""

    dpid: int
    reason: str
    part: Install | None = None


@dataclass(frozen=True)
class TrafficTold:
    """What a switch's ports have carried; `more` of the same answer follows."""

    dpid: int
    ports: tuple[PortCounts, ...]
    more: bool = False


@dataclass(frozen=True)
class Counted:
    """Something was dropped before it came here."""

    reason: str


@dataclass(frozen=True)
class StoreReturned:
    """The store was away, and may have been started anew: what it keeps in memory alone is gone then."""


@dataclass(frozen=True)
class ClockSet:
    """The machine's time was set, or it slept: Unix time at 0.0 of the clock is another."""

    offset: float


@dataclass(frozen=True)
class Tick:
    """The deadline passed."""


Event = (
    Restored
    | IntentChanged
    | SwitchConnected
    | SwitchLost
    | PortChanged
    | FrameArrived
    | Confirmed
    | Refused
    | TrafficTold
    | Counted
    | StoreReturned
    | ClockSet
    | Tick
)


@dataclass(frozen=True)
class Install:
    """Change a switch's entries, all or none, and ask for confirmation.

    One that names a network (or 0, the fabric's own) is a part: it shares no bundle, and is refused for itself alone.
    A network's parts that follow a refused one are refused too, until the switch is read back.
    """

    dpid: int
    mods: Delta
    token: int
    network: int | None = None


@dataclass(frozen=True)
class Resync:
    """Read a switch back: SwitchConnected is to follow."""

    dpid: int


@dataclass(frozen=True)
class SendFrame:
    """Have a switch perform actions on a frame, as if it had come in on `in_port`."""

    dpid: int
    in_port: int
    actions: tuple[Action, ...]
    data: bytes


@dataclass(frozen=True)
class AskTraffic:
    """Have a switch tell what its ports have carried: TrafficTold is to follow."""

    dpid: int


@dataclass(frozen=True)
class Publish:
    """Write state to the store; `applied` is the intent's serial when all connected switches hold it."""

    changes: tuple[Change, ...]
    applied: int | None = None


Effect = Install | Resync | SendFrame | AskTraffic | Publish
