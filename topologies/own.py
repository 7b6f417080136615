"""Topologies that a program draws: the class or function that `my_topo.py:Ring` names, run as the user."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_interface, ip_network
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

from planes.model.drawing.expand import NETWORK, SEGMENT, addressing
from planes.model.drawing.text import block
from planes.model.errors import PlanError, did_you_mean
from planes.model.load import agreed, shape
from planes.model.source import read
from planes.model.words import ALL, MAX_NAME
from planes.model.yaml_words import rendered
from topologies.api import Topology
from topologies.arguments import Arguments
from topologies.errors import Exit, LabError
from topologies.moving import NETWORK as MININETS
from topologies.moving import is_topo, translated


def is_program(plan: str) -> bool:
    """Whether a text names a part of a Python file or module: `file.py:Name`, `package.module:Name`."""
    where, colon, name = plan.rpartition(":")
    return bool(colon) and name.isidentifier() and (where.endswith(".py") or _is_module(where))


def _is_module(where: str) -> bool:
    return bool(where) and all(part.isidentifier() for part in where.split("."))


def plan_of(program: str, words: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The text of the plan that a program draws, and what people should know of it. LabError."""
    drawn = _drawn(program, words)
    if not drawn.switches:
        raise LabError(f"{program} draws no switch", "call t.switch(...) in build()")
    if not drawn.hosts:
        raise LabError(f"{program} draws no host, so nothing could be reached", "call t.host(...) in build()")
    return _text(program, drawn), drawn.notes


# the plan


def _text(program: str, drawn: Topology) -> str:
    """Read once to see that it is right and which addresses its hosts get, and again with these."""
    parts = drawn.parts()
    hosts: dict[str, dict[str, Any]] = {name: given or {} for name, given in parts["topology"]["hosts"].items()}
    bare = frozenset(name for name, given in hosts.items() if not given.get("address"))
    parts["networks"] = parts["networks"] or _one_network(hosts, bool(bare))
    try:
        plan = agreed(shape(read(_written(program, parts), program)))
        told, faults = addressing(plan, bare)
    except PlanError as error:
        said = dict.fromkeys(problem.message for problem in error.problems)
        raise LabError(
            f"{program} draws no topology that can be:\n" + "\n".join(f"  {each}" for each in said)
        ) from None
    if faults:
        raise LabError(f"{program}: {faults[0].message}")
    for name, values in told.items():
        addresses = {key: list(map(str, held)) for key, held in values.items() if held and key not in hosts[name]}
        parts["topology"]["hosts"][name] = hosts[name] | addresses
    return _written(program, parts)


def _one_network(hosts: dict[str, dict[str, Any]], bare: bool) -> dict[str, Any]:
    """All hosts in one segment, whose subnets are those of their addresses; Mininet's for those that have none."""
    given = chain.from_iterable(_listed(host.get("address")) for host in hosts.values())
    subnets = [ip_interface(each).network for each in given] + ([ip_network(MININETS)] if bare else [])
    four = collapse_addresses(net for net in subnets if isinstance(net, IPv4Network))
    six = collapse_addresses(net for net in subnets if isinstance(net, IPv6Network))
    return {NETWORK: {"segments": {SEGMENT: {"subnet": [*map(str, four), *map(str, six)], "ports": ALL}}}}


def _listed(value: Any) -> list[str]:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _written(program: str, parts: dict[str, Any]) -> str:
    name = program.rpartition(":")[2].strip("_")[:MAX_NAME] or "own"
    checks = "".join(f"  - {rendered(check)}\n" for check in parts["checks"])
    return (
        f"# drawn by {program}\nname: {rendered(name)}\n"
        f"{block('topology', parts['topology'])}{block('networks', parts['networks'])}"
        + (f"checks:\n{checks}" if checks else "")
    )


# the program


def _drawn(program: str, words: Sequence[str]) -> Topology:
    where, _, name = program.rpartition(":")
    found = _member(_run(where, lambda: _module(where)), where, name)
    own = Topology()
    call, build, skip = found, found, 0
    if inspect.isclass(found) and is_topo(found):
        build, skip = getattr(found, "build", found), 1  # to which its constructor passes all on
    elif inspect.isclass(found):
        if not callable(getattr(found, "build", None)):
            raise LabError(f"{program} has no build()", "write `def build(self, t): ...`")
        call = build = _run(where, lambda: getattr(found(), "build"))  # noqa: B009
    arguments = Arguments(program, build, skip)
    values, named = arguments.read(words)
    result = _run(where, lambda: call(*([own] if arguments.takes_topology else []), *values, **named))
    if result is None:
        return own
    if is_topo(result):
        result = _run(where, lambda: translated(result))
    if not isinstance(result, Topology):
        raise LabError(f"{program} returned {type(result).__name__}", "draw on `t`, or return it, or Mininet's Topo")
    return result


def _module(where: str) -> ModuleType:
    """The module, run anew from its file; what it imports is looked for beside it first, as Python does for scripts."""
    path = Path(where)
    sys.path.insert(0, str(path.parent.resolve()) if where.endswith(".py") else str(Path.cwd()))
    if not where.endswith(".py"):
        return importlib.import_module(where)
    spec = importlib.util.spec_from_file_location(path.stem.replace(".", "_"), path)
    if spec is None or spec.loader is None or not path.is_file():
        raise LabError(f"there is no file {where}", code=Exit.UNKNOWN)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _member(module: ModuleType, where: str, name: str) -> Any:
    """By its name, or by that in `topos`, where `mn --custom` looks."""
    named = getattr(module, "topos", {})
    if isinstance(named, dict) and name in named:
        return named[name]
    found = getattr(module, name, None)
    if not callable(found):
        own = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        raise LabError(f"{where} has no class or function {name!r}", did_you_mean(name, own), Exit.UNKNOWN)
    return found


def _run(where: str, act: Any) -> Any:
    """Their code may raise anything: it is told with the line of theirs that did."""
    try:
        return act()
    except LabError:
        raise
    except (Exception, SystemExit) as error:
        raise LabError(f"{_told(where, error)}", _line(where, error)) from error


def _told(where: str, error: BaseException) -> str:
    if (
        isinstance(error, ModuleNotFoundError)
        and not where.endswith(".py")
        and error.name
        and where.startswith(error.name)
    ):
        return f"there is no module {error.name!r}"
    frame = _frame(where, error)
    place = f"{frame.filename}:{frame.lineno}" if frame else where
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}"
    return f"{place}: {type(error).__name__}: {error}"


def _line(where: str, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return (error.text or "").rstrip()
    frame = _frame(where, error)
    return f"    {frame.line}" if frame and frame.line else ""


def _frame(where: str, error: BaseException) -> traceback.FrameSummary | None:
    """The innermost line of their file, or of anything that is not ours."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if where.endswith(".py") and Path(frame.filename) == Path(where)]
    others = [frame for frame in frames if not frame.filename.startswith((str(Path(__file__).parent), "<frozen"))]
    return next(reversed(theirs or others), None)
