"""Run by snmpd (pass_persist): serves the objects in a file, a JSON list of [OID, type, value] in their order.

As quick as such a program can be: what comes next is looked up, not searched. Standard library only.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect_right
from pathlib import Path


def _arcs(oid: str) -> list[int]:
    return [int(arc) for arc in oid.strip(".").split(".")]


def main() -> None:
    """Answer until snmpd ends."""
    listed = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answers = [f"{oid}\n{kind}\n{value}\n" for oid, kind, value in listed]
    here = {oid: answer for (oid, *_), answer in zip(listed, answers, strict=True)}
    follows = {oid: answer for (oid, *_), answer in zip(listed, [*answers[1:], "NONE\n"], strict=True)}
    order = [_arcs(oid) for oid, *_ in listed]
    read, write, flush = sys.stdin.readline, sys.stdout.write, sys.stdout.flush
    while line := read():
        word = line.strip()
        if word == "PING":
            write("PONG\n")
        elif word in ("get", "getnext"):
            oid = read().strip()
            answer = here.get(oid, "NONE\n") if word == "get" else follows.get(oid)
            if answer is None:
                place = bisect_right(order, _arcs(oid))
                answer = answers[place] if place < len(answers) else "NONE\n"
            write(answer)
        flush()


if __name__ == "__main__":
    main()
