from __future__ import annotations

from dataclasses import replace

from views import NOW, network, view
from walks import column, scalar, table

from planes.model.intent import Intent, Route


def test_subnets_of_gateways_are_local_and_static_routes_lead_on() -> None:
    rows = table("inetCidrRouteTable", view(), NOW, "red")
    assert list(rows) == [
        "1 0.0.0.0 0 0.0 1 10.1.0.9",
        "1 10.1.0.0 24 0.0 0 ",
        "1 10.2.0.0 24 0.0 0 ",
        "1 10.3.0.0 24 0.0 0 ",
        "1 10.4.0.0 24 0.0 0 ",
        "2 fd00:: 64 0.0 0 ",
    ]
    default, subnet = rows["1 0.0.0.0 0 0.0 1 10.1.0.9"], rows["1 10.1.0.0 24 0.0 0 "]
    assert (default["inetCidrRouteType"], default["inetCidrRouteProto"]) == ("remote(4)", "netmgmt(3)")
    assert (subnet["inetCidrRouteType"], subnet["inetCidrRouteProto"]) == ("local(3)", "local(2)")
    assert subnet["inetCidrRouteMetric5"] == "-1"
    assert subnet["inetCidrRouteStatus"] == "active(1)"


def test_equal_prefixes_of_two_tenants_differ_by_their_networks_numbers() -> None:
    rows = column("inetCidrRouteType", view(), NOW)
    assert {"1 10.1.0.0 24 0.0.1 0 ", "1 10.1.0.0 24 0.0.2 0 "} < set(rows)
    assert scalar("inetCidrRouteNumber", view(), NOW) == str(len(rows)) == "12"
    assert scalar("inetCidrRouteNumber", view(), NOW, "red") == "6"


def test_what_is_no_prefix_is_left_out() -> None:
    odd = replace(network("red"), routes=(Route("elsewhere", "10.0.0.1"), Route("10.9.0.1/16", "10.1.0.7")))
    seen = replace(view(), intent=Intent("campus", (odd,)))
    assert "1 10.9.0.0 16 0.0 1 10.1.0.7" in column("inetCidrRouteType", seen, NOW, "red")
    assert scalar("inetCidrRouteNumber", seen, NOW, "red") == "6"
