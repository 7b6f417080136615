"""`set`, `delete` and `insert`: words along the plan's grammar, and the changes of the text that they come to.

    set networks office segments users gateway members dist1 priority 120 preempt true
    set networks office policy deny to servers protocol tcp port 22
    insert networks office policy before 1 allow from users
    delete networks office segments users ports h2

A mapping takes several of its keys in one line, each with its value. An element of a list goes by its number, from 1,
or by its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from planes.model.errors import did_you_mean
from planes.model.kinds import BARE, PLAN, Form, Kind, value
from planes.model.source import Path
from planes.model.yaml_text import Change, Insert, Remove, Set

Look = Callable[[Path], object]  # what the candidate has at a path: mappings are dicts, lists tuples; None for nothing
Words = Sequence[str]


class StatementError(ValueError):
    """A line that the grammar does not have, or that finds nothing to be about; the text says what may be."""


@dataclass(frozen=True)
class _Element:
    """A part of an element of a list that is there."""

    index: int
    held: object


@dataclass(frozen=True)
class _Bare:
    """An element that goes by one value, which is its `key`'s, and what more is said of it."""

    key: str
    name: object
    more: dict[str, object]


@dataclass(frozen=True)
class _List:
    """Elements to be put in a list; a new one of one element is that alone where that may be (`single`)."""

    items: tuple[object, ...]
    single: bool = False


def assignments(words: Words, look: Look) -> list[Change]:
    """What `set WORDS` changes. StatementError."""
    if not words:
        raise StatementError("incomplete: what is to be set?")
    used, found = _Reader(look).read(PLAN, words, 0, ())
    if used < len(words):
        raise StatementError(f"{words[used]!r} is one word too many")
    return _merged(PLAN, (), look, found)


def removals(words: Words, look: Look) -> list[Change]:
    """What `delete WORDS` changes. StatementError."""
    if not words:
        raise StatementError("incomplete: what is to be deleted?")
    path, _ = location(words, look)
    return [_emptying(path, look)]


def insertions(words: Words, look: Look) -> list[Change]:
    """What `insert LIST before N ELEMENT` changes; and `insert LIST M before N`, which moves one. StatementError."""
    at = next((number for number, word in enumerate(words) if word in ("before", "after")), None)
    if at is None or at + 1 >= len(words):
        raise StatementError("incomplete: insert LIST before N ELEMENT, or after N")
    path, kind = location(words[:at], look)
    moved = path[-1] if path and isinstance(path[-1], int) else None
    where = path[:-1] if moved is not None else path
    if moved is None and kind.form is not Form.LIST:
        raise StatementError(f"{' '.join(words[:at])!r} is no list")
    held = look(where)
    count = len(held) if isinstance(held, tuple) else 0
    number = _number(words[at + 1], count) + (words[at] == "after")
    if moved is None:
        used, found = _Reader(look).element(kind, words, at + 2, (*where, count))
        if used < len(words):
            raise StatementError(f"{words[used]!r} is one word too many")
        return [Insert(where, _plain(found), number)]
    if len(words) > at + 2:
        raise StatementError(f"{words[at + 2]!r} is one word too many")
    element = held[moved] if isinstance(held, tuple) else None
    return [Remove((*where, moved)), Insert(where, element, number - (moved < number))]


def location(words: Words, look: Look) -> tuple[Path, Kind]:
    """The path of something that is there, and its kind. StatementError."""
    path: Path = ()
    kind, at = PLAN, 0
    while at < len(words):
        word, held = words[at], look(path)
        if kind.form is Form.KEYS:
            keys = kind.keys()
            if word not in keys:
                raise StatementError(_unknown(word, keys, path))
            step: str | int = word
            kind = keys[word]
        elif kind.form is Form.NAMES:
            step, kind = word, kind.element()
        elif kind.form is Form.LIST:
            element = kind.element()
            step, at = _which(element, held, words, at, look)
            kind = element
        else:
            raise StatementError(f"{word!r} is one word too many")
        if not _has(held, step):
            raise StatementError(_missing(step, held, path))
        path, at = (*path, step), at + 1
    return path, kind


def _which(element: Kind, held: object, words: Words, at: int, look: Look) -> tuple[int, int]:
    """Which element words are about: its index, and the last of these words."""
    items = held if isinstance(held, tuple) else () if held is None else (held,)
    word = words[at]
    if word.isdigit() and element.form is Form.KEYS:
        return _number(word, len(items)), at
    names = [_name(element, item) for item in items]
    if word in names:
        return names.index(word), at
    if element.form is Form.KEYS and word in set(element.keys()):
        used, wanted = _Reader(look).read(element, words, at, ())
        meant = _plain(wanted)
        found = [n for n, item in enumerate(items) if _covers(item, meant)]
        if len(found) == 1:
            return found[0], used - 1
        what = "none of them is" if not found else f"{len(found)} of them are: {', '.join(str(n + 1) for n in found)}"
        raise StatementError(f"{' '.join(words[at:used])!r}: {what}; give its number, 1 to {len(items)}")
    raise StatementError(
        f"no {word!r} there, {did_you_mean(word, [*filter(None, names)] or map(str, range(1, len(items) + 1)))}"
    )


