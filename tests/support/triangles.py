"""A triangle of switches with four hosts in one segment, for tests of the control plane."""

from __future__ import annotations

from simulated import Fabric

EDGES = [(1, 1), (1, 2), (2, 1), (3, 1)]
LINKS = [((1, 11), (2, 11)), ((2, 12), (3, 12)), ((1, 13), (3, 13))]
RED = {"red": {"one": EDGES}}
EVERYONE = 0xFFFF_FFFF_FFFF
A, B, C, D = (0x0200_0000_0000 | n for n in (1, 2, 3, 4))


def triangle() -> Fabric:
    """The fabric, up; no host has spoken yet."""
    fabric = Fabric((1, 2, 3), LINKS, EDGES)
    fabric.start(RED)
    return fabric


def greet(fabric: Fabric) -> None:
    """Every edge's host says something, so that all are known."""
    for port, mac in zip(EDGES, (A, B, C, D), strict=True):
        fabric.send(port, EVERYONE, mac)
