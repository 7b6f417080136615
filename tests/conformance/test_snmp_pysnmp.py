"""What pysnmp makes of our messages, and we of its: a second implementation beside Net-SNMP's."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type.univ import OctetString
from pysnmp.proto import api
from pysnmp.proto.secmod.rfc3414 import localkey

from planes.management.snmp.access import Auth, Community, User
from planes.management.snmp.agent import Agent
from planes.management.snmp.counts import Counts
from planes.management.snmp.engine import Engine
from planes.management.snmp.errors import AgentError
from planes.management.snmp.keys import localized
from planes.management.snmp.objects import Objects, Syntax, Value
from planes.management.snmp.peers import Remote
from planes.management.snmp.snapshot import Moment, Snapshot, Types
from planes.management.snmp.udp import Endpoint, Responder, opened
from planes.management.snmp.usm import Usm

ENGINE_ID = bytes.fromhex("80007ed9050102030405")
VALUES = {
    Syntax.INTEGER: -7, Syntax.OCTETS: b"\x00text\xff", Syntax.OID: (1, 3, 6, 1, 4, 1, 32473), Syntax.GAUGE32: 128,
    Syntax.COUNTER32: 2**32 - 1, Syntax.TIMETICKS: 0, Syntax.COUNTER64: 2**64 - 1, Syntax.IP_ADDRESS: b"\xc0\0\x02\1",
}  # fmt: skip
OBJECTS: Objects = {(1, 3, 6, 1, 9, place): Value(*each) for place, each in enumerate(VALUES.items())}
OBJECTS |= {(1, 3, 6, 1, 10, number): Value(Syntax.GAUGE32, number) for number in range(300)}
OPS = {auth: User("ops", auth, "correct horse", "battery staple") for auth in Auth}
RED = User("red", Auth.SHA256, "correct horse", None, "red")
DEADLINE = 60.0  # seconds; reached only when something is broken
T = TypeVar("T")


def asked(user: User | None, ask: Callable[[Remote], Awaitable[T]], context: str = "", community: str = "public") -> T:
    """Ask an agent of ours by pysnmp, over the loopback."""

    async def run() -> T:
        snapshots = {None: Snapshot(OBJECTS), "red": Snapshot({(1, 3, 6, 1, 9, 0): Value(Syntax.INTEGER, 5)})}
        users = [user if user is not None and user.name == "ops" else OPS[Auth.SHA256], RED]
        usm = Usm(Engine(ENGINE_ID, 5, 0.0), users)
        types = Types([(1, 3, 6, 1, 9), (1, 3, 6, 1, 10)])
        agent = Agent(usm, [Community("public")], types, lambda network, _: snapshots.get(network), Counts())
        bound = opened(Endpoint("127.0.0.1", 0))
        responder = Responder(bound, lambda data: agent.handle(data, Moment(0.0, 100.0)))
        remote = Remote(Endpoint(*bound.getsockname()), community, user, context)
        try:
            return await ask(remote)
        finally:
            remote.close()
            responder.close()

    return asyncio.run(asyncio.wait_for(run(), DEADLINE))


@pytest.mark.parametrize(
    "user", [None, *OPS.values(), RED], ids=lambda user: f"{user.name} {user.auth}" if user else "v2c"
)
def test_values_of_every_type_come_over(user: User | None) -> None:
    if user is RED:
        assert asked(user, lambda remote: remote.get([(1, 3, 6, 1, 9, 0)]), "red") == [Value(Syntax.INTEGER, 5)]
        return
    names = [name for name in OBJECTS if name[4] == 9]
    assert asked(user, lambda remote: remote.get(names)) == [OBJECTS[name] for name in names]


@pytest.mark.parametrize("user", [None, OPS[Auth.SHA256]], ids=["v2c", "v3"])
def test_a_walk_is_all_there_is_and_ends(user: User | None) -> None:
    assert asked(user, lambda remote: remote.walk((1, 3, 6, 1, 10))) == [
        (name, value) for name, value in sorted(OBJECTS.items()) if name[4] == 10
    ]
    assert asked(user, lambda remote: remote.walk((1, 3, 6, 1, 10, 7))) == [
        ((1, 3, 6, 1, 10, 7), Value(Syntax.GAUGE32, 7))
    ]
    assert asked(user, lambda remote: remote.walk((1, 3, 6, 1, 11))) == []


def test_what_is_not_there_is_none() -> None:
    assert asked(None, lambda remote: remote.get([(1, 3, 6, 1, 9, 99), (1, 3, 6, 1, 8, 0)])) == [None, None]


def test_what_is_refused_is_told() -> None:
    def ask(remote: Remote) -> Awaitable[list[Value | None]]:
        return remote.get([(1, 3, 6, 1, 9, 0)])

    with pytest.raises(AgentError, match="authorizationError"):
        asked(RED, ask)
    with pytest.raises(AgentError, match=r"1\.3\.6\.1\.6\.3\.12\.1\.5\.0"):  # snmpUnknownContexts
        asked(OPS[Auth.SHA256], ask, "green")


@pytest.mark.parametrize("auth", Auth)
def test_keys_are_localized_alike(auth: Auth) -> None:
    hashed = partial(hashlib.new, auth.hash)
    key = localkey.localize_key(localkey.hash_passphrase(b"correct horse", hashed), OctetString(ENGINE_ID), hashed)
    assert localized(OPS[auth], ENGINE_ID).auth_key == bytes(key)


def test_a_response_of_ours_is_read_by_its_decoder() -> None:
    usm = Usm(Engine(ENGINE_ID, 5, 0.0), [])
    agent = Agent(usm, [Community("public")], Types([]), lambda *_: Snapshot(OBJECTS), Counts())
    module = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
    pdu = module.GetBulkRequestPDU()
    module.apiBulkPDU.set_defaults(pdu)
    module.apiBulkPDU.set_non_repeaters(pdu, 0)
    module.apiBulkPDU.set_max_repetitions(pdu, 20)
    module.apiBulkPDU.set_varbinds(pdu, [((1, 3, 6), module.null)])
    asking = module.Message()
    module.apiMessage.set_defaults(asking)
    module.apiMessage.set_community(asking, "public")
    module.apiMessage.set_pdu(asking, pdu)
    data = agent.handle(encoder.encode(asking), Moment(0.0, 0.0))
    read, rest = decoder.decode(data, asn1Spec=module.Message())
    told = module.apiPDU.get_varbinds(module.apiMessage.get_pdu(read))
    assert (rest, [tuple(name) for name, _ in told]) == (b"", sorted(OBJECTS)[:20])
    assert encoder.encode(read) == data  # octet for octet
