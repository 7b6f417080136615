"""A small plan and what a store knows of it, for tests of commands that need no lab."""

from __future__ import annotations

from collections.abc import Iterable

from planes.cli.origin import Origins, PlanFile
from planes.control.forecast import forecast
from planes.model import state
from planes.model.load import parse
from planes.model.resolve import resolve
from planes.model.state import Row, State, key

PLAN = """\
name: small
topology:
  switches: {s1: , s2: }
  hosts: {h1: , h2: , h3: }
  links:
    - [h1, "s1:1"]
    - [h2, "s2:1"]
    - [h3, "s1:2"]
    - ["s1:9", "s2:9"]
networks:
  red:
    rate: 100M
    segments:
      users:
        subnet: 10.1.0.0/24
        gateway: {address: 10.1.0.254}
        ports: [h1]
      servers:
        subnet: [10.2.0.0/24, "fd02::/64"]
        gateway: {address: [10.2.0.254, "fd02::fe"]}
        ports:
          - h2
          - s1:2.100
    routes:
      - {to: 0.0.0.0/0, via: 10.2.0.1}
    policy:
      - {deny: {from: users, to: servers, protocol: tcp, port: [22, 80-90]}}
      - allow: {stateful: true, rate: 10M}
"""
FILE = "small.yaml"


def rows(*more: Row) -> State:
    """Both switches and their link are up, and h1 and h2 have spoken."""
    known = (
        *(state.Switch(number, f"s{number}", number, connected=True) for number in (1, 2)),
        *(state.Port(f"s{switch}", port, f"s{switch}-eth{port}", up=True) for switch in (1, 2) for port in (1, 2, 9)),
        state.Link("s1", 9, "s2", 9),
        state.Host("red", "users", "02:00:00:00:00:01", "s1", 1, ("10.1.0.1",)),
        state.Host("red", "servers", "02:00:00:00:00:02", "s2", 1, ("10.2.0.1",)),
        *more,
    )
    tables: dict[type[Row], dict[state.Key, Row]] = {}
    for row in known:
        tables.setdefault(type(row), {})[key(row)] = row
    return State(tables)


def edited(*edits: tuple[str, str]) -> str:
    """The plan with each text replaced by another; it must be there."""
    text = PLAN
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return text


def origins(text: str = PLAN, more: Iterable[Row] = ()) -> Origins:
    """Whose the entries are that a controller would install for a plan."""
    plan = parse(text, FILE)
    intent = resolve(plan)
    return Origins(forecast(rows(*more), intent), intent, PlanFile(plan, text, FILE))
