"""Asking others: pysnmp, which finds their engine, keeps its time, and asks again. The only file that imports it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pysnmp.error import PySnmpError
from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC128_SHA224,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC256_SHA384,
    USM_AUTH_HMAC384_SHA512,
    USM_PRIV_CFB128_AES,
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    bulk_cmd,
    get_cmd,
    send_notification,
)
from pysnmp.proto import rfc1902

from planes.management.snmp.access import Auth, User
from planes.management.snmp.errors import AgentError
from planes.management.snmp.objects import Oid, Syntax, Value
from planes.management.snmp.reading import Found
from planes.management.snmp.udp import Endpoint

AUTHS = {
    Auth.SHA224: USM_AUTH_HMAC128_SHA224,
    Auth.SHA256: USM_AUTH_HMAC192_SHA256,
    Auth.SHA384: USM_AUTH_HMAC256_SHA384,
    Auth.SHA512: USM_AUTH_HMAC384_SHA512,
}
CLASSES = {
    Syntax.INTEGER: rfc1902.Integer32,
    Syntax.OCTETS: rfc1902.OctetString,
    Syntax.OID: rfc1902.ObjectIdentifier,
    Syntax.IP_ADDRESS: rfc1902.IpAddress,
    Syntax.COUNTER32: rfc1902.Counter32,
    Syntax.GAUGE32: rfc1902.Gauge32,
    Syntax.TIMETICKS: rfc1902.TimeTicks,
    Syntax.COUNTER64: rfc1902.Counter64,
}
SYNTAXES = {syntax.value: syntax for syntax in Syntax}
RETRIES = 3  # after the first attempt, a second each
AT_ONCE = 50  # objects that a walk asks for


class Session:
    """A way to ask, by SNMPv2c, or by SNMPv3 with `user`; on the running loop."""

    def __init__(self, community: str, user: User | None) -> None:
        self._engine = SnmpEngine()
        self._credentials = _credentials(community, user)

    async def inform(self, to: Endpoint, context: str, varbinds: Sequence[tuple[Oid, Value]]) -> bool:
        """Send an InformRequest; whether it was acknowledged."""
        sent = [(name, CLASSES[value.syntax](value.data)) for name, value in varbinds]
        engine, whole = self._engine, (_context(context), "inform", *sent)
        try:
            failed, status, _, _ = await send_notification(
                engine, self._credentials, await _transport(to), *whole, lookupMib=False
            )
        except (PySnmpError, OSError):  # such as no route to there
            return False
        return not failed and not status

    def close(self) -> None:
        """Close the sockets."""
        self._engine.close_dispatcher()


class Remote:
    """A `reading.Reader` of an agent, in a context."""

    def __init__(self, at: Endpoint, community: str, user: User | None, context: str) -> None:
        self._at = at
        self._engine = SnmpEngine()
        self._credentials = _credentials(community, user)
        self._context = _context(context)

    async def get(self, names: Sequence[Oid]) -> list[Value | None]:
        found = self._checked(await get_cmd(*await self._asked(), *map(_asking, names), lookupMib=False))
        return [_value(value) for _, value in found]

    async def walk(self, below: Oid) -> Found:
        found, last = Found(), below
        while True:
            answer = self._checked(await bulk_cmd(*await self._asked(), 0, AT_ONCE, _asking(last), lookupMib=False))
            for name, told in answer:
                oid, value = tuple(name), _value(told)
                if value is None or oid[: len(below)] != below:
                    return found or await self._one(below)
                if oid <= last:
                    raise AgentError(f"the agent at {self._at} goes in circles", "its walk does not go forward")
                found.append((oid, value))
                last = oid
            if not answer:
                return found

    async def _one(self, name: Oid) -> Found:
        (value,) = await self.get([name])
        return [(name, value)] if value is not None else []

    async def _asked(self) -> tuple[Any, ...]:
        return self._engine, self._credentials, await _transport(self._at), self._context

    def _checked(self, answer: tuple[Any, Any, Any, Sequence[tuple[Any, Any]]]) -> Sequence[tuple[Any, Any]]:
        failed, status, _, found = answer
        if failed:
            hint = "is it running, and does it know this community, user or context?"
            raise AgentError(f"the agent at {self._at}: {failed}", hint)
        if status:
            raise AgentError(f"the agent at {self._at} refuses: {status.prettyPrint()}")
        return found

    def close(self) -> None:
        """Close the sockets."""
        self._engine.close_dispatcher()


def _credentials(community: str, user: User | None) -> CommunityData | UsmUserData:
    if user is None:
        return CommunityData(community)
    secured = {} if user.priv_password is None else {"privProtocol": USM_PRIV_CFB128_AES, "privKey": user.priv_password}
    return UsmUserData(user.name, user.auth_password, authProtocol=AUTHS[user.auth], **secured)


def _context(name: str) -> ContextData:
    return ContextData(contextName=name.encode())


async def _transport(to: Endpoint) -> UdpTransportTarget | Udp6TransportTarget:
    kind = Udp6TransportTarget if ":" in to.host else UdpTransportTarget
    return await kind.create((to.host, to.port), timeout=1, retries=RETRIES)


def _asking(name: Oid) -> ObjectType:
    return ObjectType(ObjectIdentity(name))


def _value(told: Any) -> Value | None:
    """A value in our words; None for noSuchObject, noSuchInstance and endOfMibView. Opaque is octets."""
    (tag,) = told.tagSet.superTags[-1:]
    number = tag.tagClass | tag.tagId
    if number in (0x80, 0x81, 0x82):
        return None
    syntax = SYNTAXES.get(number, Syntax.OCTETS)
    if syntax is Syntax.OID:
        return Value(syntax, tuple(told))
    return Value(syntax, bytes(told) if syntax in (Syntax.OCTETS, Syntax.IP_ADDRESS) else int(told))
