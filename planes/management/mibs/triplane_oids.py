"""Where TRIPLANE-MIB's parts are.

32473 is the number that RFC 5612 keeps for documentation: nobody's, and ours until IANA assigns one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from planes.management.snmp.objects import Oid

TRIPLANE: Oid = (1, 3, 6, 1, 4, 1, 32473, 1)
EVENTS: Oid = (*TRIPLANE, 0)
OBJECTS: Oid = (*TRIPLANE, 1)
DATA: Oid = (*OBJECTS, 1)
CONTROL: Oid = (*OBJECTS, 2)
MANAGEMENT: Oid = (*OBJECTS, 3)
TENANTS: Oid = (*OBJECTS, 4)
GATEWAYS: Oid = (*OBJECTS, 5)
FAILOVERS: Oid = (*OBJECTS, 6)
DROPS: Oid = (*OBJECTS, 7)
PRODUCTS: Oid = (*TRIPLANE, 2)
FABRIC_PRODUCT: Oid = (*PRODUCTS, 1)
NETWORK_PRODUCT: Oid = (*PRODUCTS, 2)

IDENTITIES: Mapping[str, Oid] = MappingProxyType(
    {
        "triplaneMIB": TRIPLANE,
        "tripNotifications": EVENTS,
        "tripObjects": OBJECTS,
        "tripDataPlane": DATA,
        "tripControlPlane": CONTROL,
        "tripManagementPlane": MANAGEMENT,
        "tripTenants": TENANTS,
        "tripGateways": GATEWAYS,
        "tripFailovers": FAILOVERS,
        "tripDrops": DROPS,
        "tripProducts": PRODUCTS,
        "tripProductFabric": FABRIC_PRODUCT,
        "tripProductNetwork": NETWORK_PRODUCT,
    }
)
