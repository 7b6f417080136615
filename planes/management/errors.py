"""What can go wrong with serving people and tools, in the user's words."""

from __future__ import annotations


class ServingError(Exception):
    """It can't be served like this: why, and what to do about it."""

    def __init__(self, message: str, fix: str) -> None:
        super().__init__(f"{message}\n{fix}")
