"""Chapter management: what people and tools wait for. Each part has a file of its own, with a function `sections`."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from benches.section import Section

PARTS = ("management_cli", "management_snmp", "management_page", "management_commit", "management_metrics")


def sections(quick: bool) -> list[Section]:
    """The chapter's parts, as far as they are there."""
    modules = [f"benches.{name}" for name in PARTS]
    found = [import_module(name) for name in modules if find_spec(name)]
    return [section for module in found for section in module.sections(quick)]
