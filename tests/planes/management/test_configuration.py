from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planes.management.configuration import Candidate, confirm, expire
from planes.model.configuration import KEPT, Commit, Pending, join
from planes.model.errors import CommitError, PlanError
from planes.model.load import parse
from planes.model.partial import Checked
from planes.model.resolve import resolve
from planes.store.base import Edit, StoreError
from planes.store.memory import Database, Store

NOW = 1_795_502_421.25
TEXT = """\
name: p
topology:
  switches: {s1: , s2: }
  hosts: {h1: {address: 10.0.0.1/24}, h2: {address: 10.0.0.2/24}}
  links: [[h1, s1], [h2, s2], [s1, s2]]
networks:
  red:  # a comment
    segments:
      a: {subnet: 10.0.0.0/24, ports: [h1]}
    rate: 10M

  blue:
    rate: 10M
    limits: {rules: 9}
checks: []
"""


class World(Database):
    """A database, and all stores that a test opens on it."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[Store] = []

    def connect(self) -> Store:
        self.opened.append(Store(self))
        self.opened[-1].run()
        return self.opened[-1]

    def close(self) -> None:
        for store in self.opened:
            store.close()


@pytest.fixture
def database() -> Iterator[World]:
    with closing(World()) as database:
        first = candidate(database)
        first.load(TEXT)
        assert first.commit(NOW, "deployed").number == 1
        yield database


def candidate(database: World, who: str = "ann") -> Candidate:
    return Candidate(database.connect(), who)


def edited(candidate: Candidate, old: str, new: str) -> None:
    assert old in candidate.text
    candidate.load(candidate.text.replace(old, new))


def running(database: World) -> str:
    content = database.content
    assert resolve(parse(join(content.documents))) == content.intent, "the intent is what the configuration says"
    return join(content.documents)


def test_a_commit_is_the_text_and_what_it_comes_to(database: World) -> None:
    assert running(database) == TEXT
    mine = candidate(database)
    edited(mine, "rate: 10M\n\n", "rate: 20M\n\n")
    done = mine.commit(NOW + 1, "more for red")
    assert (done.number, done.serial, done.beside, done.confirmed) == (2, 2, (), 0)
    assert running(database) == TEXT.replace("rate: 10M\n\n", "rate: 20M\n\n")
    made = database.content.commits[2]
    assert (made.who, made.at, made.comment, list(made.before), made.state) == (
        "ann", NOW + 1, "more for red", ["red"], "final",
    )  # fmt: skip
    assert mine.edited == frozenset()
    assert mine.commit(NOW + 2).number == 0, "nothing is left to commit"


def test_comments_alone_are_worth_a_commit(database: World) -> None:
    mine = candidate(database)
    edited(mine, "# a comment", "# another")
    assert mine.commit(NOW).number == 2
    assert running(database) == TEXT.replace("# a comment", "# another")


def test_what_is_wrong_changes_nothing_and_the_candidate_stays(database: World) -> None:
    mine, before = candidate(database), database.content
    edited(mine, "ports: [h1]", "ports: [h3]")
    for act in (mine.check, lambda: mine.commit(NOW)):
        with pytest.raises(PlanError, match="configuration:9:40: unknown host 'h3', allowed: h1, h2"):
            act()
    edited(mine, "ports: [h3]", "ports: [h1]")
    edited(mine, "[h1, s1]", "[h1, s2]")
    with pytest.raises(CommitError, match="the topology of configuration is not the one that the running fabric runs"):
        mine.commit(NOW)
    assert database.content is before
    assert "[h1, s2]" in mine.text


def test_what_the_fabric_may_not_hold_is_not_committed(database: World) -> None:
    seen: list[Checked] = []

    def refuse(checked: Checked, _store: object) -> None:
        seen.append(checked)
        raise CommitError("too much")

    mine, before = Candidate(database.connect(), "ann", refuse), database.content
    edited(mine, "rules: 9", "rules: 8")
    with pytest.raises(CommitError, match="too much"):
        mine.commit(NOW)
    assert database.content is before
    assert [list(checked.networks) for checked in seen] == [["blue"]]


def test_a_store_that_is_away_keeps_the_candidate(database: World) -> None:
    mine = candidate(database)
    edited(mine, "rules: 9", "rules: 8")
    database.reachable = False
    with pytest.raises(StoreError):
        mine.commit(NOW)
    assert "rules: 8" in mine.text
    database.reachable = True
    assert mine.commit(NOW).number == 2


# two editors


def test_who_comes_second_is_told_what_changed_beside(database: World) -> None:
    one, two = candidate(database, "ann"), candidate(database, "bob")
    edited(one, "rate: 10M\n\n", "rate: 20M\n\n")
    edited(two, "rules: 9", "rules: 8")
    one.commit(NOW, "red only")
    done = two.commit(NOW + 1)
    assert [(commit.who, commit.comment) for commit in done.beside] == [("ann", "red only")]
    assert running(database) == TEXT.replace("rate: 10M\n\n", "rate: 20M\n\n").replace("rules: 9", "rules: 8")


def test_who_changes_the_same_network_is_refused_until_an_update(database: World) -> None:
    one, two = candidate(database, "ann"), candidate(database, "bob")
    edited(one, "rules: 9", "rules: 8")
    edited(two, "    rate: 10M\n    limits", "    rate: 30M\n    limits")
    one.commit(NOW, "fewer rules")
    before = database.content
    with pytest.raises(CommitError, match="network blue was changed by others since you began:") as caught:
        two.commit(NOW + 1)
    said = str(caught.value)
    assert "commit 2 by ann at " in said
    assert "(fewer rules)" in said
    assert "    -   limits: {rules: 9}\n    +   limits: {rules: 8}" in said
    assert database.content is before


def test_an_update_makes_both_changes_where_they_are_apart(database: World) -> None:
    one, two = candidate(database, "ann"), candidate(database, "bob")
    edited(one, "subnet: 10.0.0.0/24, ", "subnet: 10.0.0.0/16, ")
    edited(two, "  red:  # a comment", "  red:  # red")
    one.commit(NOW)
    assert two.update() == []
    two.commit(NOW)
    assert running(database) == TEXT.replace("subnet: 10.0.0.0/24", "subnet: 10.0.0.0/16").replace(
        "# a comment", "# red"
    )


def test_an_update_shows_conflicts_and_takes_the_side_it_is_told(database: World) -> None:
    one, two = candidate(database, "ann"), candidate(database, "bob")
    edited(one, "rules: 9", "rules: 8")
    edited(two, "rules: 9", "rules: 7")
    one.commit(NOW)
    told = ["network blue:", "  mine:", "    limits: {rules: 7}", "  theirs:", "    limits: {rules: 8}"]
    assert [line.replace("        limits", "    limits") for line in two.update()] == told
    with pytest.raises(CommitError):
        two.commit(NOW)
    assert two.update("mine") == []
    two.commit(NOW)
    assert running(database) == TEXT.replace("rules: 9", "rules: 7")


def test_a_network_that_one_deletes_and_another_changes_is_a_conflict(database: World) -> None:
    one, two = candidate(database, "ann"), candidate(database, "bob")
    one.load(TEXT.replace("  blue:\n    rate: 10M\n    limits: {rules: 9}\n", ""))
    edited(two, "rules: 9", "rules: 7")
    one.commit(NOW)
    assert two.update() == ["network blue:", "  mine: it is changed", "  theirs: it is deleted"]
    assert two.update("theirs") == []
    assert two.commit(NOW).number == 0


def test_a_commit_that_is_overtaken_looks_again(database: World, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = candidate(database, "ann"), candidate(database, "bob")
    edited(one, "rate: 10M\n\n", "rate: 20M\n\n")
    edited(two, "rules: 9", "rules: 8")
    edit = two._store.edit
    late = [lambda: one.commit(NOW)]

    def overtaken(edit_: Edit, base: int) -> int:
        if late:
            late.pop()()
        return edit(edit_, base)

    monkeypatch.setattr(two._store, "edit", overtaken)
    done = two.commit(NOW)
    assert (done.number, [commit.who for commit in done.beside]) == (3, ["ann"])


PARTS = ["10M\n\n", "# a comment", "rules: 9", "10.0.0.0/24", "checks: []", "limits"]
STEPS = st.tuples(
    st.integers(0, 1),
    st.sampled_from(
        ["edit", "edit", "edit", "commit", "commit", "confirmed", "update", "mine", "theirs", "back", "late"]
    ),
    st.sampled_from(["20M\n\n", "# other", "rules: 8", "10.0.0.0/16", "# x\nchecks: []", "10M\n\n", "rules: 7"]),
    st.integers(0, 2),
)


@given(st.lists(STEPS, max_size=30))
@settings(max_examples=75, deadline=None)
def test_no_interleaving_loses_a_commit_silently(steps: list[tuple[int, str, str, int]]) -> None:
    with closing(World()) as database:
        _interleave(database, steps)


def _interleave(database: World, steps: list[tuple[int, str, str, int]]) -> None:
    first = candidate(database, "first")
    first.load(TEXT)
    first.commit(NOW)
    editors = [candidate(database, "ann"), candidate(database, "bob")]
    past = [database.content.documents]
    for who, act, by, count in steps:
        editor, before = editors[who], database.content
        seen = {name: editor.base.get(name) for name in editor.edited}
        try:
            _step(editor, act, by, count)
        except (CommitError, PlanError):
            assert database.content is before
            continue
        if act == "late":
            expire(editor._store, NOW + 999)
        after = database.content
        if len(after.commits) == len(before.commits):
            assert after.documents == before.documents
            continue
        past.append(after.documents)
        if act != "late":
            for name in after.documents.keys() | before.documents.keys():
                if after.documents.get(name) != before.documents.get(name):
                    assert seen[name] == before.documents.get(name), "what it changed, it had seen"
    running(database)
    last = candidate(database)
    for ago, documents in enumerate(reversed(past)):
        assert last.past(ago) == documents


def _step(editor: Candidate, act: str, by: str, count: int) -> None:
    match act:
        case "edit":
            part = next((part for part in PARTS if part[:3] == by[:3] and part in editor.text), None)
            if part:
                editor.load(editor.text.replace(part, by, 1))
        case "commit":
            editor.commit(NOW)
        case "confirmed":
            editor.commit(NOW, within=60.0)
        case "update":
            editor.update()
        case "mine" | "theirs":
            editor.update(act)
        case "back":
            editor.rollback(count)


# confirmed commits


def test_what_is_not_confirmed_in_time_is_taken_back(database: World) -> None:
    mine = candidate(database)
    edited(mine, "rules: 9", "rules: 8")
    done = mine.commit(NOW, "careful", within=120.0)
    assert (done.number, done.confirm_by) == (2, NOW + 120)
    store = database.connect()
    assert store.pending() == Pending(2, NOW + 120)
    assert expire(store, NOW + 119.9) == 0
    assert expire(store, NOW + 120) == 3
    assert running(database) == TEXT
    commits = database.content.commits
    assert (commits[2].state, commits[3].who, commits[3].state) == ("expired", "triplane", "final")
    assert commits[3].comment == "rolled back: commit 2 was not confirmed in time"
    assert store.pending() is None
    assert expire(store, NOW + 999) == 0
    assert "rules: 8" in join(mine.past(1))


@pytest.mark.parametrize("how", ["commit", "another", "confirm"])
def test_any_commit_confirms(database: World, how: str) -> None:
    mine = candidate(database)
    edited(mine, "rules: 9", "rules: 8")
    mine.commit(NOW, within=120.0)
    if how == "another":
        edited(mine, "rules: 8", "rules: 7")
    if how == "confirm":
        assert confirm(mine._store) == 2
    else:
        assert mine.commit(NOW + 1).confirmed == 2
    store = database.connect()
    assert expire(store, NOW + 999) == 0
    assert database.content.commits[2].state == "confirmed"
    assert confirm(store) == 0


def test_a_second_confirmed_commit_is_taken_back_alone(database: World) -> None:
    mine = candidate(database)
    for rules in ("8", "7"):
        edited(mine, f"rules: {int(rules) + 1}", f"rules: {rules}")
        mine.commit(NOW, within=120.0)
    store = database.connect()
    assert expire(store, NOW + 999) == 4
    assert running(database) == TEXT.replace("rules: 9", "rules: 8")
    assert [database.content.commits[number].state for number in (2, 3)] == ["confirmed", "expired"]


@pytest.mark.parametrize("first", ["confirm", "expiry"])
def test_of_confirmation_and_expiry_one_wins(database: World, first: str) -> None:
    mine = candidate(database)
    edited(mine, "rules: 9", "rules: 8")
    mine.commit(NOW, within=120.0)
    confirming, expiring = database.connect(), database.connect()
    acts: list[Callable[[], int]] = [lambda: confirm(confirming), lambda: expire(expiring, NOW + 120)]
    won, lost = acts if first == "confirm" else acts[::-1]
    assert won() > 0
    assert lost() == 0
    assert database.content.commits[2].state == ("confirmed" if first == "confirm" else "expired")
    assert running(database) == (TEXT.replace("rules: 9", "rules: 8") if first == "confirm" else TEXT)


# rollback, history


def test_n_commits_are_rolled_back_exactly(database: World) -> None:
    mine, texts = candidate(database), [TEXT]
    for rate in (20, 30, 40):
        mine.load(TEXT.replace("10M", f"{rate}M"))
        mine.commit(NOW)
        texts.append(running(database))
    for count, text in enumerate(reversed(texts)):
        mine.rollback(count)
        assert mine.text == text
    assert mine.commit(NOW).number == 5
    assert running(database) == TEXT
    with pytest.raises(CommitError, match="rollback 5: 0 to 4 are kept"):
        mine.rollback(5)


def test_so_many_commits_are_kept(database: World) -> None:
    mine = candidate(database)
    for rate in range(KEPT + 5):
        mine.load(TEXT.replace("10M", f"{rate + 1}M"))
        mine.commit(NOW)
    assert sorted(database.content.commits) == list(range(7, KEPT + 7))
    assert join(mine.past(KEPT - 1)) == TEXT.replace("10M", "6M")


def test_a_comparison_is_with_what_runs_or_ran(database: World) -> None:
    mine = candidate(database)
    edited(mine, "rules: 9", "rules: 8")
    assert mine.compare() == ["[edit networks blue]", "-   limits: {rules: 9}", "+   limits: {rules: 8}"]
    mine.commit(NOW)
    assert mine.compare() == []
    assert mine.compare(1) == ["[edit networks blue]", "-   limits: {rules: 9}", "+   limits: {rules: 8}"]


def test_a_comment_is_a_line(database: World) -> None:
    mine = candidate(database)
    edited(mine, "rules: 9", "rules: 8")
    for comment in ("x" * 1024, "two\nlines"):
        with pytest.raises(CommitError, match="one line of at most 1023 characters"):
            mine.commit(NOW, comment)


def test_commits_of_another_hand_are_no_harm(database: World) -> None:
    store = database.connect()
    commit = Commit(2, NOW, "ann", "by hand", {}, NOW, "unconfirmed")
    store.edit(Edit(commits={2: commit}), store.serial())
    assert expire(store, NOW) == 3
    assert database.content.commits[2] == replace(commit, state="expired")
    assert running(database) == TEXT
