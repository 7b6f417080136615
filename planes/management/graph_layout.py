"""Where switches and hosts are drawn: in tiers, at the same places each time."""

from __future__ import annotations

import math
import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence

Spot = tuple[float, float]  # x to the right, y downwards

SWITCH_WIDTH, HOST_WIDTH = 190.0, 84.0
TIER_HEIGHT, HOST_HEIGHT, HOST_DISTANCE = 170.0, 72.0, 104.0
COLUMNS = 4  # of hosts below a switch
WIDEST = 24  # switches in a row
RANKS = (
    (re.compile(r"(acc|edge|leaf|tor)", re.IGNORECASE), 0),
    (re.compile(r"(dist|agg|spine)", re.IGNORECASE), 1),
    (re.compile(r"(core|super)", re.IGNORECASE), 2),
)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """What names are sorted by: s2 before s10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"([0-9]+)", name))


def placed(
    switches: Iterable[str],
    links: Iterable[tuple[str, str]],
    hosts: Mapping[str, str],
    reserve: bool = True,
    fixed: Mapping[str, Spot] | None = None,
) -> dict[str, Spot]:
    """The spot of each switch, and of each host, which hangs on the switch that it is mapped to.

    Names of hosts are others than those of switches. Without `reserve` hosts stay narrow: they are drawn as one.
    Where the spots of all switches are `fixed`, they are there.
    """
    names = sorted(set(switches), key=natural)
    known = set(names)
    ends = [(a, b) for a, b in links if a in known and b in known and a != b]
    hung: dict[str, list[str]] = {name: [] for name in names}
    for host in sorted(hosts, key=natural):
        if hosts[host] in hung:
            hung[hosts[host]].append(host)
    if fixed and known <= fixed.keys():
        return _around({name: fixed[name] for name in names}, hung)
    rows = _rows(names, ends, hung)
    if len(rows) == 1 and not _is_chain(rows[0], ends):
        return _circle(names, hung)
    return _tiers(rows, hung, reserve)


def _rows(names: Sequence[str], links: Sequence[tuple[str, str]], hung: Mapping[str, list[str]]) -> list[list[str]]:
    """The tiers, the highest first, each in rows that are not too wide."""
    ranks = _ranks(names, links, hung)
    tiers: dict[int, list[str]] = defaultdict(list)
    for name in names:
        tiers[ranks[name]].append(name)
    found = []
    for rank in sorted(tiers, reverse=True):
        tier = tiers[rank]
        count = math.ceil(len(tier) / WIDEST)
        size = math.ceil(len(tier) / count)
        found += [tier[begin : begin + size] for begin in range(0, len(tier), size)]
    return found


def _ranks(names: Sequence[str], links: Sequence[tuple[str, str]], hung: Mapping[str, list[str]]) -> dict[str, int]:
    """How far from the hosts: by the word that a name begins with, else in hops."""
    ranks = {name: rank for name in names for word, rank in RANKS if word.match(name)}
    peers: dict[str, set[str]] = defaultdict(set)
    for a, b in links:
        peers[a].add(b)
        peers[b].add(a)
    edges = [name for name in names if name not in ranks and hung[name]]
    ranks.update(dict.fromkeys(edges, 0))
    if not ranks:
        return dict.fromkeys(names, 0)
    waiting = deque(name for name in names if ranks.get(name) == 0)
    hops = dict.fromkeys(waiting, 0)
    while waiting:
        name = waiting.popleft()
        for peer in sorted(peers[name], key=natural):
            if peer not in hops:
                hops[peer] = hops[name] + 1
                waiting.append(peer)
    return {name: ranks.get(name, hops.get(name, 0)) for name in names}


def _is_chain(row: Sequence[str], links: Iterable[tuple[str, str]]) -> bool:
    """Neighbours by name are the only ones linked: one line shows all."""
    place = {name: index for index, name in enumerate(row)}
    return len(row) < 3 or all(abs(place[a] - place[b]) == 1 for a, b in links)


def _tiers(rows: Sequence[Sequence[str]], hung: Mapping[str, list[str]], reserve: bool) -> dict[str, Spot]:
    found: dict[str, Spot] = {}
    y = 0.0
    for number, row in enumerate(rows):
        above = number == 0 and len(rows) > 1  # hosts of the highest tier are drawn above it
        deep = max((math.ceil(len(hung[name]) / COLUMNS) for name in row), default=0)
        room = HOST_DISTANCE + max(0, deep - 1) * HOST_HEIGHT if deep else 0.0
        y += room if above else 0.0
        widths = [_width(len(hung[name]) if reserve else 0) for name in row]
        x = -sum(widths) / 2
        for name, width in zip(row, widths, strict=True):
            found[name] = (x + width / 2, y)
            found.update(_hung_from(found[name], hung[name], -1 if above else 1))
            x += width
        y += TIER_HEIGHT + (0.0 if above else room)
    return found


def _around(spots: Mapping[str, Spot], hung: Mapping[str, list[str]]) -> dict[str, Spot]:
    """Hosts below their switches."""
    return {**spots, **{host: at for name in spots for host, at in _hung_from(spots[name], hung[name], 1).items()}}


def _width(hosts: int) -> float:
    return max(SWITCH_WIDTH, (min(hosts, COLUMNS) + 1) * HOST_WIDTH)


def _hung_from(at: Spot, hosts: Sequence[str], direction: int) -> dict[str, Spot]:
    """Rows of hosts, centred on their switch."""
    found = {}
    for index, host in enumerate(hosts):
        row, column = divmod(index, COLUMNS)
        wide = min(COLUMNS, len(hosts) - row * COLUMNS)
        x = at[0] + (column - (wide - 1) / 2) * HOST_WIDTH
        found[host] = (x, at[1] + direction * (HOST_DISTANCE + row * HOST_HEIGHT))
    return found


def _circle(names: Sequence[str], hung: Mapping[str, list[str]]) -> dict[str, Spot]:
    """All on a circle from the top clockwise, their hosts outside."""
    widest = max(1, *(len(hosts) for hosts in hung.values())) if hung else 1
    slot = max(SWITCH_WIDTH, min(widest, COLUMNS) * HOST_WIDTH)
    radius = max(slot, slot * len(names) / (2 * math.pi))
    found: dict[str, Spot] = {}
    for index, name in enumerate(names):
        angle = 2 * math.pi * index / len(names) - math.pi / 2
        found[name] = (radius * math.cos(angle), radius * math.sin(angle))
        for number, host in enumerate(hung[name]):
            ring, place = divmod(number, COLUMNS)
            wide = min(COLUMNS, len(hung[name]) - ring * COLUMNS)
            reach = radius + HOST_DISTANCE + ring * HOST_HEIGHT
            turn = angle + (place - (wide - 1) / 2) * HOST_WIDTH / reach
            found[host] = (reach * math.cos(turn), reach * math.sin(turn))
    return {name: (round(x, 1), round(y, 1)) for name, (x, y) in found.items()}
