"""What is known of a lab when a test failed: events, the controller's words, captures, rules."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from planes.cli.testing.net import Net
from planes.cli.testing.reset import ERRORS

LINES, WIDTH = 60, 240  # of a section in the terminal
SCRIPT = "for what in dump-flows dump-groups dump-meters; do ovs-ofctl -O OpenFlow13 $what $0; done"
SECONDS = 30.0

Section = tuple[str, str]  # title, text
Show = Callable[[str, Path | None], str]  # a text, and the file that has all of it, in the terminal


def gather(net: Net, log_from: int, artifacts: Path | None, test: str) -> Iterator[Section]:
    """Sections for a report; the whole of them, and captures, in files below `artifacts`."""
    place = artifacts / re.sub(r"[^A-Za-z0-9_.-]+", "-", test).strip("-") if artifacts else None
    if place:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
    for title, name, telling, show in _kinds(net, log_from):
        try:
            text = telling()
        except ERRORS as error:
            text = f"not to be had: {error}"
        except (OSError, subprocess.SubprocessError) as error:
            text = f"not to be had: {error}"
        if place:
            (place / name).write_text(text)
        if text:
            yield f"lab {net.lab.name}: {title}", show(text, place / name if place else None)
    for seen in net.captured:
        if place:
            shutil.copy(seen.path, place)
        where = f"{place / seen.path.name}" if place else "--lab-artifacts DIR keeps it"
        lines = [f"{len(seen.frames)} frames: {where}"]
        lines += [f"{frame.at:.6f} {frame.interface}: {frame.label or frame.data[:14].hex()}" for frame in seen.frames]
        yield f"lab {net.lab.name}: capture {seen.path.stem}", _shortened("\n".join(lines), None)


def _kinds(net: Net, log_from: int) -> Iterator[tuple[str, str, Callable[[], str], Show]]:
    """Title, file, what tells it, and how it is shown."""
    yield "events", "events.txt", lambda: _events(net), _shortened
    yield "controller log", "controller.log", lambda: _log(net, log_from), _shortened
    yield "drops", "drops.txt", lambda: _drops(net), _shortened
    yield "rules", "rules.txt", lambda: _rules(net), _counted


def _drops(net: Net) -> str:
    return "\n".join(f"{reason}: {many}" for reason, many in net.drops.items())


def _events(net: Net) -> str:
    return "\n".join(
        f"{time.strftime('%H:%M:%S', time.localtime(row.at))}.{int(row.at % 1 * 1000):03} {row.subject}: {row.text}"
        + (f" ({row.cause})" if row.cause else "")
        for row in net.events
    )


def _log(net: Net, begin: int) -> str:
    with net.lab.directory.controller_log.open("rb") as log:
        log.seek(begin)
        return log.read().decode(errors="replace").strip()


def _rules(net: Net) -> str:
    found = []
    for switch in net.switches:
        argv = net.lab.exec_argv(switch.name, ["sh", "-c", SCRIPT, switch.name])
        said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=SECONDS).stdout
        rules = [re.sub(r" (duration|n_bytes)=[^,]*,", "", line.strip()) for line in said.splitlines()]
        found += [f"{switch.name}: {len(rules)} lines", *rules, ""]
    return "\n".join(found)


def _counted(text: str, whole: Path | None) -> str:
    """Too much to read here."""
    where = f"all are in {whole}" if whole else "--lab-artifacts DIR keeps all"
    return f"{len(text.splitlines())} lines, as they were when the test had failed: {where}"


def _shortened(text: str, whole: Path | None) -> str:
    """The last lines, which are the newest."""
    lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]} ..." for line in text.splitlines()]
    if len(lines) <= LINES:
        return "\n".join(lines)
    more = f"all are in {whole}" if whole else "--lab-artifacts DIR keeps all"
    return "\n".join([f"... {len(lines) - LINES} lines before these: {more}", *lines[-LINES:]])
