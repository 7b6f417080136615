from __future__ import annotations

import asyncio

import pytest

from planes.management.mibs.names import oid_of
from planes.management.snmp.errors import AgentError
from planes.management.snmp.reading import Local
from planes.management.snmp.snapshot import Moment
from planes.management.watch import View
from planes.model.intent import Intent, Network

NOW = Moment(1000.0, 5.0)
VIEW = View(intent=Intent("campus", (Network("office", ()),)), serial=1, synced=True)


def test_objects_are_read_from_a_view() -> None:
    name, missing = oid_of("sysName.0"), oid_of("sysName.1")
    found, none = asyncio.run(Local(VIEW, None, NOW).get([name, missing]))
    assert found is not None and (found.data, none) == (b"campus", None)


def test_a_walk_is_all_below_and_the_object_itself() -> None:
    local = Local(VIEW, None, NOW)
    system = asyncio.run(local.walk(oid_of("system")))
    assert [oid for oid, _ in system] == sorted(oid for oid, _ in system)
    assert (oid_of("sysName.0"), b"campus") in [(oid, value.data) for oid, value in system]
    assert [oid for oid, _ in asyncio.run(local.walk(oid_of("sysName.0")))] == [oid_of("sysName.0")]
    assert asyncio.run(local.walk((1, 3, 6, 1, 99))) == []


def test_a_network_that_is_not_there_is_told_with_the_nearest() -> None:
    with pytest.raises(AgentError, match="no network 'ofice'") as caught:
        Local(VIEW, "ofice", NOW)
    assert caught.value.fix == "did you mean 'office'?"
