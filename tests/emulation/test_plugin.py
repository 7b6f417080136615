"""The pytest plugin, in sessions of their own: what tests get, what is left of them, and what a failure shows."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from commands import DEADLINE, until

from planes.cli import testing
from topologies import directory as directories
from topologies.lab import Lab

pytestmark = pytest.mark.emulation

EXAMPLE = Path(__file__).parents[1] / "example_project"
NAMESPACE = ("unshare", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--mount", "--pid", "--fork")
NO_TUN = ("sh", "-c", 'mount -t tmpfs none /dev/net && exec "$@"', "sh")
PLAN = """\
PLAN = '''
name: pair
topology:
  switches: {s1: , s2: }
  hosts:
    h1: {address: 10.0.0.1/24}
    h2: {address: 10.0.0.2/24}
    r1: {address: 10.0.0.3/24, run: [sleep 1000]}
  links: [[h1, s1], [h2, s2], [r1, s2], [s1, s2], [s1, s2]]
networks:
  net: {segments: {all: {subnet: 10.0.0.0/24, ports: [h1, h2, r1]}}}
checks:
  - reach: [h1, r1]
  - {name: none, isolate: [h1, r1]}
'''
"""
HEAD = f"import os, pytest\nfrom planes.cli.testing import ProgramError\nfrom topologies.errors import LabError\n{PLAN}"


@dataclass(frozen=True)
class Session:
    """A project of its own, and labs of its own."""

    project: Path
    runtime: Path

    def argv(self, *options: str) -> list[str]:
        installed = any(each.value == "planes.cli.testing.plugin" for each in entry_points(group="pytest11"))
        plugin = () if installed else ("-p", "planes.cli.testing.plugin")
        return [sys.executable, "-m", "pytest", *plugin, "-p", "no:cacheprovider", "-vv", *options]

    @property
    def environ(self) -> dict[str, str]:
        path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])])
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "CI"))}
        return {**kept, "TRIPLANE_RUNTIME_DIR": str(self.runtime), "PYTHONPATH": path}

    def run(
        self, *options: str, prefix: Sequence[str] = (), environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, *self.argv(*options)], cwd=self.project, env={**self.environ, **(environ or {})},
            capture_output=True, text=True, check=False, timeout=3 * DEADLINE,
        )  # fmt: skip

    def write(self, text: str) -> None:
        (self.project / "test_it.py").write_text(HEAD + text)

    @property
    def labs(self) -> list[str]:
        return [found.name for found in directories.living(self.runtime)]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    runtime = Path(tempfile.mkdtemp(prefix="tp", dir="/tmp"))
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    found = Session(tmp_path, runtime)
    yield found
    for lab in directories.living(runtime):
        Lab(lab).destroy()
    shutil.rmtree(runtime)


def outcomes(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Of each test, by its function."""
    return dict(re.findall(r"::(\w+)(?:@\S+)? (PASSED|FAILED|SKIPPED|ERROR)", done.stdout))


@pytest.mark.parametrize("parallel", [(), ("-n", "2")])
def test_a_project_of_anybody_s_own(session: Session, parallel: tuple[str, ...]) -> None:
    shutil.copytree(EXAMPLE, session.project / "shop")
    done = Session(session.project / "shop", session.runtime).run("--lab", *parallel)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout
    assert session.labs == []


def test_the_page_says_what_is_so(session: Session) -> None:
    """Its blocks of Python are a test file."""
    page = (Path(testing.__file__).parent / "README.md").read_text()
    blocks = "".join(re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL))
    shutil.copytree(EXAMPLE, session.project / "shop")
    (session.project / "shop" / "tests" / "test_shop.py").unlink()
    place = session.project / "shop" / "tests" / "test_page.py"
    place.write_text(
        blocks.replace('"plans/', f'"{place.parent}/plans/') + "\ndef test_more(shop):\n    shop.desk.ping('till')\n"
    )
    done = Session(session.project / "shop", session.runtime).run("--lab")
    assert set(outcomes(done).values()) == {"PASSED"}, done.stdout
    assert len(outcomes(done)) == 2


