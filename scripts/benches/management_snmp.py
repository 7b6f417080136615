"""Chapter management: how fast ifTable is read by SNMP, beside Net-SNMP's snmpd with a program for the same table."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benches.figures import Goal, Measure
from benches.section import Runs, Section
from planes.management.mibs import objects
from planes.management.snmp.objects import Objects, Oid, Syntax, Value
from planes.management.watch import View
from planes.model.state import Controller, Id, Key, Port, Put, Row, State, Switch, Traffic, key
from planes.store import ovsdb
from planes.store.server import create_argv, serve_argv
from topologies.errors import LabError

PORTS, PER_SWITCH = 1000, 50
IF_TABLE: Oid = (1, 3, 6, 1, 2, 1, 2, 2)
SECONDS = 60.0  # that anything here may take
PASSER = Path(__file__).with_name("passing.py")
PASSWORD, SECRET = "correct horse", "battery staple"
ARGUMENTS = {
    "v2c": ["-v2c", "-c", "public"],
    "v3, SHA-256 and AES": [
        "-v3", "-u", "bench", "-l", "authPriv", "-a", "SHA-256", "-A", PASSWORD, "-x", "AES", "-X", SECRET
    ],
}  # fmt: skip
KINDS = {
    Syntax.INTEGER: "integer",
    Syntax.COUNTER32: "counter",
    Syntax.GAUGE32: "gauge",
    Syntax.TIMETICKS: "timeticks",
}


@dataclass(frozen=True)
class _Compared:
    """The figures of one version of SNMP."""

    arguments: Sequence[str]
    ours: Measure
    theirs: Measure
    ratio: Measure


def sections(quick: bool) -> list[Section]:
    """Both versions, in turn."""
    compared = [
        _Compared(
            arguments,
            Measure(f"SNMP {version}: snmpbulkwalk of ifTable, {PORTS} ports", "rows/s"),
            Measure(f"SNMP {version}: the same of snmpd with pass_persist, for comparison", "rows/s"),
            Measure(f"SNMP {version}: ours to snmpd's", "times", Goal(">=", 1)),
        )
        for version, arguments in ARGUMENTS.items()
    ]
    measures = tuple(measure for each in compared for measure in (each.ours, each.theirs, each.ratio))
    return [Section("SNMP", measures, lambda: _run(compared, 3 if quick else 11))]


def _run(compared: Sequence[_Compared], times: int) -> Runs:
    found: dict[Measure, list[float]] = {}
    with _agents() as (ours, theirs, environ):
        for _ in range(times):
            for each in compared:
                mine, its = (_rows(each.arguments, port, environ) for port in (ours, theirs))
                for measure, value in ((each.ours, mine), (each.theirs, its), (each.ratio, mine / its)):
                    found.setdefault(measure, []).append(value)
    return found


def _rows(arguments: Sequence[str], port: int, environ: Mapping[str, str]) -> float:
    """Rows of ifTable a second, in one walk. LabError when it is not the whole table."""
    argv = ["snmpbulkwalk", *arguments, "-On", "-Oq", f"127.0.0.1:{port}", dotted(IF_TABLE)]
    began = time.perf_counter()
    told = subprocess.run(argv, capture_output=True, text=True, env=environ, timeout=SECONDS, check=False).stdout
    took = time.perf_counter() - began
    if told.count("\n") != len(table()):
        raise LabError(f"{told.count(chr(10))} of {len(table())} objects of ifTable came")
    return PORTS / took


@contextmanager
def _agents() -> Iterator[tuple[int, int, Mapping[str, str]]]:
    """Both agents at work: their ports, and the environment of who asks them. LabError."""
    with ExitStack() as held:
        directory = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="tpsnmp")))
        environ = {
            **os.environ, "MIBS": "", "SNMPCONFPATH": str(directory), "SNMP_PERSISTENT_DIR": str(directory / "snmp"),
            "XDG_STATE_HOME": str(directory / "state"),
        }  # fmt: skip
        remote = held.enter_context(_store(directory))
        ours, theirs = _free_port(), _free_port()
        held.enter_context(_started(_ours(directory, remote, ours), environ, ours))
        held.enter_context(_started(_theirs(directory, theirs), environ, theirs))
        yield ours, theirs, environ


@contextmanager
def _store(directory: Path) -> Iterator[str]:
    """A store that holds the ports; its remote."""
    db, path = directory / "store.db", directory / "s"
    subprocess.run(create_argv(db), check=True)
    with _ended(subprocess.Popen(serve_argv(db, path))):
        with closing(ovsdb.Store(f"unix:{path}", SECONDS)) as store:
            store.publish(changes())
        yield f"unix:{path}"


def _ours(directory: Path, remote: str, port: int) -> list[str]:
    users = directory / "users.yaml"
    users.touch(mode=0o600)
    users.write_text(f'users: {{bench: {{auth-password: "{PASSWORD}", priv-password: "{SECRET}"}}}}\n')
    argv = ["-m", "planes.cli", "snmp-agent", "--store", remote, "--listen", f"127.0.0.1:{port}", "--users", str(users)]
    return [sys.executable, *argv]


def _theirs(directory: Path, port: int) -> list[str]:
    """snmpd, whose own ifTable is left out."""
    rows = [[dotted(oid), *_passed(value)] for oid, value in sorted(table().items())]
    (directory / "table.json").write_text(json.dumps(rows))
    configuration = directory / "snmpd.conf"
    configuration.write_text(
        "rocommunity public\n"
        f'createUser bench SHA-256 "{PASSWORD}" AES "{SECRET}"\n'
        "rouser bench priv\n"
        f"pass_persist {dotted(IF_TABLE)} {sys.executable} -I -S {PASSER} {directory / 'table.json'}\n"
    )
    without = "-ifTable,-ifXTable,-interface,-interfaces"
    return ["snmpd", "-f", "-C", "-c", str(configuration), "-I", without, "-Ln", f"127.0.0.1:{port}"]


@contextmanager
def _started(argv: Sequence[str], environ: Mapping[str, str], port: int) -> Iterator[None]:
    """A process, once it serves the last row. LabError."""
    last = dotted(max(table()))
    asking = ["snmpget", *ARGUMENTS["v2c"], "-t", "1", "-r", "0", "-On", "-Oq", f"127.0.0.1:{port}", last]
    quiet = subprocess.DEVNULL
    try:
        process = subprocess.Popen(argv, env=environ, stdout=quiet, stderr=quiet)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed", "./scripts/setup") from None
    with _ended(process):
        deadline = time.monotonic() + SECONDS
        while last + " " not in subprocess.run(asking, capture_output=True, text=True, env=environ, check=False).stdout:
            if time.monotonic() > deadline or process.poll() is not None:
                raise LabError(f"{argv[0]} does not serve ifTable")
        yield


@contextmanager
def _ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    with process:
        try:
            yield
        finally:
            process.terminate()


@cache
def table() -> Objects:
    """ifTable as it is made of the rows that the store gets."""
    rows: dict[type[Row], dict[Key, Row]] = {}
    for change in changes():
        rows.setdefault(type(change.row), {})[key(change.row)] = change.row
    found = objects(View(State(rows)), time.time())
    return {oid: value for oid, value in found.items() if oid[: len(IF_TABLE)] == IF_TABLE}


@cache
def changes() -> tuple[Put, ...]:
    """A fabric of switches with 50 ports each."""
    now = time.time()
    found: list[Row] = [Controller("bench", 1, "none", now, now)]
    for index in range(PORTS):
        switch, number = divmod(index, PER_SWITCH)
        name, number = f"s{switch + 1}", number + 1
        if number == 1:
            found.append(Switch(switch + 1, name, switch + 1, True))
        mac = f"02:00:00:00:{index >> 8:02x}:{index & 255:02x}"
        found.append(Port(name, number, f"{name}-eth{number}", True, "edge", mac, 10**9))
        found.append(Traffic(name, number, now, index, index, index * 1000, index * 1000))
        found.append(Id("interface", f"{switch + 1:016x}:{number}", index + 1))
    return tuple(map(Put, found))


def dotted(oid: Oid) -> str:
    """An OID as Net-SNMP writes it."""
    return "".join(f".{arc}" for arc in oid)


def _passed(value: Value) -> tuple[str, str]:
    """A value's type and text as pass_persist has them: octets in hexadecimal where they are no text."""
    match value.data:
        case bytes() as octets if octets.isascii() and octets.decode().isprintable():
            return "string", octets.decode()
        case bytes() as octets:
            return "octet", octets.hex(" ")
        case int() as number:
            return KINDS[value.syntax], str(number)
        case arcs:
            return "objectid", dotted(arcs)


def _free_port() -> int:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
