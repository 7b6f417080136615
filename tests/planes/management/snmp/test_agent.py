from __future__ import annotations

import random
import tracemalloc
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planes.management.snmp import ber, message
from planes.management.snmp.access import Auth, Community, User
from planes.management.snmp.agent import Agent
from planes.management.snmp.counts import Count, Counts
from planes.management.snmp.engine import Engine
from planes.management.snmp.message import AUTH, MAX_SIZE, PRIV, REPORTABLE, USM, Message, Security
from planes.management.snmp.objects import Oid, Syntax, Value
from planes.management.snmp.pdu import Error, Kind, decode, encode, varbind
from planes.management.snmp.snapshot import Moment, Snapshot, Types
from planes.management.snmp.usm import Usm

NOW = Moment(1e9, 1500.0)
ENGINE = Engine(bytes.fromhex("80007ed9050102030405"), 3, 1000.0)
OPS = User("ops", Auth.SHA256, "correct horse", "battery staple")
RED = User("red", Auth.SHA512, "correct horse", None, "red")
USMS = Usm(ENGINE, (OPS, RED))
NAME: Oid = (1, 3, 6, 1, 2, 1, 1, 5, 0)
ALL = {NAME: Value(Syntax.OCTETS, b"all"), **{(1, 3, 9, n): Value(Syntax.OCTETS, b"x" * 100) for n in range(1000)}}
SNAPSHOTS = {None: Snapshot(ALL), "red": Snapshot({NAME: Value(Syntax.OCTETS, b"of red")})}
LONG = "r" * 300
SNAPSHOTS[LONG] = SNAPSHOTS[None]
LEVEL = AUTH | PRIV | REPORTABLE


def agent() -> Agent:
    communities = Community("public"), Community("red-ro", "red"), Community("gone-ro", "gone")
    return Agent(USMS, communities, Types([NAME[:-1]]), lambda network, _: SNAPSHOTS.get(network), Counts())


def asking(kind: Kind = Kind.GET, name: Oid = NAME, second: int = 0) -> bytes:
    return encode(kind, 99, 0, second, ber.wrap(ber.SEQUENCE, ber.oid(name) + ber.NOTHING))


def v3(
    pdu: bytes, flags: int = LEVEL, user: str = "ops", context: str = "", engine_id: bytes = ENGINE.id, by: Usm = USMS,
    size: int = MAX_SIZE,
) -> bytes:  # fmt: skip
    scoped = message.encode_scoped(engine_id, context.encode(), pdu)
    return by.seal(Message(5, size, flags, USM, b"", scoped), user.encode(), NOW.steady)


class Told:
    """What an agent answered: its PDU, and the one value in it."""

    def __init__(self, data: bytes | None) -> None:
        assert data is not None
        number, at = message.version(data)
        if number == 1:
            self.community, at = ber.read_octets(data, at, len(data))
            self.flags, plain, end = 0, data, len(data)
        else:
            found = message.decode_v3(data, at)
            security = message.decode_security(found.security, found.security_at)
            self.flags, self.security, self.number = found.flags, security, found.number
            self.max_size = found.max_size
            if found.flags & AUTH:
                _, plain = USMS.open(data, found, security, NOW.steady)
            else:
                plain = found.scoped
            at, end = ber.enter(plain, 0, len(plain), ber.SEQUENCE)
            self.engine_id, at = ber.read_octets(plain, at, end)
            self.context, at = ber.read_octets(plain, at, end)
        self.pdu = decode(plain, at, end)
        self.binding = self.pdu.varbinds


def test_a_community_reads_all_and_another_its_network() -> None:
    asked = agent()
    told = Told(asked.handle(message.v2c(b"public", asking()), NOW))
    assert (told.community, told.pdu.request_id, told.pdu.first) == (b"public", 99, 0)
    assert told.binding == varbind(NAME, Value(Syntax.OCTETS, b"all"))
    assert Told(asked.handle(message.v2c(b"red-ro", asking()), NOW)).binding == varbind(
        NAME, Value(Syntax.OCTETS, b"of red")
    )
    assert asked.counts == {Count.IN_PKTS: 2}


def test_the_community_of_a_network_that_is_not_there_is_refused() -> None:
    asked = agent()
    assert Told(asked.handle(message.v2c(b"gone-ro", asking()), NOW)).pdu.first == Error.AUTHORIZATION
    assert asked.counts[Count.UNAVAILABLE_CONTEXTS] == 1


