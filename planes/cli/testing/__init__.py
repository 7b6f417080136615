"""Labs for tests: what fixtures of the pytest plugin give, for annotations."""

from __future__ import annotations

from planes.cli.testing.measured import Ping, Transfer
from planes.cli.testing.net import Net
from planes.cli.testing.node import Host, Node, Program, ProgramError

__all__ = ["Host", "Net", "Node", "Ping", "Program", "ProgramError", "Transfer"]
