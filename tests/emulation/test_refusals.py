"""A real switch with a small table: one tenant does not fit, the others go on, and all is well once there is room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from commands import Triplane, until

from planes.data.fields import BROADCAST, ETH_ARP
from planes.data.packet import ARP_REQUEST, arp, ethernet, mac_text
from planes.data.pipeline import Table

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
EXPERIMENTAL = 0x88B5
NEW = [0x0200_0000_00A0 | number for number in range(8)]
LINK_LOCAL = re.compile(r"in_port=(\d).*ipv6_src=fe80:")  # learned a while after a host came up
REFUSED = re.compile(r"network red: \d+ entries refused: OFPFMFC_TABLE_FULL")


@pytest.fixture(scope="module")
def crowded(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> Triplane:
    """Two tenants, each with a host on either switch."""
    plan = tmp_path_factory.mktemp("plans") / "crowded.yaml"
    plan.write_text(PLAN)
    triplane("deploy", str(plan))
    for pair in (("r1", "10.0.0.2"), ("b1", "10.0.0.2")):
        ping(triplane, *pair)
    until(lambda: {port for line in flows(triplane, "s1") for port in LINK_LOCAL.findall(line)} == {"1", "2"})
    return triplane


@pytest.fixture
def small(crowded: Triplane) -> Iterator[Triplane]:
    """GUARD on s1 has room for one more host that has no address, but not for one that has."""
    before = guards(crowded)
    plain = learned(crowded, "r1", said(NEW[0]), before)
    full = learned(crowded, "r1", asking(NEW[1], "10.0.0.51"), plain)
    assert full - plain > plain - before > 0
    limit(crowded, full + plain - before)
    yield crowded
    unlimit(crowded)


def said(source: int) -> bytes:
    return ethernet(BROADCAST, source, EXPERIMENTAL, b"x" * 46)


def asking(source: int, address: str) -> bytes:
    return ethernet(
        BROADCAST, source, ETH_ARP, arp(ARP_REQUEST, source, IPv4Address(address), 0, IPv4Address("10.0.0.9"))
    )


def ping(triplane: Triplane, host: str, address: str) -> None:
    assert " 0% packet loss" in triplane("exec", host, "--", "ping", "-c3", "-i0.2", "-W5", "-q", address)


def flows(triplane: Triplane, switch: str) -> list[str]:
    table = f"table={Table.GUARD}"
    shown = triplane("exec", switch, "--", "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", switch, table)
    return [line for line in shown.splitlines() if "priority=" in line]


def guards(triplane: Triplane) -> int:
    return len(flows(triplane, "s1"))


def knows(triplane: Triplane, source: int) -> bool:
    return any(f"dl_src={mac_text(source)}" in line for line in flows(triplane, "s1"))


def learned(triplane: Triplane, host: str, frame: bytes, before: int) -> int:
    """A host sends a frame that teaches something: how many rules there are then."""
    triplane.send(host, frame)
    until(lambda: guards(triplane) > before, 20)
    return guards(triplane)


def limit(triplane: Triplane, rules: int) -> None:
    table = ["--id=@t", "create", "Flow_Table", f"flow_limit={rules}", "overflow_policy=refuse"]
    where = ["set", "Bridge", "s1", f"flow_tables:{Table.GUARD}=@t"]
    triplane("exec", "s1", "--", "ovs-vsctl", "--", *table, "--", *where)


def unlimit(triplane: Triplane) -> None:
    triplane("exec", "s1", "--", "ovs-vsctl", "clear", "Bridge", "s1", "flow_tables")


def errors(triplane: Triplane) -> dict[str, str]:
    return {row["switch"]: row["error"] for row in triplane.inspect()["switches"] if row["error"]}


def test_a_tenant_that_does_not_fit_is_limited_alone_and_healed_by_room(small: Triplane, tmp_path: Path) -> None:
    small.send("r1", asking(NEW[2], "10.0.0.52"))
    until(lambda: REFUSED.fullmatch(errors(small).get("s1", "")), 20)
    assert list(errors(small)) == ["s1"]
    assert not knows(small, NEW[2])

    ping(small, "r1", "10.0.0.2")  # what it has stays
    ping(small, "b1", "10.0.0.2")
    small.send("b1", said(NEW[3]))
    until(lambda: knows(small, NEW[3]), 20)  # another tenant's host fits
    with small.listening("b1", 1) as listener:
        small.send("b2", ethernet(NEW[3], NEW[4], EXPERIMENTAL, b"y" * 46))
        assert listener.stdout is not None
        assert mac_text(NEW[3]).replace(":", "") in listener.stdout.readline()

    edited = tmp_path / "edited.yaml"
    edited.write_text(PLAN + "  green: {segments: {one: {subnet: 10.0.0.0/24, ports: [g2]}}}\n")
    done = small.run("apply", str(edited))
    assert done.returncode == 1
    assert re.search(r"not all of it is in force: switch s1: network red: \d+ entries refused", done.stderr)

    unlimit(small)
    until(lambda: errors(small) == {}, 40)
    assert knows(small, NEW[2])
    small("apply", str(edited))
