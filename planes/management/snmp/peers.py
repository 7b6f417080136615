"""Asking others: pysnmp, which finds their engine, keeps its time, and asks again. The only file that imports it."""

from __future__ import annotations

from collections.abc import Sequence

from pysnmp.hlapi.v3arch.asyncio import (
    USM_AUTH_HMAC128_SHA224,
    USM_AUTH_HMAC192_SHA256,
    USM_AUTH_HMAC256_SHA384,
    USM_AUTH_HMAC384_SHA512,
    USM_PRIV_CFB128_AES,
    CommunityData,
    ContextData,
    SnmpEngine,
    Udp6TransportTarget,
    UdpTransportTarget,
    UsmUserData,
    send_notification,
)
from pysnmp.proto import rfc1902

from planes.management.snmp.access import Auth, User
from planes.management.snmp.objects import Oid, Syntax, Value
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


RETRIES = 3  # after the first attempt, a second each


class Session:
    """A way to ask, by SNMPv2c, or by SNMPv3 with `user`; on the running loop."""

    def __init__(self, community: str, user: User | None) -> None:
        self._engine = SnmpEngine()
        self._credentials = _credentials(community, user)

    async def inform(self, to: Endpoint, context: str, varbinds: Sequence[tuple[Oid, Value]]) -> bool:
        """Send an InformRequest; whether it was acknowledged."""
        failed, status, _, _ = await send_notification(
            self._engine,
            self._credentials,
            await _transport(to),
            ContextData(contextName=context.encode()),
            "inform",
            *((name, CLASSES[value.syntax](value.data)) for name, value in varbinds),
            lookupMib=False,
        )
        return not failed and not status

    def close(self) -> None:
        """Close the sockets."""
        self._engine.close_dispatcher()


def _credentials(community: str, user: User | None) -> CommunityData | UsmUserData:
    if user is None:
        return CommunityData(community)
    secured = {} if user.priv_password is None else {"privProtocol": USM_PRIV_CFB128_AES, "privKey": user.priv_password}
    return UsmUserData(user.name, user.auth_password, authProtocol=AUTHS[user.auth], **secured)


async def _transport(to: Endpoint) -> UdpTransportTarget | Udp6TransportTarget:
    kind = Udp6TransportTarget if ":" in to.host else UdpTransportTarget
    return await kind.create((to.host, to.port), timeout=1, retries=RETRIES)
