from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from planes.management import metrics
from planes.management.metrics import FAMILIES

FILE = Path(metrics.__file__).with_name("grafana.json")
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
UNITS = {"short", "s", "Bps", "pps", "ops", "percentunit"}  # of Grafana's, those that are used
LABELS = {family.exposed: {*family.labels, "instance"} for family in FAMILIES}
SELECTOR = re.compile(r"(triplane_[a-z_]+)\{([^}]*)\}")
USED = re.compile(r"(?:by|on|group_left) ?\(([^)]*)\)")


def expressions() -> Iterator[str]:
    """Every query in it, with those of variables and annotations."""
    yield from (target["expr"] for panel in PANELS for target in panel["targets"])
    yield from (each["expr"] for each in DASHBOARD["annotations"]["list"])
    for variable in DASHBOARD["templating"]["list"]:
        query = variable["query"]
        if isinstance(query, dict):
            yield query["query"]


@pytest.mark.parametrize("expression", sorted(set(expressions())))
def test_queries_ask_for_what_is_told(expression: str) -> None:
    names = set(re.findall(r"\btriplane_[a-z_]+", re.sub(r"\{[^}]*\}", "", expression)))
    assert names
    assert names <= LABELS.keys()
    for name, chosen in SELECTOR.findall(expression):
        assert set(re.findall(r"([a-z_]+) *!?=~?", chosen)) <= LABELS[name]
    known = set().union(*(LABELS[name] for name in names))
    for grouped in USED.findall(expression):
        assert {label.strip() for label in grouped.split(",")} <= known


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: str(panel["title"]))
def test_panels_have_title_unit_and_queries(panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    for target in panel["targets"]:
        assert 'instance="$instance"' in target["expr"]
        names = [name for name in LABELS if re.search(rf"\b{name}\b", target["expr"])]
        legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert legend <= set().union(*(LABELS[name] for name in names))


def test_it_can_be_imported_wherever_there_is_a_prometheus() -> None:
    sources = [each["datasource"] for each in (*PANELS, *(t for panel in PANELS for t in panel["targets"]))]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)
    assert [(each["name"], each["type"]) for each in DASHBOARD["templating"]["list"]] == [
        ("datasource", "datasource"),
        ("instance", "query"),
    ]
    assert "id" not in DASHBOARD


def test_panels_do_not_overlap() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in DASHBOARD["panels"]):
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells
