"""What members of gateways say in a real lab, as tshark reads it: every kind of hello in one capture.

Each kind is a network's of its own, under a VLAN of its own on the host that captures; so all have the same addresses.
"""

from __future__ import annotations

import struct
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from commands import Triplane
from lacking import need

from planes.control.fhrp.frames import Received, decode
from planes.data.packet import checksum
from planes.model.intent import Md5

pytestmark = pytest.mark.emulation

ENOUGH = 3  # hellos of each kind
PATIENCE = 30  # seconds
GOOD, BAD = "1", "0"  # tshark's word on a checksum
ADVERTISEMENT = 14 + 20  # bytes before VRRP's own
PROTOCOLS = {"hsrp", "vrrp", "glbp"}

SLOW = {"protocol": "hsrp", "hello": "1s", "hold": "4s"}
FAST = {"protocol": "hsrp2", "hello": "300ms", "hold": "1200ms"}
IPV4, IPV6 = ("10.1.0.1", "10.1.0.2", "10.1.0.3"), ("fe80::1", "fe80::2", "fe80::3")  # virtual, and the members'
KEY, MD5 = Md5("s3cret", 9), "{md5: s3cret, key: 9}"
SIGNED = {"hsrp2.md5_algorithm": "1", "hsrp2.md5_flags": "0", "hsrp2.md5_key_id": "9"}
HSRP1 = {
    "eth.src": "00:00:0c:07:ac:07", "ip.dst": "224.0.0.2", "ip.ttl": "1", "udp.dstport": "1985",
    "hsrp.version": "0", "hsrp.opcode": "0", "hsrp.state": "16", "hsrp.hellotime": "1", "hsrp.holdtime": "4",
    "hsrp.priority": "110", "hsrp.group": "7", "hsrp.virt_ip": "10.1.0.1",
}  # fmt: skip
HSRP2 = {
    "hsrp2.version": "2", "hsrp2.opcode": "0", "hsrp2.state": "6", "hsrp2.group": "7", "hsrp2.priority": "110",
    "hsrp2.hellotime": "300", "hsrp2.holdtime": "1200",
}  # fmt: skip
HSRP2_IPV4 = HSRP2 | {
    "eth.src": "00:00:0c:9f:f0:07", "ip.dst": "224.0.0.102", "ip.ttl": "1", "udp.dstport": "1985",
    "hsrp2.ipversion": "4", "hsrp2.virt_ip": "10.1.0.1",
}  # fmt: skip
HSRP2_IPV6 = HSRP2 | {
    "eth.src": "00:05:73:a0:00:07", "ipv6.dst": "ff02::66", "ipv6.hlim": "255", "udp.dstport": "2029",
    "hsrp2.ipversion": "6", "hsrp2.virt_ip_v6": "fe80::1",
}  # fmt: skip
VRRP = {"vrrp.type": "1", "vrrp.virt_rtr_id": "7", "vrrp.prio": "110", "vrrp.addr_count": "1"}
VRRP_IPV4 = VRRP | {
    "eth.src": "00:00:5e:00:01:07", "ip.dst": "224.0.0.18", "ip.ttl": "255", "ip.proto": "112",
    "vrrp.ip_addr": "10.1.0.1",
}  # fmt: skip
VRRP2 = VRRP_IPV4 | {"vrrp.version": "2", "vrrp.adver_int": "1", "vrrp.checksum.status": GOOD}
VRRP3 = {"vrrp.version": "3", "vrrp.short_adver_int": "30"}
VRRP3_IPV6 = VRRP | VRRP3 | {
    "eth.src": "00:00:5e:00:02:07", "ipv6.dst": "ff02::12", "ipv6.hlim": "255", "ipv6.nxt": "112",
    "vrrp.ipv6_addr": "fe80::1", "vrrp.checksum.status": GOOD,
}  # fmt: skip
GLBP = {
    "ip.dst": "224.0.0.102", "ip.ttl": "255", "udp.dstport": "3222", "glbp.version": "1", "glbp.group": "7",
    "glbp.hello.vgstate": "32", "glbp.hello.priority": "110", "glbp.hello.helloint": "300",
    "glbp.hello.holdint": "1200", "glbp.hello.virtualipv4": "10.1.0.1", "glbp.reqresp.forwarder": "1",
    "glbp.reqresp.vfstate": "32", "glbp.reqresp.weight": "100", "glbp.reqresp.virtualmac": "00:07:b4:00:07:01",
}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """A gateway's keys in the plan, and the fields of its active's hellos as tshark names and shows them.

    `complaint` is what tshark has to say of them, wrongly.
    """

    name: str
    keys: dict[str, str]
    fields: dict[str, str]
    known: str | Md5 | None = None
    addresses: tuple[str, str, str] = IPV4
    complaint: str = ""

    @property
    def plan(self) -> str:
        """Its network."""
        virtual, best, other = self.addresses
        keys = "".join(f"{key}: {value}, " for key, value in self.keys.items())
        members = f"s1: {{address: '{best}', priority: 110, preempt: true}}, s2: {{address: '{other}'}}"
        gateway = f"{{address: '{virtual}', group: 7, {keys}members: {{{members}}}}}"
        subnets = "[10.1.0.0/24, 'fd00:1::/64']"
        segment = f"{{subnet: {subnets}, ports: ['s1:9.{self.vlan}'], gateway: {gateway}}}"
        return f"  {self.name}: {{segments: {{s: {segment}}}}}\n"

    @property
    def speakers(self) -> tuple[str, ...]:
        """Who says anything while all is well: VRRP's backups are silent."""
        return self.addresses[1:2] if "vrrp" in self.name else self.addresses[1:]

    @property
    def vlan(self) -> int:
        return 100 + [kind.name for kind in KINDS].index(self.name)


