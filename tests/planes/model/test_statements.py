from __future__ import annotations

import shlex

import pytest

from planes.model.configuration import REST, Documents, join, split
from planes.model.edits import Candidates, edited, shown
from planes.model.errors import CommitError
from planes.model.expected import to_find, to_set
from planes.model.load import parse
from planes.model.source import Path
from planes.model.statements import StatementError, assignments, insertions, location, removals

TEXT = """\
name: p
topology:
  switches: {s1: , s2: , s3: }
  hosts: {h1: , h2: , h3: }
  links: [[h1, s1], [h2, s2], [h3, s3], [s1, s2], [s2, s3]]
networks:
  # the first
  office:
    segments:
      users:
        subnet: 10.1.0.0/24
        ports: [h1, {port: h2, rate: 5M}]
        gateway:
          address: 10.1.0.1
          protocol: hsrp
          members:
            s1: {address: 10.1.0.2, priority: 110}   # the better
      lan: {subnet: 10.2.0.0/24}
    policy:
      - deny: {to: lan, port: 22, protocol: tcp}
      # all else
      - allow: {from: users}
  lab:
    rate: 5M
checks:
  - reach: [h1, h2]
"""
USERS = "networks office segments users"


def after(*lines: str, text: str = TEXT) -> str:
    """The text after statements."""
    documents: Documents = split(text)
    for line in lines:
        candidates, verb, *words = Candidates(), *shlex.split(line)
        held = documents
        read = {"set": assignments, "delete": removals, "insert": insertions}[verb]
        documents = edited(held, read(words, lambda path: candidates.look(held, path)))  # noqa: B023
    return join(documents)


def changed(*lines: str, text: str = TEXT) -> tuple[list[str], list[str]]:
    """The lines that go, and those that come."""
    old, new = text.splitlines(), after(*lines, text=text).splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


@pytest.mark.parametrize(
    ("line", "gone", "came"),
    [
        (
            f"set {USERS} gateway members s1 priority 120 preempt true",
            "            s1: {address: 10.1.0.2, priority: 110}   # the better",
            "            s1: {address: 10.1.0.2, priority: 120, preempt: true}   # the better",
        ),
        (f"set {USERS} gateway members s2 address 10.1.0.3", "", "            s2: {address: 10.1.0.3}"),
        (f"set {USERS} subnet fd00::/64", "        subnet: 10.1.0.0/24", '        subnet: [10.1.0.0/24, "fd00::/64"]'),
        (
            f"set {USERS} ports h3",
            "        ports: [h1, {port: h2, rate: 5M}]",
            "        ports: [h1, {port: h2, rate: 5M}, h3]",
        ),
        (
            f"set {USERS} ports h1 rate 1M",
            "        ports: [h1, {port: h2, rate: 5M}]",
            "        ports: [{port: h1, rate: 1M}, {port: h2, rate: 5M}]",
        ),
        (
            f"set {USERS} ports 2 rate 9M",
            "        ports: [h1, {port: h2, rate: 5M}]",
            "        ports: [h1, {port: h2, rate: 9M}]",
        ),
        (f'set {USERS} bind h1 "02:00:00:00:00:01"', "", '        bind: {h1: "02:00:00:00:00:01"}'),
        (f"set {USERS} gateway authentication md5 SECRET", "", "          authentication: {md5: SECRET}"),
        ("set networks office policy deny to users", "", "      - deny: {to: users}"),
        (
            "set networks office policy 1 deny port 23",
            "      - deny: {to: lan, port: 22, protocol: tcp}",
            "      - deny: {to: lan, port: [22, 23], protocol: tcp}",
        ),
        ("insert networks office policy before 2 deny from lan", "", "      - deny: {from: lan}"),
        ("set networks office limits hosts 5 rules 9", "", "    limits: {hosts: 5, rules: 9}"),
        ("set networks new rate 9M", "", "  new: {rate: 9M}"),
        ("set name q", "name: p", "name: q"),
        ("set checks reach [ h1 h3 ]", "", "  - reach: [h1, h3]"),
        (f"delete {USERS} ports h2", "        ports: [h1, {port: h2, rate: 5M}]", "        ports: [h1]"),
        (
            f"delete {USERS} ports 1",
            "        ports: [h1, {port: h2, rate: 5M}]",
            "        ports: [{port: h2, rate: 5M}]",
        ),
        ("delete networks office policy deny to lan", "      - deny: {to: lan, port: 22, protocol: tcp}", ""),
        ("delete networks office segments lan", "      lan: {subnet: 10.2.0.0/24}", ""),
    ],
)
def test_a_statement_changes_its_line(line: str, gone: str, came: str) -> None:
    assert changed(line) == ([gone] * bool(gone), [came] * bool(came))


def test_an_element_moves() -> None:
    found = parse(after("insert networks office policy 2 before 1")).networks["office"].policy
    assert [rule.deny is None for rule in found] == [True, False]
    found = parse(after("insert networks office policy 1 after 2")).networks["office"].policy
    assert [rule.deny is None for rule in found] == [True, False]


def test_what_is_there_already_is_no_change() -> None:
    for line in (
        f"set {USERS} ports h1",
        "set name p",
        f"set {USERS} gateway protocol hsrp",
        "set networks lab rate 5M",
    ):
        assert after(line) == TEXT


