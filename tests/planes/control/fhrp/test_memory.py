"""What a restart must keep: a machine remembered and recalled stands where it stood, and rubbish is no memory."""

from __future__ import annotations

import json
from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segment import Router, Segment, address, fresh

from planes.control.fhrp import glbp, hsrp, vrrp
from planes.control.fhrp.election import Terms, Timers
from planes.control.fhrp.machine import Machine, Tick, Transition
from planes.control.fhrp.memory import recall, remember

VIRTUAL = IPv4Address("10.77.0.254")
CALM = 150.0


def made(protocol: str, number: int) -> Router:
    terms = Terms(address(number), VIRTUAL, 100 + number, True, timers=Timers(3000, 10_000))
    match protocol:
        case "hsrp":
            return hsrp.router(hsrp.Settings(1, 10, terms))
        case "glbp":
            return glbp.router(glbp.Settings(10, terms, 0x0200_0000_0000 | number))
    return vrrp.router(vrrp.Settings(3, 10, address(number), (VIRTUAL,), 100 + number))


PROTOCOLS = ("hsrp", "vrrp", "glbp")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_restart_of_all_changes_nothing_that_people_or_hosts_see(protocol: str) -> None:
    segment = Segment({address(number): made(protocol, number) for number in (1, 2, 3)})
    segment.start()
    segment.run(CALM)
    views = {at: router.view() for at, router in segment.routers.items()}
    owners, active = set(segment.owners), set(segment.active)
    for at, router in segment.routers.items():
        recalled = recall(fresh(router), remember(router))
        assert recalled is not None
        segment.routers[at] = recalled.resumed(segment.now)  # type: ignore[assignment]
        segment.do(at, Tick())
    since = segment.now
    segment.run(CALM)
    assert not [effect for at, _, effect in segment.log if at > since and isinstance(effect, Transition)]
    for at, router in segment.routers.items():
        assert (router.view().state, router.view().active) == (views[at].state, views[at].active)
    assert (segment.owners, segment.active) == (owners, active)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_nobody_recalls_anothers_memory(protocol: str) -> None:
    mine = made(protocol, 1)
    for other in PROTOCOLS:
        if {other, protocol} != {"hsrp", "glbp"} and other != protocol:
            assert recall(mine, remember(made(other, 1))) is None


scraps = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("ACTIVE"),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.text(max_size=5), each, max_size=4),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PROTOCOLS), st.data())
def test_whatever_the_store_holds_is_a_memory_or_none(protocol: str, data: st.DataObject) -> None:
    mine: Machine = made(protocol, 1)
    known = json.loads(remember(mine))
    spoilt = data.draw(st.sampled_from(sorted(known)))
    text = json.dumps(known | {spoilt: data.draw(scraps)})
    recalled = recall(mine, data.draw(st.sampled_from([text, text[:-3], f"[{text}]"])))
    if recalled is not None:
        recalled.resumed(5.0).handle(Tick(), 5.0)