# RFC 9568's checksum over IPv4 has no pseudo-header, which tshark 4.0 wants.
CHECKSUM = "Bad checksum"
# It wants 255 of all that goes to 224.0.0.0/24 but to addresses that it knows.
TTL = '"Time To Live" != 255 for a packet sent to the Local Network Control Block (see RFC 3171)'
KINDS = (
    Kind("hsrp", SLOW, HSRP1 | {"hsrp.auth_data": "cisco"}),
    Kind("hsrp-text", SLOW | {"authentication": "ours"}, HSRP1 | {"hsrp.auth_data": "ours"}, "ours"),
    Kind(
        "hsrp-md5",
        SLOW | {"authentication": MD5},
        HSRP1 | SIGNED | {"hsrp.auth_data": "", "hsrp.md5_ip_address": "10.1.0.2"},
        KEY,
    ),
    Kind("hsrp2", FAST, HSRP2_IPV4 | {"hsrp2.auth_data": "cisco"}, complaint=TTL),
    Kind(
        "hsrp2-text", FAST | {"authentication": "ours"}, HSRP2_IPV4 | {"hsrp2.auth_data": "ours"}, "ours", complaint=TTL
    ),
    Kind(
        "hsrp2-md5",
        FAST | {"authentication": MD5},
        HSRP2_IPV4 | SIGNED | {"hsrp2.auth_data": "", "hsrp.md5_ip_address": "10.1.0.2"},
        KEY,
        complaint=TTL,
    ),
    Kind("hsrp2-ipv6", FAST, HSRP2_IPV6 | {"hsrp2.auth_data": "cisco"}, addresses=IPV6),
    Kind(
        "hsrp2-ipv6-md5",
        FAST | {"authentication": MD5},
        HSRP2_IPV6 | SIGNED | {"hsrp2.auth_data": "", "hsrp.md5_ip_address": "0.0.0.0"},
        KEY,
        IPV6,
    ),
    Kind("vrrp2", {"protocol": "vrrp2"}, VRRP2 | {"vrrp.auth_type": "0"}),
    Kind(
        "vrrp2-text",
        {"protocol": "vrrp2", "authentication": "ours"},
        VRRP2 | {"vrrp.auth_type": "1", "vrrp.auth_string": "ours"},
        "ours",
    ),
    Kind(
        "vrrp3",
        {"protocol": "vrrp", "hello": "300ms"},
        VRRP_IPV4 | VRRP3 | {"vrrp.checksum.status": BAD},
        complaint=CHECKSUM,
    ),
    Kind("vrrp3-ipv6", {"protocol": "vrrp", "hello": "300ms"}, VRRP3_IPV6, addresses=IPV6),
    Kind("glbp", FAST | {"protocol": "glbp"}, GLBP),
    Kind(
        "glbp-text",
        FAST | {"protocol": "glbp", "authentication": "ours"},
        GLBP | {"glbp.auth.authtype": "1", "glbp.auth.plainpass": "ours"},
        "ours",
    ),
)
PLAN = """\
name: capture
topology: {switches: {s1: , s2: }, hosts: {probe: }, links: [[s1, s2], [probe, "s1:9"]]}
networks:
"""
CHECKED = ("ip.check_checksum", "udp.check_checksum")
COLUMNS = (
    "vlan.id", "frame.protocols", "ip.src", "ipv6.src", "_ws.malformed", "_ws.expert.message",
    "ip.checksum.status", "udp.checksum.status",
    *sorted({name for kind in KINDS for name in kind.fields}),
)  # fmt: skip


