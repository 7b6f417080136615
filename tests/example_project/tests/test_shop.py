"""What the shop's network promises."""

import pytest

from planes.cli.testing import Net

pytestmark = pytest.mark.lab("plans/shop.yaml")


def test_office_and_tills_reach_each_other_and_visitors_reach_nobody(net: Net) -> None:
    assert net.desk.ping("printer").loss == 0
    assert net.desk.ping(net.till).loss == 0
    assert not net.guest.ping("printer", count=1)


def test_a_broken_link_costs_traffic_a_moment_only(net: Net) -> None:
    with net.desk.running("ping", "-n", "-D", "-i0.02", "-c150", net.printer.address) as pings:
        pings.wait_for("icmp_seq=20 ")
        with net.failed("north/east"):
            pings.wait_for("icmp_seq=70 ")
        pings.wait_for("packets transmitted", 60)
    lost = 150 - pings.output.count("bytes from")
    assert lost <= 25, f"{lost} of 150 echoes were lost: half a second"
    assert any(event.subject for event in net.events)


def test_office_may_use_the_tills_https_and_nothing_else(net: Net) -> None:
    ask = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2).close()"
    for port, allowed in ((443, True), (22, False)):
        with net.till.running("python3", "-m", "http.server", str(port)) as server:
            net.till.await_port(port, server)
            with net.till.capture(f"tcp port {port}") as seen:
                done = net.desk.run("python3", "-c", ask, net.till.address, str(port), check=False)
        assert (done.returncode == 0) is allowed
        assert bool(seen.frames) is allowed
