"""What may come next in a line of words along the plan's grammar: for completion, and for `?`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from planes.model.errors import did_you_mean
from planes.model.kinds import ABOUT, BARE, PLAN, Form, Kind
from planes.model.source import Path
from planes.model.statements import Look, StatementError
from planes.model.yaml_words import rendered

SHOWN = 60  # characters of a value


@dataclass(frozen=True)
class Next:
    """A word that may come, or a `label` for what can't be listed, and what it is."""

    text: str
    help: str = ""
    label: bool = False


@dataclass(frozen=True)
class _Spot:
    """A place where the next word goes."""

    kind: Kind
    path: Path
    element: bool = False  # a new element of a list is begun already: its keys go on


def to_set(words: Sequence[str], look: Look) -> list[Next]:
    """What may follow `set WORDS`. StatementError where the words themselves are wrong."""
    _, spots, _ = _follow(PLAN, words, 0, (), look)
    found: dict[str, Next] = {}
    for spot in spots:
        for each in _offered(spot, look):
            found.setdefault(each.text, each)
    return list(found.values())


def to_find(words: Sequence[str], look: Look) -> list[Next]:
    """What may follow `delete WORDS`, `edit WORDS`, `show WORDS`: what is there. StatementError."""
    kind, path = PLAN, cast(Path, ())
    for word in words:
        kind, path = _step(kind, path, word, look)
    held = look(path)
    if isinstance(held, dict):
        inner = kind.keys() if kind.form is Form.KEYS else {}
        return [Next(str(key), _about(str(key), inner.get(str(key)), each)) for key, each in held.items()]
    return list(_elements(kind, held)) if kind.form is Form.LIST else []


def _step(kind: Kind, path: Path, word: str, look: Look) -> tuple[Kind, Path]:
    held = look(path)
    if isinstance(held, dict) and word in held:
        return (kind.keys()[word] if kind.form is Form.KEYS else kind.element()), (*path, word)
    if kind.form is Form.LIST and word.isdigit() and isinstance(held, tuple) and 0 < int(word) <= len(held):
        return kind.element(), (*path, int(word) - 1)
    names = [str(key) for key in held] if isinstance(held, dict) else []
    raise StatementError(f"there is no {word!r}, {did_you_mean(word, names)}")


def _follow(kind: Kind, words: Sequence[str], at: int, path: Path, look: Look) -> tuple[int, list[_Spot], bool]:
    """Where words lead: the next of them, where the line may go on if there is none, and whether it may end there."""
    if kind.form is Form.KEYS:
        return _keys(kind, words, at, path, look)
    if at == len(words):
        return at, [_Spot(kind, path)], False
    word = words[at]
    if kind.form is Form.NAMES:
        return _follow(kind.element(), words, at + 1, (*path, word), look)
    if kind.form is Form.LIST:
        return _list(kind, words, at, path, look)
    return at + 1, [], True


def _keys(kind: Kind, words: Sequence[str], at: int, path: Path, look: Look) -> tuple[int, list[_Spot], bool]:
    keys, begun = kind.keys(), at
    while at < len(words):
        key = words[at]
        if key not in keys:
            if kind.model in BARE and at == begun:
                return at + 1, [], True
            if at == begun:
                raise StatementError(f"unknown key {key!r}, {did_you_mean(key, keys)}")
            return at, [], True
        at, spots, done = _follow(keys[key], words, at + 1, (*path, key), look)
        if at == len(words) and spots:
            return at, spots, done
    return at, [_Spot(kind, path)], True


def _list(kind: Kind, words: Sequence[str], at: int, path: Path, look: Look) -> tuple[int, list[_Spot], bool]:
    element, word = kind.element(), words[at]
    if word == "[":
        while at < len(words) and words[at] != "]":
            at += 1
        return (at + 1, [], True) if at < len(words) else (at, [_Spot(kind, path)], False)
    held = look(path)
    if element.form is Form.KEYS and word.isdigit():
        index = int(word) - 1
        inside = index if isinstance(held, tuple) and index < len(held) else 0
        return _follow(element, words, at + 1, (*path, inside), look)
    bare = BARE.get(element.model) if element.model else None
    if bare and word not in set(element.keys()):
        if at + 1 == len(words) or words[at + 1] not in set(element.keys()):
            spots = [_Spot(element, (*path, 0), True)] if at + 1 == len(words) else []
            return at + 1, spots, True
        return _keys(element, words, at + 1, (*path, 0), look)
    if element.form is Form.VALUE:
        return at + 1, [], True
    return _keys(element, words, at, (*path, 0), look)


