from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running import DEADLINE, IDLE, PLAN, User, inside, remains_of, wait_until

from topologies import lab as labs
from topologies.errors import Exit, LabError
from topologies.lab import Lab
from topologies.needs import Check

pytestmark = pytest.mark.emulation


def test_hosts_reach_each_other_over_the_switches(small: Lab) -> None:
    assert inside(small, "h1", "ping", "-c3", "-i0.2", "-W5", "10.0.0.2").returncode == 0
    assert inside(small, "h1", "ping", "-6", "-c3", "-i0.2", "-W5", "fd00::2").returncode == 0


def test_tcp_and_udp_checksums_survive_the_userspace_datapath(small: Lab) -> None:
    inside(small, "h2", "iperf3", "--server", "--one-off", "--daemon")
    wait_until(lambda: "5201" in inside(small, "h2", "ss", "-Htln").stdout)
    done = inside(small, "h1", "iperf3", "--json", "--udp", "-b", "1M", "-t", "1", "-c", "10.0.0.2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["end"]["sum"]["lost_percent"] < 50


def test_a_rate_shapes_both_ends_of_its_link(small: Lab) -> None:
    for node, interface in (("h2", "h2-eth0"), ("s2", "s2-eth1")):
        assert "rate 20Mbit" in inside(small, node, "tc", "class", "show", "dev", interface).stdout
    assert "htb" not in inside(small, "h1", "tc", "qdisc").stdout


def test_nodes_are_numbered_and_addressed_as_planned(small: Lab) -> None:
    shown = inside(small, "s1", "ovs-ofctl", "-O", "OpenFlow13", "show", "s1").stdout
    assert "dpid:000000000000001f" in shown
    assert " 7(s1-eth7)" in shown
    link = inside(small, "h1", "ip", "-o", "addr").stdout + inside(small, "h1", "ip", "-o", "link").stdout
    assert all(part in link for part in ("10.0.0.1/24", "fd00::1/64", "02:00:00:00:00:01"))
    assert "default via 10.0.0.2" in inside(small, "h1", "ip", "route").stdout
    assert "default via fd00::2" in inside(small, "h1", "ip", "-6", "route").stdout
    assert "10.9.0.0/16 via 10.0.0.1" in inside(small, "h2", "ip", "route").stdout


def test_the_kernel_at_the_switches_end_has_no_ipv6_and_nobody_forwards(small: Lab) -> None:
    assert "inet6" not in inside(small, "s1", "ip", "addr", "show", "dev", "s1-eth7").stdout
    for node in ("s1", "h1"):
        assert inside(small, node, "cat", "/proc/sys/net/ipv4/ip_forward").stdout == "0\n"


def test_info_tells_nodes_links_and_daemons(small: Lab) -> None:
    info = small.info()
    assert (info.lab, info.plan) == ("small", "small")
    assert [(node.name, node.kind) for node in info.nodes] == [
        ("s1", "switch"),
        ("s2", "switch"),
        ("h1", "host"),
        ("h2", "host"),
    ]
    assert {link.name: link.interfaces for link in info.links}["h1/s1"] == ("h1-eth0", "s1-eth7")
    assert all(link.up for link in info.links)
    assert {process.name for process in info.processes if process.alive} == {
        "store",
        "ovsdb-server",
        "ovs-vswitchd",
        "controller",
    }


def test_exec_keeps_status_input_and_directory(small: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    argv = small.exec_argv("h1", ["sh", "-c", "cat; pwd; exit 7"])
    done = subprocess.run(argv, input="in\n", capture_output=True, text=True, check=False, timeout=DEADLINE)
    assert (done.returncode, done.stdout) == (7, f"in\n{tmp_path}\n")


def test_exec_of_a_missing_program_is_127_and_says_why(small: Lab) -> None:
    done = inside(small, "h1", "no-such-program")
    assert done.returncode == 127
    assert done.stderr.startswith("h1 has no program 'no-such-program'")


def test_exec_ends_its_program_when_it_is_killed(small: Lab) -> None:
    process = subprocess.Popen(small.exec_argv("h1", ["sleep", "4242"]))
    running = lambda: inside(small, "h1", "pgrep", "-f", "^sleep 4242").returncode == 0  # noqa: E731
    wait_until(running)
    process.kill()
    process.wait()
    wait_until(lambda: not running())


def test_an_unknown_node_is_answered_with_the_nearest(small: Lab) -> None:
    with pytest.raises(LabError, match="no node 'h11'") as caught:
        small.exec_argv("h11", ["true"])
    assert (caught.value.fix, caught.value.code) == ("did you mean 'h1'?", Exit.UNKNOWN)


def test_a_failed_link_is_down_until_healed_and_its_host_keeps_its_routes(small: Lab) -> None:
    routes = [inside(small, "h1", "ip", family, "route").stdout for family in ("-4", "-6")]
    assert small.fail("s1/h1") == "h1/s1 failed"
    assert {link.name: link.up for link in small.info().links} == {"h1/s1": False, "h2/s2": True, "s1/s2": True}
    assert inside(small, "h1", "ping", "-c1", "-W1", "10.0.0.2").returncode != 0
    small.heal("h1/s1")
    wait_until(lambda: all(link.up for link in small.info().links))
    assert inside(small, "h1", "ping", "-c3", "-i0.2", "-W5", "10.0.0.2").returncode == 0
    wait_until(lambda: [inside(small, "h1", "ip", family, "route").stdout for family in ("-4", "-6")] == routes)


def test_an_unknown_link_is_answered_with_the_nearest(small: Lab) -> None:
    with pytest.raises(LabError, match=r"no link, switch or host 's1/s3', did you mean 's1/s2'\?") as caught:
        small.fail("s1/s3")
    assert caught.value.code is Exit.UNKNOWN


def test_a_failed_controller_stays_dead_until_healed(small: Lab) -> None:
    before = small.info().process("controller")
    small.fail("controller")
    dead = small.info().process("controller")
    assert (dead.alive, dead.status) == (False, -signal.SIGKILL)
    assert dead.since >= before.since
    small.heal("controller")
    alive = small.info().process("controller")
    assert alive.alive
    assert alive.pid != before.pid


def test_a_dead_daemon_is_reported(runtime: Path) -> None:
    with labs.deploy(PLAN, "hurt", controller=["false"]) as deployment:
        lab = deployment.commit()
    inside(lab, "s1", "kill", "-9", str(lab.info().process("ovs-vswitchd").pid))
    wait_until(lambda: not lab.info().process("ovs-vswitchd").alive)
    assert lab.info().process("ovs-vswitchd").status == -signal.SIGKILL
    wait_until(lambda: lab.info().process("controller").status == 1)


def test_two_labs_of_one_plan_run_side_by_side_for_root_and_others(user: User) -> None:
    user.do("deploy", "one", PLAN, "commit")
    user.do("deploy", "two", PLAN, "commit")
    assert user.do("names").split() == ["one", "two"]
    for name in ("one", "two"):
        for switch in ("s1", "s2"):
            user.do("exec", name, switch, "ovs-ofctl", "-O", "OpenFlow13", "add-flow", switch, "actions=NORMAL")
    user.do("exec", "one", "h1", "ping", "-c2", "-i0.2", "-W5", "10.0.0.2")
    user.do("destroy", "one")
    assert user.do("names").split() == ["two"]
    user.do("exec", "two", "h1", "ping", "-c2", "-i0.2", "-W5", "10.0.0.2")
    assert user.run("exec", "two", "h1", "sh", "-c", "exit 9").returncode == 9


def test_destroy_leaves_nothing(runtime: Path) -> None:
    with labs.deploy(PLAN, "brief", controller=IDLE) as deployment:
        lab = deployment.commit()
    remains = remains_of(lab.pid())
    lab.destroy()
    assert not lab.directory.path.exists()
    remains.wait_gone()


def test_a_lab_that_is_asked_to_shut_down_is_gone(runtime: Path) -> None:
    with labs.deploy(PLAN, "brief", controller=IDLE) as deployment:
        lab = deployment.commit()
    remains = remains_of(lab.pid())
    lab.request("shutdown")
    remains.wait_gone()
    wait_until(lambda: labs.labs() == [])


def test_a_taken_name_is_refused_and_its_lab_lives_on(runtime: Path) -> None:
    with labs.deploy(PLAN, "mine", controller=IDLE) as deployment:
        lab = deployment.commit()
    with pytest.raises(LabError, match="'mine' is running") as caught:
        labs.deploy(PLAN, "mine", controller=IDLE)
    assert "triplane destroy mine" in caught.value.fix
    assert caught.value.code is Exit.TAKEN
    assert lab.info().lab == "mine"


def test_a_deployment_that_is_left_uncommitted_leaves_nothing(runtime: Path) -> None:
    with pytest.raises(KeyboardInterrupt), labs.deploy(PLAN, "left", controller=IDLE) as deployment:
        remains = remains_of(deployment.lab.pid())
        raise KeyboardInterrupt
    assert [path.name for path in runtime.iterdir()] == [".lock"]
    remains.wait_gone()


def test_progress_that_is_interrupted_leaves_nothing(runtime: Path) -> None:
    def interrupt(stage: str, done: int, total: int) -> None:
        if stage == "links":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        labs.deploy(PLAN, "left", interrupt, controller=IDLE)
    assert [path.name for path in runtime.iterdir()] == [".lock"]


def test_a_controller_that_is_not_there_ends_the_deployment_with_its_name(runtime: Path) -> None:
    with pytest.raises(LabError, match="no-such-controller"):
        labs.deploy(PLAN, "broken", controller=["no-such-controller"])
    assert [path.name for path in runtime.iterdir()] == [".lock"]


def test_a_bad_plan_ends_the_deployment_with_its_problem(runtime: Path) -> None:
    with pytest.raises(LabError, match=r"cannot come up: .*unknown key 'swatches'"):
        labs.deploy(PLAN.replace("switches:", "swatches:"), "broken", controller=IDLE)
    assert [path.name for path in runtime.iterdir()] == [".lock"]


def test_what_the_kernel_refuses_ends_the_deployment_with_its_words(runtime: Path) -> None:
    # A switch named like another one's interface: both would be devices in one network namespace.
    plan = PLAN.replace("s2: }", "s2: , s1-eth7: }")
    with pytest.raises(LabError, match="s1-eth7"):
        labs.deploy(plan, "broken", controller=IDLE)
    assert [path.name for path in runtime.iterdir()] == [".lock"]


def test_find_wants_a_name_when_there_are_several(runtime: Path) -> None:
    with pytest.raises(LabError, match="no lab is running"):
        labs.find()
    for name in ("red", "blue"):
        with labs.deploy(PLAN, name, controller=IDLE) as deployment:
            deployment.commit()
        if name == "red":
            assert labs.find().name == "red"
    with pytest.raises(LabError, match="more than one") as caught:
        labs.find()
    assert caught.value.fix == "name one of them: blue, red"
    with pytest.raises(LabError, match="no lab 'bleu'") as caught:
        labs.find("bleu")
    assert (caught.value.fix, caught.value.code) == ("did you mean 'blue'?", Exit.UNKNOWN)


def test_unmet_needs_are_all_named_with_their_fixes() -> None:
    checks = [Check("a", True, "", "no"), Check("b", False, "gone", "get b"), Check("c", False, "bad", "get c")]
    with pytest.raises(LabError, match="b: gone; c: bad") as caught:
        labs.refuse_machine(checks)
    assert (caught.value.fix, caught.value.code) == ("get b\nget c", Exit.MACHINE)


def test_without_tun_nothing_is_begun(runtime: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can hide a device without a user namespace")
    hidden = 'mount -t tmpfs none /dev/net && exec "$@"'
    driver = [sys.executable, str(Path(__file__).parents[1] / "support" / "drive.py"), "deploy", "x", PLAN, "commit"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", hidden, "sh", *driver], capture_output=True, text=True, check=False
    )
    assert done.returncode == Exit.MACHINE
    assert "/dev/net/tun: No such file or directory" in done.stderr
    assert "modprobe tun" in done.stderr
    assert list(runtime.iterdir()) == []
