from __future__ import annotations

from topologies.checking.bench import Forged
from topologies.checking.isolating import _by_pair, _told


def frame(source: str, words: str) -> Forged:
    return Forged(source, "z", words, f"{source}-eth0", b"")


def test_leaks_are_told_by_pair_the_most_first() -> None:
    leaks = [(frame("a", "x"), "b"), (frame("c", "x"), "b"), (frame("c", "y"), "b")]
    assert [(pair, len(found)) for pair, found in _by_pair(leaks)] == [(("c", "b"), 2), (("a", "b"), 1)]


def test_a_few_sorts_of_frames_are_named() -> None:
    assert _told("a", "b", [frame("a", "x"), frame("a", "x")]) == "b got 2 frames of a: x"
    many = [frame("a", str(number)) for number in range(5)]
    assert _told("a", "b", many) == "b got 5 frames of a: 0, 1, 2, and 2 sorts more"
