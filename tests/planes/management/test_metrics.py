from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from planes.management import metrics
from planes.management.metrics import FAMILIES, Form, exposition, form, reference
from planes.management.watch import PATIENCE, View
from planes.model.intent import Intent, Network, Segment
from planes.model.state import (
    Controller,
    Counter,
    Event,
    GatewayState,
    Host,
    Key,
    Link,
    Port,
    Row,
    State,
    Switch,
    Traffic,
    key,
)

README = Path(metrics.__file__).with_name("README.md")
NOW = 1_795_502_500.0
ROWS: tuple[Row, ...] = (
    Switch(1, "leaf1", 1, True, 42),
    Switch(0xFFFF_0000_0000_0002, "leaf2", 2, False, 0, "table full"),
    Port("leaf1", 1, "leaf1-eth1", True, "fabric", "02:00:00:00:01:01", 10**9),
    Port("leaf1", 2, "leaf1-eth2", True, "edge"),
    Port("leaf2", 1, "leaf2-eth1", False, "fabric"),
    Traffic("leaf1", 1, NOW - 2, 1, 2, 2**53, 4, 5, 6, 7, 8, 9, 10),
    Traffic("leaf1", 2, 0.0),  # not read since the store started
    Traffic("leaf1", 3, NOW - 1, 1),  # of a port that is no more
    Link("leaf1", 1, "leaf2", 1),
    Host("red", "users", "02:00:00:00:00:01", "leaf1", 2),
    Host("red", "users", "02:00:00:00:00:02", "leaf1", 2),
    Host("old", "gone", "02:00:00:00:00:03", "leaf1", 2),
    Counter("frame-malformed", 7),
    Counter("numbers-exhausted", 0),  # not told since the store started
    Controller("fabric", 3, "ryu 4.34", NOW - 100, NOW - 1),
    GatewayState("red", "users", "leaf1", 1, "hsrp", 110, True, "active", since=NOW - 60, became_active=3),
    GatewayState("red", "users", "leaf2", 1, "hsrp", 100, True, "unreachable"),
    GatewayState("red", "voice", "leaf1", 2, "vrrp", 100, True, "backup"),
    GatewayState("red", "video", "leaf1", 3, "glbp", 100, True, "resting", forwarders=("1 active 00", "2 listen 01")),
    Event(11, NOW - 50, "red/users", "leaf2 routes", "failover", "leaf1 is gone", 0.025),
    Event(12, NOW - 40, "red/users", "leaf1 routes", "failover", "leaf1 is back", 0.0125),
    Event(13, NOW - 30, "leaf2", "gone", "switch"),
)
INTENT = Intent(
    "campus",
    (
        Network("blue", (Segment("lan", (), ()),)),
        Network("red", (Segment("users", (), ()), Segment("voice", (), ())), max_hosts=100, max_rules=2000),
    ),
)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def view(rows: Iterable[Row], intent: Intent = INTENT, synced: bool = True) -> View:
    tables: dict[type[Row], dict[Key, Row]] = {}
    for row in rows:
        tables.setdefault(type(row), {})[key(row)] = row
    return View(State(tables, applied=4), intent, 5, synced)


def read(text: bytes, openmetrics: bool = False) -> Samples:
    """The samples of a text, by name and labels: none is there twice."""
    families = (parse_openmetrics if openmetrics else parse_plain)(text.decode())
    found: Samples = {}
    for sample in (sample for family in families for sample in family.samples):
        assert sample.name not in found
        found[sample.name, frozenset(sample.labels.items())] = sample.value
    return found


def of(samples: Samples, name: str, *labels: str) -> dict[tuple[str, ...], float]:
    """The samples of a name, by the values of these labels."""
    return {
        tuple(dict(given)[label] for label in labels): value
        for (found, given), value in samples.items()
        if found == name
    }


SAMPLES = read(exposition(view(ROWS), NOW))


