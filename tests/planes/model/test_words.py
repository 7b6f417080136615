from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from planes.model import words
from planes.model.words import PortName


@pytest.mark.parametrize(
    ("text", "seconds"), [("50ms", 0.05), ("2s", 2.0), ("2m", 120.0), ("1.5s", 1.5), ("20us", 2e-5), ("1h", 3600.0)]
)
def test_durations(text: str, seconds: float) -> None:
    assert words.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(("text", "bits"), [("100M", 10**8), ("1G", 10**9), ("2.5G", 2_500_000_000), ("64k", 64_000)])
def test_rates(text: str, bits: int) -> None:
    assert words.rate(text) == bits


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (words.duration, 50, "50 has no unit; write for example 50ms (units: us, ms, s, m, h)"),
        (words.duration, "50", "'50' has no unit"),
        (words.duration, "50 parsecs", "'50 parsecs' has an unknown unit"),
        (words.duration, "soon", "'soon' is not a number with a unit"),
        (words.rate, "0M", "must be more than zero"),
        (words.rate, True, "must be text such as 100M, found true"),
        (words.percent, "101%", "more than 100%"),
        (words.address, "10.1.0.256", "'10.1.0.256' is not an IPv4 or IPv6 address"),
        (words.address, "fe80::1%eth0", "is not an IPv4 or IPv6 address"),
        (words.address, 10.1, "must be text such as 10.1.0.1, found the number 10.1"),
        (words.interface, "10.1.0.1", "write for example 10.1.0.1/24"),
        (words.interface, "fd00::1", "write for example fd00::1/64"),
        (words.interface, "10.1.0.1/33", "is not an address with a prefix length"),
        (words.prefix, "10.1.0.7/24", "has host bits set; the prefix is 10.1.0.0/24"),
        (words.prefix, "10.1.0.0", "has no prefix length"),
        (words.mac, "02:00:00:00:00", "is not a MAC address"),
        (words.mac, "01:00:5e:00:00:01", "is a multicast address"),
        (words.mac, "00:00:00:00:00:00", "is no host's address"),
        (words.datapath_id, 0, "0 does not fit a datapath id"),
        (words.datapath_id, 1 << 64, "does not fit a datapath id"),
        (words.datapath_id, "xyz", "found 'xyz'"),
        (words.datapath_id, True, "found true"),
        (words.node_name, "a b", "'a b' is not a name: a letter comes first"),
        (words.node_name, "distribution1", "has 13 characters, and a name has at most 10"),
        (words.node_name, "controller", "'controller' is a reserved word"),
        (words.name, "x" * 33, "has 33 characters, and a name has at most 32"),
        (words.file_name, "../passwd", "'../passwd' is not a file's name"),
        (words.file_name, ".", "is not a file's name"),
        (words.command_line, "sh -c 'x", "is not a command line: no closing quotation"),
        (words.command_line, "  ", "names no program"),
        (words.command_line, ["sh"], "must be text such as keepalived -n -f /run/keepalived.conf, found a list"),
        (words.port_name, "acc1:7.4095", "VLAN ids go from 1 to 4094"),
        (words.port_name, "acc1:10000", "port numbers go up to 9999"),
        (words.port_name, "acc1:x", "'acc1:x' is not a port; write h1, acc1:7 or acc1:7.100"),
        (words.link_end, "acc1:7.100", "a link end has no VLAN; write acc1:7"),
        (words.port_range, "1024-1", "is not a range of ports"),
        (words.port_range, 70000, "70000 is not a range of ports"),
        (words.port_range, "http", "must be a port number such as 22 or a range such as 1-1024, found 'http'"),
    ],
)
def test_what_is_said_of_wrong_values(read: Callable[[object], object], value: object, said: str) -> None:
    with pytest.raises(ValueError) as error:
        read(value)
    assert said in str(error.value)


def test_addresses_and_prefixes() -> None:
    assert words.address("fd00::1") == ip_address("fd00::1")
    assert words.interface("10.1.0.11/24") == ip_interface("10.1.0.11/24")
    assert words.prefix("fd00::/64") == ip_network("fd00::/64")


def test_a_mac_is_written_in_lower_case() -> None:
    assert words.mac("02:00:00:00:00:0B") == "02:00:00:00:00:0b"


def test_a_datapath_id_is_a_number_or_what_a_switch_prints() -> None:
    assert words.datapath_id(0x1F) == words.datapath_id("000000000000001F") == 31


def test_ports() -> None:
    assert words.command_line("sh -c 'a b'") == ("sh", "-c", "a b")
    assert words.port_name("h1") == PortName("h1")
    assert words.port_name("acc1:7") == PortName("acc1", 7)
    assert words.port_name("acc1:7.100") == PortName("acc1", 7, 100)
    assert [str(words.port_name(text)) for text in ("h1", "acc1:7", "acc1:7.100")] == ["h1", "acc1:7", "acc1:7.100"]


def test_port_ranges() -> None:
    assert words.port_range(22) == (22, 22)
    assert words.port_range("1-1024") == (1, 1024)
