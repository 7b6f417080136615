"""Marks `emulation` tests: on a machine that cannot run a lab they skip with the reason, and fail where CI=true."""

from __future__ import annotations

import pytest
from hypothesis import settings
from lacking import refuse

from planes.cli.testing.plugin import unmet

collect_ignore = ["example_project"]  # a project of its own: test_plugin.py runs it as one

settings.register_profile("patient", deadline=None)  # no test fails because a machine is slow
settings.load_profile("patient")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("emulation") is not None:
        lacking = unmet()
        if lacking:
            refuse(f"this machine cannot run a lab: {lacking}")
