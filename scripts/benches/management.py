"""Chapter management: what people and tools wait for. Each part has a file of its own."""

from __future__ import annotations

from benches import management_cli, management_commit, management_metrics, management_page, management_snmp
from benches.section import Section

PARTS = (management_cli, management_snmp, management_page, management_commit, management_metrics)


def sections(quick: bool) -> list[Section]:
    """All parts, in order."""
    return [section for part in PARTS for section in part.sections(quick)]
