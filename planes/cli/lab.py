"""`triplane exec`, `fail`, `heal` and `destroy`."""

from __future__ import annotations

from planes.cli.session import Session
from planes.management.grammar import Mistake
from planes.model.errors import did_you_mean
from topologies import lab as labs
from topologies.control import CONTROLLER
from topologies.errors import Exit, LabError
from topologies.lab import Lab

HEAL_SECONDS = 60.0  # that the controller or a switch may take


def exec_(session: Session, node: str, command: tuple[str, ...]) -> int:
    """Run COMMAND in NODE, a host or switch of a lab, on this terminal.

    \b
    Examples:
      triplane exec h1 -- ping -c3 10.1.0.12
      triplane exec h1 -- bash                                   a shell on the host
      triplane exec s1 -- ovs-ofctl -O OpenFlow13 dump-flows s1  on the lab's own Open vSwitch

    Exits as COMMAND does; with 127 when NODE has no such program.
    """
    given = command[1:] if command[0] == "--" else command
    if not given:
        raise Mistake("no COMMAND after --")
    return session.become(session.lab.exec_argv(node, given))


KINDS = ("link", "switch", "host")


def _named(words: tuple[str, ...], lab: Lab) -> str:
    """What `dist1` or `switch dist1` names. LabError when it is of another kind."""
    *kinds, what = words
    if len(words) > 2 or (kinds and kinds[0] not in KINDS):
        raise Mistake(f"say what as NAME or as KIND NAME, where KIND is {', '.join(KINDS)}")
    if kinds:
        info = lab.info()
        names = [link.name for link in info.links] if kinds == ["link"] else []
        names += [node.name for node in info.nodes if node.kind == kinds[0]]
        if what not in names and "/".join(reversed(what.split("/"))) not in names:
            raise LabError(f"lab {lab.name!r}: no {kinds[0]} {what!r}", did_you_mean(what, names), Exit.UNKNOWN)
    return what


def fail(session: Session, words: tuple[str, ...], keep_carrier: bool) -> None:
    """Cut a link (such as acc1/dist1), switch a switch or host off, or kill the controller or the store (SIGKILL).

    A node's links lose carrier; a switch forgets what the controller told it, and a host's programs are killed. All
    stays so until `triplane heal`.
    """
    lab = session.lab
    session.tell(lab.fail(_named(words, lab), keep_carrier))


def heal(session: Session, words: tuple[str, ...]) -> None:
    """Mend a link (such as acc1/dist1), switch a switch or host on, or start the controller or the store again; wait
    until a switch or controller is at work.

    A switch comes back empty, a host starts its programs, and with them the links that were not failed in their own
    right.
    """
    lab = session.lab
    session.tell(mend(lab, _named(words, lab)))


def mend(lab: Lab, what: str) -> str:
    """Heal it, and wait until a switch or controller is at work; what was done, in words. LabError."""
    before = lab.info()
    controller = before.process(CONTROLLER).alive
    if what == CONTROLLER and not controller:
        return _start_controller(lab)
    if controller and any(node.name == what and node.kind == "switch" and node.failed for node in before.nodes):
        return _start_switch(lab, what)
    return lab.heal(what)


def _start_controller(lab: Lab) -> str:
    from planes.cli.bringup import await_controller, open_store, synced  # slow to load, and the others don't need it

    with open_store(lab) as store:
        before = synced(lab, store).epoch
        said = lab.heal(CONTROLLER)
        await_controller(lab, store, before, HEAL_SECONDS)
    return said


def _start_switch(lab: Lab, switch: str) -> str:
    from planes.cli.bringup import await_switch, open_store, synced

    with open_store(lab) as store:
        synced(lab, store)
        said = lab.heal(switch)
        await_switch(lab, store, switch, HEAL_SECONDS)
    lab.settle()
    return said


def destroy(session: Session, every: bool) -> None:
    """End LAB, the only one running by default. Nothing of it stays: no process, interface, namespace or file."""
    if every and session.lab_name:
        raise Mistake("give a LAB or --all, not both")
    for lab in labs.labs() if every else [session.lab]:
        lab.destroy()
        session.tell(f"lab {lab.name!r} is gone")
