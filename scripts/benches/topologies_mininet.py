"""Runs in namespaces of its own: plain Mininet with learning switches, from its start to its stop.

Its input is a graph as JSON; it prints [seconds until all hosts reach each other, seconds that stopping takes].
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from mininet.log import setLogLevel
from mininet.net import Mininet
from mininet.node import OVSBridge

from topologies.container import make_habitable
from topologies.daemons import start_vswitchds
from topologies.directory import Directory


def main() -> None:
    graph = json.load(sys.stdin)
    directory = Directory(Path(sys.argv[1]))
    make_habitable(directory.path)
    directory.ovs.mkdir()
    os.environ["OVS_RUNDIR"] = str(directory.ovs)
    start_vswitchds(directory, [()], 6653)
    setLogLevel("error")
    Mininet.inited = True  # its init would change limits of the whole machine for good
    begun = time.monotonic()
    net = Mininet(controller=None, build=False)
    for name in graph["switches"]:
        net.addSwitch(name, cls=OVSBridge, dpid=f"{len(net.switches) + 1:016x}", datapath="user")
    for name, address in graph["hosts"].items():
        net.addHost(name, ip=f"{address}/16")
    for a, b in graph["links"]:
        net.addLink(a, b)
    net.start()
    asking = [
        host.popen(["sh", "-c", graph["ask"], "sh", *(each for each in graph["hosts"].values() if each != host.IP())])
        for host in net.hosts
    ]
    for process in asking:
        process.wait()
    reached = time.monotonic()
    net.stop()
    print(json.dumps([reached - begun, time.monotonic() - reached]))  # noqa: T201


if __name__ == "__main__":
    main()
