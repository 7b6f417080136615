from __future__ import annotations

import pytest

from planes.cli.errors import EXIT_STATUSES, told
from planes.model.errors import PlanError, Problem
from planes.store.base import StoreError
from topologies.errors import Exit, LabError

TWO = [Problem("p.yaml", 9, 1, "unknown key 'b'"), Problem("p.yaml", 2, 3, "unknown key 'a'")]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (PlanError(TWO[:1]), 6, "p.yaml:9:1: unknown key 'b'\n1 problem in the plan\n"),
        (PlanError(TWO), 6, "p.yaml:2:3: unknown key 'a'\np.yaml:9:1: unknown key 'b'\n2 problems in the plan\n"),
        (LabError("it hangs"), 1, "triplane: it hangs\n"),
        (LabError("no lab 'x'", "did you mean 'y'?", Exit.UNKNOWN), 3, "triplane: no lab 'x'\ndid you mean 'y'?\n"),
        (LabError("taken", "destroy it", Exit.TAKEN), 4, "triplane: taken\ndestroy it\n"),
        (LabError("no tun", "modprobe tun", Exit.MACHINE), 5, "triplane: no tun\nmodprobe tun\n"),
        (StoreError("the store is away"), 1, "triplane: the store is away\n"),
        (KeyboardInterrupt(), 130, "triplane: interrupted\n"),
    ],
)
def test_what_users_can_act_on_is_told(
    error: BaseException, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, told():
        raise error
    assert (ended.value.code, capsys.readouterr()) == (status, ("", said))


@pytest.mark.parametrize("fault", [ValueError, KeyError, BrokenPipeError])
def test_a_fault_of_ours_is_not_hidden(fault: type[Exception]) -> None:
    with pytest.raises(fault), told():
        raise fault


def test_every_exit_status_is_in_the_help() -> None:
    listed = {int(line.split()[0]) for line in EXIT_STATUSES.splitlines() if line[:2] == "  "}
    assert listed == {0, 2, 6, 130, *map(int, Exit)}
