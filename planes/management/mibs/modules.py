"""The modules that are served, in the order of their OIDs."""

from __future__ import annotations

from collections.abc import Iterator

from planes.management.mibs import interfaces, system
from planes.management.mibs.facts import Facts
from planes.management.snmp.objects import Oid

PRODUCTS: Oid = (1, 3, 6, 1, 4, 1, 32473, 1, 2)


def _product(facts: Facts) -> Oid:
    return (*PRODUCTS, 1 if facts.network is None else 2)


def _served() -> Iterator[tuple[Oid, str]]:
    return ((module.oid, f"{module.name}: {module.says}") for module in MODULES)


MODULES = (
    system.module(_product, _served),
    interfaces.MODULE,
)
