"""`isolate`: hosts try to get frames to hosts that they must not reach, honest and forged ones; nothing may arrive."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from planes.model.results import Figure, Result
from topologies.answers import answer_of
from topologies.checking.bench import Bench, Forged, Suspect, judged, script
from topologies.checking.planning import Planned, foreign_pairs
from topologies.errors import LabError

SCRIPT = str(Path(__file__).with_name("frames.py"))
LISTEN_SECONDS = 30.0  # that a listener may take to be ready, or to tell what it heard
SEND_SECONDS = 120.0
TOKEN_BYTES = 8
MAX_WORDS = 3  # sorts of frames that a failure names


def isolate(bench: Bench, check: Planned) -> Result:
    """Send what may not arrive, and listen on all hosts that may not get it."""
    pairs = foreign_pairs(bench.ground.hosts, check.check.isolate or ())
    if not pairs:
        return judged(check, [], [Figure("pairs", 0, "")])
    token = secrets.token_bytes(TOKEN_BYTES)
    targets: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        targets[source].append(target)
    frames: list[Forged] = []
    numbers = count()
    with ExitStack() as stack:
        listeners = {name: stack.enter_context(_listener(bench, name, token)) for name in sorted({b for _, b in pairs})}
        for source, wanted in targets.items():
            mine = bench.tools.forge(source, wanted, lambda: token + next(numbers).to_bytes(4, "big"))
            _send(bench, source, mine)
            frames += mine
        heard = {name: _heard(name, process) for name, process in listeners.items()}
    forbidden = set(pairs)
    arrived = [(frames[number], name) for name, found in heard.items() for number in found]
    leaks = [(forged, name) for forged, name in arrived if (forged.source, name) in forbidden]
    pairs_leaking = _by_pair(leaks)
    failures = [_told(source, name, found) for (source, name), found in pairs_leaking]
    suspects = [Suspect(source, name, found[0]) for (source, name), found in pairs_leaking]
    figures = [Figure("pairs", len(pairs), ""), Figure("frames", len(frames), ""), Figure("leaked", len(leaks), "")]
    return judged(check, failures, figures, (), bench.traced(suspects))


def _by_pair(leaks: Iterable[tuple[Forged, str]]) -> list[tuple[tuple[str, str], list[Forged]]]:
    """What each host got of each other one, the pair with the most first."""
    found: dict[tuple[str, str], list[Forged]] = defaultdict(list)
    for forged, name in leaks:
        found[forged.source, name].append(forged)
    return sorted(found.items(), key=lambda pair: -len(pair[1]))


def _told(source: str, name: str, found: list[Forged]) -> str:
    words = list(dict.fromkeys(each.words for each in found))
    more = f", and {len(words) - MAX_WORDS} sorts more" if len(words) > MAX_WORDS else ""
    return f"{name} got {len(found)} frames of {source}: {', '.join(words[:MAX_WORDS])}{more}"


def _send(bench: Bench, source: str, frames: Iterable[Forged]) -> None:
    wanted: Mapping[str, object] = {"frames": [[each.interface, each.frame.hex()] for each in frames]}
    argv = bench.lab.exec_argv(source, script(SCRIPT, "send"))
    try:
        done = subprocess.run(
            argv, input=json.dumps(wanted), capture_output=True, text=True, check=False, timeout=SEND_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{source} did not send its frames within {SEND_SECONDS:.0f} s") from error
    if done.returncode:
        raise LabError(f"{source} cannot send frames: {done.stderr.strip()[-300:]}")


@contextmanager
def _listener(bench: Bench, host: str, token: bytes) -> Iterator[subprocess.Popen[str]]:
    argv = bench.lab.exec_argv(host, script(SCRIPT, "listen", token.hex()))
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            answer_of(process, host, LISTEN_SECONDS)
            yield process
        finally:
            process.kill()


def _heard(host: str, process: subprocess.Popen[str]) -> list[int]:
    """The numbers of the frames that came, after the end of the listener's input and a while for late ones."""
    if process.stdin is not None:
        process.stdin.close()
    return [int(number) for number in answer_of(process, host, LISTEN_SECONDS)["heard"]]
