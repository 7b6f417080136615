"""The SNMP engine's identity, which outlives the process: snmpEngineID and snmpEngineBoots (RFC 3411, RFC 3414)."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from planes.management.snmp.errors import AgentError

MAX_BOOTS = MAX_TIME = (1 << 31) - 1
FILE = "engine.json"
ENTERPRISE = 32473  # for examples and private use (RFC 5612)


@dataclass(frozen=True)
class Engine:
    """An authoritative engine since `started` (monotonic)."""

    id: bytes
    boots: int
    started: float

    def time(self, now: float) -> int:
        """snmpEngineTime: seconds since the start."""
        return min(MAX_TIME, int(now - self.started))


@contextmanager
def started(directory: Path, now: float) -> Iterator[Engine]:
    """The engine kept in a directory, one start later, or a new one; nobody else has it meanwhile.

    AgentError when the directory can't be used, when another agent has it, or when what is in it is damaged.
    """
    with ExitStack() as held:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            identity, boots = _read(directory / FILE)
            boots = min(boots + 1, MAX_BOOTS)
            _write(directory / FILE, identity, boots)
        except BlockingIOError:
            raise AgentError(
                f"another SNMP agent has the identity in {directory}",
                "end it, or take another identity by --identity NAME",
            ) from None
        except OSError as error:
            raise AgentError(
                f"an SNMP engine's identity can't be kept in {directory}: {error.strerror}",
                "set XDG_STATE_HOME to a directory of yours",
            ) from None
        yield Engine(identity, boots, now)


def _read(file: Path) -> tuple[bytes, int]:
    """The identity in a file, and its boots; a new one where there is no file. AgentError when it is damaged."""
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        identity, boots = bytes.fromhex(held["snmpEngineID"]), held["snmpEngineBoots"]
        if not (5 <= len(identity) <= 32 and isinstance(boots, int) and 0 <= boots <= MAX_BOOTS):
            raise ValueError
    except FileNotFoundError:
        return _new(), 0
    except (ValueError, KeyError, TypeError):
        raise AgentError(
            f"{file} is damaged: it holds no snmpEngineID and snmpEngineBoots",
            "remove it: the agent takes a new identity, and managers have to forget the old one",
        ) from None
    return identity, boots


def _new() -> bytes:
    """RFC 3411, section 5: our enterprise with the first bit set, then octets of our own choice."""
    return (1 << 31 | ENTERPRISE).to_bytes(4, "big") + b"\x05" + secrets.token_bytes(12)


def _write(file: Path, identity: bytes, boots: int) -> None:
    """Whole or not at all, also when the machine dies meanwhile: boots that were used must not come again."""
    new = file.with_suffix(".new")
    text = json.dumps({"snmpEngineID": identity.hex(), "snmpEngineBoots": boots}) + "\n"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)


def state_directory(environ: Mapping[str, str]) -> Path:
    """Where identities of agents are kept, a directory each (XDG Base Directory Specification)."""
    given = environ.get("XDG_STATE_HOME", "")
    home = Path(given) if given.startswith("/") else Path(environ.get("HOME", "/")) / ".local" / "state"
    return home / "triplane" / "snmp"
