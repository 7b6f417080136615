"""Chapter scale: what rules, hosts, events and compiles cost as the fabric grows, and what tenants notice of it all."""

from __future__ import annotations

from benches import scale_attack, scale_engine, scale_learning, scale_loss, scale_ping, scale_spread, scale_wire
from benches.section import Section


def sections(quick: bool) -> list[Section]:
    """The chapter's parts."""
    return [
        scale_wire.section(quick),
        scale_learning.section(quick),
        *scale_engine.sections(quick),
        scale_ping.section(quick),
        *scale_spread.sections(quick),
        *scale_loss.sections(quick),
        *scale_attack.sections(quick),
    ]