@pytest.mark.parametrize(
    ("name", "labels", "values"),
    [
        ("triplane_store_synced", (), {(): 1}),
        ("triplane_controller_up", (), {(): 1}),
        ("triplane_controller_info", ("controller", "software"), {("fabric", "ryu 4.34"): 1}),
        ("triplane_controller_epoch", ("controller",), {("fabric",): 3}),
        ("triplane_controller_start_time_seconds", ("controller",), {("fabric",): NOW - 100}),
        ("triplane_controller_last_seen_timestamp_seconds", ("controller",), {("fabric",): NOW - 1}),
        ("triplane_intent_serial", (), {(): 5}),
        ("triplane_intent_applied_serial", (), {(): 4}),
        ("triplane_events_total", (), {(): 13}),
        ("triplane_drops_total", ("reason",), {("frame-malformed",): 7}),
        (
            "triplane_switch_info", ("switch", "datapath_id", "index"),
            {("leaf1", "0000000000000001", "1"): 1, ("leaf2", "ffff000000000002", "2"): 1},
        ),
        ("triplane_switch_connected", ("switch",), {("leaf1",): 1, ("leaf2",): 0}),
        ("triplane_switch_entries", ("switch",), {("leaf1",): 42, ("leaf2",): 0}),
        ("triplane_switch_refusing", ("switch",), {("leaf1",): 0, ("leaf2",): 1}),
        ("triplane_switch_counters_timestamp_seconds", ("switch",), {("leaf1",): NOW - 2}),
        ("triplane_port_info", ("switch", "port", "role"), {
            ("leaf1", "1", "fabric"): 1, ("leaf1", "2", "edge"): 1, ("leaf2", "1", "fabric"): 1,
        }),
        ("triplane_port_up", ("name",), {("leaf1-eth1",): 1, ("leaf1-eth2",): 1, ("leaf2-eth1",): 0}),
        ("triplane_port_speed_bytes", ("name",), {("leaf1-eth1",): 125e6}),
        ("triplane_port_receive_packets_total", ("switch", "port", "name"), {("leaf1", "1", "leaf1-eth1"): 1}),
        ("triplane_port_transmit_packets_total", ("name",), {("leaf1-eth1",): 2}),
        ("triplane_port_receive_bytes_total", ("name",), {("leaf1-eth1",): 2**53}),
        ("triplane_port_transmit_bytes_total", ("name",), {("leaf1-eth1",): 4}),
        ("triplane_port_receive_dropped_packets_total", ("name",), {("leaf1-eth1",): 5}),
        ("triplane_port_transmit_dropped_packets_total", ("name",), {("leaf1-eth1",): 6}),
        ("triplane_port_receive_errors_total", ("name",), {("leaf1-eth1",): 7}),
        ("triplane_port_transmit_errors_total", ("name",), {("leaf1-eth1",): 8}),
        ("triplane_links", (), {(): 1}),
        ("triplane_link_up", ("switch", "port", "peer", "peer_port"), {("leaf1", "1", "leaf2", "1"): 0}),
        ("triplane_networks", (), {(): 2}),
        ("triplane_hosts", ("network", "segment"), {
            ("blue", "lan"): 0, ("old", "gone"): 1, ("red", "users"): 2, ("red", "voice"): 0,
        }),
        ("triplane_network_hosts_limit", ("network",), {("red",): 100}),
        ("triplane_network_entries_limit", ("network",), {("red",): 2000}),
        ("triplane_gateway_info", ("segment", "switch", "protocol", "group"), {
            ("users", "leaf1", "hsrp", "1"): 1, ("users", "leaf2", "hsrp", "1"): 1,
            ("voice", "leaf1", "vrrp", "2"): 1, ("video", "leaf1", "glbp", "3"): 1,
        }),
        ("triplane_gateway_priority", ("segment", "switch"), {
            ("users", "leaf1"): 110, ("users", "leaf2"): 100, ("voice", "leaf1"): 100, ("video", "leaf1"): 100,
        }),
        (
            "triplane_gateway_last_transition_timestamp_seconds", ("network", "segment", "switch"),
            {("red", "users", "leaf1"): NOW - 60},
        ),
        ("triplane_gateway_became_active_total", ("segment", "switch"), {
            ("users", "leaf1"): 3, ("users", "leaf2"): 0, ("voice", "leaf1"): 0, ("video", "leaf1"): 0,
        }),
        ("triplane_gateway_forwarder_active", ("segment", "forwarder"), {("video", "1"): 1, ("video", "2"): 0}),
        ("triplane_failover_last_duration_seconds", ("subject",), {("red/users",): 0.0125}),
        ("triplane_failover_last_timestamp_seconds", ("subject",), {("red/users",): NOW - 40}),
    ],
)  # fmt: skip
def test_numbers(name: str, labels: Sequence[str], values: dict[tuple[str, ...], float]) -> None:
    assert of(SAMPLES, name, *labels) == values


