"""The map of 200 switches and 1,000 hosts in a browser. They are rows of a store: no machine of ours runs as many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import stores
from browser import Keys, Map, opened
from commands import DEADLINE, Triplane
from pages import serving

from planes.model.intent import Attachment, Intent, Network, Segment
from planes.model.state import Host, Link, Port, Put, Row, Switch, Traffic
from planes.store.ovsdb import Store

pytestmark = pytest.mark.emulation

SPINES, LEAVES, HOSTS, NETWORKS, UPLINKS = 10, 190, 1000, 20, 4
LINKS = LEAVES * UPLINKS
GIGABIT = 1_000_000_000
CHUNK = 500  # rows written at a time


class Large:
    """A leaf-spine fabric's rows."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._ports: Counter[str] = Counter()
        spines, leaves = (
            [f"{kind}{n + 1}" for n in range(count)] for kind, count in (("spine", SPINES), ("leaf", LEAVES))
        )
        for index, name in enumerate((*spines, *leaves), start=1):
            self.rows.append(Switch(index, name, index, True, 100))
        for number, leaf in enumerate(leaves):
            for spine in (spines[(number + step) % SPINES] for step in range(UPLINKS)):
                self.rows.append(Link(leaf, self._port(leaf, "fabric"), spine, self._port(spine, "fabric")))
        for number in range(HOSTS):
            leaf, network = leaves[number % LEAVES], number % NETWORKS
            mac = f"02:00:00:00:{number // 256:02x}:{number % 256:02x}"
            address = f"10.{network}.{number // 250}.{number % 250}"
            self.rows.append(Host(f"net{network}", "lan", mac, leaf, self._port(leaf, "edge"), (address,)))

    def _port(self, switch: str, role: str) -> int:
        self._ports[switch] += 1
        number = self._ports[switch]
        self.rows.append(Port(switch, number, f"{switch}-eth{number}", True, role, "", GIGABIT))
        return number

    def intent(self) -> Intent:
        ports: dict[str, tuple[Attachment, ...]] = {}
        for row in self.rows:
            if isinstance(row, Host):
                ports[row.network] = (*ports.get(row.network, ()), Attachment(row.switch, row.port))
        return Intent("large", tuple(Network(name, (Segment("lan", (), ports[name]),)) for name in sorted(ports)))

    def busy(self, turn: int) -> list[Put]:
        """Every port carries something else than before."""
        ports = [row for row in self.rows if isinstance(row, Port)]
        rate = GIGABIT // 100 * (1 + turn)
        return [Put(Traffic(row.switch, row.number, float(turn), rx_rate=rate, tx_rate=rate)) for row in ports]


@pytest.fixture(scope="module")
def store() -> Iterator[tuple[Store, str]]:
    with stores.served() as server, closing(Store(server.remote, timeout=DEADLINE)) as store:
        yield store, server.remote


def test_a_large_fabric_can_be_looked_at(store: tuple[Store, str], tmp_path: Path) -> None:
    fabric, (writer, remote) = Large(), store
    for begin in range(0, len(fabric.rows), CHUNK):
        writer.publish([Put(row) for row in fabric.rows[begin : begin + CHUNK]])
    writer.write_intent(fabric.intent())
    with serving(Triplane(tmp_path), "--store", remote) as served, opened(served.address) as page:
        page.until(lambda page: (chips(page).get("Switches"), chips(page).get("Hosts")) == ("200/200", "1000"))
        page.until(lambda page: chips(page)["Links"] == f"{LINKS}/{LINKS}")
        page.run("document.getElementById('search').focus()")
        page.press("10.7.3")
        page.until(lambda page: page.ids() and all(row.startswith("host:net7/") for row in page.ids()))
        page.press(Keys.ESCAPE)
        page.until(lambda page: page.row("switch:leaf1"))
        page.find("#list [data-id='switch:leaf1']").click()
        page.until(lambda page: "leaf1" in page.find("#panel-title").text)
        page.press("n")
        page.until(lambda page: page.ids("[data-kind='switch'][data-dim='true']"))
        lit = page.ids("[data-kind='switch'][data-dim='false']")
        assert SPINES <= len(lit) < LEAVES
        for turn in range(3):
            writer.publish(fabric.busy(10 * turn))
        first = next(row for row in fabric.rows if isinstance(row, Port) and row.role == "fabric")
        writer.publish([Put(replace(first, up=False))])
        page.until(lambda page: chips(page)["Links"] == f"{LINKS - 1}/{LINKS}")
        assert page.problems() == []


def chips(page: Map) -> dict[str, str]:
    return dict(each.text.split() for each in page.all("#chips li"))
