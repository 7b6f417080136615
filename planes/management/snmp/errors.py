"""What keeps the agent from its work, in the user's words."""

from __future__ import annotations


class AgentError(Exception):
    """Something the user can act on: what happened, and what to do about it."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
