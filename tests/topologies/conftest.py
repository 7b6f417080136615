"""Labs for tests: a runtime directory of their own, and everything in it destroyed afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lacking import refuse
from running import IDLE, PLAN, User

from topologies import lab as labs
from topologies import needs

ORDINARY = 65534  # a user id that is nobody's


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory with a short path, this user's; its labs are destroyed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    monkeypatch.setenv("TRIPLANE_RUNTIME_DIR", str(path))
    yield path
    for lab in labs.labs():
        lab.destroy()
    shutil.rmtree(path)


@pytest.fixture(params=["root", "ordinary"])
def user(request: pytest.FixtureRequest) -> Iterator[User]:
    """Root, then an ordinary user; only the latter where the tests themselves are an ordinary user's."""
    if request.param == "root" and os.geteuid() != 0:
        pytest.skip("the tests are not run by root")
    becoming = request.param == "ordinary" and os.geteuid() == 0
    prefix = ("setpriv", f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups") if becoming else ()
    _refuse_ordinary(prefix)
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    if becoming:
        os.chown(path, ORDINARY, ORDINARY)
    user = User(prefix, path)
    yield user
    assert user.run("destroy-all").returncode == 0
    shutil.rmtree(path)


def _refuse_ordinary(prefix: tuple[str, ...]) -> None:
    script = "from topologies import lab, needs; lab.refuse_machine(needs.lab_checks(needs.this_machine()))"
    done = subprocess.run([*prefix, sys.executable, "-c", script], cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        refuse(f"an ordinary user cannot run a lab here: {done.stderr.strip().splitlines()[-1]}")


@pytest.fixture(scope="module")
def small() -> Iterator[labs.Lab]:
    """One lab for a whole module, switching by OVS's own learning switch."""
    path = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRIPLANE_RUNTIME_DIR", str(path))
        with labs.deploy(PLAN, "small", controller=IDLE) as deployment:
            lab = deployment.commit()
        for switch in ("s1", "s2"):
            subprocess.run(
                [needs.which("ovs-ofctl") or "", "-O", "OpenFlow13", "add-flow", switch, "actions=NORMAL"],
                env={**os.environ, "OVS_RUNDIR": str(lab.directory.ovs)},
                check=True,
            )
        yield lab
        lab.destroy()
    shutil.rmtree(path)
