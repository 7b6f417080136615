from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field

from planes.management.snmp import ber, message
from planes.management.snmp.access import Auth, User
from planes.management.snmp.engine import Engine
from planes.management.snmp.message import AUTH, PRIV
from planes.management.snmp.notifier import COLD_START, MAX_WAITING, Notice, Notifier, Target, Traps
from planes.management.snmp.objects import Notification, Oid
from planes.management.snmp.pdu import Kind, decode
from planes.management.snmp.snapshot import Moment
from planes.management.snmp.udp import Endpoint
from planes.management.snmp.usm import Usm

LINK_DOWN: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
NOC, RED = Target(Endpoint("192.0.2.1", 162)), Target(Endpoint("192.0.2.2", 162), "red")
DEADLINE = 60.0  # seconds; reached only when something is broken
OPS = User("ops", Auth.SHA256, "correct horse", "battery staple")
ENGINE = Engine(bytes.fromhex("80007ed9050102030405"), 3, 1000.0)


@dataclass
class Recorded:
    """A way to deliver that keeps what it is given; with a gate, only once that is open."""

    gates: dict[Target, asyncio.Event] = field(default_factory=dict)
    taken: bool = True
    sent: list[tuple[Target, Notice]] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, target: Target, notice: Notice) -> bool:
        if target in self.gates:
            await self.gates[target].wait()
        self.sent.append((target, notice))
        self.more.set()
        return self.taken

    async def until(self, count: int) -> list[tuple[Target, Notice]]:
        while len(self.sent) < count:
            self.more.clear()
            await self.more.wait()
        return self.sent

    def close(self) -> None:
        self.sent.clear()


def running(act: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await asyncio.wait_for(act(), DEADLINE)

    asyncio.run(run())


def notice(number: int = 0, network: str | None = None, oid: Oid = LINK_DOWN) -> Notice:
    return Notice(Notification(oid), network, number)


def test_the_operator_is_told_all_and_a_tenant_what_is_its_own() -> None:
    async def act() -> None:
        deliver = Recorded()
        notifier = Notifier([NOC, RED], deliver, lambda _: None)
        notices = [notice(1), notice(2, "red"), notice(3, "blue"), notice(4, None, COLD_START)]
        for each in notices:
            notifier.tell(each)
        sent = await deliver.until(4)
        assert {(target, told.uptime) for target, told in sent} == {(NOC, 1), (RED, 2), (NOC, 4), (RED, 4)}
        await notifier.close()

    running(act)


def test_who_does_not_answer_delays_nobody_and_costs_a_bounded_queue() -> None:
    async def act() -> None:
        other = Target(Endpoint("192.0.2.3", 162))
        deliver = Recorded({NOC: asyncio.Event()})
        notifier = Notifier([NOC, other], deliver, lambda _: None)
        for number in range(MAX_WAITING):
            notifier.tell(notice(number))
        await deliver.until(MAX_WAITING)
        assert {target for target, _ in deliver.sent} == {other}
        for number in range(MAX_WAITING, MAX_WAITING + 50):
            notifier.tell(notice(number))
        assert notifier.lost == 49  # one was on its way
        deliver.gates[NOC].set()
        await deliver.until(2 * MAX_WAITING + 51)
        late = [told.uptime for target, told in deliver.sent if target == NOC]
        assert late == [0, *range(50, MAX_WAITING + 50)]  # the oldest were dropped
        await notifier.close()

    running(act)


def test_that_a_target_takes_nothing_is_said_once() -> None:
    async def act() -> None:
        said: list[str] = []
        deliver = Recorded(taken=False)
        notifier = Notifier([NOC], deliver, said.append)
        for number in range(3):
            notifier.tell(notice(number))
        await deliver.until(3)
        deliver.taken = True
        notifier.tell(notice(3))
        await deliver.until(4)
        notifier.tell(notice(4))
        await deliver.until(5)
        assert said == ["udp:192.0.2.1:162 takes no notifications", "udp:192.0.2.1:162 takes notifications again"]
        await notifier.close()

    running(act)


def received(user: User | None, target_network: str | None = None) -> bytes:
    """What a trap is on the wire."""
    found: list[bytes] = []

    async def act() -> None:
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(DEADLINE)
            traps = Traps(b"secret", user, Usm(ENGINE, [OPS]), lambda: Moment(0.0, 1500.0))
            target = Target(Endpoint("127.0.0.1", receiver.getsockname()[1]), target_network)
            assert await traps(target, notice(4200))
            found.append(receiver.recv(65535))
            traps.close()

    running(act)
    return found[0]


def test_a_trap_of_v2c() -> None:
    data = received(None)
    community, at = ber.read_octets(data, message.version(data)[1], len(data))
    pdu = decode(data, at, len(data))
    assert (community, pdu.kind, pdu.first, pdu.second) == (b"secret", Kind.TRAP, 0, 0)
    assert pdu.names == ((1, 3, 6, 1, 2, 1, 1, 3, 0), (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0))


def test_a_trap_of_v3_is_sealed_by_our_engine_in_its_targets_context() -> None:
    data = received(OPS, "red")
    found = message.decode_v3(data, message.version(data)[1])
    security = message.decode_security(found.security, found.security_at)
    assert (security.engine_id, security.user, found.flags) == (ENGINE.id, b"ops", AUTH | PRIV)
    _, plain = Usm(ENGINE, [OPS]).open(data, found, security, 1500.0)
    scoped = message.decode_scoped(plain)
    assert (scoped.engine_id, scoped.context, scoped.pdu.kind) == (ENGINE.id, b"red", Kind.TRAP)


def test_a_trap_that_the_kernel_does_not_take_is_told() -> None:
    async def act() -> None:
        traps = Traps(b"secret", None, Usm(ENGINE, []), lambda: Moment(0.0, 1500.0))
        assert not await traps(Target(Endpoint("255.255.255.255", 162)), notice())  # broadcasts need an option
        traps.close()

    running(act)
