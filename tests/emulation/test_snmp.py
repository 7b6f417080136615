"""A real lab, polled and heard by Net-SNMP's programs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import Triplane, until
from lacking import need
from netsnmp import OPS, PUBLIC, RED, Agent, NetSnmp, TrapDaemon

from planes.management.mibs import names

pytestmark = pytest.mark.emulation

UP, DOWN = "1", "2"  # ifOperStatus
TRAP = ".1.3.6.1.6.3.1.1.4.1.0 = OID: "


def dotted(name: str, *index: int) -> str:
    return "".join(f".{arc}" for arc in (*names.NAMES[name], *index))


@pytest.fixture(scope="module")
def tools(leaf_spine: Triplane) -> Iterator[NetSnmp]:
    need("snmpget", "snmpbulkwalk", "snmptrapd")
    with tempfile.TemporaryDirectory(prefix="snmp") as directory:
        yield NetSnmp(Path(directory), {"TRIPLANE_RUNTIME_DIR": str(leaf_spine.runtime)})


@pytest.fixture(scope="module")
def traps(tools: NetSnmp) -> Iterator[TrapDaemon]:
    with tools.trapd("traps") as running:
        yield running


@pytest.fixture(scope="module")
def agent(tools: NetSnmp, traps: TrapDaemon) -> Iterator[Agent]:
    with tools.agent("--trap", traps.at, "--trap-community", "secret") as running:
        yield running


def column(tools: NetSnmp, agent: Agent, name: str, *credentials: str) -> dict[str, str]:
    """A column's values by the last arc of their index."""
    told = tools("snmpbulkwalk", *(credentials or PUBLIC), "-Oq", agent.at, dotted(name)).splitlines()
    pairs = (line.split(" ", 1) for line in told if "No " not in line)
    return {oid.rpartition(".")[2]: value.strip('"') for oid, value in pairs}


def test_it_is_polled_as_any_switch(tools: NetSnmp, agent: Agent) -> None:
    assert agent.said[0].startswith("serving lab leaf-spine on udp:")
    listed, states = column(tools, agent, "ifName"), column(tools, agent, "ifOperStatus")
    assert {"leaf1:1", "spine1:1", "spine2:3"} <= set(listed.values())
    assert {states[index] for index, name in listed.items() if name.startswith("spine")} == {UP}
    assert tools("snmpget", *OPS, "-Oqv", agent.at, dotted("sysName", 0)) == '"leaf-spine"\n'


def test_counters_count_what_hosts_send(leaf_spine: Triplane, tools: NetSnmp, agent: Agent) -> None:
    before = sum(map(int, column(tools, agent, "ifHCInOctets").values()))
    leaf_spine("exec", "r1", "--", "ping", "-c3", "-i0.2", "-s1400", "10.0.0.2")
    until(lambda: sum(map(int, column(tools, agent, "ifHCInOctets").values())) > before + 3 * 1400)


def test_a_tenant_sees_its_own_ports(tools: NetSnmp, agent: Agent) -> None:
    every = column(tools, agent, "ifName")
    red = column(tools, agent, "ifName", *RED, "-n", "red")
    blue = column(tools, agent, "ifName", *OPS, "-n", "blue")
    assert red and blue and not set(red) & set(blue)
    assert {**red, **blue}.items() < every.items()  # the same ifIndex in each context


def test_a_link_that_fails_is_told_and_seen(
    leaf_spine: Triplane, tools: NetSnmp, agent: Agent, traps: TrapDaemon
) -> None:
    traps.until(f"{TRAP}.1.3.6.1.6.3.1.1.5.1")  # coldStart
    leaf_spine("fail", "leaf1/spine1")
    traps.until(f"{TRAP}.1.3.6.1.6.3.1.1.5.3")  # linkDown
    until(lambda: list(column(tools, agent, "ifOperStatus").values()).count(DOWN) >= 2)
    leaf_spine("heal", "leaf1/spine1")
    traps.until(f"{TRAP}.1.3.6.1.6.3.1.1.5.4")  # linkUp


def test_the_command_reads_the_same_from_the_agent_and_from_the_store(leaf_spine: Triplane, agent: Agent) -> None:
    for words in (("get", "sysName", "ifName.1"), ("walk", "ifName"), ("table", "entPhysicalTable")):
        read = leaf_spine.json("snmp", *words)
        assert read == leaf_spine.json("snmp", *words, "--agent", agent.at)
        assert all(rows for name, rows in read.items() if name != "version")
    red = leaf_spine.json("snmp", "walk", "ifName", "--context", "red")
    assert 0 < len(red["objects"]) < len(leaf_spine.json("snmp", "walk", "ifName")["objects"])
    assert leaf_spine.run("snmp", "get", "ifName.99999").returncode == 3


def test_a_dead_controller_is_told_and_the_rest_is_as_it_was(
    leaf_spine: Triplane, tools: NetSnmp, agent: Agent, traps: TrapDaemon
) -> None:
    listed = column(tools, agent, "ifName")
    leaf_spine("fail", "controller")
    traps.until(TRAP + dotted("tripControllerDown"))
    assert column(tools, agent, "ifName") == listed
    ages = [int(tools("snmpget", *PUBLIC, "-Oqv", agent.at, dotted("tripControlAge", 0))) for _ in range(2)]
    assert 0 < ages[0] < ages[1]
    leaf_spine("heal", "controller")
    traps.until(TRAP + dotted("tripControllerUp"))
    until(lambda: column(tools, agent, "ifName") == listed)  # the same ifIndex
