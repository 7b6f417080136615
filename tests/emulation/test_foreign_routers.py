"""Routers that are not ours in a group with our members: keepalived and FRR on a lab host, each speaking for itself."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from commands import Triplane, until
from lacking import need, refuse

from topologies.library import shipped
from topologies.needs import which

pytestmark = pytest.mark.emulation

WAN = "198.51.100.1"
DIST1 = "10.1.0.2"
FOREIGN = "10.1.0.4"
VIRTUAL = "10.1.0.1"  # our router answers with it, whichever member forwards

FRR = """\
        frr.conf: |
          interface r1-eth0
           vrrp 1 version 3
           vrrp 1 priority 120
           vrrp 1 advertisement-interval 1000
           vrrp 1 ip 10.1.0.1
        start.sh: |
          set -e
          ip link add vrrp4-2-1 link r1-eth0 address 00:00:5e:00:01:01 type macvlan mode bridge
          ip addr add 10.1.0.1/24 dev vrrp4-2-1
          ip link set dev vrrp4-2-1 up
          rm -rf /run/frr && mkdir /run/frr && chown frr:frr /run /run/frr
          touch /run/vtysh.conf
          /usr/lib/frr/zebra --daemon --pid_file /run/frr/zebra.pid --config_file /run/none
          exec /usr/lib/frr/vrrpd --pid_file /run/frr/vrrpd.pid --config_file /run/frr.conf
      run: [sh /run/start.sh]
"""


def _shipped() -> str:
    return shipped()["campus-vrrp-keepalived"].read_text()


def _version_2() -> str:
    """Version 2, and without a virtual MAC of its own: it tells hosts its own when it takes over."""
    text = _shipped().replace("vrrp_version 3", "vrrp_version 2").replace("protocol: vrrp", "protocol: vrrp2")
    return re.sub(r"^ *(use_vmac|vmac_xmit_base)\n", "", text, flags=re.MULTILINE)


def _frr() -> str:
    return re.sub(r"^ {8}keepalived\.conf:.*?^  links:", f"{FRR}  links:", _shipped(), flags=re.MULTILINE | re.DOTALL)


PLANS = {"keepalived-3": _shipped, "keepalived-2": _version_2, "frr": _frr}


@dataclass(frozen=True)
class Group:
    """A running lab with such a group."""

    lab: Triplane
    router: str

    def active(self) -> dict[str, str]:
        """Whom each of our members takes for active; itself is `local`."""
        rows = self.lab.json("inspect", "gateways")["gateways"]
        return {row["interface"].rpartition(" ")[2]: row["active"] for row in rows}

    def is_foreign(self) -> bool:
        return set(self.active().values()) == {FOREIGN}

    def is_ours(self) -> bool:
        return self.active() == {"dist1": "local", "dist2": DIST1}

    def first_hop(self) -> str:
        """Of a packet from h1 to the WAN; the answer must come, too."""
        self.lab("exec", "h1", "--", "ping", "-n", "-c1", "-W8", WAN)
        said = self.lab("exec", "h1", "--", "traceroute", "-n", "-q1", "-w5", "-m3", WAN)
        return said.splitlines()[1].split()[1]


@pytest.fixture(scope="module", params=list(PLANS))
def group(
    request: pytest.FixtureRequest, triplane: Triplane, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Group]:
    if request.param == "frr":
        _refuse_frr()
    plan = tmp_path_factory.mktemp("plan") / "foreign.yaml"
    plan.write_text(PLANS[request.param]().replace("name: campus-vrrp-keepalived", f"name: {request.param}"))
    triplane("deploy", str(plan))
    yield Group(triplane, request.param)
    triplane("destroy", request.param)


def _refuse_frr() -> None:
    """It gives up groups that a user namespace does not have (setgroups), so its lab must be root's."""
    if os.geteuid():
        refuse("FRR's vrrpd needs a lab of root's")
    need("/usr/lib/frr/vrrpd")


def test_keepalived_is_there() -> None:
    assert which("keepalived"), "scripts/setup --test installs it"


def test_it_wins_by_its_priority_and_hosts_go_through_it(group: Group) -> None:
    until(group.is_foreign)
    assert group.first_hop() == FOREIGN


def test_our_member_takes_over_when_it_dies_and_it_preempts_when_it_is_back(group: Group) -> None:
    until(group.is_foreign)
    group.lab("fail", "r1")
    until(group.is_ours)
    assert group.first_hop() == VIRTUAL
    group.lab("heal", "r1")
    until(group.is_foreign)
    assert group.first_hop() == FOREIGN


def test_two_active_ones_after_a_partition_become_one(group: Group) -> None:
    until(group.is_foreign)
    group.lab("fail", "--keep-carrier", "r1/acc1")
    until(group.is_ours)
    assert group.first_hop() == VIRTUAL
    assert "10.1.0.1/24" in group.lab("exec", "r1", "--", "ip", "-br", "addr", "show")  # it goes on, too
    group.lab("heal", "r1/acc1")
    until(group.is_foreign)
    assert group.first_hop() == FOREIGN


def test_with_a_lower_priority_it_is_preempted_and_loses(group: Group) -> None:
    until(group.is_foreign)
    if group.router == "frr":
        change = (
            "vtysh",
            "--vty_socket",
            "/run/frr",
            "-c",
            "conf t",
            "-c",
            "interface r1-eth0",
            "-c",
            "vrrp 1 priority 50",
        )
    else:
        change = (
            "sh",
            "-c",
            "sed -i 's/priority 120/priority 50/' /run/keepalived.conf; kill -HUP $(cat /run/keepalived.pid)",
        )
    group.lab("exec", "r1", "--", *change)
    until(group.is_ours)
    assert group.first_hop() == VIRTUAL
