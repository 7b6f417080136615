"""Results of checks as JUnit's XML, as Jenkins and GitLab read it: a suite a lab, a case a check. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from xml.etree import ElementTree as Xml

from planes.model.results import Outcome, Result, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2: Char


def document(outcome: Outcome) -> str:
    """The whole file."""
    failed = outcome.count(Verdict.FAILS) + outcome.count(Verdict.CANNOT)
    counts = {
        "tests": str(len(outcome.results)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(outcome.count(Verdict.SKIPPED)),
        "time": f"{outcome.seconds:.3f}",
    }
    root = Xml.Element("testsuites", {key: counts[key] for key in ("tests", "failures", "errors", "time")})
    at = datetime.fromtimestamp(outcome.begun, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    suite = Xml.SubElement(root, "testsuite", {"name": _text(outcome.plan), **counts, "timestamp": at})
    properties = Xml.SubElement(suite, "properties")
    for name, version in (("lab", outcome.lab), *outcome.versions):
        Xml.SubElement(properties, "property", {"name": _text(name), "value": _text(version)})
    for result in outcome.results:
        _case(suite, outcome, result)
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: Xml.Element, outcome: Outcome, result: Result) -> None:
    attributes = {"name": result.name, "classname": f"{outcome.plan}.{result.kind}", "time": f"{result.seconds:.3f}"}
    case = Xml.SubElement(suite, "testcase", {key: _text(value) for key, value in attributes.items()})
    if result.verdict is Verdict.SKIPPED:
        Xml.SubElement(case, "skipped")
    elif not result.holds:
        told = {"message": _text(result.told), "type": result.verdict.value}
        Xml.SubElement(case, "failure", told).text = _text(_details(result))
    Xml.SubElement(case, "system-out").text = _text("\n".join([result.what, *map(str, result.figures)]))


def _details(result: Result) -> str:
    lines = [f"plan: {result.spot}"] if result.spot else []
    lines += result.failures
    for seen in result.evidence:
        lines += ["", f"trace of {seen.title}", *seen.lines, seen.verdict]
        lines += [f"rule: {rule}" for rule in seen.rules]
        lines += [f"wanted by: {line}" for line in seen.plan]
    return "\n".join(lines)


def _text(text: str) -> str:
    """Without characters that XML has no place for."""
    return _FORBIDDEN.sub("?", text)
