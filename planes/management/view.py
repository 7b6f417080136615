"""A store's content at one moment, and how old it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from planes.model.intent import Intent
from planes.model.state import HEARTBEAT, Controller, State

PATIENCE = 3 * HEARTBEAT  # seconds without a sign of life, after which a controller is called down


@dataclass(frozen=True, eq=False)
class View:
    """A store's content at one moment. While not `synced`, the store is away and the content is as old as that."""

    state: State = field(default_factory=State)
    intent: Intent = field(default_factory=lambda: Intent(""))
    serial: int = 0
    synced: bool = False


def age(state: State, now: float) -> float | None:
    """Seconds since the controller gave its last sign of life, at `now` (Unix time); None when it never did."""
    seen = max((row.seen for row in state.of(Controller)), default=0.0)
    return max(0.0, now - seen) if seen else None


def alive(state: State, now: float) -> bool:
    """Whether the controller gave a sign of life lately."""
    since = age(state, now)
    return since is not None and since < PATIENCE