def test_a_member_is_in_one_state_of_its_protocol() -> None:
    states = of(SAMPLES, "triplane_gateway_state", "segment", "switch", "triplane_gateway_state")
    assert {place for place, value in states.items() if value} == {
        ("users", "leaf1", "active"), ("users", "leaf2", "unreachable"), ("voice", "leaf1", "backup"),
        ("video", "leaf1", "resting"),
    }  # fmt: skip
    names = {place[2] for place in states if place[:2] == ("voice", "leaf1")}
    assert names == {"initialize", "backup", "active", "unreachable"}


@pytest.mark.parametrize("rows", [(), ROWS])
def test_both_formats_hold_the_same(rows: tuple[Row, ...]) -> None:
    told = view(rows)
    assert read(exposition(told, NOW, Form.OPENMETRICS), openmetrics=True) == read(exposition(told, NOW))


def test_a_controller_without_a_sign_of_life_is_down_and_its_last_one_stays() -> None:
    later = read(exposition(view(ROWS), NOW - 1 + PATIENCE))
    assert of(later, "triplane_controller_up") == {(): 0}
    assert of(later, "triplane_controller_last_seen_timestamp_seconds", "controller") == {("fabric",): NOW - 1}
    assert of(read(exposition(view(()), NOW)), "triplane_controller_up") == {(): 0}


def test_a_store_that_is_away_is_told_and_the_rest_stays() -> None:
    away = read(exposition(view(ROWS, synced=False), NOW))
    assert of(away, "triplane_store_synced") == {(): 0}
    assert of(away, "triplane_links") == {(): 1}


def test_names_from_outside_are_escaped() -> None:
    odd = 'a\\b"c\nd{e="f"} ü\x00'
    told = view([Port("s", 1, odd, True), Counter(odd, 1)])
    for wanted in Form:
        samples = read(exposition(told, NOW, wanted), wanted is Form.OPENMETRICS)
        assert of(samples, "triplane_drops_total", "reason") == {(odd,): 1}
        assert of(samples, "triplane_port_up", "name") == {(odd,): 1}


def test_series_do_not_grow_with_hosts() -> None:
    hosts = [Host("red", "users", f"02:00:00:00:{n >> 8:02x}:{n & 255:02x}", "leaf1", 2) for n in range(3000)]
    assert len(read(exposition(view([*ROWS, *hosts]), NOW))) == len(SAMPLES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.exposed)
def test_names_follow_the_rules(family: metrics.Family) -> None:
    assert re.fullmatch(r"triplane(_[a-z]+)+", family.exposed)
    assert family.kind in ("counter", "gauge", "info", "stateset")
    assert all(re.fullmatch(r"[a-z][a-z_]*", label) for label in family.labels)
    assert family.about.endswith(".")
    assert "|" not in family.about
    for unit in ("milliseconds", "bits", "percent", "minutes", "ms"):  # base units only
        assert unit not in family.name.split("_")
    assert family.kind == "counter" or not family.name.endswith("_total")


def test_each_name_is_there_once() -> None:
    assert len({family.exposed for family in FAMILIES}) == len(FAMILIES)


def test_the_readme_lists_them_all() -> None:
    assert reference() in README.read_text()


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", Form.PLAIN),
        ("*/*", Form.PLAIN),
        ("text/plain", Form.PLAIN),
        ("application/openmetrics-text", Form.OPENMETRICS),
        ("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,*/*;q=0.1",
         Form.OPENMETRICS),
        ("application/vnd.google.protobuf;proto=x;q=0.7,Application/OpenMetrics-Text; version=1.0.0; q=0.6",
         Form.OPENMETRICS),
        ("application/openmetrics-text;q=0, text/plain", Form.PLAIN),
        ("application/openmetrics-text; q = 0.000", Form.PLAIN),
        ("application/openmetrics-text;version=nonsense", Form.OPENMETRICS),
        (",;=,;;q,\x00", Form.PLAIN),
    ],
)  # fmt: skip
def test_the_form_is_what_the_scraper_accepts(accept: str, wanted: Form) -> None:
    assert form(accept) is wanted
