from __future__ import annotations

from collections import Counter

from simulated import Fabric
from triangles import EDGES, LINKS, RED, triangle

from planes.control import events as ev
from planes.control.events import PortDescription
from planes.control.ids import MAX_INTERFACE, Ids
from planes.control.interfaces import Interfaces
from planes.control.inventory import Inventory
from planes.model import state
from planes.model.state import GatewayState, State


def numbers(fabric: Fabric) -> dict[str, int]:
    rows = (row for row in fabric.table(state.Id) if isinstance(row, state.Id))
    return {row.name: row.number for row in rows if row.kind == "interface"}


def test_each_port_has_a_number_of_its_own() -> None:
    found = numbers(triangle())
    assert set(found) == {
        f"{dpid:016x}:{number}" for dpid, number in (*EDGES, *(end for link in LINKS for end in link))
    }
    assert sorted(found.values()) == list(range(1, 11))


def test_numbers_stay_over_a_restart_and_a_port_that_comes_back() -> None:
    fabric = triangle()
    before = numbers(fabric)
    port = PortDescription(2, "s1-eth2", up=True)
    fabric.give(ev.PortChanged(1, port, gone=True))
    fabric.give(ev.PortChanged(1, port))
    assert numbers(fabric) == before
    anew = Fabric((1, 2, 3), LINKS, [*EDGES, (3, 9)])
    anew.rows = fabric.rows
    anew.give(ev.Restored(State(fabric.rows)))
    anew.start(RED)
    assert numbers(anew) == {**before, f"{3:016x}:9": 11}


def test_a_member_of_a_gateway_has_one_too_by_its_switch_and_segment() -> None:
    ids = Ids()
    inventory = Inventory(ids)
    inventory.plan([("dist1", 5)])
    interfaces = Interfaces(ids, inventory, Counter())
    for switch in ("dist1", "nobody"):
        interfaces.member(GatewayState("red", "users", switch, 1, "hsrp", 100, True, "active"))
    assert ids.find("interface", "0000000000000005/red/users") == 1
    assert sum(fresh.kind == "interface" for fresh in ids.take_fresh()) == 1


def test_when_all_numbers_are_given_away_that_is_counted() -> None:
    ids, drops = Ids(), Counter[str]()
    ids.restore([state.Id("interface", "some", MAX_INTERFACE)])
    Interfaces(ids, Inventory(ids), drops).port((1, 1))
    assert drops == {"numbers-exhausted": 1}
