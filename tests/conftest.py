"""Marks `emulation` tests: on a machine that cannot run a lab they skip with the reason, and fail where CI=true."""

from __future__ import annotations

import os
from functools import cache

import pytest
from hypothesis import settings

from topologies import needs

collect_ignore = ["example_project"]  # a project of its own: test_plugin.py runs it as one

settings.register_profile("patient", deadline=None)  # no test fails because a machine is slow
settings.load_profile("patient")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("emulation") is not None:
        unmet = _unmet()
        if unmet:
            refuse(f"this machine cannot run a lab: {unmet}")


def refuse(reason: str) -> None:
    """Skip; in CI, where everything is meant to run, fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@cache
def _unmet() -> str:
    unmet = [check for check in needs.lab_checks(needs.this_machine()) if not check.ok]
    return "; ".join(f"{check.name}: {check.found} ({check.fix})" for check in unmet)
