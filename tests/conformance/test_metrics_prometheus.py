"""What we tell Prometheus, judged by its own tool, where that is installed (Debian: apt-get install prometheus)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from lacking import need

from planes.management import metrics
from planes.management.metrics import exposition
from planes.management.watch import View
from planes.model.state import Controller, Event, GatewayState, Link, Port, Put, Switch, Traffic
from planes.store.memory import Database, Store

GRAFANA = Path(metrics.__file__).with_name("grafana.json")
VARIABLES = {"$__rate_interval": "1m", "$instance": "here"}


def promtool(*arguments: str, told: bytes = b"") -> str:
    need("promtool")
    done = subprocess.run(["promtool", *arguments], input=told, capture_output=True, timeout=60, check=False)
    said = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, said
    return said


def test_promtool_finds_nothing_to_mend_in_the_metrics() -> None:
    database = Database()
    store = Store(database)
    store.publish(
        [
            Put(Switch(1, "leaf1", 1, True, 42)),
            Put(Port("leaf1", 1, "leaf1-eth1", True, "fabric", "02:00:00:00:01:01", 10**9)),
            Put(Traffic("leaf1", 1, 1000.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)),
            Put(Link("leaf1", 1, "leaf2", 1)),
            Put(Controller("fabric", 3, "ryu", 1.0, 2.0)),
            Put(
                GatewayState("red", "users", "leaf1", 1, "glbp", 1, True, "active", forwarders=("1 active 0",), since=1)
            ),
            Put(Event(1, 1.0, "red/users", "over", "failover", "", 0.5)),
        ]
    )
    view = View(store.state(), store.intent(), store.serial(), True)
    store.close()
    assert promtool("check", "metrics", told=exposition(view, 1001.0)) == ""


def test_promtool_understands_the_queries_of_the_dashboard(tmp_path: Path) -> None:
    dashboard = json.loads(GRAFANA.read_text())
    found = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    queries = [re.sub(r"\$\w+", lambda name: VARIABLES[name[0]], query) for query in found]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    file = tmp_path / "rules.json"  # YAML 1.2 has JSON in it
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(queries)} rules found" in promtool("check", "rules", str(file))
