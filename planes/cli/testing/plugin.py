"""The pytest plugin: `@pytest.mark.lab("campus")`, and the fixtures `net`, `lab` and `labs`. See README.md here.

All that is slow to load is loaded when a test wants a lab: this module is loaded by every pytest on the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from planes.cli.testing.labs import Labs
    from planes.cli.testing.net import Net
    from topologies.lab import Lab

MARK = "lab"
SCOPES = ("session", "test")
_ABOUT = (
    'lab(plan, scope="session"): the test wants a lab of a plan: a shipped one, a file beside the test, or the text'
    ' itself. Tests of a session share it, reset in between; with scope="test" it is deployed for this test alone.'
)


@dataclass(frozen=True)
class _Use:
    """What a test has of a lab: kept on its item for the report."""

    net: Net
    log_from: int


_USE = pytest.StashKey[_Use]()
_SAID = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lab", "Triplane's labs")
    group.addoption("--lab", action="store_true", help="labs must run: where this machine can't, tests of labs fail")
    group.addoption("--lab-keep", action="store_true", help="leave labs up at the end, `triplane destroy` ends them")
    group.addoption("--lab-artifacts", metavar="DIR", help="of failed tests keep rules, captures, events and logs here")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _ABOUT)


def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """With `-n N --dist loadgroup` tests of one plan go to one worker."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        mark = item.get_closest_marker(MARK)
        if mark and mark.args and not any(item.iter_markers("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(f"lab:{mark.args[0]}"[:60].split("\n")[0]))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker(MARK) and (lacking := unmet()):
        if item.config.getoption("--lab") or os.environ.get("CI") == "true":
            pytest.fail(f"this machine cannot run a lab: {lacking}", pytrace=False)
        pytest.skip(f"this machine cannot run a lab: {lacking}")


@pytest.fixture(scope="session")
def labs(pytestconfig: pytest.Config) -> Iterator[Labs]:
    """For fixtures of your own: `with labs.deployed(PLAN) as net: yield net`."""
    from planes.cli.testing.labs import Labs

    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    found = Labs(worker, bool(pytestconfig.getoption("--lab-keep")))
    yield found
    kept = [f"lab {name!r} is kept: triplane destroy {name}" for name in found.end()]
    pytestconfig.stash[_SAID] = found.discarded + kept


@pytest.fixture
def net(request: pytest.FixtureRequest, labs: Labs) -> Iterator[Net]:
    """The lab that the test's mark names: hosts by name, faults, captures, the store's state."""
    from planes.cli.testing.labs import wanted
    from planes.cli.testing.reset import ERRORS

    plan, scope = _asked(request.node)
    try:
        what = wanted(plan, request.path.parent)
        held = labs.take(what, fresh=scope == "test")
    except ERRORS as error:
        pytest.fail(str(error), pytrace=False)
    try:
        found = labs.net(held, request.node.nodeid)
        log = held.lab.directory.controller_log
        request.node.stash[_USE] = _Use(found, log.stat().st_size if log.exists() else 0)
        yield found
    finally:
        if scope == "test":
            labs.discard(held)
        else:
            labs.give(what, held)


@pytest.fixture
def lab(net: Net) -> Lab:
    """The lab itself: its directory, `info`, `fail`, `heal`, `exec_argv`."""
    return net.lab


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[None]:
    report: pytest.TestReport = yield  # type: ignore[assignment]
    use = item.stash.get(_USE, None)
    if use is not None and report.when == "call" and report.failed:
        from planes.cli.testing.evidence import gather

        folder = item.config.getoption("--lab-artifacts")
        place = Path(folder).absolute() if folder else None
        report.sections += list(gather(use.net, use.log_from, place, item.nodeid))
    return report  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(_SAID, []):
        terminalreporter.write_line(line)


def _asked(item: pytest.Item) -> tuple[str, str]:
    """The plan and the scope of a test's mark."""
    mark = item.get_closest_marker(MARK)
    if mark is None or len(mark.args) != 1 or not isinstance(mark.args[0], str):
        pytest.fail(
            'the fixture `net` needs to know its plan: mark the test by @pytest.mark.lab("campus")', pytrace=False
        )
    unknown = set(mark.kwargs) - {"scope"}
    scope = mark.kwargs.get("scope", SCOPES[0])
    if unknown or scope not in SCOPES:
        wrong = f"option {', '.join(sorted(unknown))}" if unknown else f"scope {scope!r}"
        pytest.fail(f"the mark `lab` has no {wrong}; it has scope={' or '.join(map(repr, SCOPES))}", pytrace=False)
    return mark.args[0], scope


@cache
def unmet() -> str:
    """What this machine lacks to run labs, each with its fix; "" where it can."""
    from topologies import needs

    found = [check for check in needs.lab_checks(needs.this_machine()) if not check.ok]
    return "; ".join(f"{check.name}: {check.found} ({check.fix})" for check in found)
