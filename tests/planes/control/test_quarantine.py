from __future__ import annotations

from planes.control.events import Install
from planes.control.quarantine import RETRY, SOON, Part, Quarantine
from planes.data.delta import Command, Mod
from planes.data.pipeline import Table
from planes.data.rule import Entry, Group, GroupType, Meter, Rule, match

RED, BLUE = 1, 2
S = 9  # the switch
OWNERS = {10: RED, 20: BLUE, 30: 0}  # of an entry, by the tens of its priority or id
NAMES = {0: "fabric", RED: "red", BLUE: "blue"}


def rule(number: int, table: Table = Table.LOCATE) -> Rule:
    return Rule(table, number, match(eth_type=0x0800))


def add(entry: Entry) -> Mod:
    return Mod(Command.ADD, entry)


def delete(entry: Entry) -> Mod:
    return Mod(Command.DELETE, entry)


def owner(mod: Mod) -> int:
    number = mod.entry.priority if isinstance(mod.entry, Rule) else mod.entry.id
    return OWNERS[number // 10 * 10]


def parts(quarantine: Quarantine, *mods: Mod, held: tuple[Entry, ...] = (), urgent: bool = False) -> list[Part]:
    return quarantine.parts(S, mods, owner, held, urgent=urgent)


def begun(now: float = 0.0) -> Quarantine:
    """A switch refused a change as a whole, and was read back."""
    quarantine = Quarantine()
    quarantine.open(S)
    quarantine.begin(S, now)
    return quarantine


def refuse(quarantine: Quarantine, network: int, *mods: Mod) -> None:
    quarantine.refused(Install(S, mods, 1, network), "full")


def error(quarantine: Quarantine) -> str:
    return quarantine.error(S, NAMES.__getitem__)


def test_what_leaves_is_first_then_comes_the_fabrics_own_then_each_network() -> None:
    group, meter, gone = Group(30, GroupType.ALL, ()), Meter(31, 5, 5), Group(32, GroupType.ALL, ())
    mods = [
        add(meter),
        add(group),
        add(rule(20)),
        add(rule(10)),
        add(rule(30)),
        add(rule(11)),
        delete(rule(12)),
        delete(gone),
    ]
    assert parts(begun(), *mods) == [
        (None, (delete(rule(12)),)),
        (0, (add(meter), add(group))),
        (0, (add(rule(30)),)),
        (RED, (add(rule(10)), add(rule(11)))),
        (BLUE, (add(rule(20)),)),
        (None, (delete(gone),)),
    ]


def test_what_needs_no_room_comes_before_what_does_but_a_policy_changes_in_one() -> None:
    """A port that passes from red to blue must leave red's groups, and enter blue, whatever else is refused."""
    group, policy = Group(11, GroupType.ALL, ()), (rule(12, Table.POLICY), rule(13, Table.POLICY))
    held = (rule(10), group, rule(20), policy[0])
    mods = [add(group), add(rule(10)), add(rule(14)), *map(add, policy), add(rule(20)), add(rule(21))]
    assert parts(begun(), *mods, held=held) == [
        (RED, (add(group), add(rule(10)))),
        (BLUE, (add(rule(20)),)),
        (RED, (add(rule(14)), *map(add, policy))),
        (BLUE, (add(rule(21)),)),
    ]


def test_a_policys_rules_leave_together_with_those_that_take_their_place() -> None:
    """Alone they would leave a hole in the policy, for ever if the new ones are refused."""
    quarantine = begun()
    change = add(rule(11, Table.POLICY)), delete(rule(10, Table.POLICY))
    assert parts(quarantine, *change) == [(RED, change[::-1])]
    refuse(quarantine, RED, *change)
    assert parts(quarantine, delete(rule(12, Table.POLICY)), delete(rule(13))) == [(None, (delete(rule(13)),))]


def test_a_network_that_was_refused_gets_nothing_more_but_what_it_gives_up_goes() -> None:
    quarantine = begun()
    refuse(quarantine, RED, add(rule(10)), add(rule(11)), delete(rule(12, Table.POLICY)))
    assert error(quarantine) == "red: 2 entries refused: full"
    assert parts(quarantine, add(rule(13)), add(rule(20)), delete(rule(14))) == [
        (None, (delete(rule(14)),)),
        (BLUE, (add(rule(20)),)),
    ]


def test_the_fabrics_own_is_tried_whatever_was_refused_of_it() -> None:
    quarantine = begun()
    refuse(quarantine, 0, add(rule(30)))
    assert error(quarantine) == "fabric: 1 entries refused: full"
    assert parts(quarantine, add(rule(31))) == [(0, (add(rule(31)),))]


def test_it_is_tried_again_after_a_while() -> None:
    quarantine = begun(100)
    assert quarantine.deadline() is None
    refuse(quarantine, RED, add(rule(10)))
    assert (quarantine.due(100 + RETRY - 1), quarantine.deadline()) == ([], 100 + RETRY)
    assert quarantine.due(100 + RETRY) == [S]
    assert (quarantine.due(100 + RETRY), quarantine.deadline()) == ([], None)  # being read back
    quarantine.begin(S, 200)
    assert parts(quarantine, add(rule(10))) == [(RED, (add(rule(10)),))]
    assert parts(quarantine, add(rule(11))) == [(RED, (add(rule(11)),))]  # it may fit now


def test_it_is_tried_again_soon_when_something_of_it_changed_or_room_was_made() -> None:
    for change in (add(rule(11)), delete(rule(22))):
        quarantine = begun(100)
        refuse(quarantine, RED, add(rule(10)))
        parts(quarantine, add(rule(20)))
        assert quarantine.deadline() == 100 + RETRY
        parts(quarantine, change)
        assert quarantine.deadline() == 100 + SOON


def test_the_more_often_it_is_refused_the_longer_it_waits() -> None:
    quarantine, now, waits = begun(), 0.0, []
    for _ in range(5):
        refuse(quarantine, RED, add(rule(10)))
        parts(quarantine, add(rule(11)))
        deadline = quarantine.deadline()
        assert deadline is not None
        waits.append(deadline - now)
        now = deadline
        assert quarantine.due(now) == [S]
        quarantine.begin(S, now)
    assert waits == [SOON, 2 * SOON, 4 * SOON, RETRY, RETRY]


def test_a_change_that_people_wait_for_is_tried_at_once() -> None:
    quarantine = begun(100)
    refuse(quarantine, RED, add(rule(10)))
    parts(quarantine, add(rule(20)), urgent=True)
    assert quarantine.due(101) == []
    parts(quarantine, add(rule(11)), urgent=True)
    assert quarantine.due(101) == [S]


def test_it_is_healed_when_all_was_taken_and_not_before() -> None:
    quarantine = begun()
    refuse(quarantine, RED, add(rule(10)))
    refuse(quarantine, BLUE, add(rule(20)))
    assert not quarantine.settled(S)
    quarantine.begin(S, 10)
    assert "red" in error(quarantine)  # until it is known
    refuse(quarantine, BLUE, add(rule(20)), add(rule(21)))
    assert quarantine.settled(S)
    assert error(quarantine) == "blue: 2 entries refused: full"
    quarantine.begin(S, 20)
    assert quarantine.settled(S)
    assert (error(quarantine), S in quarantine) == ("", False)


def test_parts_that_were_under_way_do_not_say_how_much_was_refused() -> None:
    quarantine = begun()
    refuse(quarantine, RED, add(rule(10)), add(rule(11)))
    refuse(quarantine, RED, add(rule(12)))
    assert error(quarantine) == "red: 2 entries refused: full"


def test_a_switch_that_refused_something_whole_and_nothing_in_parts_is_like_any_other_again() -> None:
    quarantine = begun()
    assert S in quarantine
    assert not quarantine.settled(S)
    assert S not in quarantine