@pytest.mark.parametrize(
    ("data", "count"),
    [
        (b"", Count.IN_ASN_PARSE_ERRS),
        (message.v2c(b"publi", asking()), Count.IN_BAD_COMMUNITY_NAMES),
        (message.v2c(b"public", asking())[:-1], Count.IN_ASN_PARSE_ERRS),
        (message.v2c(b"public", asking()).replace(b"\x02\x01\x01\x04\x06public", b"\x02\x01\x00\x04\x06public"),
         Count.IN_BAD_VERSIONS),
        (message.v2c(b"public", asking(Kind.RESPONSE)), Count.UNKNOWN_PDU_HANDLERS),
        (message.v2c(b"public", asking(Kind.TRAP)), Count.UNKNOWN_PDU_HANDLERS),
        (message.v2c(b"public", asking(Kind.INFORM)), Count.UNKNOWN_PDU_HANDLERS),
        (v3(asking(), PRIV | REPORTABLE), Count.INVALID_MSGS),
        (message.encode_v3(Message(1, 484, 0, 9, b"", b"\x30\x00"), Security(b"", 0, 0, b""))[0],
         Count.UNKNOWN_SECURITY_MODELS),
        (b"\x30\x84\xff\xff\xff\xff\x02\x01\x01", Count.IN_ASN_PARSE_ERRS),
        (b"\x30\x80" * 2000, Count.IN_ASN_PARSE_ERRS),
    ],
)  # fmt: skip
def test_what_is_wrong_is_counted_and_not_answered(data: bytes, count: Count) -> None:
    asked = agent()
    assert asked.handle(data, NOW) is None
    assert asked.counts == {Count.IN_PKTS: 1, count: 1}


def test_a_user_reads_all_and_any_network() -> None:
    asked = agent()
    told = Told(asked.handle(v3(asking()), NOW))
    assert (told.flags, told.number, told.pdu.request_id, told.context) == (AUTH | PRIV, 5, 99, b"")
    assert told.binding == varbind(NAME, Value(Syntax.OCTETS, b"all"))
    told = Told(asked.handle(v3(asking(), context="red"), NOW))
    assert (told.context, told.binding) == (b"red", varbind(NAME, Value(Syntax.OCTETS, b"of red")))
    assert asked.counts == {Count.IN_PKTS: 2}


def test_a_user_with_a_network_reads_that_one_only() -> None:
    asked, level = agent(), AUTH | REPORTABLE
    assert Told(asked.handle(v3(asking(), level, "red", "red"), NOW)).binding == varbind(
        NAME, Value(Syntax.OCTETS, b"of red")
    )
    for context in ("", "blue", "not even there"):  # who is bound does not learn which there are
        told = Told(asked.handle(v3(asking(), level, "red", context), NOW))
        assert (told.pdu.kind, told.pdu.first) == (Kind.RESPONSE, Error.AUTHORIZATION)


@pytest.mark.parametrize("flags", [REPORTABLE, AUTH | REPORTABLE])
def test_less_than_a_users_level_is_refused(flags: int) -> None:
    assert Told(agent().handle(v3(asking(), flags), NOW)).pdu.first == Error.AUTHORIZATION


def reported(data: bytes, count: Count, flags: int = 0) -> Told:
    asked = agent()
    told = Told(asked.handle(data, NOW))
    assert (told.pdu.kind, told.flags, told.number) == (Kind.REPORT, flags, 5)
    assert told.binding == varbind((*count.value, 0), Value(Syntax.COUNTER32, 1))
    assert asked.counts == {Count.IN_PKTS: 1, count: 1}
    return told


def test_discovery_tells_the_engine() -> None:
    """RFC 3414, section 4."""
    scoped = message.encode_scoped(b"", b"", encode(Kind.GET, 99, 0, 0, b""))
    data, _ = message.encode_v3(Message(5, MAX_SIZE, REPORTABLE, USM, b"", scoped), Security(b"", 0, 0, b""))
    told = reported(data, Count.UNKNOWN_ENGINE_IDS)
    assert (told.security.engine_id, told.security.boots, told.security.time) == (ENGINE.id, 3, 500)
    assert (told.engine_id, told.pdu.request_id, told.max_size) == (ENGINE.id, 99, MAX_SIZE)