def _name(element: Kind, item: object) -> str:
    """What an element goes by."""
    bare = BARE.get(element.model) if element.model else None
    found = item.get(bare) if bare and isinstance(item, dict) else item
    return str(found) if not isinstance(found, dict | tuple) else ""


def _covers(item: object, meant: object) -> bool:
    if isinstance(meant, dict):
        return isinstance(item, dict) and all(key in item and _covers(item[key], held) for key, held in meant.items())
    return item == meant or (isinstance(item, tuple) and meant in item)


def _number(word: str, count: int) -> int:
    if not word.isdigit() or not 1 <= int(word) <= count:
        there = f"1 to {count} are there" if count else "none is there"
        raise StatementError(f"no number {word}: {there}")
    return int(word) - 1


class _Reader:
    """Reads words into the values that they mean."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def read(self, kind: Kind, words: Words, at: int, path: Path) -> tuple[int, object]:
        """What stands at a place by the words from `at` on: which is next, and the value."""
        if at < len(words) and words[at][:1] == "{" and kind.form is not Form.LIST:
            return at + 1, self._value(kind, words, at, path)
        match kind.form:
            case Form.KEYS:
                return self._keys(kind, words, at, path)
            case Form.NAMES:
                name = self._word(words, at, path, "a name")
                try:
                    value(kind.name, name, text=True)
                except ValueError as error:
                    raise StatementError(str(error)) from error
                used, held = self.read(kind.element(), words, at + 1, (*path, name))
                return used, {name: held}
            case Form.LIST:
                return self._list(kind, words, at, path)
        return at + 1, self._value(kind, words, at, path)

    def element(self, kind: Kind, words: Words, at: int, path: Path) -> tuple[int, object]:
        """A new element of a list."""
        element = kind.element()
        bare = BARE.get(element.model) if element.model else None
        word = self._word(words, at, path, "what it is")
        if bare and word not in (keys := element.keys()) and word[:1] not in ("{", "["):
            name = self._value(keys[bare], words, at, path)
            used, more = self._keys(element, words, at + 1, path)
            return used, _Bare(bare, name, more)
        return self.read(element, words, at, path)

    def _keys(self, kind: Kind, words: Words, at: int, path: Path) -> tuple[int, dict[str, object]]:
        """As many keys with their values as there are; a word that is no key may be one around it."""
        keys, found, begun = kind.keys(), dict[str, object](), at
        bare = BARE.get(kind.model) if kind.model else None
        if bare and at < len(words) and words[at] not in keys and path and isinstance(path[-1], str):
            return at + 1, {bare: self._value(keys[bare], words, at, path)}
        while at < len(words):
            key = words[at]
            if key not in keys:
                if at == begun and not (path and isinstance(path[-1], int)):
                    raise StatementError(_unknown(key, keys, path))
                break
            at, held = self.read(keys[key], words, at + 1, (*path, key))
            found[key] = _joined(found.get(key), held)
        return at, found

    def _list(self, kind: Kind, words: Words, at: int, path: Path) -> tuple[int, object]:
        element = kind.element()
        word = self._word(words, at, path, "what it is")
        if word == "[":
            several: list[object] = []
            at += 1
            while self._word(words, at, path, "`]`") != "]":
                at, each = self.element(kind, words, at, (*path, 0))
                several.append(each)
            return at + 1, _List(tuple(several), kind.single)
        if (word.startswith("[") and element.form is not Form.VALUE) or (word.startswith("[") and word.endswith("]")):
            found = self._value(kind, words, at, path)
            return at + 1, _List(found, kind.single) if isinstance(found, tuple) else _List((found,), kind.single)
        if word.isdigit() and element.form is Form.KEYS:
            there = self._look(path)
            index = _number(word, len(there) if isinstance(there, tuple) else 0)
            at, inside = self.read(element, words, at + 1, (*path, index))
            return at, _List((_Element(index, inside),))
        at, each = self.element(kind, words, at, (*path, 0))
        return at, _List((each,), kind.single)

    def _value(self, kind: Kind, words: Words, at: int, path: Path) -> object:
        word = self._word(words, at, path, _wanted(kind))
        try:
            return value(kind.annotation, word)
        except ValueError as error:
            label = next((step for step in reversed(path) if isinstance(step, str)), "")
            raise StatementError(f"{label}: {error}") from error

    def _word(self, words: Words, at: int, path: Path, what: str) -> str:
        if at < len(words):
            return words[at]
        raise StatementError(f"incomplete: after {_spelt(path)!r} comes {what}")


def _wanted(kind: Kind) -> str:
    return " or ".join(kind.choices) if kind.choices else kind.about or "its value"


def _joined(held: object, more: object) -> object:
    if isinstance(held, _List) and isinstance(more, _List):
        return _List(held.items + more.items, held.single)
    if isinstance(held, dict) and isinstance(more, dict):
        return {**held, **{key: _joined(held.get(key), each) for key, each in more.items()}}
    return more


def _merged(kind: Kind, path: Path, look: Look, found: object) -> list[Change]:
    """What puts a value beside what is there."""
    held = look(path)
    if isinstance(found, _List):
        return _listed(kind, path, look, found)
    if (
        not isinstance(found, dict)
        or kind.form not in (Form.KEYS, Form.NAMES)
        or not (held is None or isinstance(held, dict))
    ):
        return [] if held == _plain(found) else [Set(path, _plain(found))]
    keys, changes = kind.keys() if kind.form is Form.KEYS else {}, list[Change]()
    for key, each in found.items():
        if key in (held or {}):
            inner = keys[key] if kind.form is Form.KEYS else kind.element()
            changes += _merged(inner, (*path, key), look, each)
        else:
            changes.append(Set((*path, key), _plain(each)))
    return changes


def _listed(kind: Kind, path: Path, look: Look, found: _List) -> list[Change]:
    held = look(path)
    if held is None and not any(isinstance(each, _Element) for each in found.items):
        return [Set(path, _plain(found))]
    items = held if isinstance(held, tuple) else () if held is None else (held,)
    element = kind.element()
    names = [_name(element, item) for item in items]
    changes: list[Change] = []
    for each in found.items:
        match each:
            case _Element(index, inside):
                changes += _merged(element, (*path, index), look, inside)
            case _Bare(short, name, more) if str(name) in names:
                index = names.index(str(name))
                there = items[index] if isinstance(items[index], dict) else {short: items[index]}
                together = {**_as_dict(there), **_as_dict(_plain(more))}
                changes += [Set((*path, index), together)] if more and together != items[index] else []
            case _ if element.form is Form.VALUE and _plain(each) in items:
                pass
            case _:
                changes.append(Insert(path, _plain(each)))
    return changes


def _as_dict(found: object) -> dict[str, object]:
    return found if isinstance(found, dict) else {}


def _plain(found: object) -> object:
    """A value as a text has it."""
    match found:
        case _Bare(key, name, more):
            return name if not more else {key: name, **_as_dict(_plain(more))}
        case _Element(_, inside):
            return _plain(inside)
        case _List(items, single):
            several = tuple(_plain(each) for each in items)
            return several[0] if single and len(several) == 1 else several
        case Mapping():
            return {key: _plain(each) for key, each in found.items()}
        case tuple():
            return tuple(_plain(each) for each in found)
    return found


def _emptying(path: Path, look: Look) -> Remove:
    """A removal that leaves no empty mapping or list behind, but for what has a name of its own."""
    kinds = [PLAN]
    for step in path:
        kind = kinds[-1]
        kinds.append(kind.keys()[str(step)] if kind.form is Form.KEYS else kind.element())
    while len(path) > (2 if path[0] == "networks" else 1) and kinds[len(path) - 2].form is not Form.NAMES:
        held = look(path[:-1])
        if isinstance(held, dict | tuple) and len(held) > 1:
            break
        path = path[:-1]
    return Remove(path)


def _has(held: object, step: str | int) -> bool:
    if isinstance(step, int):
        return (isinstance(held, tuple) and step < len(held)) or (
            step == 0 and held is not None and not isinstance(held, dict)
        )
    return isinstance(held, dict) and step in held


def _missing(step: str | int, held: object, path: Path) -> str:
    names = [str(key) for key in held] if isinstance(held, dict) else []
    here = f" in {_spelt(path)!r}" if path else ""
    return f"there is no {step!r}{here}, {did_you_mean(str(step), names)}"


def _unknown(word: str, keys: Mapping[str, Kind], path: Path) -> str:
    after = f" after {_spelt(path)!r}" if path else ""
    return f"unknown key {word!r}{after}, {did_you_mean(word, keys)}"


def _spelt(path: Path) -> str:
    return " ".join(str(step + 1) if isinstance(step, int) else step for step in path)
