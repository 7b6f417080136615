"""Routers that are not ours in a group with our members: keepalived and FRR on a lab host, each speaking for itself."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from commands import DEADLINE, beside
from lacking import need, refuse

from planes.cli.testing import Net
from planes.cli.testing.labs import Labs
from planes.model.state import GatewayState, State
from topologies.library import shipped
from topologies.needs import which

pytestmark = pytest.mark.emulation

SHIPPED = "campus-vrrp-keepalived"
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
    return shipped()[SHIPPED].read_text()


def _version_2() -> str:
    """Version 2, and without a virtual MAC of its own: it tells hosts its own when it takes over."""
    text = _shipped().replace("vrrp_version 3", "vrrp_version 2").replace("protocol: vrrp", "protocol: vrrp2")
    return re.sub(r"^ *(use_vmac|vmac_xmit_base)\n", "", text, flags=re.MULTILINE)


def _frr() -> str:
    return re.sub(r"^ {8}keepalived\.conf:.*?^  links:", f"{FRR}  links:", _shipped(), flags=re.MULTILINE | re.DOTALL)


PLANS: dict[str, Callable[[], str]] = {"keepalived-3": lambda: SHIPPED, "keepalived-2": _version_2, "frr": _frr}


@dataclass(frozen=True)
class Group:
    """A running lab with such a group."""

    net: Net
    router: str

    def await_foreign(self) -> None:
        """Until our members take the foreign router for active."""
        self.net.wait(lambda state: set(active(state).values()) == {FOREIGN}, DEADLINE)

    def await_ours(self) -> None:
        """Until dist1 is active, and dist2 knows."""
        self.net.wait(lambda state: active(state) == {"dist1": "local", "dist2": DIST1}, DEADLINE)

    def shown(self) -> dict[str, str]:
        """As `active`, from `triplane inspect gateways`."""
        triplane = beside(self.net.lab)
        rows = triplane.json("inspect", "gateways", self.net.lab.name)["gateways"]
        return {row["interface"].rpartition(" ")[2]: row["active"] for row in rows}

    def first_hop(self) -> str:
        """Of a packet from h1 to the WAN; the answer must come, too."""
        done = self.net.h1.ping(WAN, count=1, wait=8)
        assert done.received == 1, done.said
        said = self.net.h1.run("traceroute", "-n", "-q1", "-w5", "-m3", WAN).stdout
        return said.splitlines()[1].split()[1]


def active(state: State) -> dict[str, str]:
    """Whom each of our members takes for active; itself is `local`."""
    return {row.switch: row.active for row in state.of(GatewayState)}


@pytest.fixture(scope="module", params=list(PLANS))
def group(request: pytest.FixtureRequest, labs: Labs) -> Iterator[Group]:
    if request.param == "frr":
        _refuse_frr()
    with labs.deployed(PLANS[request.param]()) as net:
        yield Group(net, request.param)


def _refuse_frr() -> None:
    """It gives up groups that a user namespace does not have (setgroups), so its lab must be root's."""
    if os.geteuid():
        refuse("FRR's vrrpd needs a lab of root's")
    need("/usr/lib/frr/vrrpd")


def test_keepalived_is_there() -> None:
    assert which("keepalived"), "scripts/setup --test installs it"


def test_it_wins_by_its_priority_and_hosts_go_through_it(group: Group) -> None:
    group.await_foreign()
    assert group.first_hop() == FOREIGN
    assert group.shown() == {"dist1": FOREIGN, "dist2": FOREIGN}


def test_our_member_takes_over_when_it_dies_and_it_preempts_when_it_is_back(group: Group) -> None:
    group.await_foreign()
    with group.net.failed("r1"):
        group.await_ours()
        assert group.first_hop() == VIRTUAL
        assert group.shown() == {"dist1": "local", "dist2": DIST1}
    group.await_foreign()
    assert group.first_hop() == FOREIGN


def test_two_active_ones_after_a_partition_become_one(group: Group) -> None:
    group.await_foreign()
    with group.net.failed("r1/acc1", keep_carrier=True):
        group.await_ours()
        assert group.first_hop() == VIRTUAL
        assert "10.1.0.1/24" in group.net.r1.run("ip", "-br", "addr", "show").stdout  # it goes on, too
    group.await_foreign()
    assert group.first_hop() == FOREIGN


def test_with_a_lower_priority_it_is_preempted_and_loses(group: Group) -> None:
    group.await_foreign()
    if group.router == "frr":
        lines = ("conf t", "interface r1-eth0", "vrrp 1 priority 50")
        change = ["vtysh", "--vty_socket", "/run/frr", *(word for line in lines for word in ("-c", line))]
    else:
        edit = "sed -i 's/priority 120/priority 50/' /run/keepalived.conf; kill -HUP $(cat /run/keepalived.pid)"
        change = ["sh", "-c", edit]
    group.net.r1.run(*change)
    group.await_ours()
    assert group.first_hop() == VIRTUAL
