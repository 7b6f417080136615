"""Informs: notifications that are sent until they are acknowledged."""

from __future__ import annotations

from planes.management.snmp.access import User
from planes.management.snmp.notifier import Notice, Target
from planes.management.snmp.pdu import carried
from planes.management.snmp.peers import Session


class Informs:
    """A way to deliver: as an inform of SNMPv2c, or of SNMPv3 with `user`."""

    def __init__(self, community: str, user: User | None) -> None:
        self._session = Session(community, user)

    async def __call__(self, target: Target, notice: Notice) -> bool:
        return await self._session.inform(target.endpoint, target.network or "", carried(notice.what, notice.uptime))

    def close(self) -> None:
        """Close the sockets."""
        self._session.close()
