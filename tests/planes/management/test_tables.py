from __future__ import annotations

import csv
import json
import re
from io import StringIO

import pytest
from ruamel.yaml import YAML

from planes.management.tables import FORMS, Table, text

HOSTS = Table(
    "hosts",
    ("MAC", "datapath id", "up", "entries", "error"),
    [("10:20:30:40:50:10", "0000000000000001", True, 3, None), ("02:00:00:cd:ab:01", "on", False, 0, "[red]no[/red]")],
)
EMPTY = Table("drops", ("reason", "count"), [])
ROWS = [
    {"mac": "10:20:30:40:50:10", "datapath_id": "0000000000000001", "up": True, "entries": 3, "error": None},
    {"mac": "02:00:00:cd:ab:01", "datapath_id": "on", "up": False, "entries": 0, "error": "[red]no[/red]"},
]


def test_a_table_for_people() -> None:
    assert [line.rstrip() for line in text([HOSTS, EMPTY]).splitlines()] == [
        "hosts",
        "MAC                datapath id       up   entries  error",
        "10:20:30:40:50:10  0000000000000001  yes  3        -",
        "02:00:00:cd:ab:01  on                no   0        [red]no[/red]",
        "",
        "drops",
        "reason  count",
        "",
    ]


def test_a_table_off_a_terminal_has_no_escape_codes_and_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("FORCE_COLOR", "1")
    long = Table("t", ("a", "b"), [("word " * 100, "end")])
    shown = text([long])
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 4


def test_a_table_on_a_terminal_fits_its_width_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "xterm")
    shown = re.sub("\x1b[^m]*m", "", text([Table("t", ("a",), [("x" * 50,)])], terminal=True))
    assert max(map(len, shown.splitlines())) <= 20
    assert shown.count("x") == 50


def test_json_for_programs() -> None:
    assert json.loads(text([HOSTS, EMPTY], "json")) == {"version": 1, "hosts": ROWS, "drops": []}


@pytest.mark.parametrize("version", [(1, 1), (1, 2)])
def test_yaml_is_the_same_to_readers_of_either_version(version: tuple[int, int]) -> None:
    reader = YAML(typ="safe", pure=True)
    reader.version = version
    assert reader.load(text([HOSTS, EMPTY], "yaml")) == {"version": 1, "hosts": ROWS, "drops": []}


def test_csv_has_one_part_a_table() -> None:
    odd = Table("odd", ("a",), [('comma, "quote"\nline',)])
    parts = text([HOSTS, EMPTY, odd], "csv").split("\n\n")
    first, second, third = (list(csv.reader(StringIO(part))) for part in parts)
    assert first[0] == ["table", "MAC", "datapath id", "up", "entries", "error"]
    assert first[1] == ["hosts", "10:20:30:40:50:10", "0000000000000001", "True", "3", ""]
    assert second == [["table", "reason", "count"]]
    assert third[1] == ["odd", 'comma, "quote"\nline']


@pytest.mark.parametrize("form", FORMS)
def test_every_form_ends_its_last_line(form: str) -> None:
    assert text([HOSTS], form).endswith("\n")


def test_a_row_of_another_width_is_a_fault() -> None:
    with pytest.raises(ValueError, match="argument"):
        text([Table("t", ("a", "b"), [("1",)])], "json")
