"""What holds for every store: the one over OVSDB and its twin in memory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planes.model.configuration import COMMIT_STATES, Commit, Document, Pending
from planes.model.intent import (
    Attachment,
    Binding,
    Gateway,
    Intent,
    Md5,
    Member,
    Network,
    Policy,
    Route,
    Segment,
    Track,
)
from planes.model.state import (
    EVENT_KINDS,
    Change,
    Controller,
    Counter,
    Drop,
    Event,
    GatewayState,
    Host,
    Id,
    Link,
    Port,
    Put,
    Row,
    Switch,
    Traffic,
    key,
)
from planes.store import memory, ovsdb
from planes.store.base import Edit, Store, StoreError, StoreOvertaken

Connect = Callable[[], Store]

HOST = Host("red", "users", "02:00:00:00:00:01", "acc1", 3, ("10.0.0.1", "fd00::1"))
ROWS: tuple[Row, ...] = (
    Switch(0xFFFF_FFFF_FFFF_FFFE, "acc1", 1, True, 42, "OFPFMFC_TABLE_FULL"),
    Port("acc1", 3, "acc1-eth3", True, "edge", "02:00:00:00:01:03", 10**10),
    Traffic("acc1", 3, 1_795_502_421.5, 1, 2, 2**63 - 1, 4, 5, 6, 7, 8, 9, 10),
    Link("acc1", 1, "acc2", 4294967040),
    HOST,
    Counter("spoofed source", 2**63 - 1),
    Id("interface", "0000000000000001:3", 2**24 - 1),
    Controller("fabric", 3, "ryu", 1_795_502_400.25, 1_795_502_421.5),
    GatewayState(
        "red", "users", "acc1", 1, "hsrp", 110, True, "active", "local", "10.0.0.3", ("10.0.0.1",), "00:00:0c:07:ac:01",
        "standby -> active: 10.0.0.3 is lost", 1_795_502_421.296, ("1 active 00:07:b4:00:01:01",), '{"state":"ACTIVE"}',
    ),
    Event(1, 1_795_502_421.296, "red/users on acc1", "standby -> active", "failover", "10.0.0.3 is lost", 0.0125),
)  # fmt: skip
GATEWAY = Gateway(
    ("10.0.0.1", "10.0.0.130", "10.0.0.129"),
    "hsrp",
    1,
    (
        Member("acc1", ("10.0.0.2",), 110, True, (Track("link", "acc1/core", 20, (("acc1", 2), ("core", 1))),), 90),
        Member("acc2", (), 100, False),
    ),
    "protocol",
    500,
    None,
    "secret",
    preempt_delay=1500,
)
PORTS = (Attachment("acc1", 3), Attachment("acc1", 3, 100))
RED = Network(
    "red",
    (Segment("users", ("10.0.0.0/24", "fd00::/64"), PORTS, GATEWAY, (), PORTS[:1]),),
    (Route("0.0.0.0/0", "10.0.0.9"),),
    (Policy("deny", "users", "servers", "tcp", (22, 22)), Policy("allow", stateful=True)),
)
KEYED = Gateway(("10.0.0.1",), "hsrp2", 1, authentication=Md5("s3cret", 0))
BLUE = Network("blue", (Segment("users", (), (), KEYED),))
INTENT = Intent("campus", (BLUE, RED), (("acc1", 2**64 - 1),))


def test_a_new_store_holds_nothing(connect: Connect) -> None:
    store = connect()
    assert (store.serial(), store.intent(), store.state().applied) == (0, Intent(""), 0)
    assert set(store.state().rows) == {type(row) for row in ROWS}
    assert not any(store.state().rows.values())


def test_an_intent_reads_back_equal(connect: Connect) -> None:
    store = connect()
    assert store.write_intent(INTENT) == 1
    assert store.intent() == INTENT
    assert connect().intent() == INTENT


def test_an_intent_has_a_new_serial_only_when_something_changed(connect: Connect) -> None:
    store = connect()
    assert store.write_intent(Intent("")) == 1
    assert store.write_intent(INTENT) == 2
    assert store.write_intent(replace(INTENT, networks=INTENT.networks[::-1])) == 2
    assert store.write_intent(replace(INTENT, name="other")) == 3
    assert store.serial() == 3


def test_the_order_of_policy_and_addresses_is_kept_and_no_other(connect: Connect) -> None:
    store = connect()
    segment = RED.segments[0]
    shuffled = replace(
        RED,
        segments=(replace(segment, subnets=segment.subnets[::-1], ports=segment.ports[::-1]),),
        policy=(RED.policy[1], RED.policy[0], RED.policy[1]),
    )
    store.write_intent(replace(INTENT, networks=(shuffled,)))
    assert store.intent().networks == (replace(RED, policy=shuffled.policy),)


def test_a_port_moves_to_another_segment_in_one_write(connect: Connect) -> None:
    store = connect()
    one, two = Segment("one", (), (Attachment("s1", 1),)), Segment("two", (), ())
    store.write_intent(Intent("", (Network("red", (one, two)),)))
    moved = Intent("", (Network("red", (replace(one, ports=()), replace(two, ports=one.ports))),))
    store.write_intent(moved)
    assert store.intent() == moved


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (Network("red", (Segment("s", (), (Attachment("s1", 1, 4095),)),)), ("Attachment.vlan", "4095", "4094")),
        (Network("red", (Segment("s", (), (Attachment("s1", 0),)),)), ("Attachment.port", "1 to 4294967040")),
        (Network("red", (Segment("s", (), (), Gateway((), "hsrp", 1)),)), ("Gateway.addresses",)),
        (Network("red", (Segment("s", (), (), Gateway(("10.0.0.1",), "carp", 1)),)), ("Gateway.protocol", "vrrp")),
        (Network("", ()), ("Network.name",)),
        (Network("nul\0", ()), ("Network.name", "NUL")),
        (Network("half\ud800", ()), ("Network.name", "surrogates")),
        (Network("red", (Segment("s", (), ()), Segment("s", (), ()))), ("two rows in Segment", "'s'")),
        (
            Network("red", (Segment("s", (), (Attachment("a", 1),)), Segment("t", (), (Attachment("a", 1),)))),
            ("two rows in Attachment", "port 1"),
        ),
    ],
)
def test_an_intent_out_of_bounds_is_refused_by_name(connect: Connect, network: Network, words: tuple[str]) -> None:
    store = connect()
    store.write_intent(INTENT)
    with pytest.raises(StoreError) as caught:
        store.write_intent(Intent("", (network,)))
    assert all(word in str(caught.value) for word in words), caught.value
    assert store.intent() == INTENT


def test_state_reads_back_equal(connect: Connect) -> None:
    store, other = connect(), connect()
    store.publish([Put(row) for row in ROWS], applied=5)
    assert store.state() == connect().state()
    assert store.state().applied == 5
    assert store.state().rows == {type(row): {key(row): row} for row in ROWS}
    store.publish([Drop(type(row), key(row)) for row in ROWS])
    assert not any(store.state().rows.values())
    assert not any(connect().state().rows.values())
    assert not any(other.state().rows.values()), "a copy stands still between two runs"


def test_later_changes_win_and_idle_ones_change_nothing(connect: Connect) -> None:
    store = connect()
    moved = replace(HOST, port=4, addresses=("fd00::1", "10.0.0.1"))
    store.publish([Put(HOST), Drop(Host, key(HOST)), Put(moved)])
    assert store.state().rows[Host] == {key(HOST): replace(HOST, port=4)}
    store.run()
    store.publish([Put(moved), Drop(Host, ("no", "such", "host"))])
    assert not store.run()


def test_one_refused_row_refuses_the_whole_publication(connect: Connect) -> None:
    store = connect()
    with pytest.raises(StoreError, match=r"Port\.role.*fabric"):
        store.publish([Put(HOST), Put(Port("acc1", 1, "", True, "core"))])
    store.publish([Put(Id("slot", "a", 1))])
    with pytest.raises(StoreError, match="Id"):
        store.publish([Put(HOST), Put(Id("slot", "b", 1))])
    assert not store.state().rows[Host]
    assert set(store.state().rows[Id]) == {("slot", "a")}


def test_a_number_passes_to_another_name_in_one_publication(connect: Connect) -> None:
    store = connect()
    store.publish([Put(Id("slot", "a", 1))])
    store.publish([Put(Id("slot", "b", 1)), Drop(Id, ("slot", "a"))])
    assert set(store.state().rows[Id]) == {("slot", "b")}


def test_intent_and_state_leave_each_other_alone(connect: Connect) -> None:
    controller, manager = connect(), connect()
    controller.publish([Put(HOST)], applied=0)
    assert manager.write_intent(INTENT) == 1
    controller.publish([], applied=1)
    assert (controller.intent(), controller.serial()) == (INTENT, 1)
    manager.write_intent(Intent("campus"))
    assert manager.state().applied == 1
    assert manager.state().rows[Host] == {key(HOST): HOST}


def test_two_writers_that_have_not_seen_each_other_both_succeed(connect: Connect) -> None:
    one, two = connect(), connect()
    one.publish([Put(Counter("a", 1))])
    two.publish([Put(Counter("a", 2)), Put(HOST)])
    one.publish([Put(Counter("b", 1)), Drop(Host, key(HOST))])
    assert one.write_intent(INTENT) == 1
    assert two.write_intent(Intent("")) == 2
    assert one.write_intent(INTENT) == 3
    assert one.state().rows[Counter] == {("a",): Counter("a", 2), ("b",): Counter("b", 1)}
    assert not one.state().rows[Host]


REST = Document("", 1, "name: campus\n")
TEXT = Document("red", 1 << 20, "  red:  # a tenant\n    segments: {}\n")
FIRST = Commit(1, 1_795_502_421.296, "ann", "deployed", {"": None, "red": None})
DEPLOYED = Edit(
    {"": REST, "red": TEXT},
    {network.name: network for network in INTENT.networks},
    {1: FIRST},
    "campus",
    INTENT.switches,
)


def test_an_edit_reads_back_equal(connect: Connect) -> None:
    store = connect()
    assert (store.documents(), store.commits(), store.pending()) == ({}, {}, None)
    assert store.edit(DEPLOYED, 0) == 1
    for reader in (store, connect()):
        assert (reader.intent(), reader.serial()) == (INTENT, 1)
        assert (reader.documents(), reader.commits()) == ({"": REST, "red": TEXT}, {1: FIRST})


def test_an_edit_changes_what_it_names_and_nothing_else(connect: Connect) -> None:
    store = connect()
    store.edit(DEPLOYED, 0)
    store.publish([Put(HOST)], applied=1)
    green = Network("green", (Segment("s", (), (Attachment("acc9", 1),)),))
    commit = Commit(2, 1_795_502_422.5, "bob", "", {"red": TEXT, "green": None}, 1_795_502_542.5, "unconfirmed")
    text = Document("green", 2 << 20, "  green: {}\n")
    edit = Edit({"red": None, "green": text}, {"red": None, "green": green, "none": None}, {1: None, 2: commit})
    assert store.edit(edit, 1) == 2
    for reader in (store, connect()):
        assert reader.intent() == replace(INTENT, networks=(BLUE, green))
        assert (reader.documents(), reader.commits()) == ({"": REST, "green": text}, {2: commit})
        assert reader.pending() == Pending(2, 1_795_502_542.5)
        assert (reader.state().rows[Host], reader.state().applied) == ({key(HOST): HOST}, 1)
    confirmed = replace(commit, state="confirmed")
    assert store.edit(Edit(commits={2: confirmed}), 2) == 3
    assert (store.commits(), store.pending(), connect().pending()) == ({2: confirmed}, None, None)


def test_an_edit_of_an_older_intent_is_overtaken(connect: Connect) -> None:
    one, two = connect(), connect()
    one.edit(DEPLOYED, 0)
    other = replace(DEPLOYED, commits={1: replace(FIRST, who="bob")}, name="other")
    with pytest.raises(StoreOvertaken):
        two.edit(other, 0)
    two.write_intent(replace(INTENT, name="by hand"))
    with pytest.raises(StoreOvertaken):
        one.edit(replace(DEPLOYED, commits={2: replace(FIRST, number=2)}), 1)
    assert (two.intent().name, two.commits(), two.serial()) == ("by hand", {1: FIRST}, 2)


@pytest.mark.parametrize(
    "edit",
    [
        Edit({"x": Document("x", -1, "")}),
        Edit({"": Document("", 1, "nul\0")}),
        Edit(commits={2: replace(FIRST, number=2, who="")}),
        Edit(commits={2: replace(FIRST, number=2, state="lost")}),
        Edit(commits={2: replace(FIRST, number=2, comment="x" * 1024)}),
        Edit(networks={"green": Network("green", (Segment("s", (), (Attachment("acc1", 0),)),))}),
        Edit(networks={"green": Network("green", (Segment("s", (), PORTS),))}),  # red's
        Edit(switches=(("one", 1), ("two", 1))),
    ],
)
def test_a_refused_edit_changes_nothing(connect: Connect, edit: Edit) -> None:
    store = connect()
    store.edit(DEPLOYED, 0)
    beside = {"": replace(REST, text="name: other\n")} | dict(edit.documents)
    with pytest.raises(StoreError):
        store.edit(replace(edit, documents=beside, name="other"), 1)
    for reader in (store, connect()):
        assert (reader.intent(), reader.serial()) == (INTENT, 1)
        assert (reader.documents(), reader.commits()) == ({"": REST, "red": TEXT}, {1: FIRST})


def test_run_tells_of_changes_once(connect: Connect) -> None:
    store, other = connect(), connect()
    store.run()
    assert not store.run()
    other.publish([Put(HOST)])
    while not store.run():
        store.wait(None)
    assert store.state().rows[Host] == {key(HOST): HOST}
    assert not store.run()


def test_run_and_wait_tell_of_what_a_write_took_in(connect: Connect) -> None:
    store = connect()
    store.run()
    store.publish([Put(HOST)])
    store.wait(None)
    assert store.run()


def test_another_partys_write_ends_a_wait(connect: Connect) -> None:
    store, other = connect(), connect()
    while store.run():
        pass
    writer = threading.Thread(target=other.publish, args=([Put(HOST)],))
    writer.start()
    while not store.state().rows[Host]:
        store.wait(None)
        store.run()
    writer.join()


def test_a_descriptor_and_a_timeout_end_a_wait(connect: Connect) -> None:
    store = connect()
    while store.run():
        pass
    store.wait(0.001)
    reading, writing = os.pipe()
    try:
        writer = threading.Thread(target=os.write, args=(writing, b"!"))
        writer.start()
        os.set_blocking(reading, False)
        while not _readable(reading):
            store.wait(None, reading)
        writer.join()
    finally:
        os.close(reading)
        os.close(writing)


def _readable(descriptor: int) -> bool:
    try:
        return bool(os.read(descriptor, 1))
    except BlockingIOError:
        return False


# --- the twins agree on anything ---

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6)
FEW = st.sampled_from(["s1", "s2", "ß", 'a"\\\n'])
IPS = st.ip_addresses().map(str)
PREFIXES = st.ip_addresses().map(lambda ip: f"{ip}/{ip.max_prefixlen}")
PORTS = st.integers(1, 4294967040)


def tuples(of: st.SearchStrategy[object], least: int = 0, most: int = 3, **how: object) -> st.SearchStrategy:
    return st.lists(of, min_size=least, max_size=most, **how).map(tuple)


TRACKS = st.builds(Track, st.sampled_from(["port", "link", "route", "reach"]), NAMES, st.integers(0, 255))
MEMBERS = st.builds(Member, FEW, tuples(IPS), st.integers(0, 255), st.booleans(), tuples(TRACKS))
GATEWAYS = st.builds(
    Gateway,
    tuples(IPS, least=1),
    st.sampled_from(["anycast", "hsrp", "hsrp2", "vrrp", "glbp"]),
    st.integers(0, 4095),
    tuples(MEMBERS),
)
VLANS = st.none() | st.integers(1, 4094)
RATES = st.none() | st.integers(1, 2**63 - 1)
COUNTS = st.none() | st.integers(1, 2**32 - 1)
LAGS = st.sets(PORTS, max_size=3).map(sorted).map(tuple)
ATTACHMENTS = st.builds(Attachment, FEW, PORTS | st.integers(1, 3), VLANS, LAGS, RATES)
BOUND_MACS = st.just("02:00:00:00:00:01")
BINDINGS = st.builds(Binding, FEW, PORTS, VLANS, BOUND_MACS, st.none() | IPS)
SEGMENTS = st.builds(
    Segment, NAMES, tuples(PREFIXES), tuples(ATTACHMENTS), st.none() | GATEWAYS, tuples(BINDINGS, most=1)
)
RANGES = st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda pair: (min(pair), max(pair)))
POLICIES = st.builds(
    Policy,
    st.sampled_from(["allow", "deny"]),
    st.none() | NAMES,
    st.none() | NAMES,
    st.none() | st.sampled_from(["tcp", "udp"]),
    st.none() | RANGES,
    st.booleans(),
    RATES,
    st.integers(0, 65535),
)
ROUTES = st.builds(Route, PREFIXES, IPS)
NETWORKS = st.builds(Network, FEW, tuples(SEGMENTS), tuples(ROUTES), tuples(POLICIES), RATES, COUNTS, COUNTS)
INTENTS = st.builds(Intent, NAMES, tuples(NETWORKS), tuples(st.tuples(FEW, st.integers(0, 2**64 - 1))))

MACS = st.sampled_from(["02:00:00:00:00:01", "02:00:00:00:00:02"])
SMALL = st.integers(1, 2)
TIMES = st.integers(0, 2**33).map(lambda eighths: eighths / 8)  # OVSDB keeps 15 digits of a real
STATE_ROWS: st.SearchStrategy[Row] = st.one_of(
    st.builds(
        Switch, SMALL | st.just(2**64 - 1), FEW, st.integers(0, 65535), st.booleans(), st.integers(0, 9), st.text()
    ),
    st.builds(Port, FEW, SMALL, NAMES, st.booleans(), st.sampled_from(["edge", "fabric", "unused", "dampened"])),
    st.builds(Traffic, FEW, SMALL, TIMES, st.integers(0, 2**63 - 1), rx_rate=st.integers(0, 2**63 - 1)),
    st.builds(Link, FEW, SMALL, FEW, SMALL),
    st.builds(Host, FEW, FEW, MACS, FEW, PORTS, tuples(IPS), st.integers(0, 4094)),
    st.builds(Id, st.sampled_from(["switch", "zone"]), FEW, SMALL),
    st.builds(Counter, FEW, st.integers(0, 2**63 - 1)),
    st.builds(Controller, FEW, st.integers(1, 2**63 - 1), FEW, TIMES, TIMES),
    st.builds(Event, SMALL, TIMES, FEW, NAMES, st.sampled_from(EVENT_KINDS), NAMES, TIMES),
)
CHANGES: st.SearchStrategy[Change] = STATE_ROWS.map(Put) | STATE_ROWS.map(lambda row: Drop(type(row), key(row)))
PUBLICATIONS = st.lists(st.tuples(st.lists(CHANGES, max_size=6), st.none() | st.integers(0, 9)), max_size=6)

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
DOCUMENTS = st.builds(Document, FEW, st.integers(0, 3), TEXTS)
BEFORE = st.dictionaries(FEW, st.none() | st.tuples(st.integers(0, 3), TEXTS)).map(
    lambda found: {name: held and Document(name, *held) for name, held in found.items()}
)
COMMITS = st.builds(Commit, SMALL, TIMES, NAMES, TEXTS, BEFORE, TIMES, st.sampled_from(COMMIT_STATES))


def by(key: Callable[[object], object], of: st.SearchStrategy[object], keys: st.SearchStrategy[object]) -> object:
    """Some values under their keys, and under others nothing."""
    gone = st.dictionaries(keys, st.none(), max_size=2)
    return st.tuples(gone, st.lists(of, max_size=2)).map(lambda two: two[0] | {key(each): each for each in two[1]})


EDITS = st.builds(
    Edit,
    by(lambda each: each.name, DOCUMENTS, FEW),
    by(lambda each: each.name, NETWORKS, FEW),
    by(lambda each: each.number, COMMITS, SMALL),
    st.none() | NAMES,
    st.none() | tuples(st.tuples(FEW, st.integers(0, 2**64 - 1))),
)

relaxed = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def twins(shared_server: object) -> Iterator[tuple[Store, Store]]:
    """A store in memory and a real one, used alike from the beginning."""
    with ExitStack() as stack:
        remote = shared_server.remote  # type: ignore[attr-defined]
        yield (
            stack.enter_context(closing(memory.Store(memory.Database()))),
            stack.enter_context(closing(ovsdb.Store(remote, timeout=60, configuration=True))),
        )


def outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except StoreError:
        return StoreError


@given(st.lists(INTENTS, min_size=1, max_size=3))
@relaxed
def test_twins_agree_on_any_intents(twins: tuple[Store, Store], intents: list[Intent]) -> None:
    twin, real = twins
    for intent in intents:
        serial = outcome(lambda: real.write_intent(intent))  # noqa: B023
        assert outcome(lambda: twin.write_intent(intent)) == serial  # noqa: B023
        assert (real.intent(), real.serial()) == (twin.intent(), twin.serial())
        if serial is not StoreError:
            assert real.write_intent(real.intent()) == serial, "what was read is what was written"


@given(PUBLICATIONS)
@relaxed
def test_twins_agree_on_any_publications(
    twins: tuple[Store, Store], publications: list[tuple[list[Change], int | None]]
) -> None:
    twin, real = twins
    clean: list[Change] = [Drop(table, name) for table, rows in twin.state().rows.items() for name in rows]
    for changes, applied in [(clean, 0), *publications]:
        refused = outcome(lambda: real.publish(changes, applied))  # noqa: B023
        assert outcome(lambda: twin.publish(changes, applied)) == refused  # noqa: B023
        assert real.state() == twin.state()


@given(st.lists(EDITS, min_size=1, max_size=4))
@relaxed
def test_twins_agree_on_any_edits(twins: tuple[Store, Store], edits: list[Edit]) -> None:
    twin, real = twins
    for edit in edits:
        serial = outcome(lambda: real.edit(edit, real.serial()))  # noqa: B023
        assert outcome(lambda: twin.edit(edit, twin.serial())) == serial  # noqa: B023
        assert (real.intent(), real.serial()) == (twin.intent(), twin.serial())
        assert (real.documents(), real.commits()) == (twin.documents(), twin.commits())
        assert real.pending() == twin.pending()
