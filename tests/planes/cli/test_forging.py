from __future__ import annotations

from ipaddress import ip_interface
from itertools import count

import pytest

from planes.cli.ends import Host
from planes.cli.forging import Aim, forged
from planes.data import packet
from planes.data.fields import ETH_DST, ETH_SRC, ETH_TYPE

A, B, NEIGHBOUR, ROUTER = 0x0200_0000_0001, 0x0200_0000_000B, 0x0200_0000_000C, 0x0274_7000_0001


def host(name: str, mac: int, *addresses: str, vlan: int | None = None) -> Host:
    return Host(name, f"{name}-eth0", (("s1", 1),), vlan, tuple(map(ip_interface, addresses)), ("n", "x"), mac)


SENDER = host("a", A, "10.0.0.1/24", "fd00::1/64")
AIM = Aim(host("b", B, "10.0.0.2/24", "fd00::2/64", vlan=7), ((3, 9),), (ROUTER,), (NEIGHBOUR,))


def frames(own: tuple[int, ...] = (), aim: Aim = AIM, sender: Host = SENDER) -> list[tuple[str, bytes]]:
    numbers = count()
    return list(forged(sender, aim, own, lambda: b"MARK" + next(numbers).to_bytes(4, "big")))


def test_each_frame_has_its_own_mark_in_their_order() -> None:
    for number, (words, frame) in enumerate(frames()):
        assert frame.count(b"MARK" + number.to_bytes(4, "big")) == 1, words


def test_everything_that_might_leak_is_tried() -> None:
    found = frames()
    targets = {packet.parse(frame)[ETH_DST] for _, frame in found}
    assert {B, ROUTER, 0xFFFF_FFFF_FFFF, 0x0100_5E00_0001, 0x3333_0000_0001} <= targets
    assert {0x0600_0300_0009, 0x0E00_0300_0009, 0x0A00_0300_0009} <= targets
    kinds = {packet.parse(frame)[ETH_TYPE] for _, frame in found}
    assert {0x0800, 0x86DD, 0x0806, 0x88B5} <= kinds
    tags = {frame[14:16] for _, frame in found if frame[12:14] == b"\x81\x00"}
    assert {(7).to_bytes(2, "big"), (0).to_bytes(2, "big"), (4095).to_bytes(2, "big")} <= tags
    assert any(frame[12:14] == b"\x88\xa8" for _, frame in found)
    assert {packet.parse(frame)[ETH_SRC] for _, frame in found} == {A, NEIGHBOUR}


def test_a_sender_does_not_pretend_to_be_its_own_neighbour() -> None:
    assert {packet.parse(frame)[ETH_SRC] for _, frame in frames(own=(NEIGHBOUR,))} == {A}


@pytest.mark.parametrize("addresses", [(), ("10.0.0.1/24",), ("fd00::1/64",)])
def test_families_that_only_one_has_are_left_out(addresses: tuple[str, ...]) -> None:
    found = frames(sender=host("a", A, *addresses))
    unicast = {
        packet.parse(frame)[ETH_TYPE] for words, frame in found if words.startswith("UDP to 10") or "fd00" in words
    }
    assert (0x0800 in unicast) == any("." in each for each in addresses)
    assert all(b"MARK" in frame for _, frame in found)
