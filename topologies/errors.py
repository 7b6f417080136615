"""What can go wrong with a lab, in the user's words."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses of the lab's commands; 2 is click's own, for a malformed command line."""

    FAILED = 1
    UNKNOWN = 3  # no lab, node or link of that name
    TAKEN = 4  # a lab of that name is running
    MACHINE = 5  # this machine lacks something; the fix says what


class LabError(Exception):
    """Something the user can act on: what happened, what to do about it, and the command's exit status."""

    def __init__(self, message: str, fix: str = "", code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}\n{self.fix}" if self.fix else self.message
