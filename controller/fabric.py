"""FabricApp: switches' messages to events, effects to messages. It decides nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence

from controller.channel import Channel, Handlers, PortInfo
from planes.control.events import (
    Confirmed,
    Effect,
    Event,
    FrameArrived,
    Install,
    PortChanged,
    PortDescription,
    Publish,
    Refused,
    SendFrame,
    SwitchConnected,
    SwitchLost,
)
from planes.data import wire
from planes.data.delta import Delta
from planes.model.state import Change

log = logging.getLogger(__name__)


class FabricApp:
    """The fabric's switches. `post` takes events, `publish` takes state for the store."""

    def __init__(self, post: Callable[[Event], None], publish: Callable[[Iterable[Change], int | None], None]) -> None:
        self._post, self._publish = post, publish
        self._channels: dict[int, Channel] = {}
        self.handlers = Handlers(self._up, self._down, self._port, self._packet_in, self._barrier, self._error)

    def perform(self, effect: Effect) -> None:
        """Do what the core asks for; what concerns a switch that left meanwhile is nobody's any more."""
        match effect:
            case Install(dpid, mods, token, fresh):
                clear = wire.delete_all(token) if fresh else b""
                self._send(dpid, clear + b"".join(self._encoded(dpid, mods, token)) + wire.barrier(token))
            case SendFrame(dpid, in_port, actions, data):
                self._send(dpid, wire.packet_out(data, in_port, actions, 0))
            case Publish(changes, applied):
                self._publish(changes, applied)

    def _encoded(self, dpid: int, mods: Delta, token: int) -> Iterator[bytes]:
        """The messages; a mod that fits none (a group of too many buckets) is as good as refused by the switch."""
        for mod in mods:
            try:
                yield wire.encode(mod, token)
            except ValueError as error:
                self._refused(dpid, str(error))

    def _send(self, dpid: int, data: bytes) -> None:
        channel = self._channels.get(dpid)
        if channel is not None:
            channel.send(data)

    def _up(self, channel: Channel, ports: Sequence[PortInfo]) -> None:
        log.info("switch %016x connected, %d ports", channel.dpid, len(ports))
        old = self._channels.get(channel.dpid)
        self._channels[channel.dpid] = channel
        if old is not None:
            log.warning("switch %016x connected twice: the older connection is closed", channel.dpid)
            old.close()
        self._post(SwitchConnected(channel.dpid, tuple(PortDescription(p.number, p.name, p.up) for p in ports)))

    def _down(self, channel: Channel) -> None:
        if self._is_current(channel):
            log.info("switch %016x disconnected", channel.dpid)
            del self._channels[channel.dpid]
            self._post(SwitchLost(channel.dpid))

    def _port(self, channel: Channel, port: PortInfo, gone: bool) -> None:
        if self._is_current(channel):
            self._post(PortChanged(channel.dpid, PortDescription(port.number, port.name, port.up), gone))

    def _packet_in(self, channel: Channel, message: bytes) -> None:
        packet = wire.packet_in(message)
        if packet is not None and self._is_current(channel):
            self._post(FrameArrived(channel.dpid, packet.in_port, packet.table, packet.data))

    def _barrier(self, channel: Channel, xid: int) -> None:
        if self._is_current(channel):
            self._post(Confirmed(channel.dpid, xid))

    def _error(self, channel: Channel, reason: str) -> None:
        if self._is_current(channel):
            self._refused(channel.dpid, reason)

    def _refused(self, dpid: int, reason: str) -> None:
        log.warning("switch %016x: %s", dpid, reason)
        self._post(Refused(dpid, reason))

    def _is_current(self, channel: Channel) -> bool:
        return self._channels.get(channel.dpid) is channel