def test_a_removal_leaves_nothing_empty_but_what_has_a_name() -> None:
    gone, came = changed("delete networks office policy 1", "delete networks office policy 1")
    assert "    policy:" in gone
    assert came == []
    assert changed("delete networks lab rate")[1] == ["  lab: {}"]
    assert "  lab:" not in after("delete networks lab")
    assert "networks:\n" in after("delete networks lab", "delete networks office")
    gone, _ = changed("delete checks 1")
    assert gone == ["checks:", "  - reach: [h1, h2]"]


def test_the_first_network_of_a_plan() -> None:
    assert after("set networks red rate 5M", text="name: p\n") == "name: p\nnetworks:\n  red: {rate: 5M}\n"
    flow = "name: p\nnetworks: {red: {rate: 1M}}\n"
    assert after("set networks red rate 5M", text=flow) == flow.replace("1M", "5M")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("set", "incomplete: what is to be set?"),
        ("set networks office polcy", "unknown key 'polcy' after 'networks office', did you mean 'policy'?"),
        (f"set {USERS} gateway members s1 priority 300", "priority: must be at most 255, found the number 300"),
        (
            f"set {USERS} gateway members s1 priority",
            "incomplete: after 'networks office segments users gateway members s1",
        ),
        (f"set {USERS} gateway protocol hsrpp", "protocol: unknown value 'hsrpp', did you mean 'hsrp'?"),
        (f"set {USERS} subnet 10.1.0.0/33", "subnet: '10.1.0.0/33' is not a prefix"),
        ("set networks office rate 5", "rate: 5 has no unit; write for example 100M"),
        ("set networks office rate 5M 6M", "'6M'"),
        ("set networks 9", "'9' is not a name"),
        ("set networks office policy 3 allow from lan", "no number 3: 1 to 2 are there"),
        ("delete networks ofice", "there is no 'ofice' in 'networks', did you mean 'office'?"),
        (f"delete {USERS} ports h9", "no 'h9' there, allowed: h1, h2"),
        ("delete networks office policy deny to users", "none of them is; give its number, 1 to 2"),
        ("insert networks office policy deny to lan", "incomplete: insert LIST before N ELEMENT"),
        ("insert networks office before 1 deny to lan", "'networks office' is no list"),
        ("insert networks office policy before 5 deny to lan", "no number 5: 1 to 2 are there"),
    ],
)
def test_what_is_not_of_the_grammar_is_told(line: str, words: str) -> None:
    with pytest.raises(StatementError) as caught:
        after(line)
    assert words in str(caught.value)


def test_a_text_that_cannot_be_read_is_not_edited() -> None:
    with pytest.raises(CommitError, match="can't be read"):
        after("set networks red rate 5M", text="name: p\nnetworks:\n  red: {rate: 1M\n")


def look(path: Path) -> object:
    return Candidates().look(split(TEXT), path)


def test_a_place_is_found_and_shown() -> None:
    path, _ = location(["networks", "office", "policy", "2"], look)
    assert path == ("networks", "office", "policy", 1)
    assert shown(split(TEXT), path) == "- allow: {from: users}"
    assert shown(split(TEXT), ("name",)).rstrip() == "name: p"
    assert shown(split(TEXT), ("networks",)).startswith("networks:\n  # the first\n  office:\n")
    assert REST in split(TEXT)


# what may come next


def texts(words: str) -> list[str]:
    return [each.text for each in to_set(words.split(), look)]


@pytest.mark.parametrize(
    ("words", "some", "none"),
    [
        ("", ["networks", "checks", "name"], ["office"]),
        ("networks", ["office", "lab", "NAME"], []),
        ("networks office", ["segments", "policy", "rate"], ["name"]),
        (f"{USERS} ports", ["h1", "h3", "1", "lag"], []),
        (f"{USERS} ports h3", ["rate"], ["h1", "port"]),
        (f"{USERS} gateway protocol", ["hsrp", "glbp"], ["h1"]),
        (f"{USERS} gateway members", ["s1", "s2", "s3"], ["h1"]),
        (f"{USERS} gateway members s1 preempt", ["true", "false"], []),
        (f"{USERS} gateway members s1 track link", ["s1/s2", "h1/s1"], []),
        (f"{USERS} bind", ["h1", "h2"], ["h3"]),
        ("networks office policy", ["1", "2", "allow", "deny"], []),
        ("networks office policy allow from", ["users", "lan"], ["s1"]),
        ("networks office policy allow from users to lan", ["protocol", "stateful"], []),
        ("checks reach", ["h1", "h2", "h3"], ["s1"]),
        ("networks office rate", ["RATE"], ["h1"]),
    ],
)
def test_completion_knows_the_grammar_and_live_names(words: str, some: list[str], none: list[str]) -> None:
    found = texts(words)
    assert set(some) <= set(found)
    assert not set(none) & set(found)


def test_what_is_there_is_told_with_its_values() -> None:
    found = {each.text: each.help for each in to_find(["networks", "office", "segments", "users", "gateway"], look)}
    assert found == {
        "address": "10.1.0.1", "protocol": "hsrp", "members": "the switches that may be the gateway",
    }  # fmt: skip
    assert [each.text for each in to_find(["networks", "office", "policy"], look)] == ["1", "2"]
    with pytest.raises(StatementError):
        to_find(["networks", "nobody"], look)


def test_every_word_that_completion_offers_is_one_that_set_takes() -> None:
    """A walk: whatever is offered leads on, and never to a mistake about the words so far."""
    for words in (
        [],
        ["networks"],
        ["networks", "office"],
        f"{USERS} gateway".split(),
        ["networks", "office", "policy"],
    ):
        for each in to_set(words, look):
            if not each.label:
                to_set([*words, each.text], look)
