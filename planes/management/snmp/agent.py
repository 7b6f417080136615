"""The agent: a datagram in, a datagram out or none. It has no socket and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from planes.management.snmp import ber
from planes.management.snmp import message as messages
from planes.management.snmp.access import Community, User
from planes.management.snmp.ber import BerError
from planes.management.snmp.counts import Count, Counts
from planes.management.snmp.message import AUTH, PRIV, REPORTABLE, USM, V2C, V3, Message, Scoped
from planes.management.snmp.objects import Syntax, Value
from planes.management.snmp.pdu import CONFIRMED, REQUESTS, Error, Kind, decode, encode, varbind
from planes.management.snmp.responder import TooBig, refuse, respond
from planes.management.snmp.snapshot import Moment, Snapshot, Types
from planes.management.snmp.usm import Refused, Usm

Snapshots = Callable[[str | None, Moment], Snapshot | None]
"""What is served of a network, or of all; None where there is no such network."""


class Agent:
    """Answers requests from snapshots. `counts` tells what it got, and what was wrong with it."""

    def __init__(
        self, usm: Usm, communities: Iterable[Community], types: Types, snapshots: Snapshots, counts: Counts
    ) -> None:
        self.counts = counts
        self._usm = usm
        self._communities = {community.name.encode(): community for community in communities}
        self._types = types
        self._snapshots = snapshots

    def handle(self, data: bytes, now: Moment) -> bytes | None:
        """The answer to a datagram; None where nothing is to be said. It raises nothing, whatever came."""
        self.counts[Count.IN_PKTS] += 1
        try:
            version, at = messages.version(data)
            if version == V2C:
                return self._v2c(data, at, now)
            if version == V3:
                return self._v3(data, at, now)
            self.counts[Count.IN_BAD_VERSIONS] += 1
        except BerError:
            self.counts[Count.IN_ASN_PARSE_ERRS] += 1
        except TooBig:
            self.counts[Count.SILENT_DROPS] += 1
        return None

    def _v2c(self, data: bytes, at: int, now: Moment) -> bytes | None:
        name, at = ber.read_octets(data, at, len(data))
        pdu = decode(data, at, len(data))
        community = self._communities.get(name)
        if community is None:
            self.counts[Count.IN_BAD_COMMUNITY_NAMES] += 1
            return None
        if pdu.kind not in REQUESTS:
            self.counts[Count.UNKNOWN_PDU_HANDLERS] += 1
            return None
        snapshot = self._snapshots(community.network, now)
        room = messages.MAX_SIZE - messages.V2C_FIELDS - len(name)
        if snapshot is None:  # its network is no more, or not yet there
            self.counts[Count.UNAVAILABLE_CONTEXTS] += 1
            return messages.v2c(name, refuse(pdu, Error.AUTHORIZATION, 0, room))
        return messages.v2c(name, respond(pdu, snapshot, self._types, room, now))

    def _v3(self, data: bytes, at: int, now: Moment) -> bytes | None:
        """RFC 3412, section 7.2. BerError, TooBig."""
        message = messages.decode_v3(data, at)
        if message.model != USM:
            self.counts[Count.UNKNOWN_SECURITY_MODELS] += 1
            return None
        if message.flags & PRIV and not message.flags & AUTH:
            self.counts[Count.INVALID_MSGS] += 1
            return None
        security = messages.decode_security(message.security, message.security_at)
        scoped = None if message.flags & PRIV else messages.decode_scoped(message.scoped)
        try:
            user, plain = self._usm.open(data, message, security, now.steady)
            if scoped is None:
                scoped = _decrypted(plain)
            answer = self._request(message, scoped, user, now)
        except Refused as refused:
            self.counts[refused.count] += 1
            return self._report(message, security.user, scoped, refused, now)
        return self._sealed(message, message.flags, security.user, scoped.context, answer, now)

    def _request(self, message: Message, scoped: Scoped, user: User, now: Moment) -> bytes:
        """The PDU that answers (RFC 3413, section 3.2). Refused, TooBig."""
        level = message.flags & (AUTH | PRIV)
        if scoped.engine_id != self._usm.engine.id or scoped.pdu.kind not in REQUESTS:
            raise Refused(Count.UNKNOWN_PDU_HANDLERS, level)
        names = len(scoped.engine_id) * 2 + len(scoped.context) + len(user.name.encode())
        room = min(message.max_size, messages.MAX_SIZE) - messages.V3_FIELDS - names
        network = scoped.context.decode(errors="replace") or None
        needed = AUTH if user.priv_password is None else AUTH | PRIV
        # Who is bound to a network does not learn which others there are: this comes before the look at the context.
        if level != needed or (user.network is not None and network != user.network):
            return refuse(scoped.pdu, Error.AUTHORIZATION, 0, room)
        snapshot = self._snapshots(network, now)
        if snapshot is None:
            raise Refused(Count.UNKNOWN_CONTEXTS, level)
        return respond(scoped.pdu, snapshot, self._types, room, now)

    def _report(
        self, message: Message, user: bytes, scoped: Scoped | None, refused: Refused, now: Moment
    ) -> bytes | None:
        """What was wrong, and how often that was (RFC 3412, section 7.1, point 3)."""
        wanted = bool(message.flags & REPORTABLE) if scoped is None else scoped.pdu.kind in CONFIRMED
        if not wanted:
            return None
        told = varbind((*refused.count.value, 0), Value(Syntax.COUNTER32, self.counts[refused.count] % (1 << 32)))
        report = encode(Kind.REPORT, scoped.pdu.request_id if scoped else 0, 0, 0, told)
        return self._sealed(message, refused.flags, user, b"", report, now)

    def _sealed(self, to: Message, flags: int, user: bytes, context: bytes, pdu: bytes, now: Moment) -> bytes:
        scoped = messages.encode_scoped(self._usm.engine.id, context, pdu)
        reply = Message(to.number, messages.MAX_SIZE, flags & (AUTH | PRIV), USM, b"", scoped)
        return self._usm.seal(reply, user, now.steady)


def _decrypted(plain: bytes) -> Scoped:
    """Refused for noise, which is what another key makes of it."""
    try:
        return messages.decode_scoped(plain, padded=True)
    except BerError:
        raise Refused(Count.DECRYPTION_ERRORS) from None
