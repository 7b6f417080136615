from __future__ import annotations

from dataclasses import replace

import pytest
from pictured import INTENT, MEGABIT, ROWS, port, state_of, view, without

from planes.management.watch import PATIENCE, View
from planes.management.web.cabling import Cabling, seen
from planes.management.web.elements import (
    Crowd,
    Event,
    Facts,
    Gateway,
    Host,
    Link,
    Network,
    Seat,
    Segment,
    Switch,
)
from planes.management.web.elements import Port as PortElement
from planes.management.web.picture import MAX_EVENTS, MAX_HOSTS, Picture, drawn
from planes.model import state
from planes.model.intent import Intent

LINK = "link:leaf1:2-spine:1"


def picture(shown: View, cabling: Cabling | None = None) -> Picture:
    return drawn(shown, seen(view().state), cabling or Cabling())


def link(shown: View, ident: str = LINK, cabling: Cabling | None = None) -> Link:
    found = picture(shown, cabling).elements[ident]
    assert isinstance(found, Link)
    return found


def kinds(found: Picture) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for ident, element in found.elements.items():
        names.setdefault(element.kind, []).append(ident)
    return names


def test_everything_has_an_id() -> None:
    assert {kind: len(ids) for kind, ids in kinds(picture(view())).items()} == {
        "switch": 3, "host": 3, "fabric": 2, "access": 3, "port": 7, "gateway": 1, "network": 2, "event": 1,
    }  # fmt: skip


def test_facts_tell_the_store_and_the_controller() -> None:
    assert picture(view()).facts == Facts("small", True, 1, 1, "fabric", "Ryu 4.34", 2, 50.0, 100.0, PATIENCE)
    assert picture(view(synced=False)).facts.synced is False
    assert picture(without(state.Controller)).facts.seen == 0.0
    assert drawn(view(), (), Cabling(), traces=True).facts.traces


def test_a_switch_is_told_with_its_datapath_id_and_what_it_refuses() -> None:
    shown = picture(view(state.Switch(0xAB, "spine", 3, False, 8, "network red: no room")))
    spine = shown.elements["switch:spine"]
    assert isinstance(spine, Switch)
    assert (spine.datapath_id, spine.connected, spine.error) == ("00000000000000ab", False, "network red: no room")
    assert spine.y < min(each.y for each in shown.elements.values() if isinstance(each, Switch) and each is not spine)


def test_a_link_has_a_name_two_ends_and_the_load_of_either_direction() -> None:
    found = link(view())
    assert (found.name, found.source, found.target) == ("leaf1/spine", "switch:leaf1", "switch:spine")
    assert (found.ends, found.ports) == ((("leaf1", 2), ("spine", 1)), ("leaf1-eth2", "spine-eth1"))
    assert (found.state, found.forward, found.backward, found.speed) == ("up", 50 * MEGABIT, 1_200_000, 100 * MEGABIT)
    assert found.level == 4
    idle = link(view(), "link:leaf2:2-spine:2")
    assert (idle.forward, idle.level) == (0, 0)


def test_an_end_that_tells_nothing_is_known_by_the_other() -> None:
    rows = [row for row in ROWS if not (isinstance(row, state.Traffic) and row.switch == "leaf1")]
    assert link(View(state_of(*rows), INTENT, 1, True)).forward == 49 * MEGABIT


@pytest.mark.parametrize(
    ("rows", "expected", "why"),
    [
        ([port("leaf1", 2, up=False)], "down", "leaf1-eth2 is down"),
        (
            [port("leaf1", 2, up=False), port("spine", 1, up=False)], "down",
            "leaf1-eth2 and spine-eth1 are down",
        ),
        ([state.Port("spine", 1, "eth0", False)], "down", "spine:eth0 is down"),
        ([state.Switch(0xAB, "spine", 3, False)], "down", "spine is not connected to the controller"),
        ([port("spine", 1, role="dampened")], "dampened", "it fails often, and is left out for a while"),
        ([], "up", ""),
    ],
)  # fmt: skip
def test_a_link_says_how_it_is_and_why(rows: list[state.Row], expected: str, why: str) -> None:
    found = link(view(*rows))
    assert (found.state, found.why) == (expected, why)
    assert found.level == (0 if expected == "down" else 4)


def test_a_link_by_which_no_frame_passes_is_dead_though_its_ports_are_up() -> None:
    assert (link(without(state.Link)).state, link(without(state.Link)).why) == (
        "down",
        "its ports are up, and no frame passes",
    )


def test_parallel_links_have_names_of_their_own() -> None:
    rows = [port("leaf1", 5), port("spine", 5), state.Link("leaf1", 5, "spine", 5)]
    shown = view(*rows)
    found = drawn(shown, seen(shown.state), Cabling())
    assert {each.name for each in found.elements.values() if each.kind == "fabric"} == {
        "leaf1/spine",
        "leaf1/spine#2",
        "leaf2/spine",
    }


def test_hosts_go_by_their_mac_where_no_cable_is_known() -> None:
    found = picture(view()).elements["host:red/users/02:00:00:00:00:01"]
    seat = Seat("red", "users", "02:00:00:00:00:01", "leaf1", 1, 0, ("10.0.0.11",))
    assert isinstance(found, Host)
    assert (found.name, found.seats, found.networks, found.switch) == ("02:00:00:00:00:01", (seat,), ("red",), "leaf1")


