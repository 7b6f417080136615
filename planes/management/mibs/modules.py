"""The modules that are served, in the order of their OIDs."""

from __future__ import annotations

from collections.abc import Iterator

from planes.management.mibs import bridge, entity, hsrp, interfaces, lldp, qbridge, routing, system, triplane, vrrp
from planes.management.mibs.facts import Facts
from planes.management.mibs.triplane_oids import FABRIC_PRODUCT, NETWORK_PRODUCT
from planes.management.snmp.objects import Oid


def _product(facts: Facts) -> Oid:
    return FABRIC_PRODUCT if facts.network is None else NETWORK_PRODUCT


def _served() -> Iterator[tuple[Oid, str]]:
    return ((module.oid, f"{module.name}: {module.says}") for module in MODULES)


MODULES = (
    system.module(_product, _served),
    interfaces.MODULE,
    routing.MODULE,
    bridge.MODULE,
    qbridge.MODULE,
    entity.MODULE,
    vrrp.MODULE,
    hsrp.MODULE,
    hsrp.EXT_MODULE,
    triplane.MODULE,
    lldp.MODULE,
)