@dataclass(frozen=True)
class Hello:
    """One frame of the capture, without its tag, and what tshark says of it: its columns by name."""

    frame: bytes
    said: dict[str, str]

    @property
    def source(self) -> str:
        return self.said["ip.src"] or self.said["ipv6.src"]


@pytest.fixture(scope="module")
def hellos(triplane: Triplane, tmp_path_factory: pytest.TempPathFactory) -> dict[int, list[Hello]]:
    """By VLAN."""
    need("tshark")
    directory = tmp_path_factory.mktemp("capture")
    plan, capture = directory / "capture.yaml", directory / "hellos.pcap"
    plan.write_text(PLAN + "".join(kind.plan for kind in KINDS))
    triplane("deploy", str(plan))
    _capture(triplane, capture)
    found: dict[int, list[Hello]] = {kind.vlan: [] for kind in KINDS}
    for frame, said in zip(_frames(capture), _said(capture), strict=True):
        if PROTOCOLS & set(said["frame.protocols"].split(":")):
            found[int(said["vlan.id"])].append(Hello(frame, said))
    return found


def _capture(triplane: Triplane, path: Path) -> None:
    """Until all who speak were heard often enough: of VRRP the active, of others both members."""
    wanted = {(str(kind.vlan), each) for kind in KINDS for each in kind.speakers}
    heard: Counter[tuple[str, str]] = Counter()
    options = ["-i", "probe-eth0", "-w", str(path), "-F", "pcap", "-P", "-l", "-a", f"duration:{PATIENCE}"]
    shown = ["-T", "fields", "-e", "vlan.id", "-e", "ip.src", "-e", "ipv6.src"]
    argv = triplane.argv("exec", "probe", "--", "tshark", "-q", *options, *shown)
    with subprocess.Popen(argv, env=triplane.environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            vlan, ipv4, ipv6 = line.rstrip("\n").split("\t")
            heard[vlan, ipv4 or ipv6] += 1
            if all(heard[each] >= ENOUGH for each in wanted):
                process.terminate()
                break


def _frames(path: Path) -> Iterator[bytes]:
    """Those of a pcap file (little-endian, microseconds), without their VLAN tags."""
    data, at = path.read_bytes(), 24
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        frame = data[at + 16 : at + 16 + length]
        yield frame[:12] + frame[16:]
        at += 16 + length


def _said(path: Path) -> list[dict[str, str]]:
    checked = [option for name in CHECKED for option in ("-o", f"{name}:TRUE")]
    shown = [option for name in COLUMNS for option in ("-e", name)]
    argv = ["tshark", "-r", str(path), *checked, "-T", "fields", "-E", "occurrence=f", "-E", "separator=/t", *shown]
    lines = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.splitlines()
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_of_hello_is_read_as_it_was_configured(kind: Kind, hellos: dict[int, list[Hello]]) -> None:
    heard = hellos[kind.vlan]
    for speaker in kind.speakers:
        assert sum(hello.source == speaker for hello in heard) >= ENOUGH
    for hello in heard:
        said = hello.said
        assert not said["_ws.malformed"]
        assert said["_ws.expert.message"].partition(" [")[0] == kind.complaint
        assert {said["ip.checksum.status"], said["udp.checksum.status"]} <= {GOOD, ""}
        told = decode(hello.frame, kind.known)
        assert isinstance(told, Received)
        assert told.source == ip_address(hello.source)
        if hello.source == kind.addresses[1]:
            assert {name: said[name] for name in kind.fields} == kind.fields


def test_the_checksum_of_version_3_is_rfc_9568s(hellos: dict[int, list[Hello]]) -> None:
    (kind,) = (kind for kind in KINDS if kind.complaint == CHECKSUM)
    assert all(checksum(hello.frame[ADVERTISEMENT:]) == 0 for hello in hellos[kind.vlan])