AS_NEW = """
pytestmark = pytest.mark.lab(PLAN)

def strays(net):
    here = '[ "$(readlink $p/ns/net)" = "$(readlink /proc/$$/ns/net)" ]'
    script = "for p in /proc/[0-9]*; do " + here + " && cat $p/comm; done; true"
    return net.h1.run("sh", "-c", script).stdout.split().count("sleep")

def test_disorder(net):
    open("first", "w").write(net.lab.name)
    net.fail("s1/s2")
    net.fail("s2")
    net.fail("r1")
    net.fail("controller")
    net.h1.run("ip", "address", "add", "192.0.2.1/24", "dev", "h1-eth0")
    net.h1.run("ip", "link", "add", "extra", "type", "veth", "peer", "name", "extra2")
    net.h2.run("ip", "link", "set", "h2-eth0", "down")
    net.h1.run("sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & exit 0")
    assert strays(net) == 1

def test_it_is_as_new(net):
    assert net.lab.name == open("first").read()
    assert net.info.failed == ()
    assert strays(net) == 0
    assert "192.0.2.1" not in net.h1.run("ip", "address").stdout
    assert "extra" not in net.h1.run("ip", "link").stdout
    assert {p.name: p.alive for p in net.info.processes}["r1/sleep"]
    assert net.events == []
    assert net.h1.ping("h2").loss == 0
    assert net.h1.ping(net.r1).loss == 0
    assert net.drops == {}

def test_another_plan(net):
    before = net.text
    net.apply(PLAN.replace("ports: [h1, h2, r1]", "ports: [h1, r1]"))
    assert net.text != before
    assert not net.h1.ping("h2", count=1)
    assert net.h1.ping("r1")

def test_its_own_plan_again(net):
    assert net.lab.name == open("first").read()
    assert net.h1.ping("h2").loss == 0

@pytest.mark.lab(PLAN, scope="test")
def test_a_lab_for_this_test_alone(net):
    assert net.lab.name != open("first").read()
    assert net.h1.ping("h2")

def test_faults_last_for_a_block(net):
    with net.capture("s1/s2#2", "icmp") as seen, net.failed("s1/s2"):
        assert [link.failed for link in net.info.links if link.name == "s1/s2"] == ["cut"]
        assert net.h1.ping("h2", count=3).received == 3
    assert net.info.failed == ()
    assert {frame.interface for frame in seen.frames} == {"s1->s2", "s2->s1"}
    assert len(seen.frames) == 6
    assert all(frame.label.startswith("label 0") for frame in seen.frames)
    assert any(frame.label.endswith("= net/all h2") for frame in seen.frames)
    assert any(event.kind == "link" for event in net.events)
    with net.failed("h1/s1"):
        assert net.h1.ping("h2", count=2).loss == 1
    with pytest.raises(ProgramError, match="h1: ping 10.0.0.2: ping sent nothing"):
        net.h1.ping("h2", "--no-such-option")

def test_the_plan_s_checks_can_be_asked_for(net):
    assert [result.name for result in net.check("reach").results] == ["reach-1"]
    with pytest.raises(AssertionError, match="1 checks, .*: 1 can't hold(.|\\n)*h1 and r1 are in one segment"):
        net.check("none")
    with pytest.raises(LabError, match="did you mean 'reach'"):
        net.check("raech")

def test_what_arrives_is_measured(net):
    assert net.h1.iperf("h2", seconds=1).rate > 1e6
    udp = net.h1.iperf(net.h2, seconds=1, udp="2M")
    assert 1e6 < udp.rate < 3e6 and udp.loss < 0.5

def test_a_program_that_never_ends(net):
    with pytest.raises(ProgramError, match="h1: sh -c .* no end after 1 s, killed\\n*begun"):
        net.h1.run("sh", "-c", "echo begun; sleep 1000", timeout=1)

def test_nothing_by_that_name(net):
    with pytest.raises(LabError, match="has no host or switch 'h3'\\nallowed: h1, h2, r1, s1, s2"):
        net["h3"]
    with pytest.raises(AttributeError, match="allowed: h1"):
        net.h3
    with pytest.raises(LabError, match="no link, host or port 's1/s3'"):
        net.capture("s1/s3").__enter__()
    with pytest.raises(LabError, match="filter 'icmpp'"):
        net.h1.capture("icmpp").__enter__()
    with pytest.raises(LabError, match="did not come true in 0.5 s"):
        net.wait(lambda state: False, 0.5)

def test_the_lab_is_killed(net):
    os.kill(net.lab.pid(), 9)
    with pytest.raises(LabError):
        for _ in range(1000):
            net.h1.ping("h2", count=1)

def test_there_is_another_one(net):
    assert net.lab.name != open("first").read()
    assert net.h1.ping("h2").loss == 0
"""


