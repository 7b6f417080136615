from __future__ import annotations

from xml.etree import ElementTree as Xml

from outcomes import OUTCOME, RESULTS

from planes.management.check_tables import lines, tables, verdict
from planes.management.junit import document
from planes.management.tables import text
from planes.model.results import Outcome


def test_junit_has_a_suite_with_a_case_a_check() -> None:
    root = Xml.fromstring(document(OUTCOME))
    (suite,) = root
    assert (root.tag, suite.tag) == ("testsuites", "testsuite")
    numbers = {"tests": "4", "failures": "2", "errors": "0", "skipped": "1", "time": "4.000"}
    assert {key: suite.get(key) for key in numbers} == numbers
    assert suite.get("timestamp") == "1970-01-01T00:00:00"
    # The order that the schema of Jenkins' xUnit plugin wants: properties, then cases.
    assert [child.tag for child in suite] == ["properties", *["testcase"] * 4]
    cases = suite.findall("testcase")
    assert [case.get("name") for case in cases] == [each.name for each in RESULTS]
    assert [case.get("classname") for case in cases] == ["plan.reach", "plan.survive", "plan.path", "plan.reach"]
    assert [[child.tag for child in case] for case in cases] == [
        ["system-out"],
        ["failure", "system-out"],
        ["failure", "system-out"],
        ["skipped", "system-out"],
    ]


def test_junit_s_failure_has_the_trace_the_rule_and_the_plan_s_line() -> None:
    failure = Xml.fromstring(document(OUTCOME)).find(".//failure")
    assert failure is not None
    assert failure.get("type") == "fails"
    assert failure.get("message") == "s1/s2: an outage of 80.0 ms, allowed are 50 ms and 1 more"
    said = str(failure.text)
    for part in (
        "plan: plan.yaml:9:5",
        "trace of a to b",
        "s1, in at port 1",
        "rule: s1 lacks <rule>",
        "wanted by: p:1:1",
    ):
        assert part in said
    assert "\x00" not in said


def test_tables_have_the_same_in_every_form() -> None:
    names = [table.name for table in tables(OUTCOME)]
    assert names == ["checks", "failures", "figures", "traces", "rules", "reasons"]
    for form in ("table", "json", "yaml", "csv"):
        assert "s1 lacks <rule>" in text(tables(OUTCOME), form)


def test_people_get_a_line_a_check_and_why_what_fails_does() -> None:
    told = list(lines(OUTCOME))
    assert any(line.startswith("reach-1") and line.endswith("a, b reach each other") for line in told)
    assert "  plan   plan.yaml:9:5: - survive" in told
    assert "  rule   s1 lacks <rule>" in told
    assert "  worst outage 80.2 ms (limit 50 ms)" in told
    assert verdict(OUTCOME) == "4 checks, 4.0 s: 1 fail, 1 can't hold, 1 skipped"
    assert verdict(Outcome("l", "p", 0.0, 1.0, RESULTS[:1])) == "1 checks, 1.0 s: all hold"
