"""Priorities within a table, in one place so that their order can be read."""

from __future__ import annotations

MISS = 0

# PORT
ENTER = 100  # a known port
LLDP = 200  # any port that is not an edge
RESERVED = 300  # IEEE 802.1D's reserved group addresses stop at the edge
FORGED = 400  # a host's LLDP goes to the controller, which counts it

# LABEL
TRANSIT = 100
RETURNED = 150  # a deflected label that comes back from where we would send it
OWN = 200

# LAND
SLOT = 100

# GUARD, from the one that gives way to the one that wins
KNOWN_MAC = 100  # the MAC lives here
UNKNOWN_SENDER = 200  # ...but its ARP or ND speaks for an address not seen yet: learn it
KNOWN_SENDER = 300  # ...or for one that was
GROUP_SOURCE = 400  # a source address must not be a group address (IEEE 802.3, 3.2.3)

# LOCATE
FLOOD = 100
ADDRESS = 200
