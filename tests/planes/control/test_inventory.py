from __future__ import annotations

from planes.control.events import PortDescription
from planes.control.ids import Ids
from planes.control.inventory import Inventory
from planes.data.rule import LOCAL_PORT
from planes.model import state


def local(name: str) -> PortDescription:
    return PortDescription(LOCAL_PORT, name, up=False)


def test_the_plans_name_goes_before_the_switchs_own() -> None:
    inventory = Inventory(Ids())
    inventory.connect(5, [local("br0")])
    assert inventory.records[5].name == "br0"
    inventory.plan([("core", 5), ("edge", 6)])
    assert (inventory.named("core"), inventory.named("edge"), inventory.named("br0")) == (5, 6, None)


def test_two_switches_with_one_name_stay_apart() -> None:
    inventory = Inventory(Ids())
    inventory.connect(5, [local("br0")])
    inventory.connect(6, [local("br0")])
    assert {inventory.named("br0"), inventory.named(f"{6:016x}")} == {5, 6}


def test_a_port_is_up_only_where_it_is_known_to_be() -> None:
    inventory = Inventory(Ids())
    inventory.connect(5, [PortDescription(1, "a", up=True), PortDescription(2, "b", up=False)])
    assert [inventory.is_up((5, 1)), inventory.is_up((5, 2)), inventory.is_up((5, 3)), inventory.is_up((9, 1))] == [
        True,
        False,
        False,
        False,
    ]


def test_settled_means_that_every_connected_switch_confirmed() -> None:
    inventory = Inventory(Ids())
    record = inventory.connect(5, [])
    record.issued = 2
    assert not inventory.settled()
    record.confirmed = 2
    assert inventory.settled()
    record.issued, record.connected = 3, False
    assert inventory.settled()


def test_a_restored_switch_has_its_name_and_ports_but_is_not_connected() -> None:
    inventory = Inventory(Ids())
    port = state.Port("core", 1, "core-eth1", True, "edge", "02:00:00:00:00:01", 10_000_000_000)
    inventory.restore([state.Switch(5, "core", 1, True)], [port])
    assert inventory.named("core") == 5
    assert inventory.is_up((5, 1))
    assert not inventory.records[5].connected
    described = inventory.records[5].ports[1]
    assert (described.mac, described.speed) == (port.mac, port.speed)
