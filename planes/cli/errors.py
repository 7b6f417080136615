"""Exit statuses, and errors as people see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

BAD_PLAN = 6
INTERRUPTED = 130

EXIT_STATUSES = """\b
Exit statuses:
  0  done, and all that was asked holds
  1  it failed, or a check does not hold
  2  the command line is wrong
  3  no lab, node, link or plan has that name
  4  a lab of that name is running
  5  this machine lacks something
  6  the plan is wrong
  130  interrupted; nothing is left behind
`triplane exec` exits as its command does."""


def users() -> tuple[type[Exception], ...]:
    """What users can act on; looked for only when something went wrong, since it is slow to load."""
    from planes.management.errors import ServingError
    from planes.model.errors import CommitError, PlanError
    from planes.store.base import StoreError
    from topologies.errors import LabError

    return PlanError, CommitError, LabError, ServingError, StoreError


def spoken(error: Exception) -> tuple[str, int]:
    """One of these as a message, and its exit status."""
    from planes.model.errors import PlanError
    from topologies.errors import LabError

    match error:
        case PlanError():
            count = len(error.problems)
            return f"{error}\n{count} problem{'s' if count > 1 else ''} in the plan", BAD_PLAN
        case LabError():
            return f"triplane: {error}", int(error.code)
    return f"triplane: {error}", 1


@contextmanager
def told() -> Iterator[None]:
    """Turn what users can act on into a message on standard error and an exit status."""
    try:
        yield
    except users() as error:
        text, status = spoken(error)
        click.echo(text, err=True)
        raise SystemExit(status) from error
    except KeyboardInterrupt as error:
        click.echo("triplane: interrupted", err=True)
        raise SystemExit(INTERRUPTED) from error
