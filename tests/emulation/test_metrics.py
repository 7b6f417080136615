"""Metrics and events of a real lab, while its parts fail."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

import pytest
from commands import DEADLINE, Triplane, until
from prometheus_client.parser import text_string_to_metric_families as parse

pytestmark = pytest.mark.emulation

DOWN = "the controller gave its last sign of life"
Series = dict[tuple[str, ...], float]


def values(text: str, name: str, *labels: str) -> Series:
    """The samples of a name, by the values of these labels."""
    samples = (sample for family in parse(text) for sample in family.samples)
    return {tuple(s.labels[label] for label in labels): s.value for s in samples if s.name == name}


@contextmanager
def exporting(lab: Triplane) -> Iterator[str]:
    """The URL of a `triplane metrics` that runs."""
    argv = lab.argv("metrics", "--listen", "127.0.0.1:0")
    with subprocess.Popen(argv, env=lab.environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield process.stderr.readline().split()[2].rstrip(";")
            assert process.poll() is None
        finally:
            process.kill()


def scrape(url: str) -> str:
    with urlopen(url, timeout=DEADLINE) as answer:
        return str(answer.read(), "utf-8")


def test_a_fabric_in_numbers(leaf_spine: Triplane) -> None:
    leaf_spine("exec", "r1", "--", "ping", "-c3", "-i0.2", "10.0.0.2")
    until(lambda: values(leaf_spine("metrics", "--once"), "triplane_port_receive_packets_total", "port"))
    told = leaf_spine("metrics", "--once")
    inspected = leaf_spine.inspect()
    names = [row["switch"] for row in inspected["switches"]]
    assert values(told, "triplane_switch_connected", "switch") == {(name,): 1 for name in names}
    entries = {(row["switch"],): row["entries"] for row in inspected["switches"]}
    assert values(told, "triplane_switch_entries", "switch") == entries
    assert values(told, "triplane_links") == {(): 6}
    assert set(values(told, "triplane_link_up", "switch", "peer").values()) == {1}
    hosts = sum(values(told, "triplane_hosts", "network", "segment").values())
    assert hosts == len(inspected["hosts"]) > 0
    assert values(told, "triplane_intent_serial") == values(told, "triplane_intent_applied_serial")
    assert values(told, "triplane_controller_up") == values(told, "triplane_store_synced") == {(): 1}


def test_what_fails_is_told(leaf_spine: Triplane) -> None:
    with exporting(leaf_spine) as url:
        until(lambda: values(scrape(url), "triplane_links") == {(): 6})
        leaf_spine("fail", "leaf1/spine1")
        until(lambda: values(scrape(url), "triplane_links") == {(): 5})
        leaf_spine("fail", "switch", "spine2")
        until(lambda: values(scrape(url), "triplane_switch_connected", "switch")[("spine2",)] == 0)
        leaf_spine("heal", "switch", "spine2")
        leaf_spine("heal", "leaf1/spine1")
        until(lambda: values(scrape(url), "triplane_links") == {(): 6})


def test_a_dead_controller_is_told_with_the_age_of_its_words(leaf_spine: Triplane) -> None:
    with exporting(leaf_spine) as url:
        until(lambda: values(scrape(url), "triplane_controller_up") == {(): 1})
        leaf_spine("fail", "controller")
        until(lambda: values(scrape(url), "triplane_controller_up") == {(): 0})
        before = values(scrape(url), "triplane_controller_last_seen_timestamp_seconds", "controller")
        events = leaf_spine.run("events")
        assert events.returncode == 0
        assert re.search(rf"{DOWN} \d+ s ago: what happens is not told until it is back\n", events.stderr)
        assert values(scrape(url), "triplane_links") == {(): 6}
        leaf_spine("heal", "controller")
        until(lambda: values(scrape(url), "triplane_controller_up") == {(): 1})
        after = values(scrape(url), "triplane_controller_last_seen_timestamp_seconds", "controller")
        assert all(after[name] > at for name, at in before.items())
        assert DOWN not in leaf_spine.run("events").stderr


def test_the_store_restarts_under_it(leaf_spine: Triplane) -> None:
    with exporting(leaf_spine) as url:
        until(lambda: values(scrape(url), "triplane_store_synced") == {(): 1})
        leaf_spine("fail", "store")
        until(lambda: values(scrape(url), "triplane_store_synced") == {(): 0})
        assert values(scrape(url), "triplane_links") == {(): 6}
        leaf_spine("heal", "store")
        until(lambda: values(scrape(url), "triplane_store_synced") == {(): 1})
        until(lambda: values(scrape(url), "triplane_controller_up") == {(): 1})
        counted = "triplane_port_receive_packets_total"
        until(lambda: bool(values(scrape(url), counted, "switch", "port")))


def test_events_are_chosen(leaf_spine: Triplane) -> None:
    every = leaf_spine.json("events")["events"]
    assert every
    subject = every[-1]["subject"]
    chosen = leaf_spine.json("events", "--subject", subject[:3], "--since", "1h")["events"]
    assert chosen == [row for row in every if row["subject"].startswith(subject[:3])]
    assert leaf_spine.json("events", "--subject", "nothing")["events"] == []
    assert leaf_spine.json("events", "--kind", "duplicate")["events"] == []
    assert leaf_spine.json("events", "--since", "0s")["events"] == []
    for bad in (["--kind", "nonsense"], ["--since", "yesterday"]):
        assert leaf_spine.run("events", *bad).returncode == 2
