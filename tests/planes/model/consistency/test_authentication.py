from __future__ import annotations

import pytest

from planes.model.errors import PlanError
from planes.model.load import parse

PLAN = """\
name: x
topology: {{switches: {{s1: , s2: }}, links: [[s1, s2]]}}
networks:
  n:
    segments:
      s:
        subnet: 10.0.0.0/24
        gateway:
          address: 10.0.0.1
          protocol: {protocol}
          members: {{s1: {{address: 10.0.0.2}}, s2: {{address: 10.0.0.3}}}}
          authentication: {given}
"""
KEY, HERE, MD5 = "12:11", "12:27", "12:33"  # `authentication`, what is behind it, and what is behind `{md5: `
PRINTABLE = "must be text of printable characters, in quotes where it looks like something else"


def said(protocol: str, given: str) -> list[str]:
    try:
        parse(PLAN.format(protocol=protocol, given=given), "p")
    except PlanError as error:
        return [str(problem)[2:] for problem in error.problems]
    return []


@pytest.mark.parametrize("protocol", ["hsrp", "hsrp2"])
@pytest.mark.parametrize(
    "given", ["ours", "{text: ours}", "{md5: s3cret}", f"{{md5: {'x' * 64}, key: 4294967295}}", ""]
)
def test_what_is_allowed(protocol: str, given: str) -> None:
    assert said(protocol, given) == []


@pytest.mark.parametrize(
    ("protocol", "given", "problems"),
    [
        ("hsrp", "ninebytes", [f"{HERE}: authentication for protocol 'hsrp': text has 1 to 8 bytes"]),
        ("vrrp2", "''", [f"{KEY}: authentication for protocol 'vrrp2': text has 1 to 8 bytes"]),
        ("hsrp", f"{{md5: {'x' * 65}}}", [f"{MD5}: authentication for protocol 'hsrp': md5 has 1 to 64 bytes"]),
        ("hsrp2", "{md5: ''}", ["12:28: authentication for protocol 'hsrp2': md5 has 1 to 64 bytes"]),
        ("vrrp", "ours", [f"{HERE}: authentication for protocol 'vrrp': VRRP version 3 has none"]),
        (
            "glbp",
            "{md5: x}",
            [f"{MD5}: authentication for protocol 'glbp': only hsrp and hsrp2 have md5 here; give a text"],
        ),
        ("hsrp", "{text: x, key: 1}", ["12:42: 'key' goes with 'md5': it is the number of its secret"]),
        ("hsrp", "{}", [f"{HERE}: authentication is a text, or {{md5: SECRET}}: one of them"]),
        ("hsrp", "{text: x, md5: y}", [f"{HERE}: authentication is a text, or {{md5: SECRET}}: one of them"]),
        ("hsrp", "{md6: x}", ["12:28: unknown key 'md6', did you mean 'md5'?"]),
        ("hsrp", "{md5: 12345678}", [f"{MD5}: md5: {PRINTABLE}"]),
        ("hsrp", r'{md5: "\ud800"}', [f"{MD5}: md5: {PRINTABLE}"]),
        ("hsrp", "12345678", [f"{HERE}: text: {PRINTABLE}"]),
        ("hsrp", "{md5: x, key: 4294967296}", ["12:41: key: must be at most 4294967295, found the number 4294967296"]),
    ],
)
def test_all_that_is_wrong_is_told_once(protocol: str, given: str, problems: list[str]) -> None:
    assert said(protocol, given) == problems
