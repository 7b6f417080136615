"""How far something is that takes a while."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn


class Bars:
    """One progress bar a stage on a terminal, one line a stage elsewhere; all on standard error."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        columns = TextColumn("{task.description:>12}"), BarColumn(), MofNCompleteColumn()
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self._tasks: dict[str, int] = {}

    def show(self, stage: str, done: int, total: int) -> None:
        """A stage has got this far."""
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage)
            if self._progress.disable:
                print(f"{stage} ...", file=sys.stderr)  # noqa: T201
        self._progress.update(self._tasks[stage], completed=done, total=total)  # type: ignore[arg-type]

    def __enter__(self) -> Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
