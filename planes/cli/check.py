"""`triplane check`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from planes.cli.check_run import Wishes, checked
from planes.cli.deploy import launched
from planes.cli.running import running
from planes.cli.session import Once, Session
from planes.management import check_tables
from planes.model.errors import did_you_mean
from planes.model.load import parse
from planes.model.results import Outcome
from topologies import lab as labs
from topologies.checking.planning import chosen, planned
from topologies.errors import Exit, LabError
from topologies.lab import Deployment, Lab
from topologies.library import shipped, wanted
from topologies.own import is_program

TERMINATED = 143


@dataclass(frozen=True)
class _Subject:
    """A lab, the file of its plan if that is known, and its deployment, if it is for this run only."""

    lab: Lab
    file: str = ""
    deployment: Deployment | None = None


def check(
    session: Session,
    only: str | None = None,
    fail_fast: bool = False,
    keep: bool = False,
    keep_failed: bool = False,
    junit: str | None = None,
    report: str | None = None,
    timeout: float = 120.0,
) -> int:
    """Run the checks of a lab's plan, and hold a roll call besides: each host hears whom it should, and nobody else.

    LAB is a lab that runs, or a plan (as `deploy` takes it, without arguments) that none runs: then it is deployed for
    the checks, and destroyed after them unless it is to be kept. `survive`, `converge` and a gateway's `takeover` fail
    things, and heal them.

    \b
    Examples:
      triplane check                            the only lab
      triplane check campus --report out.html   one page with all that was seen
      triplane check leaf-spine --only roll-call,reach
      triplane check my.yaml --junit out.xml --fail-fast --keep-failed

    A check that fails comes with the trace of a packet, the rules that did it, and the lines of the plan behind them.
    Exits with 1 when something does not hold, or can't hold on this graph.
    """
    wishes = Wishes(tuple(word for word in (only or "").split(",") if word), fail_fast)
    for path in (junit, report):
        if path is not None and not Path(path).absolute().parent.is_dir():
            raise LabError(f"{path} can't be written: there is no such directory")
    with ExitStack() as stack:
        stack.enter_context(_terminable())
        subject = stack.enter_context(_subject(session, wishes.only, timeout))
        lab, deployment = subject.lab, subject.deployment
        outcome = checked(lab, subject.file, wishes, session.tell)
        session.show(check_tables.tables(outcome), check_tables.lines(outcome))
        session.tell(check_tables.verdict(outcome))
        if junit is not None:
            from planes.management.junit import document

            _write(junit, document(outcome))
        if report is not None:
            _write(report, _page(lab, outcome))
        if deployment is not None and (keep or (keep_failed and not outcome.holds)):
            deployment.commit()
            session.tell(f"lab {lab.name!r} stays up")
    return 0 if outcome.holds else 1


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends this process as Ctrl-C does: what it has failed is healed before."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(TERMINATED)

    try:
        before = signal.signal(signal.SIGTERM, leave)
    except ValueError:  # in a thread of a shell: signals are the main thread's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _subject(session: Session, only: Sequence[str], timeout: float) -> Iterator[_Subject]:
    """The lab that is meant; or one deployed for this run, which ends with it unless it is committed. LabError."""
    name = session.lab_name
    living = {lab.name: lab for lab in labs.labs()} if name is not None else {}
    if name is None or name in living or session.named_by_option:
        yield _Subject(session.lab)
        return
    if name not in shipped() and "/" not in name and not Path(name).is_file() and not is_program(name):
        known = [*living, *shipped()]
        raise LabError(f"no lab {name!r} is running, and no plan is called so", did_you_mean(name, known), Exit.UNKNOWN)
    asked = wanted(name)
    file = asked.file if asked.file.endswith((".yaml", ".yml")) else ""  # else the lab's copy has the lines
    same = next((lab for lab in living.values() if lab.directory.plan.read_text(encoding="utf-8") == asked.text), None)
    if same is not None:
        session.tell(f"lab {same.name!r} runs this plan")
        yield _Subject(same, file)
        return
    if only:
        chosen(planned(parse(asked.text, asked.file)), only)  # before anything is launched
    with launched(session, asked, f"check-{os.getpid()}", timeout) as deployment:
        yield _Subject(deployment.lab, file, deployment)


def _page(lab: Lab, outcome: Outcome) -> str:
    from planes.cli.graph import drawn
    from planes.management.report import page
    from planes.model.plan import Topology
    from planes.model.state import GatewayState

    topology = running(lab)[0].topology or Topology()
    return page(outcome, drawn(lab.info(), Once().view(lab, (GatewayState,)).state, topology))


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise LabError(f"{path} can't be written: {error.strerror}") from error
