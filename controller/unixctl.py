"""The control socket: JSON-RPC requests on a unix socket, as `ovs-appctl -t PATH COMMAND [ARGUMENT...]` sends them.

The one door to `ovs.unixctl`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

with warnings.catch_warnings():  # ovs imports eventlet where it is installed, which warns of its own age
    warnings.simplefilter("ignore")
    from ovs import poller, unixctl
    from ovs.unixctl import server

# The library has no types.
_register: Any = unixctl.command_register
_create: Any = server.UnixctlServer.create
_poller: Any = poller.Poller


class Failure(Exception):
    """A command cannot be answered; the text says why, to whoever asked."""


@dataclass(frozen=True)
class Command:
    """What a command takes, one name an argument, and its answer to that many arguments. Failure."""

    takes: tuple[str, ...]
    answer: Callable[..., str]


def serve(path: Path, commands: Mapping[str, Command], version: str) -> Callable[[], None]:
    """Listen on a socket; what is returned serves it for ever, in any thread. OSError.

    It answers `version` and `list-commands` too, as every Open vSwitch daemon does.

    To be called by the main thread: `ovs` sets signal handlers, to remove the socket at the end.
    """
    for name, command in _with_usual(commands, version).items():
        count = len(command.takes)
        _register(name, " ".join(command.takes), count, count, _reply, command)
    error, listening = _create(str(path), version)
    if error:
        raise OSError(error, os.strerror(error), str(path))
    return lambda: _run(listening)


def _with_usual(commands: Mapping[str, Command], version: str) -> dict[str, Command]:
    every = {**commands, "version": Command((), lambda: f"{version}\n"), "list-commands": Command((), lambda: listed)}
    listed = "The available commands are:\n" + "".join(
        f"  {' '.join((name, *every[name].takes))}\n" for name in sorted(every)
    )
    return every


def _run(listening: Any) -> None:
    while True:
        listening.run()
        waiting = _Waiting(_poller())
        listening.wait(waiting)
        waiting.poller.block()


@dataclass(frozen=True)
class _Waiting:
    """A poller that takes any socket.

    Under eventlet `ovs.poller` refuses the sockets that eventlet's own non-blocking ones accept: they are plain ones.
    """

    poller: Any

    def fd_wait(self, descriptor: Any, events: int) -> None:
        self.poller.fd_wait(descriptor if isinstance(descriptor, int) else descriptor.fileno(), events)

    def immediate_wake(self) -> None:
        self.poller.immediate_wake()


def _reply(connection: Any, arguments: list[str], command: Command) -> None:
    try:
        connection.reply(command.answer(*arguments))
    except Failure as failure:
        connection.reply_error(f"{failure}\n")
