"""`python -m benches.demo STORY LAB`: faults in a running lab under a stream, by the commands that users type.

Exits with 1 when a host does not reach whom it should after a fault, or when the stream does not come back.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click

from planes.cli.errors import told
from planes.model.load import load
from planes.model.plan import Topology
from planes.model.wiring import wire
from topologies import lab as labs
from topologies.control import CONTROLLER
from topologies.lab import Lab
from topologies.path import Path, path_of
from topologies.stream import Stream, Window

RATE = 1000  # datagrams a second
BROKEN_SECONDS = 20.0  # no slow machine, and no timer of a protocol, makes an outage as long as this

ROLL_CALL = "roll call"
DONE = {"fail": "failed", "heal": "healed"}


@dataclass(frozen=True)
class Story:
    """A stream, and what happens to it: titles, and what fails, by the stream's path."""

    source: str
    target: str
    address: str
    faults: tuple[tuple[str, Callable[[Path], str]], ...]


STORIES = {
    "fabric": Story(
        "r1", "r2", "10.0.0.2",
        (
            ("A link on the stream's path is cut", lambda path: path.links[0]),
            ("The transit switch dies", lambda path: path.transit[0]),
            ("The controller is killed, and restarted", lambda path: CONTROLLER),
        ),
    ),
    "gateway": Story(
        "h1", "isp", "198.51.100.1", (("The gateway's active router, a switch, dies", lambda path: path.transit[0]),)
    ),
}  # fmt: skip


@click.command()
@click.argument("story", type=click.Choice(list(STORIES)))
@click.argument("name", metavar="LAB")
def demo(story: str, name: str) -> None:
    """All faults of a STORY, one after the other, each healed before the next."""
    with told():
        lab, chosen = labs.find(name), STORIES[story]
        held = [_suffer(lab, chosen, title, choose) for title, choose in chosen.faults]
    raise SystemExit(0 if all(held) else 1)


def _suffer(lab: Lab, story: Story, title: str, choose: Callable[[Path], str]) -> bool:
    click.echo(f"\n{title}, under {RATE} packets a second from {story.source} to {story.target}:")
    wiring = wire(load(lab.directory.plan).topology or Topology())
    with Stream(lab, story.source, story.target, story.address, RATE) as stream:
        path = path_of(lab, wiring, stream)
        click.echo(f"the stream's path: {', '.join(path.switches)}")
        held = [_step(lab, stream, verb, choose(path)) for verb in DONE]
        found = stream.result()
    faults = [window for window in found if window.label != ROLL_CALL]
    for window in faults:
        click.echo(_told(window))
    return all(held) and all(window.over and window.outage < BROKEN_SECONDS for window in faults)


def _step(lab: Lab, stream: Stream, verb: str, what: str) -> bool:
    """Fail or heal it, see that packets arrive; then call the roll, a load that must not count as the fault's."""
    stream.mark(f"{what} {DONE[verb]}")
    held = _run(verb, "--lab", lab.name, what) and stream.more(RATE, BROKEN_SECONDS) == RATE
    stream.mark(ROLL_CALL)
    return _run("check", lab.name, "--only", "roll-call,reach,gateway") and held


def _run(*arguments: str) -> bool:
    click.echo(f"$ triplane {' '.join(arguments)}")
    return subprocess.run([sys.executable, "-m", "planes.cli", *arguments], check=False).returncode == 0


def _told(window: Window) -> str:
    return f"==> {window.label}: outage {window.outage * 1000:.0f} ms, {window.lost} of {window.sent} packets lost"


if __name__ == "__main__":
    demo()
