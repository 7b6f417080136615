"""The one door to Ryu, or to os-ken, its maintained fork with the same API.

Imported first of all by the launcher: Ryu runs on eventlet, which must patch the standard library before anyone
uses it. os-ken runs on threads. Everything above this file sees neither: plain queues and threads work in both.
"""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from controller.channel import Channel, Handlers, PortInfo

LIBRARIES = ("ryu", "os_ken")


def _choose() -> str:
    wanted = os.environ.get("TRIPLANE_OPENFLOW", "").replace("-", "_")
    found = [name for name in LIBRARIES if find_spec(name)]
    if wanted and wanted not in found:
        raise SystemExit(f"TRIPLANE_OPENFLOW={wanted}: not installed; found: {', '.join(found) or 'neither'}")
    if not found:
        raise SystemExit("neither ryu nor os-ken is installed: run ./scripts/setup")
    return wanted or found[0]


def _prepare_eventlet() -> None:
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # we resolve no names, and it is slow to load
    with warnings.catch_warnings():  # eventlet warns of its own age
        warnings.simplefilter("ignore")
        import eventlet
        import eventlet.wsgi

    eventlet.monkey_patch()
    if not hasattr(eventlet.wsgi, "ALREADY_HANDLED"):  # Ryu 4.34 asks for it; eventlet dropped it in 0.30.3
        eventlet.wsgi.ALREADY_HANDLED = object()


LIBRARY = _choose()
if LIBRARY == "ryu":
    _prepare_eventlet()


def _load(name: str) -> Any:
    return importlib.import_module(f"{LIBRARY}.{name}")


app_manager = _load("base.app_manager")
handler = _load("controller.handler")
ofp_event = _load("controller.ofp_event")
ofproto = _load("ofproto.ofproto_v1_3")
parser = _load("ofproto.ofproto_v1_3_parser")
messages = _load("ofproto.ofproto_parser")
cfg = _load("cfg")
_load("controller.controller")  # registers the options set below

ECHO_INTERVAL = 2.0  # seconds; a switch that leaves three unanswered is gone
MAX_VERSION = 6  # OpenFlow 1.5; a hello tells the highest that the other side speaks
KILOBIT = 1000  # bits; ports' speeds are told in kilobits per second (7.2.1)
SOCKET_TIMEOUT = 5.0  # seconds that a switch may take to read what it is sent


class _Datapath:
    """The library's connection as a Channel."""

    def __init__(self, datapath: Any) -> None:
        self._datapath = datapath
        self.dpid: int = datapath.id

    def send(self, data: bytes) -> None:
        self._datapath.send(data)

    def close(self) -> None:
        self._datapath.close()


def _on(event: str, *states: str) -> Any:
    return handler.set_ev_cls(getattr(ofp_event, event), list(states))


_App: Any = app_manager.RyuApp if LIBRARY == "ryu" else app_manager.OSKenApp


class Switches(_App):
    """Turns the library's events, and messages that need not become events, into calls of `Handlers`."""

    OFP_VERSIONS = [ofproto.OFP_VERSION]

    def __init__(self, handlers: Handlers) -> None:
        super().__init__()
        self._handlers = handlers
        self._channels: dict[Any, Channel] = {}
        self._ports: dict[Any, list[PortInfo]] = {}
        self._live: dict[Any, set[int]] = {}  # the ports that were ever live on a connection

    @_on("EventOFPPortDescStatsReply", handler.CONFIG_DISPATCHER)
    def _described(self, event: Any) -> None:
        live = self._live.setdefault(event.msg.datapath, set())
        self._ports.setdefault(event.msg.datapath, []).extend(_port(each, live) for each in event.msg.body)

    @_on("EventOFPStateChange", handler.MAIN_DISPATCHER, handler.DEAD_DISPATCHER)
    def _state(self, event: Any) -> None:
        datapath = event.datapath
        if event.state == handler.MAIN_DISPATCHER:
            channel = self._channels[datapath] = _Datapath(datapath)
            self._handlers.up(channel, self._ports.pop(datapath, []))
        else:
            self._ports.pop(datapath, None)
            self._live.pop(datapath, None)
            gone = self._channels.pop(datapath, None)
            if gone is not None:
                self._handlers.down(gone)

    @_on("EventOFPPortStatus", handler.MAIN_DISPATCHER)
    def _port_status(self, event: Any) -> None:
        port = _port(event.msg.desc, self._live.setdefault(event.msg.datapath, set()))

        channel = self._channels.get(event.msg.datapath)
        if channel is not None:
            self._handlers.port(channel, port, event.msg.reason == ofproto.OFPPR_DELETE)

    def hear(self, datapath: Any, kind: int, xid: int, data: bytearray) -> bool:
        """Hand on a frame, or an answer to what we asked; False when the library is to parse the message.

        All answers come this way, for their order counts: an error is about what the next barrier confirms.
        """
        channel = self._channels.get(datapath)
        if channel is None:
            return False
        if kind == ofproto.OFPT_PACKET_IN:
            self._handlers.packet_in(channel, bytes(data))
        elif kind == ofproto.OFPT_BARRIER_REPLY:
            self._handlers.barrier(channel, xid)
        elif kind == ofproto.OFPT_MULTIPART_REPLY and int.from_bytes(data[8:10], "big") in _READ_BY_US:
            self._handlers.multipart(channel, bytes(data))
        else:
            return False
        return True

    def refused(self, datapath: Any, message: Any) -> None:
        """Hand on an error, as the library parsed it."""
        channel = self._channels.get(datapath)
        if channel is not None:
            self._handlers.error(channel, message.xid, _reason(message))