def test_cables_give_hosts_their_names_links_theirs_and_rates() -> None:
    cabling = Cabling(
        {("leaf1", 1): "h1", ("leaf2", 1): "h2", ("leaf2", 3): "h2", ("spine", 7): "quiet"},
        {(("leaf1", 2), ("spine", 1)): "spine/leaf1"},
        {("leaf1", 2): 60 * MEGABIT, ("spine", 1): 60 * MEGABIT, ("leaf1", 1): 5 * MEGABIT},
    )
    shown = picture(view(), cabling)
    hosts = {each.name: each for each in shown.elements.values() if isinstance(each, Host)}
    assert {name: (host.networks, len(host.seats)) for name, host in hosts.items()} == {
        "h1": (("red",), 1), "h2": (("blue", "red"), 2), "quiet": ((), 0),
    }  # fmt: skip
    assert {ident for ident in shown.elements if ident.startswith("access:")} == {
        "access:leaf1:1-host:h1", "access:leaf2:1-host:h2", "access:leaf2:3-host:h2", "access:spine:7-host:quiet",
    }  # fmt: skip
    found = link(view(), cabling=cabling)
    assert (found.name, found.speed, found.level) == ("spine/leaf1", 60 * MEGABIT, 5)
    assert link(view(), "access:leaf1:1-host:h1", cabling).speed == 5 * MEGABIT


def test_an_access_link_is_carried_into_the_switch_and_out_of_it() -> None:
    cabling = Cabling({("leaf1", 1): "h1"})
    counted = state.Traffic("leaf1", 1, 100.0, rx_rate=2 * MEGABIT, tx_rate=3 * MEGABIT)
    found = link(view(counted), "access:leaf1:1-host:h1", cabling)
    assert (found.source, found.forward, found.backward, found.level) == ("host:h1", 2 * MEGABIT, 3 * MEGABIT, 2)
    down = link(view(counted, port("leaf1", 1, up=False, role="edge")), "access:leaf1:1-host:h1", cabling)
    assert (down.state, down.why, down.forward) == ("down", "leaf1-eth1 is down", 0)
    away = link(view(state.Switch(1, "leaf1", 1, False)), "access:leaf1:1-host:h1", cabling)
    assert (away.state, away.why) == ("down", "leaf1 is not connected to the controller")


def test_many_hosts_are_drawn_as_one_a_switch_and_told_one_by_one() -> None:
    more = [
        state.Host("blue" if n % 2 else "red", "lan", f"02:00:00:00:01:{n:02x}", f"leaf{1 + n % 2}", 10 + n)
        for n in range(MAX_HOSTS)
    ]
    counted = [state.Traffic(row.switch, row.port, 1.0, rx_rate=MEGABIT) for row in more]
    shown = picture(view(*more, *counted))
    crowds = {each.switch: each for each in shown.elements.values() if isinstance(each, Crowd)}
    assert {name: (crowd.count, crowd.networks) for name, crowd in crowds.items()} == {
        "leaf1": (41, ("red",)), "leaf2": (42, ("blue", "red")),
    }  # fmt: skip
    assert sum(isinstance(each, Host) and not each.shown for each in shown.elements.values()) == MAX_HOSTS + 3
    lines = [each for each in shown.elements.values() if each.kind == "access"]
    assert {each.source for each in lines if isinstance(each, Link)} == {"crowd:leaf1", "crowd:leaf2"}
    assert {each.forward for each in lines if isinstance(each, Link)} == {40 * MEGABIT}


def test_ports_tell_what_they_lose() -> None:
    shown = view(state.Traffic("leaf1", 2, 100.0, rx_dropped=1, tx_dropped=2, rx_errors=3, tx_errors=4, rx_rate=1_499))
    found = picture(shown).elements["port:leaf1:2"]
    assert isinstance(found, PortElement)
    assert (found.rx_rate, found.dropped, found.errors, found.role) == (1_500, 3, 7, "fabric")


def test_gateways_networks_and_events_are_told() -> None:
    elements = picture(view()).elements
    gateway, network, event = (elements[ident] for ident in ("gateway:red/users/spine", "network:red", "event:7"))
    assert isinstance(gateway, Gateway) and isinstance(network, Network) and isinstance(event, Event)
    assert (gateway.state, gateway.active, gateway.virtual_ips, gateway.since) == (
        "active",
        "local",
        ("10.0.0.1",),
        90.0,
    )
    assert network.segments == (Segment("users", ("10.0.0.0/24",), ("10.0.0.1",), "hsrp"),)
    assert (network.hosts, network.switches) == (2, ("switch:leaf1", "switch:leaf2", "switch:spine"))
    assert (event.about, event.cause, event.seconds) == ("gateway", "nobody was", 0.25)


def test_of_many_events_the_newest_are_told() -> None:
    shown = picture(view(*(state.Event(number, 1.0, "s", "t") for number in range(1000))))
    numbers = [each.number for each in shown.elements.values() if isinstance(each, Event)]
    assert numbers == list(range(1000 - MAX_EVENTS, 1000))


def test_an_empty_store_is_a_picture() -> None:
    assert drawn(View(), (), Cabling()).elements == {}
    assert drawn(View(state_of(), Intent(""), 0, True), (), Cabling()).facts.synced


def test_rows_that_speak_of_no_switch_are_left_out() -> None:
    stray = state.Host("red", "users", "02:00:00:00:00:09", "gone", 1)
    shown = drawn(view(stray), seen(view().state), Cabling({("gone", 4): "h9"}))
    assert not [lone for lone in shown.elements.values() if isinstance(lone, Host) and lone.switch == "gone"]
    assert replace(shown.facts, name="") == replace(picture(view()).facts, name="")
