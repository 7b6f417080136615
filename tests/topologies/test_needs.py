"""Needs that are not met, on a machine made so: devices hidden, namespaces forbidden, an empty PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from topologies import needs
from topologies.needs import Check

REPORT = """
import dataclasses, json
from topologies import needs
print(json.dumps([dataclasses.asdict(check) for check in needs.lab_checks(needs.this_machine())]))
"""
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


def _checks(argv: Sequence[str], script: str = "") -> dict[str, Check]:
    """The checks as a process finds them that `argv` starts; `script` is run by sh before."""
    shell = ["sh", "-c", f'{script}\nexec "$@"', "sh"] if script else []
    done = subprocess.run([*argv, *shell, sys.executable, "-c", REPORT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {found["name"]: Check(**found) for found in json.loads(done.stdout)}


@pytest.mark.emulation
def test_this_machine_runs_labs() -> None:
    assert [check for check in needs.lab_checks(needs.this_machine()) if not check.ok] == []


@pytest.mark.emulation
def test_a_hidden_tun_is_missed() -> None:
    check = _checks(NAMESPACE, "mount -t tmpfs none /dev/net")["/dev/net/tun"]
    assert (check.ok, check.found) == (False, "No such file or directory")
    assert "modprobe tun" in check.fix


@pytest.mark.emulation
def test_a_forbidden_tun_is_told_from_a_missing_one() -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make a device unreadable to another user")
    hide = "mount -t tmpfs none /dev/net && : >/dev/net/tun && chmod 600 /dev/net/tun"
    drop = "exec setpriv --reuid=65534 --regid=65534 --clear-groups"
    done = _checks(["unshare", "--mount", "sh", "-c", f'{hide} && {drop} "$@"', "sh"])["/dev/net/tun"]
    assert (done.ok, done.found) == (False, "Permission denied")
    assert "chmod 666 /dev/net/tun" in done.fix


@pytest.mark.emulation
def test_forbidden_user_namespaces_are_missed_and_the_setting_named() -> None:
    # One more user namespace is allowed, to become an ordinary user in; the check's own would be the second.
    script = 'echo 1 >/proc/sys/user/max_user_namespaces; exec unshare --user --map-user=1000 --map-group=1000 "$@"'
    check = _checks([*NAMESPACE, "sh", "-c", script, "sh"])["user namespaces"]
    assert not check.ok
    assert "No space left on device" in check.found
    assert check.fix


@pytest.mark.parametrize(
    ("setting", "value", "fix"),
    [
        ("kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone=1"),
        ("user/max_user_namespaces", "0", "user.max_user_namespaces=15000"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
        ("none", "", "run as root"),
    ],
)
def test_the_fix_names_the_setting_that_refuses(setting: str, value: str, fix: str) -> None:
    # Kernels differ in which of these settings they have, so here the lookups are ours.
    settings = {f"/proc/sys/{setting}": value + "\n", "/proc/sys/user/max_user_namespaces": "9"}
    settings[f"/proc/sys/{setting}"] = value + "\n"
    machine = needs.Machine(
        which=lambda name: f"/bin/{name}",
        run=lambda argv: (1, "unshare failed: Operation not permitted\n"),
        read=settings.get,
        open_device=lambda path: "",
        has_module=lambda name: True,
        python=(3, 11),
        uid=1000,
    )
    check = needs.namespaces(machine)
    assert (check.ok, check.found) == (False, "unshare failed: Operation not permitted")
    assert fix in check.fix


def test_a_missing_program_names_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(needs, "SYSTEM_PATH", ())
    checks = {check.name: check for check in needs.lab_checks(needs.this_machine())}
    assert not checks["mnexec"].ok
    assert checks["mnexec"].fix == "sudo apt-get install mininet"
    assert not checks["namespaces" if os.geteuid() == 0 else "user namespaces"].ok


def test_programs_of_the_administrator_are_found_without_a_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "sbin" / "ovs-vswitchd"
    program.parent.mkdir()
    shutil.copy("/bin/true", program)
    monkeypatch.setattr(needs, "SYSTEM_PATH", (str(program.parent),))
    monkeypatch.setenv("PATH", "/nowhere")
    assert needs.which("ovs-vswitchd") == str(program)


def test_a_missing_schema_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OVS_PKGDATADIR", raising=False)
    with pytest.raises(FileNotFoundError, match="install openvswitch-switch"):
        needs.switch_schema([str(tmp_path)])
    (tmp_path / "vswitch.ovsschema").write_text("{}")
    assert needs.switch_schema([str(tmp_path)]) == str(tmp_path / "vswitch.ovsschema")
