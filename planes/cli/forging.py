"""Frames that a host could send to get at a host of another network: honest ones, and forged ones. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from planes.cli.ends import Host
from planes.data import fields as f
from planes.data import packet
from planes.data.label import label

ETH_EXPERIMENT = 0x88B5  # IEEE 802, local experimental
BROADCAST = 0xFFFF_FFFF_FFFF
ALL_HOSTS, ALL_NODES_MAC = 0x0100_5E00_0001, 0x3333_0000_0001
PADDING = bytes(12)
PORT = 41416
TPID, TPID_SERVICE = 0x8100, 0x88A8
DEFLECTED, WHOLE = 0x0E, 0x0A  # first bytes of labels that are deflected, or have a frame inside


@dataclass(frozen=True)
class Aim:
    """What an attacker could know of the host it wants to reach: `labels` (switch index, slot) that lead to it or to
    its segment's floods, `gateways` the MACs of routers, `neighbours` those of its segment.
    """

    receiver: Host
    labels: tuple[tuple[int, int], ...]
    gateways: tuple[int, ...]
    neighbours: tuple[int, ...]


Frame = tuple[str, bytes]  # in words
Mark = Callable[[], bytes]  # the next frame's mark: frames draw one each, in their order


def forged(sender: Host, aim: Aim, own: Collection[int], mark: Mark) -> Iterator[Frame]:
    """Frames with a mark in each. `own` are MACs of the sender's segment, which it must not take from its neighbours.

    A tag that the sender's interface adds is not in them.
    """
    target = aim.receiver.mac
    sources = [(sender.mac, "its own MAC")]
    sources += [(mac, "a neighbour's MAC of the other network") for mac in aim.neighbours[:2] if mac not in own]
    for source, whose in sources:
        yield f"experimental frame from {whose} to the host's MAC", _plain(target, source, mark)
        yield from ((f"{words} from {whose}", frame) for words, frame in _packets(sender, aim, source, target, mark))
    yield from _to_gateways(sender, aim, mark)
    yield from _labelled(sender, aim, mark)
    yield from _tagged(sender, aim, mark)
    yield from _flooded(sender, aim, mark)


def _plain(target: int, source: int, mark: Mark) -> bytes:
    return packet.ethernet(target, source, ETH_EXPERIMENT, mark() + PADDING)


def _packets(sender: Host, aim: Aim, source: int, target: int, mark: Mark) -> Iterator[Frame]:
    """UDP to the host's addresses, of each family that both have."""
    for address in aim.receiver.addresses:
        own = next((each.ip for each in sender.addresses if each.version == address.version), None)
        if isinstance(address.ip, IPv4Address) and isinstance(own, IPv4Address):
            message = packet.udp(own, address.ip, PORT, PORT, mark() + PADDING)
            inside = packet.ipv4(own, address.ip, f.IP_UDP, message)
            yield f"UDP to {address.ip}", packet.ethernet(target, source, f.ETH_IPV4, inside)
        elif isinstance(address.ip, IPv6Address) and isinstance(own, IPv6Address):
            message = packet.udp(own, address.ip, PORT, PORT, mark() + PADDING)
            inside = packet.ipv6(own, address.ip, f.IP_UDP, message)
            yield f"UDP to {address.ip}", packet.ethernet(target, source, f.ETH_IPV6, inside)


def _to_gateways(sender: Host, aim: Aim, mark: Mark) -> Iterator[Frame]:
    for mac in aim.gateways:
        for words, frame in _packets(sender, aim, sender.mac, mac, mark):
            yield f"{words} through the router {packet.mac_text(mac)}", frame


def _labelled(sender: Host, aim: Aim, mark: Mark) -> Iterator[Frame]:
    """To the addresses that switches use between themselves."""
    for index, slot in aim.labels:
        straight = label(index, slot)
        low = straight & ((1 << 40) - 1)
        for mac in (straight, DEFLECTED << 40 | low, WHOLE << 40 | low):
            yield f"a frame to the label {packet.mac_text(mac)}", _plain(mac, sender.mac, mark)


def _tagged(sender: Host, aim: Aim, mark: Mark) -> Iterator[Frame]:
    """With VLAN tags: the other host's own, a few more, two of them."""
    tags = dict.fromkeys((aim.receiver.vlan or 1, 0, 1, 100, 4095))
    insides: list[tuple[str, Callable[[int], bytes]]] = [
        ("the host's MAC", lambda source: _plain(aim.receiver.mac, source, mark)),
        ("everyone", lambda source: _plain(BROADCAST, source, mark)),
    ]
    for words, inside in insides:
        for tag in tags:
            yield f"a frame to {words} with VLAN tag {tag}", _with_tag(inside(sender.mac), TPID, tag)
        twice = _with_tag(_with_tag(inside(sender.mac), TPID, aim.receiver.vlan or 1), TPID_SERVICE, 1)
        yield f"a frame to {words} with two VLAN tags", twice


def _with_tag(frame: bytes, kind: int, tag: int) -> bytes:
    return frame[:12] + kind.to_bytes(2, "big") + tag.to_bytes(2, "big") + frame[12:]


def _flooded(sender: Host, aim: Aim, mark: Mark) -> Iterator[Frame]:
    """Broadcast, multicast, and questions for the host's addresses."""
    for mac, words in (
        (BROADCAST, "a broadcast"),
        (ALL_HOSTS, "a multicast of IPv4's group 224.0.0.1"),
        (ALL_NODES_MAC, "a multicast of IPv6's group ff02::1"),
    ):
        yield words, _plain(mac, sender.mac, mark)
    own4 = next((each.ip for each in sender.addresses if isinstance(each.ip, IPv4Address)), IPv4Address(0))
    for address in aim.receiver.addresses:
        if isinstance(address.ip, IPv4Address):
            asked = packet.arp(1, sender.mac, own4, 0, address.ip)
            for mac, whom in ((BROADCAST, "everyone"), (aim.receiver.mac, "the host's MAC")):
                frame = packet.ethernet(mac, sender.mac, f.ETH_ARP, asked + mark() + PADDING)
                yield f"an ARP request for {address.ip} to {whom}", frame
        else:
            group = IPv6Address("ff02::1")
            sixes = (each.ip for each in sender.addresses if isinstance(each.ip, IPv6Address))
            own6 = next(sixes, IPv6Address("fe80::1"))
            message = packet.udp(own6, group, PORT, PORT, mark() + PADDING)
            inside = packet.ipv6(own6, group, f.IP_UDP, message, 255)
            yield "UDP to all IPv6 nodes", packet.ethernet(ALL_NODES_MAC, sender.mac, f.ETH_IPV6, inside)
