"""A host's interface whose frames are tagged, or that bonds several links: an Open vSwitch bridge outside of the host.

The kernel may have neither 8021q nor bonding. The bridge stands beside the switches, with a veth pair to the host and
the links' ends as its other ports, and follows a few rules of its own; no controller ever sees it.
"""

from __future__ import annotations

from planes.model.nics import Nic
from planes.model.wiring import Wiring
from topologies.commands import Command

INNER = 1  # the port towards the host; the links' follow
BOND = 1  # the group of the links
VLAN_PRESENT = 0x1000  # OpenFlow 1.3.5, 7.2.3.7: OFPVID_PRESENT


def bridge(nic: Nic) -> str:
    """The bridge's name. Names of a plan have no dot, and none is longer than its interface's (`-eth`)."""
    return f"{nic.end.node}.nic{nic.end.port}"


def inner(nic: Nic) -> str:
    """The interface at the bridge's end of the pair to the host."""
    return f"{nic.end.node}.int{nic.end.port}"


def bridge_arguments(wiring: Wiring, nic: Nic) -> list[str]:
    """For `ovs-vsctl`: make the bridge and its ports."""
    name = bridge(nic)
    made = ["--", "add-br", name, "--", "set", "bridge", name, "datapath_type=netdev", "fail_mode=secure"]
    for number, port in enumerate([inner(nic), *map(wiring.interface, nic.ends)], start=INNER):
        made += ["--", "add-port", name, port, "--", "set", "interface", port, f"ofport_request={number}"]
    return made


def rules(nic: Nic) -> Command:
    """Give the bridge its rules.

    What the host sends leaves by a live link, as its flow's hash decides; what comes on any link goes to the host.
    Frames of another VLAN are for nobody.
    """
    links = range(INNER + 1, INNER + 1 + len(nic.ends))
    buckets = ",".join(f"bucket=watch_port:{link},actions=output:{link}" for link in links)
    tag, match, untag = "", "", ""
    if nic.vlan is not None:
        tag = f"push_vlan:0x8100,set_field:{VLAN_PRESENT | nic.vlan}->vlan_vid,"
        match, untag = f",dl_vlan={nic.vlan}", "pop_vlan,"
    lines = [
        f"group add group_id={BOND},type=select,{buckets}",
        f"flow add in_port={INNER},actions={tag}group:{BOND}",
        *(f"flow add in_port={link}{match},actions={untag}output:{INNER}" for link in links),
    ]
    return Command(["ovs-ofctl", "-O", "OpenFlow14", "bundle", bridge(nic), "-"], "\n".join(lines) + "\n")
