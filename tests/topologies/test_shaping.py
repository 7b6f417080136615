from __future__ import annotations

import subprocess

import pytest

from planes.model.wiring import End, Wire
from topologies import needs
from topologies.shaping import is_shaped, needs_netem, shaped, unsilenced

A, B = End("a", 1), End("b", 1)


def wire(**options: float) -> Wire:
    return Wire("a/b", A, B, **options)  # type: ignore[arg-type]


def test_a_plain_link_is_not_touched() -> None:
    assert not is_shaped(wire())
    assert shaped("a-eth1", wire()) == ""


def test_a_rate_is_one_class() -> None:
    assert shaped("x", wire(rate=10_000_000)) == (
        "qdisc replace dev x root handle 5: htb default 1\n"
        "class replace dev x parent 5: classid 5:1 htb rate 10000000bit burst 15000\n"
    )
    assert not needs_netem(wire(rate=1))


def test_delay_jitter_and_loss() -> None:
    assert shaped("x", wire(delay=0.005)) == "qdisc replace dev x root handle 10: netem limit 10000 delay 5000us\n"
    assert shaped("x", wire(delay=0.005, jitter=0.001, loss=0.5, queue=50)) == (
        "qdisc replace dev x root handle 10: netem limit 50 delay 5000us 1000us loss 0.5%\n"
    )
    assert shaped("x", wire(rate=1_000_000, loss=1)).endswith(
        "qdisc replace dev x parent 5:1 handle 10: netem limit 10000 loss 1%\n"
    )
    assert all(map(needs_netem, (wire(delay=1), wire(jitter=1), wire(loss=1))))


def test_a_queue() -> None:
    assert shaped("x", wire(queue=20)) == "qdisc replace dev x root handle 10: pfifo limit 20\n"
    assert shaped("x", wire(rate=1_000_000, queue=20)).endswith(
        "qdisc replace dev x parent 5:1 handle 10: pfifo limit 20\n"
    )


def test_a_silent_link_gets_back_what_it_had() -> None:
    lines = unsilenced("x", wire(rate=10_000_000)).splitlines()
    assert lines[1] == "qdisc del dev x root"
    assert "rate 10000000bit" in lines[-1]
    assert len(unsilenced("x", wire()).splitlines()) == 2


@pytest.mark.emulation
@pytest.mark.parametrize("options", [{"rate": 10_000_000}, {"queue": 20}, {"rate": 10_000_000, "queue": 20}])
def test_tc_takes_these_lines(options: dict[str, float]) -> None:
    script = "ip link add x type veth peer name y && tc -batch - && tc qdisc show dev x"
    argv = [*needs.unshare_argv(needs.this_machine().uid), "sh", "-c", script]
    done = subprocess.run(argv, input=unsilenced("x", wire(**options)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ("pfifo" in done.stdout) == ("queue" in options)
    assert ("htb" in done.stdout) == ("rate" in options)


@pytest.mark.emulation
def test_netem_where_the_kernel_has_it_and_why_not_where_it_has_not() -> None:
    machine = needs.this_machine()
    assert needs.link_checks(machine, [wire(rate=1)]) == []
    [check] = needs.link_checks(machine, [wire(rate=1), wire(delay=0.005)])
    if not check.ok:
        assert "as link a/b asks" in check.found
        assert "sch_netem" in check.fix
        return
    script = "ip link add x type veth peer name y && tc -batch - && tc qdisc show dev x"
    lines = unsilenced("x", wire(rate=10_000_000, delay=0.005, jitter=0.001, loss=1.0, queue=20))
    argv = [*needs.unshare_argv(machine.uid), "sh", "-c", script]
    done = subprocess.run(argv, input=lines, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "delay 5ms" in done.stdout
