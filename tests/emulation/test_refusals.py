"""A real switch with a small table: one tenant does not fit, the others go on, and all is well once there is room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from commands import beside, until
from frames import ETHERTYPE
from raw import hearing, send

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.data.fields import BROADCAST, ETH_ARP
from planes.data.packet import ARP_REQUEST, arp, ethernet, mac_text
from planes.data.pipeline import Table
from planes.model.state import State, Switch

pytestmark = pytest.mark.emulation

PLAN = """
name: crowded
topology:
  switches: {s1: , s2: }
  hosts:
    r1: {address: 10.0.0.1/24}
    r2: {address: 10.0.0.2/24}
    b1: {address: 10.0.0.1/24}
    b2: {address: 10.0.0.2/24}
    g2: {address: 10.0.0.2/24}
  links: [[r1, s1], [b1, s1], [r2, s2], [b2, s2], [g2, s2], [s1, s2]]
networks:
  red: {segments: {one: {subnet: 10.0.0.0/24, ports: [r1, r2]}}}
  blue: {segments: {one: {subnet: 10.0.0.0/24, ports: [b1, b2]}}}
"""
EDITED = PLAN + "  green: {segments: {one: {subnet: 10.0.0.0/24, ports: [g2]}}}\n"
NEW = [0x0200_0000_00A0 | number for number in range(8)]
LINK_LOCAL = re.compile(r"in_port=(\d).*ipv6_src=fe80:")  # learned a while after a host came up
REFUSED = re.compile(r"network red: \d+ entries refused: OFPFMFC_TABLE_FULL")


@pytest.fixture(scope="module")
def crowded(labs: Labs) -> Iterator[Net]:
    """Two tenants, each with a host on either switch."""
    with labs.deployed(PLAN) as net:
        assert net.r1.ping("r2", wait=5).loss == 0
        assert net.b1.ping("b2", wait=5).loss == 0
        until(lambda: {port for line in flows(net) for port in LINK_LOCAL.findall(line)} == {"1", "2"})
        yield net


@pytest.fixture
def small(crowded: Net) -> Iterator[Net]:
    """GUARD on s1 has room for one more host that has no address, but not for one that has."""
    before = len(flows(crowded))
    plain = learned(crowded, said(NEW[0]), before)
    full = learned(crowded, asking(NEW[1], "10.0.0.51"), plain)
    assert full - plain > plain - before > 0
    limit(crowded, full + plain - before)
    yield crowded
    unlimit(crowded)


def said(source: int) -> bytes:
    return ethernet(BROADCAST, source, ETHERTYPE, b"x" * 46)


def asking(source: int, address: str) -> bytes:
    return ethernet(
        BROADCAST, source, ETH_ARP, arp(ARP_REQUEST, source, IPv4Address(address), 0, IPv4Address("10.0.0.9"))
    )


def flows(net: Net) -> list[str]:
    """The rules of GUARD on s1."""
    shown = net["s1"].run("ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "s1", f"table={Table.GUARD}").stdout
    return [line for line in shown.splitlines() if "priority=" in line]


def knows(net: Net, source: int) -> bool:
    return any(f"dl_src={mac_text(source)}" in line for line in flows(net))


def learned(net: Net, frame: bytes, before: int) -> int:
    """r1 sends a frame that teaches something: how many rules there are then."""
    send(net.r1, frame)
    until(lambda: len(flows(net)) > before, 20)
    return len(flows(net))


def limit(net: Net, rules: int) -> None:
    table = ["--id=@t", "create", "Flow_Table", f"flow_limit={rules}", "overflow_policy=refuse"]
    where = ["set", "Bridge", "s1", f"flow_tables:{Table.GUARD}=@t"]
    net["s1"].run("ovs-vsctl", "--", *table, "--", *where)


def unlimit(net: Net) -> None:
    net["s1"].run("ovs-vsctl", "clear", "Bridge", "s1", "flow_tables")


def errors(state: State) -> dict[str, str]:
    return {row.name: row.error for row in state.of(Switch) if row.error}


def test_a_tenant_that_does_not_fit_is_limited_alone_and_healed_by_room(small: Net, tmp_path: Path) -> None:
    send(small.r1, asking(NEW[2], "10.0.0.52"))
    refused = small.wait(lambda state: REFUSED.fullmatch(errors(state).get("s1", "")), 20)
    assert list(errors(refused)) == ["s1"]
    assert not knows(small, NEW[2])

    assert small.r1.ping("r2", wait=5).loss == 0  # what it has stays
    assert small.b1.ping("b2", wait=5).loss == 0
    send(small.b1, said(NEW[3]))
    until(lambda: knows(small, NEW[3]), 20)  # another tenant's host fits
    to_it = ethernet(NEW[3], NEW[4], ETHERTYPE, b"y" * 46)
    with hearing(small.b1, to_it):
        send(small.b2, to_it)

    edited = tmp_path / "edited.yaml"
    edited.write_text(EDITED)
    done = beside(small.lab).run("apply", str(edited), "--lab", small.lab.name)
    assert done.returncode == 1
    assert re.search(r"not all of it is in force: switch s1: network red: \d+ entries refused", done.stderr)

    unlimit(small)
    small.wait(lambda state: errors(state) == {}, 40)
    assert knows(small, NEW[2])
    small.apply(EDITED)
