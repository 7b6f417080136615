"""Priorities within a table, in one place so that their order can be read."""

from __future__ import annotations

MISS = 0

# PORT
ENTER = 100  # a known port
ENTER_TAGGED = 150  # a VLAN of it
LLDP = 200  # any port that is not an edge
RESERVED = 300  # IEEE 802.1D's reserved group addresses stop at the edge
FORGED = 400  # a host's LLDP goes to the controller, which counts it

# LABEL
TRANSIT = 100
RETURNED = 150  # a deflected label that comes back from where we would send it
OWN = 200

# LAND
SLOT = 100
TRACKED_SLOT = 200  # ...of a frame whose connection is tracked

# GUARD, from the one that gives way to the one that wins
KNOWN_MAC = 100  # the MAC lives here
NOT_BOUND = 150  # ...but is bound to another address
BOUND_ANYWAY = 160  # ...yet these sources are nobody's, or everybody's
FOREIGN_SOURCE = 200  # the IP source is another host's
UNKNOWN_SENDER = 300  # ARP or a solicitation that speaks for an address not seen yet: learn it
KNOWN_SENDER = 400  # a host's own address
UNKNOWN_TARGET = 500  # an advertisement of one not seen yet
KNOWN_TARGET = 600  # ...or of its own
FOREIGN_TAG = 650  # a guest's tag that is another access's VLAN on a port of the segment
GROUP_SOURCE = 700  # a source address must not be a group address (IEEE 802.3, 3.2.3)
GATEWAY_CLAIM = 800  # a gateway's address is no host's
VIRTUAL_SOURCE = 820  # nor is its MAC
ROUTER_SOURCE = 840  # ...but other routers' of its group
HELLO_FORGED = 860  # hosts say no hellos
HELLO = 880  # (and in EGRESS) other routers do

# POLICY, from the one that gives way to the one that wins
LINE = 20_000  # a network's first line; each further one's priority is 1 less (at most intent.MAX_POLICY_LINES of them)
ANSWER = 40_000  # what answers a packet that the first line allowed; further lines as above
RELATED = 50_000  # ICMP's errors about a known connection
UNTRACKED = 55_000  # conntrack is to be asked first
ALWAYS = 60_000

# COMMIT
NEW = 100
INVALID = 200

# SERVICE, from the one that gives way to the one that wins
KNOWN_ADDRESS = 100  # ARP or ND for a host's address: answered
UNANSWERED = 200  # ...but not its own question, nor one whose sender has no address
NOT_ROUTED = 300  # to the router's MAC
ROUTED = 400  # ...but IP from where it may come from
ROUTER_HEARS = 500  # ...but ND, which GUARD has learned from
GATEWAY_ADDRESS = 600  # ARP or ND for a gateway's address: answered
GATEWAY_ASKED = 700  # ...but by the controller where the answer does not fit into the question

# SERVICE_ND
HOST_ANSWERS = 100
ROUTER_ANSWERS = 200

# ROUTE, from the one that gives way to the one that wins
NO_ROUTE = 0
PREFIX = 1000  # plus twice the prefix's length, plus one for a known host of a connected prefix: up to 1257
LAST_HOP = 2000  # no TTL is left
MARTIAN = 3000  # addresses that no router forwards from, or to
DIRECTED_BROADCAST = 3100
OWN_ADDRESS = 4000
OWN_ECHO = 4100

# LOCATE
PAGED = 50  # any frame to a group address that was paged in...
PAGED_FROM_LAG = 75
FLOOD = 100  # ...but IP multicast, which has a flood of its own
FLOOD_FROM_LAG = 150  # ...not back into it
ADDRESS = 200
TRACKED_ADDRESS = 300  # ...of a frame whose connection is tracked, for a host of this switch
BACK_INTO_LAG = 400  # a host of the LAG that the frame came in on: it has been there