def test_labs_are_used_again_as_new(session: Session) -> None:
    session.write(AS_NEW)
    done = session.run("--lab")
    assert set(outcomes(done).values()) == {"PASSED"}, done.stdout + done.stderr
    assert len(outcomes(done)) == AS_NEW.count("def test_")
    assert session.labs == []
    assert sorted(path.name for path in session.runtime.iterdir()) == [".lock"]


FAILING = """
@pytest.mark.lab(PLAN)
def test_fails(net):
    with net.h1.capture("icmp"):
        with net.failed("s2"):
            net.wait(lambda state: net.events)
            net.h1.ping("h2", count=2)
    assert net.h1.ping("10.0.0.99", count=1), "nobody there"
"""


def test_a_failure_shows_what_is_known_of_the_lab_and_keeps_it(session: Session) -> None:
    session.write(FAILING)
    done = session.run("--lab", "--lab-artifacts", "kept", "--lab-keep")
    assert outcomes(done) == {"test_fails": "FAILED"}, done.stdout + done.stderr
    for title in ("events", "controller log", "rules", "capture 01-h1"):
        assert re.search(rf"-+ lab pair-main-\S+: {title} -+", done.stdout), title
    (folder,) = (session.project / "kept").iterdir()
    assert {path.name for path in folder.iterdir()} == {
        "events.txt", "controller.log", "drops.txt", "rules.txt", "01-h1.pcapng",
    }  # fmt: skip
    assert "s2: lost" in (folder / "events.txt").read_text() or "s2" in (folder / "events.txt").read_text()
    assert "cookie=" in (folder / "rules.txt").read_text()
    (kept,) = session.labs
    assert f"lab '{kept}' is kept: triplane destroy {kept}" in done.stdout


HANGING = """
@pytest.mark.lab(PLAN)
def test_hangs(net):
    open("up", "w").close()
    net.h1.run("sleep", "1000", timeout=1000)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_labs_end_with_their_session(session: Session, number: signal.Signals) -> None:
    session.write(HANGING)
    with subprocess.Popen(
        session.argv(), cwd=session.project, env=session.environ, stdout=subprocess.DEVNULL
    ) as process:
        until((session.project / "up").exists)
        assert len(session.labs) == 1
        process.send_signal(number)
        process.wait(DEADLINE)
    until(lambda: session.labs == [])


def test_a_machine_that_cannot_run_labs(session: Session) -> None:
    session.write("@pytest.mark.lab('campus')\ndef test_it(net):\n    pass\n")
    lacking = (*NAMESPACE, *NO_TUN)
    done = session.run("-rs", prefix=lacking)
    assert outcomes(done) == {"test_it": "SKIPPED"}, done.stdout + done.stderr
    assert "this machine cannot run a lab: /dev/net/tun: No such file" in done.stdout
    for options, environ in ((("--lab",), {}), ((), {"CI": "true"})):
        done = session.run(*options, prefix=lacking, environ=environ)
        assert done.returncode == 1
        assert "this machine cannot run a lab: /dev/net/tun: No such file" in done.stdout


def test_marks_that_are_wrong_are_told(session: Session) -> None:
    session.write(
        "def test_none(net): pass\n"
        "@pytest.mark.lab('campus', scope='module')\ndef test_scope(net): pass\n"
        "@pytest.mark.lab('campsu')\ndef test_plan(net): pass\n"
        "@pytest.mark.lab('name: x\\nnonsense: 1\\n')\ndef test_text(net): pass\n"
    )
    done = session.run()
    assert set(outcomes(done).values()) == {"ERROR"}, done.stdout
    assert 'mark the test by @pytest.mark.lab("campus")' in done.stdout
    assert "the mark `lab` has no scope 'module'; it has scope='session' or 'test'" in done.stdout
    assert "did you mean 'campus'" in done.stdout
    assert "unknown key 'nonsense'" in done.stdout
    assert session.labs == []
