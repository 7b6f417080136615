"""What a lab needs of the machine, each need checked by trying it, each with the fix for when it is not met."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topologies.shaping import needs_netem

if TYPE_CHECKING:  # a machine may lack what it needs to be loaded
    from planes.model.wiring import Wire

TUN = "/dev/net/tun"
# Where an ordinary user's PATH seldom leads, though what is there runs well in a user namespace.
SYSTEM_PATH = ("/usr/local/sbin", "/usr/sbin", "/sbin")
SCHEMA_PLACES = ("/usr/share/openvswitch", "/usr/local/share/openvswitch")
PROGRAMS = {
    "ovs-vswitchd": "openvswitch-switch",
    "ovsdb-server": "openvswitch-switch",
    "ovsdb-tool": "openvswitch-common openvswitch-switch",
    "ovs-vsctl": "openvswitch-switch",
    "ovs-ofctl": "openvswitch-common",
    "mnexec": "mininet",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setsid": "util-linux",
    "prlimit": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
    "ip": "iproute2",
    "tc": "iproute2",
    "ethtool": "ethtool",
    "ifconfig": "net-tools",
    "bash": "bash",
}
HOST_PACKAGES = {"vrrpd": "frr", "zebra": "frr", "bgpd": "frr", "ospfd": "frr", "snmptrapd": "snmptrapd"}


@dataclass(frozen=True)
class Check:
    """One need: whether it is met, what was found, and what to do where it is not."""

    name: str
    ok: bool
    found: str
    fix: str = ""


@dataclass(frozen=True)
class Machine:
    """What checks ask of a machine."""

    which: Callable[[str], str | None]
    run: Callable[[list[str]], tuple[int, str]]  # exit status, stdout and stderr
    read: Callable[[str], str | None]  # a file's text, None where it cannot be read
    open_device: Callable[[str], str]  # for reading and writing: the reason why not, or ""
    has_module: Callable[[str], bool]
    python: tuple[int, int]
    uid: int


def this_machine() -> Machine:
    """The machine that this process runs on."""
    return Machine(which, _run, _read, _open_device, _has_module, sys.version_info[:2], os.geteuid())


def search_path() -> str:
    """PATH, and the system administrator's directories after it."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_PATH])


def which(program: str) -> str | None:
    """The program's path, or None."""
    return shutil.which(program, path=search_path())


def switch_schema(places: Iterable[str] = SCHEMA_PLACES) -> str:
    """Open vSwitch's own database schema. FileNotFoundError."""
    for place in (*filter(None, [os.environ.get("OVS_PKGDATADIR")]), *places):
        if (path := Path(place) / "vswitch.ovsschema").is_file():
            return str(path)
    raise FileNotFoundError(f"no vswitch.ovsschema in {', '.join(places)}: install openvswitch-switch")


def unshare_argv(uid: int) -> list[str]:
    """How a lab's namespaces are made: root needs no user namespace."""
    user = [] if uid == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


def lab_checks(machine: Machine) -> list[Check]:
    """All that a lab cannot do without."""
    programs = [program(machine, name, package) for name, package in PROGRAMS.items()]
    return [*programs, namespaces(machine), tun(machine)]


def host_checks(machine: Machine, programs: Iterable[str]) -> list[Check]:
    """Whether this machine, whose files a lab's hosts see, has what they shall run."""
    names = {program: Path(program).name for program in programs}
    return [program(machine, path, HOST_PACKAGES.get(name, name)) for path, name in names.items()]


def link_checks(machine: Machine, wires: Iterable[Wire]) -> list[Check]:
    """Whether this machine's kernel can do to packets what links ask for, by trying it."""
    asking = next((wire.name for wire in wires if needs_netem(wire)), None)
    if asking is None:
        return []
    netem = ["tc", "qdisc", "replace", "dev", "lo", "root", "netem", "delay", "1ms"]
    status, said = machine.run([*unshare_argv(machine.uid), *netem])
    fix = "sudo modprobe sch_netem; where the kernel has none, take delay, jitter and loss off the plan's links"
    found = (
        "it works" if status == 0 else f"the kernel can't delay or lose packets, as link {asking} asks ({_last(said)})"
    )
    return [Check("netem", status == 0, found, fix)]


def _last(said: str) -> str:
    return (said.strip().splitlines() or ["tc said nothing"])[-1]


def program(machine: Machine, name: str, package: str) -> Check:
    """Whether a program is installed."""
    path = machine.which(name)
    return Check(name, path is not None, path or "not installed", f"sudo apt-get install {package}")


def tun(machine: Machine) -> Check:
    """Whether tap devices can be made: the userspace datapath makes one for each bridge."""
    reason = machine.open_device(TUN)
    fix = f"sudo modprobe tun; sudo chmod 666 {TUN}  (in Docker: --device {TUN})"
    return Check(TUN, not reason, reason or "readable and writable", fix)


def namespaces(machine: Machine) -> Check:
    """Whether the lab's namespaces can be made, by making them."""
    name = "namespaces" if machine.uid == 0 else "user namespaces"
    if machine.which("unshare") is None:
        return Check(name, False, "unknown, as unshare is not installed", "sudo apt-get install util-linux")
    status, said = machine.run([*unshare_argv(machine.uid), "true"])
    return Check(name, status == 0, said.strip() or "they work", _namespaces_fix(machine))


def _namespaces_fix(machine: Machine) -> str:
    if machine.uid == 0:
        return "give root its capabilities back (in Docker: --privileged)"
    for setting, refusing, good in (
        ("kernel.unprivileged_userns_clone", "0", "1"),
        ("user.max_user_namespaces", "0", "15000"),
        ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ):
        value = machine.read("/proc/sys/" + setting.replace(".", "/"))
        if value is not None and value.strip() == refusing:
            return f"sudo sysctl -w {setting}={good}  (and in /etc/sysctl.d, to keep it), or run as root"
    return "run as root (in Docker: --privileged)"


def _run(argv: list[str]) -> tuple[int, str]:
    environ = {**os.environ, "PATH": search_path(), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=20,
            env=environ,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, done.stdout


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text()
    except OSError:
        return None


def _open_device(path: str) -> str:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        return f"{error.strerror}"
    return ""


def _has_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
