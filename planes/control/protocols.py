"""The gateway protocols of a plan: how each is told on the wire, its virtual MACs, and the machine of a member."""

from __future__ import annotations

from ipaddress import ip_address

from planes.control.facts import Hellos
from planes.control.fhrp import glbp, glbp_wire, hsrp, hsrp_md5, hsrp_wire, vrrp, vrrp_wire
from planes.control.fhrp.balance import Balance
from planes.control.fhrp.election import DEFAULT_HELLO, Terms, Timers
from planes.control.fhrp.machine import Machine
from planes.control.fhrp.messages import glbp_mac, hsrp_mac, vrrp_mac
from planes.data import fields as f
from planes.model.intent import Gateway, Md5, Member

SHARED_MAC = 0x0274_7000_0002  # of an anycast gateway that has members
FORWARDERS = 4  # of a GLBP group
_ALL_ROUTERS, _HSRP, _VRRP_GROUP = 0xE000_0002, 0xE000_0066, 0xE000_0012
_HSRP6, _VRRP6 = 0xFF02 << 112 | 0x66, 0xFF02 << 112 | 0x12
_HELLOS = {
    ("hsrp", 4): Hellos(4, f.IP_UDP, _ALL_ROUTERS, 1985),
    ("hsrp2", 4): Hellos(4, f.IP_UDP, _HSRP, 1985),
    ("hsrp2", 6): Hellos(6, f.IP_UDP, _HSRP6, 2029),
    ("vrrp2", 4): Hellos(4, f.IP_VRRP, _VRRP_GROUP),
    ("vrrp", 4): Hellos(4, f.IP_VRRP, _VRRP_GROUP),
    ("vrrp", 6): Hellos(6, f.IP_VRRP, _VRRP6),
    ("glbp", 4): Hellos(4, f.IP_UDP, _HSRP, 3222),
}
_TEXT_LENGTHS = {
    "hsrp": hsrp_wire.TEXT_LENGTH,
    "hsrp2": hsrp_wire.TEXT_LENGTH,
    "vrrp2": vrrp_wire.TEXT_LENGTH,
    "glbp": glbp_wire.TEXT_LENGTH,
}
PROTOCOLS = frozenset(name for name, _ in _HELLOS)  # those that elect


def version(gateway: Gateway) -> int:
    """The IP version that a gateway's members speak; that of its first address."""
    return ip_address(gateway.addresses[0]).version


def hellos(gateway: Gateway) -> Hellos | None:
    """How its hellos are told; None where nobody elects."""
    return _HELLOS.get((gateway.protocol, version(gateway)))


def virtual_macs(gateway: Gateway) -> tuple[int, ...]:
    """The MACs that hosts are told."""
    ipv6 = version(gateway) == 6
    match gateway.protocol:
        case "hsrp" | "hsrp2":
            return (hsrp_mac(1 if gateway.protocol == "hsrp" else 2, gateway.group, ipv6),)
        case "vrrp" | "vrrp2":
            return (vrrp_mac(gateway.group, ipv6),)
        case "glbp":
            return tuple(glbp_mac(gateway.group, number) for number in range(1, FORWARDERS + 1))
    return (SHARED_MAC,)


def seated(gateway: Gateway, member: Member, mac: int) -> Machine:
    """The machine of a member, not enabled yet. ValueError when its protocol does not allow what is configured."""
    address, *_ = (ip_address(text) for text in member.addresses)
    virtual = tuple(ip_address(text) for text in gateway.addresses)
    delay = gateway.preempt_delay / 1000
    _check_authentication(gateway)
    match gateway.protocol:
        case "hsrp" | "hsrp2":
            terms = Terms(address, virtual[0], member.priority, member.preempt, delay, _timers(gateway))
            return hsrp.router(hsrp.Settings(1 if gateway.protocol == "hsrp" else 2, gateway.group, terms, mac))
        case "vrrp" | "vrrp2":
            interval = (gateway.hello or 1000) // 10
            return vrrp.router(
                vrrp.Settings(
                    2 if gateway.protocol == "vrrp2" else 3, gateway.group, address, virtual, member.priority, interval,
                    member.preempt, delay,
                )
            )  # fmt: skip
        case "glbp":
            terms = Terms(address, virtual[0], member.priority, member.preempt, delay, _timers(gateway))
            weighting = glbp.Weighting(member.weight, 1, member.weight)
            balance = Balance(gateway.balance)
            return glbp.router(glbp.Settings(gateway.group, terms, mac, weighting, balance=balance))
    raise ValueError(f"protocol {gateway.protocol!r} elects nobody")


def _check_authentication(gateway: Gateway) -> None:
    match gateway.authentication:
        case None:
            return
        case Md5(given) if gateway.protocol in ("hsrp", "hsrp2"):
            most = hsrp_md5.SECRET_LENGTH
        case str(given) if gateway.protocol in _TEXT_LENGTHS:
            most = _TEXT_LENGTHS[gateway.protocol]
        case _:
            raise ValueError(f"protocol {gateway.protocol!r} has no such authentication")
    if not 1 <= len(given.encode()) <= most:
        raise ValueError(f"authentication of {len(given.encode())} bytes, allowed are 1 to {most}")


def _timers(gateway: Gateway) -> Timers | None:
    """As configured; a hold time of three hellos and a bit, as the defaults are, where only the hello is."""
    if gateway.hello is None and gateway.hold is None:
        return None
    hello = gateway.hello or DEFAULT_HELLO
    return Timers(hello, gateway.hold or hello * 10 // 3)