def _reason(message: Any) -> str:
    if message.type == ofproto.OFPET_EXPERIMENTER:
        return f"OpenFlow error of experimenter {message.experimenter:#x}, type {message.exp_type}"
    name: str = ofproto.ofp_error_code_to_str(message.type, message.code).partition("(")[0]
    return f"OpenFlow error type {message.type} code {message.code}" if name == "Unknown" else name


_READ_BY_US = {
    ofproto.OFPMP_FLOW, ofproto.OFPMP_PORT_STATS, ofproto.OFPMP_GROUP_DESC, ofproto.OFPMP_METER_CONFIG,
}  # fmt: skip
_LAST_TYPE = ofproto.OFPT_METER_MOD


def _guard(garbage: Callable[[str], None], switches: Switches) -> None:
    """Have each message looked at before the library parses it, and who sends garbage hung up on.

    The library itself guesses where the next message may begin, logs the bytes in hexadecimal, and goes on. And it
    takes five times as long as we do to parse what there is much of, and queues it: it need not.
    """
    parse, header = messages.msg, messages.header

    def measured(data: bytearray) -> tuple[int, int, int, int]:
        """The header; with no version that exists, the length means nothing either, and is not waited for."""
        version, kind, length, xid = header(data)
        return version, kind, length if 1 <= version <= MAX_VERSION else ofproto.OFP_HEADER_SIZE, xid

    def guarded(datapath: Any, version: int, kind: int, length: int, xid: int, data: bytearray) -> Any:
        if datapath.state == handler.DEAD_DISPATCHER:
            return None
        problem = _problem(datapath.state, version, kind, data)
        if not problem:
            if switches.hear(datapath, kind, xid, data):
                return None
            message = parse(datapath, version, kind, length, xid, data)
            if message is not None and kind == ofproto.OFPT_ERROR:
                switches.refused(datapath, message)
            if message is not None:
                return message
            problem = f"a malformed message of type {kind}"
        garbage(f"{datapath.address}: {problem}")
        datapath.close()
        return None

    messages.msg, messages.header = guarded, measured


def _problem(state: str, version: int, kind: int, data: bytearray) -> str:
    """What is wrong with a message's header (OpenFlow 1.3.5, 7.1); nothing: an empty text."""
    if int.from_bytes(data[2:4], "big") < ofproto.OFP_HEADER_SIZE:
        return "a message that is shorter than its header"
    if state == handler.HANDSHAKE_DISPATCHER:
        greeting = kind in (ofproto.OFPT_HELLO, ofproto.OFPT_ERROR) and 1 <= version <= MAX_VERSION
        return "" if greeting else f"it begins with {bytes(data[:8])!r}, which is no OpenFlow hello"
    if version != ofproto.OFP_VERSION or kind > _LAST_TYPE:
        return f"a message of version {version} and type {kind}"
    return ""


def listen(host: str, port: int, handlers: Handlers) -> None:
    """Accept switches on host:port from now on, in the background."""
    cfg.CONF(args=[], project="triplane", default_config_files=[])
    for name, value in {
        "ofp_listen_host": host,
        "ofp_tcp_listen_port": port,
        "echo_request_interval": ECHO_INTERVAL,
        "maximum_unreplied_echo_requests": 3,
        "socket_timeout": SOCKET_TIMEOUT,
    }.items():
        cfg.CONF.set_override(name, value)
    manager = app_manager.AppManager.get_instance()
    manager.load_apps([f"{LIBRARY}.controller.ofp_handler"])
    _guard(handlers.garbage, manager.instantiate(Switches, handlers))
    manager.instantiate_apps()


def _port(description: Any, live: set[int]) -> PortInfo:
    """A port is up while it has carrier and, once it was live (noted in `live`), is live.

    Where BFD runs, a port whose path has died is not live. One that never was has a peer without BFD, or a switch
    that does not say.
    """
    raw = description.name  # bytes; os-ken's and some of Ryu's messages decode it
    name = (raw.decode("utf-8", "replace") if isinstance(raw, bytes) else raw).split("\0", 1)[0]
    number, is_live = description.port_no, bool(description.state & ofproto.OFPPS_LIVE)
    why = ""
    if description.config & ofproto.OFPPC_PORT_DOWN:
        why = "set down"
    elif description.state & ofproto.OFPPS_LINK_DOWN:
        why = "no carrier"
    elif number in live and not is_live:
        why = "not live: carrier or path lost"  # Open vSwitch says so first, and which in its next message
    if is_live:
        live.add(number)
    return PortInfo(number, name, not why, description.hw_addr, description.curr_speed * KILOBIT, why)