def test_what_security_refuses_is_reported() -> None:
    reported(v3(asking(), REPORTABLE, "nobody"), Count.UNKNOWN_USER_NAMES)
    other = Usm(ENGINE, [replace(OPS, auth_password="incorrect horse"), replace(RED, priv_password="battery staple")])
    reported(v3(asking(), by=other), Count.WRONG_DIGESTS)
    reported(v3(asking(), user="red", by=other), Count.UNSUPPORTED_SEC_LEVELS)
    restarted = Usm(replace(ENGINE, boots=2), [OPS])
    reported(v3(asking(), by=restarted), Count.NOT_IN_TIME_WINDOWS, AUTH)
    noise = Usm(ENGINE, [replace(OPS, priv_password="incorrect staple")])
    reported(v3(asking(), by=noise), Count.DECRYPTION_ERRORS)


def test_what_is_for_nobody_here_is_reported() -> None:
    reported(v3(asking(), engine_id=b"another"), Count.UNKNOWN_PDU_HANDLERS, AUTH | PRIV)
    reported(v3(asking(Kind.INFORM)), Count.UNKNOWN_PDU_HANDLERS, AUTH | PRIV)
    reported(v3(asking(), context="gone"), Count.UNKNOWN_CONTEXTS, AUTH | PRIV)


def test_what_is_not_to_be_answered_is_not_reported() -> None:
    """RFC 3412, section 7.1, point 3: or two engines would report to each other for ever."""
    asked = agent()
    assert asked.handle(v3(asking(Kind.REPORT), REPORTABLE, "nobody"), NOW) is None
    other = Usm(ENGINE, [replace(OPS, auth_password="incorrect horse")])
    assert asked.handle(v3(asking(), AUTH | PRIV, by=other), NOW) is None  # encrypted: the flag tells


@pytest.mark.parametrize("size", [484, 600, 1500, 8000, MAX_SIZE, 2**31 - 1])
def test_an_answer_is_no_larger_than_the_manager_can_take(size: int) -> None:
    answer = agent().handle(v3(asking(Kind.GET_BULK, (1, 3, 8), 1_000_000), size=size), NOW)
    assert answer is not None and len(answer) <= min(size, MAX_SIZE)
    names = Told(answer).pdu.names
    assert len(answer) + 130 > min(size, MAX_SIZE) - 200 or len(names) == 1000


def test_an_answer_to_v2c_fits_a_datagram() -> None:
    answer = agent().handle(message.v2c(b"public", asking(Kind.GET_BULK, (1, 3, 8), 2**31 - 1)), NOW)
    assert answer is not None and MAX_SIZE - 300 < len(answer) <= MAX_SIZE


def test_a_request_whose_answer_has_no_room_is_dropped_and_counted() -> None:
    asked = agent()
    assert asked.handle(v3(asking(), context=LONG, size=484), NOW) is None
    assert asked.counts[Count.SILENT_DROPS] == 1


GOOD = [
    message.v2c(b"public", asking()),
    message.v2c(b"public", asking(Kind.GET_BULK, (1, 3), 10)),
    message.v2c(b"public", asking(Kind.SET)),
    v3(asking(), REPORTABLE, ""),
    v3(asking(), REPORTABLE),
    v3(asking()),
    v3(asking(Kind.GET_BULK, (1, 3), 10)),
]


@given(st.binary(max_size=300))
def test_random_octets_harm_nothing(data: bytes) -> None:
    agent().handle(data, NOW)


@given(st.sampled_from(GOOD), st.data())
def test_damaged_messages_harm_nothing(good: bytes, data: st.DataObject) -> None:
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    asked = agent()
    for each in (bytes(damaged), bytes(damaged[:cut]), bytes(damaged[cut:])):
        asked.handle(each, NOW)
    assert asked.counts[Count.IN_PKTS] == 3


def test_every_truncation_is_counted() -> None:
    asked = agent()
    for good in GOOD:
        for length in range(len(good)):
            assert asked.handle(good[:length], NOW) is None
    assert asked.counts[Count.IN_ASN_PARSE_ERRS] == sum(map(len, GOOD)) == asked.counts[Count.IN_PKTS]


def test_memory_does_not_grow_by_what_comes() -> None:
    asked, dice = agent(), random.Random(7)
    flood = [bytes(dice.randrange(256) for _ in range(60)) for _ in range(200)]
    flood += [v3(asking(), REPORTABLE, f"user{n}", f"net{n}") for n in range(200)]
    flood += [message.v2c(b"community%d" % n, asking()) for n in range(200)]
    for data in flood:
        asked.handle(data, NOW)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(10):
        for data in flood:
            asked.handle(data, NOW)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000
