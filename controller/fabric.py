"""FabricApp: switches' messages to events, effects to messages. It decides nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from controller.channel import Channel, Handlers, PortInfo
from controller.outbox import Outbox
from planes.control.events import (
    AskTraffic,
    Counted,
    Effect,
    Event,
    FrameArrived,
    Install,
    PortChanged,
    PortDescription,
    Publish,
    Refused,
    Resync,
    SendFrame,
    SwitchConnected,
    SwitchLost,
    TrafficTold,
)
from planes.data import readback, traffic, wire
from planes.data.rule import Entry
from planes.model.state import Change

TRAFFIC_XID = 0xFFFF_FFFF  # of questions for traffic: an outbox's never get there
log = logging.getLogger(__name__)


@dataclass
class _Switch:
    """A connected switch; it is announced once it was read back."""

    channel: Channel
    outbox: Outbox
    ports: dict[int, PortDescription]
    announced: bool = False
    fault: str = ""  # why it was hung up on


class FabricApp:
    """The fabric's switches. `post` takes events, `publish` takes state for the store.

    Switches speak on one thread, or one each, and the core acts on another: a lock keeps them apart.
    """

    def __init__(self, post: Callable[[Event], None], publish: Callable[[Iterable[Change], int | None], None]) -> None:
        self._post, self._publish = post, publish
        self._switches: dict[int, _Switch] = {}
        self._lock = threading.RLock()  # reentrant: what is sent may close the channel, which tells of its end
        self.handlers = Handlers(
            self._up,
            self._down,
            self._port,
            self._packet_in,
            self._barrier,
            self._multipart,
            self._error,
            self._garbage,
        )

    def perform(self, effect: Effect) -> None:
        """Do what the core asks for; what concerns a switch that left meanwhile is nobody's any more."""
        if isinstance(effect, Publish):
            self._publish(effect.changes, effect.applied)
            return
        with self._lock:
            switch = self._switches.get(effect.dpid)
            if switch is None:
                return
            match effect:
                case Install():
                    switch.outbox.install(effect)
                case SendFrame():
                    switch.outbox.frame(effect)
                case Resync():
                    switch.outbox.read()
                case AskTraffic():
                    switch.channel.send(traffic.request(TRAFFIC_XID))

    def look(self, now: float) -> None:
        """Hang up on switches that do not answer; to be called about once a second, with a monotonic `now`."""
        with self._lock:
            for switch in list(self._switches.values()):
                switch.outbox.look(now)

    # connections

    def _up(self, channel: Channel, ports: Sequence[PortInfo]) -> None:
        with self._lock:
            self._replace(channel.dpid)
            log.info("switch %016x connected, %d ports", channel.dpid, len(ports))
            outbox = Outbox(
                channel.dpid,
                channel.send,
                self._heed,
                lambda held: self._announce(channel, held),
                lambda reason: self._hang_up(channel, reason),
            )
            described = {port.number: _described(port) for port in ports}
            self._switches[channel.dpid] = _Switch(channel, outbox, described)
            outbox.read()

    def _replace(self, dpid: int) -> None:
        """The newest connection of a datapath id is the switch: the old one may be half open."""
        old = self._switches.pop(dpid, None)
        if old is None:
            return
        log.warning("switch %016x connected twice: the older connection is closed", dpid)
        self._post(Counted("switch-connected-twice"))
        if old.announced:
            self._post(SwitchLost(dpid))
        old.channel.close()

    def _announce(self, channel: Channel, held: frozenset[Entry]) -> None:
        switch = self._switches[channel.dpid]
        switch.announced = True
        log.info("switch %016x holds %d entries", channel.dpid, len(held))
        self._post(SwitchConnected(channel.dpid, tuple(switch.ports.values()), held))

    def _down(self, channel: Channel) -> None:
        with self._lock:
            switch = self._current(channel)
            if switch is not None:
                log.info("switch %016x disconnected", channel.dpid)
                del self._switches[channel.dpid]
                if switch.announced:
                    self._post(SwitchLost(channel.dpid, switch.fault))

    def _hang_up(self, channel: Channel, reason: str) -> None:
        log.warning("switch %016x is hung up on: %s", channel.dpid, reason)
        switch = self._current(channel)
        if switch is not None:
            switch.fault = f"hung up on: {reason}"
        self._post(Counted("switch-hung-up-on"))
        channel.close()

    def _garbage(self, reason: str) -> None:
        log.warning("a connection is closed: %s", reason)
        self._post(Counted("openflow-garbage"))

    # messages

    def _port(self, channel: Channel, port: PortInfo, gone: bool) -> None:
        with self._lock:
            switch = self._current(channel)
            if switch is None:
                return
            if gone:
                switch.ports.pop(port.number, None)
            else:
                switch.ports[port.number] = _described(port)
            if switch.announced:
                self._post(PortChanged(channel.dpid, _described(port), gone))

    def _packet_in(self, channel: Channel, message: bytes) -> None:
        packet = wire.packet_in(message)
        with self._lock:
            switch = self._current(channel)
            if switch is None:
                return
            if packet is None:
                self._hang_up(channel, "a malformed packet-in")
            elif switch.announced:
                self._post(FrameArrived(channel.dpid, packet.in_port, packet.table, packet.metadata, packet.data))

    def _barrier(self, channel: Channel, xid: int) -> None:
        with self._lock:
            switch = self._current(channel)
            if switch is not None:
                switch.outbox.barrier(xid)

    def _multipart(self, channel: Channel, message: bytes) -> None:
        if traffic.is_about(message):
            self._traffic(channel, message)
            return
        part = readback.part(message)
        with self._lock:
            switch = self._current(channel)
            if switch is not None and part is not None:
                switch.outbox.part(part)
            elif switch is not None:
                self._hang_up(channel, "what it says it holds is malformed")

    def _traffic(self, channel: Channel, message: bytes) -> None:
        told = traffic.told(message)
        with self._lock:
            switch = self._current(channel)
            if switch is not None and told is None:
                self._hang_up(channel, "what it says its ports carried is malformed")
            elif switch is not None and told is not None and told.xid == TRAFFIC_XID and switch.announced:
                self._post(TrafficTold(channel.dpid, told.ports, told.more))

    def _error(self, channel: Channel, xid: int, reason: str) -> None:
        with self._lock:
            switch = self._current(channel)
            if switch is not None:
                log.debug("switch %016x: transaction %d: %s", channel.dpid, xid, reason)
                switch.outbox.error(xid, reason)

    def _heed(self, event: Event) -> None:
        if isinstance(event, Refused):
            log.warning("switch %016x: %s", event.dpid, event.reason)
        self._post(event)

    def _current(self, channel: Channel) -> _Switch | None:
        switch = self._switches.get(channel.dpid)
        return switch if switch is not None and switch.channel is channel else None


def _described(port: PortInfo) -> PortDescription:
    return PortDescription(port.number, port.name, port.up, port.mac, port.speed, port.why)