def _offered(spot: _Spot, look: Look) -> Iterator[Next]:
    kind, path = spot.kind, spot.path
    match kind.form:
        case Form.KEYS:
            short = BARE.get(kind.model) if kind.model else None
            keys = {key: inner for key, inner in kind.keys().items() if not (spot.element and key == short)}
            yield from (Next(key, _about(key, inner, None)) for key, inner in keys.items())
            if short and not spot.element:
                yield from _values(keys[short], path, look)
        case Form.NAMES:
            held = look(path)
            there = [str(key) for key in held] if isinstance(held, dict) else []
            yield from (Next(name, "is there") for name in there)
            yield from (Next(name) for name in _live(path, look) if name not in there)
            yield Next("NAME", "a new one", label=True)
        case Form.LIST:
            element = kind.element()
            if element.form is Form.KEYS:
                yield from _elements(kind, look(path))
                yield from (Next(key, _about(key, inner, None)) for key, inner in element.keys().items())
            yield from _values(element, path, look)
        case _:
            yield from _values(kind, path, look)


def _values(kind: Kind, path: Path, look: Look) -> Iterator[Next]:
    yield from (Next(choice) for choice in kind.choices)
    live = () if kind.choices else _live(path, look)
    yield from (Next(name) for name in live)
    if not kind.choices and kind.form is Form.VALUE:
        label = next((step for step in reversed(path) if isinstance(step, str)), "value")
        yield Next(label.upper().replace("-", "_"), ABOUT.get(label, kind.about), label=True)


def _elements(kind: Kind, held: object) -> Iterator[Next]:
    items = held if isinstance(held, tuple) else () if held is None else (held,)
    numbered = kind.element().form is Form.KEYS
    for number, item in enumerate(items, 1):
        shown = rendered(item)
        text = str(number) if numbered else shown.strip('"')
        yield Next(text, shown if len(shown) <= SHOWN else f"{shown[: SHOWN - 3]}..." if numbered else "")


def _about(key: str, kind: Kind | None, held: object) -> str:
    """What it is, or what it says."""
    if held is not None and not isinstance(held, dict | tuple):
        return rendered(held)
    return ABOUT.get(key, kind.about if kind else "") if kind else ""


def _live(path: Path, look: Look) -> Sequence[str]:
    """Names that there are, for a place where one is meant."""
    match path:
        case ("networks", _, "segments", _, "ports") | ("networks", _, "segments", _, "ports", _, "port"):
            return _names(look(("topology", "hosts")))
        case ("networks", str(network), "segments", str(segment), "routers" | "bind"):
            return _ports(look(("networks", network, "segments", segment, "ports")))
        case ("networks", _, "segments", _, "gateway", "members"):
            return _names(look(("topology", "switches")))
        case ("networks", _, "segments", _, "gateway", "members", _, "track", _, "port" | "link"):
            return _links(look(("topology", "links")))
        case ("networks", str(network), "policy", _, _, "from" | "to"):
            return _names(look(("networks", network, "segments")))
        case ("checks", _, "reach") | ("checks", _, _, "between"):
            return _names(look(("topology", "hosts")))
        case ("checks", _, "gateway", "network"):
            return _names(look(("networks",)))
        case ("checks", _, "gateway", "active" | "standby"):
            return _names(look(("topology", "switches")))
    return ()


def _names(held: object) -> list[str]:
    return [str(key) for key in held] if isinstance(held, Mapping) else []


def _ports(held: object) -> list[str]:
    found = held if isinstance(held, tuple) else (held,)
    return [
        each
        for each in (item.get("port") if isinstance(item, dict) else item for item in found)
        if isinstance(each, str)
    ]


def _links(held: object) -> list[str]:
    found = held if isinstance(held, tuple) else ()
    ends = [[str(end).partition(":")[0] for end in each[:2]] for each in found if isinstance(each, tuple)]
    return ["/".join(pair) for pair in ends]
