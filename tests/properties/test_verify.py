"""One entry of a sound fabric is spoilt: what comes of it is found, or no frame that is tried shows anything.

What is found is shown by a frame, but where switches are free to choose between rules of equal priority, and where a
switch would not have taken such a rule.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import policies
import triangles
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st
from proving import broken, held, ports, shown, told, verified
from routed import office_fabric
from simulated import Fabric

from planes.data import fields as f
from planes.data.legal import refusal
from planes.data.rule import Action, Bucket, Entry, Group, Meter, Output, Rule, SetField, ToGroup
from planes.data.text import line
from planes.model.intent import Policy

WORLDS = ("routed", "triangle", "stateful", "tenants")
GOTOS = (None, 10, 20, 50, 70)
PRIORITIES = (0, 1, 150, 250, 5000, 65000)


@cache
def world(name: str) -> Fabric:
    match name:
        case "routed":
            return office_fabric([("192.0.2.0/24", "10.2.0.11"), ("0.0.0.0/0", "10.2.0.99")])
        case "triangle":
            made = triangles.triangle()
            triangles.greet(made)
            return made
        case "stateful":
            web = Policy("allow", "users", "servers", "tcp", (80, 90), stateful=True)
            made = policies.fabric(web, Policy("deny", "users", "servers"), Policy("deny", protocol="udp"))
            for host in policies.HOSTS:
                made.send_frame(host.port, policies.announcement(host))
            return made
    edges = [(switch, port) for switch in (1, 2, 3) for port in (1, 2)]
    made = Fabric((1, 2, 3), triangles.LINKS, edges)
    red, blue = ([(switch, port) for switch in (1, 2, 3)] for port in (1, 2))
    made.start({"red": {"a": red}, "blue": {"b": blue}})
    for switch, port in edges:
        made.send((switch, port), f.BROADCAST, 0x0200_0000_0000 | switch)  # the same MACs in both
    return made


@cache
def entries(name: str, dpid: int) -> tuple[Entry, ...]:
    return tuple(sorted((e for e in held(world(name))[dpid] if not isinstance(e, Meter)), key=line))


def changed(draw: st.DrawFn, action: Action, numbers: list[int]) -> Action | None:
    match action:
        case Output():
            return Output(draw(st.sampled_from(numbers)))
        case SetField(field, value) if field is f.ETH_DST:
            return SetField(field, value ^ 1 << draw(st.sampled_from((0, 1, 2, 24, 25, 43))))
        case ToGroup(group):
            return ToGroup(group ^ draw(st.sampled_from((1, 3))))
    return None


def acted(draw: st.DrawFn, actions: tuple[Action, ...], numbers: list[int]) -> tuple[Action, ...]:
    """One action is another, or gone."""
    at = draw(st.integers(0, len(actions) - 1))
    new = changed(draw, actions[at], numbers)
    return (*actions[:at], *((new,) if new is not None else ()), *actions[at + 1 :])


def widened(draw: st.DrawFn, rule: Rule) -> Rule:
    """A term of the match asks for less."""
    at = draw(st.integers(0, len(rule.match) - 1))
    term = rule.match[at]
    mask = term.mask & ~(1 << draw(st.integers(0, term.field.bits - 1))) if term.field.maskable else 0
    mask = draw(st.sampled_from((mask, 0)))
    kept = (term._replace(value=term.value & mask, mask=mask),) if mask else ()
    return rule._replace(match=(*rule.match[:at], *kept, *rule.match[at + 1 :]))


@st.composite
def spoilt(draw: st.DrawFn, entry: Entry, numbers: list[int]) -> Entry | None:
    """What becomes of an entry; None when it goes."""
    kind = draw(st.sampled_from(("gone", "action", "match", "priority", "goto")))
    if isinstance(entry, Group):
        if not entry.buckets or kind == "gone":
            return None
        at = draw(st.integers(0, len(entry.buckets) - 1))
        bucket: Bucket = entry.buckets[at]
        new = replace(bucket, actions=acted(draw, bucket.actions, numbers)) if bucket.actions else bucket
        kept = (new,) if kind == "action" else ()
        return replace(entry, buckets=(*entry.buckets[:at], *kept, *entry.buckets[at + 1 :]))
    if isinstance(entry, Rule):
        match kind:
            case "action" if entry.actions:
                return entry._replace(actions=acted(draw, entry.actions, numbers))
            case "match" if entry.match:
                return widened(draw, entry)
            case "priority":
                return entry._replace(priority=draw(st.sampled_from(PRIORITIES)))
            case "goto":
                return entry._replace(goto=draw(st.sampled_from(GOTOS)))
    return None


@settings(max_examples=75, deadline=None)
@given(st.sampled_from(WORLDS), st.data())
def test_what_one_spoilt_entry_does_is_found(name: str, data: st.DataObject) -> None:
    made = world(name)
    dpid = data.draw(st.sampled_from(sorted(made.switches)))
    entry = data.draw(st.sampled_from(entries(name, dpid)))
    numbers = [port for at, port in ports(made) if at == dpid]
    other = data.draw(spoilt(entry, numbers))
    assume(other != entry and (other is None or refusal(other) is None))
    now = held(made)
    now[dpid] = now[dpid] - {entry} | ({other} if other is not None else set())
    assume(len({each.key for each in now[dpid]}) == len(now[dpid]))
    result = verified(made, now)
    if result.faults:
        event("shown" if shown(made, result, now) else "said, and not shown")
    else:
        event("clean")
        assert not broken(made, now), f"{line(entry)} became {line(other) if other else 'nothing'}"


def test_the_worlds_are_sound_as_they_are() -> None:
    for name in WORLDS:
        result = verified(world(name), failures=1)
        assert told(fault for fault in result.faults if not fault.gap) == []
        assert broken(world(name), held(world(name))) == []


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(WORLDS), st.data())
def test_what_is_shown_is_so_for_most(name: str, data: st.DataObject) -> None:
    """An entry that goes leaves no doubt: what is found then is shown."""
    made = world(name)
    dpid = data.draw(st.sampled_from(sorted(made.switches)))
    entry = data.draw(st.sampled_from([each for each in entries(name, dpid) if isinstance(each, Rule)]))
    now = held(made)
    now[dpid] = now[dpid] - {entry}
    result = verified(made, now)
    assert not result.faults or shown(made, result, now)
