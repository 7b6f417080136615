"""What tshark makes of our hellos."""

from __future__ import annotations

import struct
import subprocess
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

import pytest
from lacking import need

from planes.control.fhrp.frames import encode
from planes.control.fhrp.messages import (
    GlbpForwarder,
    GlbpHello,
    GlbpMessage,
    GlbpState,
    HsrpAdvertise,
    HsrpInterface,
    HsrpMessage,
    HsrpOpcode,
    HsrpState,
    Message,
    VrrpMessage,
)
from planes.model.intent import Md5

KEY = Md5("secret", 7)
ME, ME6 = IPv4Address("10.77.0.2"), IPv6Address("fe80::2")
VIRTUAL, VIRTUAL6 = IPv4Address("10.77.0.1"), IPv6Address("fe80::1")
GLBP = GlbpHello(GlbpState.ACTIVE, 100, 3000, 10_000, 600, 14_400, VIRTUAL)
FORWARDER = GlbpForwarder(1, GlbpState.ACTIVE, 167, 100, 0x0007_B403_FC01)
HSRP1 = HsrpMessage(1, HsrpOpcode.HELLO, HsrpState.ACTIVE, 1, 110, 3000, 10_000, VIRTUAL)
HSRP2 = HsrpMessage(2, HsrpOpcode.HELLO, HsrpState.ACTIVE, 400, 110, 300, 900, VIRTUAL, 1)
HELLOS: dict[str, tuple[Message, IPv4Address | IPv6Address, str]] = {
    "hsrp": (HSRP1, ME, "hsrp"),
    "hsrp-coup": (HsrpMessage(1, HsrpOpcode.COUP, HsrpState.SPEAK, 1, 110, 3000, 10_000, VIRTUAL), ME, "hsrp"),
    "hsrp2": (HSRP2, ME, "hsrp"),
    "hsrp2-ipv6": (HsrpMessage(2, HsrpOpcode.HELLO, HsrpState.ACTIVE, 400, 1, 300, 900, VIRTUAL6, 1), ME6, "hsrp"),
    "hsrp2-counts": (HsrpAdvertise(2, HsrpInterface.ACTIVE, 2, 3), ME, "hsrp"),
    "vrrp2": (VrrpMessage(2, 7, 100, 100, (VIRTUAL,)), ME, "vrrp"),
    "vrrp-ipv6": (VrrpMessage(3, 7, 100, 100, (VIRTUAL6,)), ME6, "vrrp"),
    "glbp": (GlbpMessage(7, 1, GLBP, (FORWARDER,)), ME, "glbp"),
}


def dissected(path: Path, frame: bytes, *display: str) -> str:
    need("tshark")
    header = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    path.write_bytes(header + struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
    checks = ("vrrp", "ip", "udp")
    options = [option for name in checks for option in ("-o", f"{name}.check_checksum:TRUE") if name != "vrrp"]
    done = subprocess.run(["tshark", "-r", path, *options, *display], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", HELLOS)
def test_no_hello_is_malformed_or_has_a_wrong_checksum(name: str, tmp_path: Path) -> None:
    message, source, protocol = HELLOS[name]
    frame = encode(message, source, 0x0200_0000_0001)
    assert protocol in dissected(tmp_path / "hello.pcap", frame, "-T", "fields", "-e", "frame.protocols")
    told = dissected(tmp_path / "hello.pcap", frame, "-V")
    assert not [line for line in told.splitlines() if "alformed" in line or "[incorrect" in line or "Bad" in line]


@pytest.mark.parametrize("message", [HSRP1, HSRP2], ids=["hsrp", "hsrp2"])
def test_a_digest_is_read_as_what_it_is(message: HsrpMessage, tmp_path: Path) -> None:
    frame = encode(message, ME, 0x0200_0000_0001, KEY)
    names = "hsrp2.md5_algorithm", "hsrp2.md5_flags", "hsrp.md5_ip_address", "hsrp2.md5_key_id", "hsrp2.md5_auth_data"
    fields = [option for name in names for option in ("-e", name)]
    told = dissected(tmp_path / "hello.pcap", frame, "-T", "fields", *fields).split()
    assert told == ["1", "0", str(ME), "7", frame[-16:].hex()]
    assert "alformed" not in dissected(tmp_path / "hello.pcap", frame, "-V")
