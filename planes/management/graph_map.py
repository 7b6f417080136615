"""Switches where they stand on the earth: spots for a picture, far enough apart to be read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from itertools import product

from planes.management.graph_layout import HOST_DISTANCE, SWITCH_WIDTH, Spot

APART = SWITCH_WIDTH, HOST_DISTANCE * 1.6  # the least between two switches: across, down
ROUNDS = 60  # of pushing apart
LARGEST = 12_000.0  # across or down, before they are pushed apart


def projected(
    places: Mapping[str, tuple[float, float]], switches: Iterable[str], links: Iterable[tuple[str, str]]
) -> dict[str, Spot]:
    """The spot of each switch; `places` are latitudes and longitudes in degrees. Nothing where not even half are known.

    North is up. A switch of no known place is drawn among its neighbours.
    """
    names = list(switches)
    known = {name: places[name] for name in names if name in places}
    if not known or 2 * len(known) < len(names):
        return {}
    spots = _scaled(_flat(known))
    _add_strangers(spots, names, list(links))
    _push_apart(spots)
    return {name: (round(spots[name][0], 1), round(spots[name][1], 1)) for name in names}


def _flat(places: Mapping[str, tuple[float, float]]) -> dict[str, Spot]:
    """Equirectangular, true to scale at the middle latitude; from the meridian that most are near, whichever side."""
    middle = sum(latitude for latitude, _ in places.values()) / len(places)
    east = sum(math.cos(math.radians(longitude)) for _, longitude in places.values())
    north = sum(math.sin(math.radians(longitude)) for _, longitude in places.values())
    meridian = math.degrees(math.atan2(north, east))
    shrink = math.cos(math.radians(middle))
    turned = {name: (longitude - meridian + 180) % 360 - 180 for name, (_, longitude) in places.items()}
    return {name: (turned[name] * shrink, middle - latitude) for name, (latitude, _) in places.items()}


def _scaled(spots: Mapping[str, Spot]) -> dict[str, Spot]:
    """So that the nearest neighbour is, for most, as far as two switches must be apart."""
    nearest = sorted(min((math.dist(a, b) for b in spots.values() if b != a), default=0.0) for a in spots.values())
    usual = nearest[len(nearest) // 2] or max(nearest) or 1.0
    sizes = [max(axis) - min(axis) for axis in zip(*spots.values(), strict=True)]
    scale = min(APART[0] / usual, LARGEST / max(*sizes, 1e-9))
    return {name: (x * scale, y * scale) for name, (x, y) in spots.items()}


def _add_strangers(spots: dict[str, Spot], names: list[str], links: list[tuple[str, str]]) -> None:
    left = [name for name in names if name not in spots]
    while left:
        near = {
            name: [spots[o] for a, b in links for n, o in ((a, b), (b, a)) if n == name and o in spots] for name in left
        }
        found = [name for name in left if near[name]] or left[:1]
        for name in found:
            around = near[name] or list(spots.values())
            spots[name] = (sum(x for x, _ in around) / len(around), sum(y for _, y in around) / len(around))
        left = [name for name in left if name not in spots]


def _push_apart(spots: dict[str, Spot]) -> None:
    """Pairs that overlap each give way by half, along the axis where less is missing."""
    wide, high = APART
    for _ in range(ROUNDS):
        moved = False
        cells: dict[tuple[int, int], list[str]] = {}
        for name, (x, y) in spots.items():
            cells.setdefault((int(x // wide), int(y // high)), []).append(name)
        for a in sorted(spots):
            column, row = int(spots[a][0] // wide), int(spots[a][1] // high)
            for dx, dy in product((-1, 0, 1), repeat=2):
                for b in cells.get((column + dx, row + dy), ()):
                    moved |= b > a and _part(spots, a, b)
        if not moved:
            return


def _part(spots: dict[str, Spot], a: str, b: str) -> bool:
    wide, high = APART
    (ax, ay), (bx, by) = spots[a], spots[b]
    across, down = wide - abs(ax - bx), high - abs(ay - by)
    if across <= 0.5 or down <= 0.5:
        return False
    if across <= down:
        push = across / 2 if ax < bx or (ax == bx and a < b) else -across / 2
        spots[a], spots[b] = (ax - push, ay), (bx + push, by)
    else:
        push = down / 2 if ay < by or (ay == by and a < b) else -down / 2
        spots[a], spots[b] = (ax, ay - push), (bx, by + push)
    return True
