from __future__ import annotations

from planes.control.facts import SWITCH, Facts, View
from planes.control.fragments import switch
from planes.data.label import DEFLECTED, PLAIN, label
from planes.data.pipeline import Table
from planes.data.rule import Meter, Punt, Rule


def rules() -> list[Rule]:
    facts = Facts()
    facts.put(SWITCH, 9, 3)
    return [entry for _, entry in switch.compile(View(facts), 9) if isinstance(entry, Rule)]


def test_every_punt_is_metered_by_a_meter_that_exists() -> None:
    facts = Facts()
    facts.put(SWITCH, 9, 3)
    entries = [entry for _, entry in switch.compile(View(facts), 9)]
    meters = {entry.id for entry in entries if isinstance(entry, Meter)}
    punts = [entry for entry in entries if isinstance(entry, Rule) and Punt() in entry.actions]
    assert punts and all(punt.meter in meters for punt in punts)


def test_its_own_labels_land_plain_or_deflected() -> None:
    own = [rule for rule in rules() if rule.table == Table.LABEL]
    for first in (PLAIN, DEFLECTED):
        value = label(3, 0x1234, first)
        assert [rule.goto for rule in own if value & rule.match[0].mask == rule.match[0].value] == [Table.LAND]


def test_tables_of_later_work_pass_frames_on() -> None:
    passes = {rule.table: rule.goto for rule in rules() if not rule.match}
    assert passes == {Table.SERVICE: Table.POLICY, Table.POLICY: Table.LOCATE}
