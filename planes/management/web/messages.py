"""Pictures, and what changes between them, as JSON and as server-sent events (WHATWG HTML, 9.2)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from planes.management.web.elements import Element, Facts
from planes.management.web.picture import Picture

VERSION = 1  # of the JSON form; a key may be added under the same version, none changes its meaning


@dataclass(frozen=True)
class Difference:
    """What makes one picture of another: elements that are new or have changed, ids of those that are gone, and the
    facts, None when they are the same.
    """

    put: Sequence[Element]
    drop: Sequence[str]
    facts: Facts | None

    def __bool__(self) -> bool:
        return bool(self.put or self.drop or self.facts)


def difference(old: Picture, new: Picture) -> Difference:
    """What changed."""
    put = [element for ident, element in new.elements.items() if _changed(old.elements.get(ident), element)]
    drop = [ident for ident in old.elements if ident not in new.elements]
    return Difference(put, drop, new.facts if new.facts != old.facts else None)


def sharing(old: Picture, new: Picture) -> Picture:
    """The new picture, with the old one's elements where they are equal: so that several take little memory."""
    before = old.elements
    kept: Mapping[str, Element] = {
        ident: element if _changed(before.get(ident), element) else before[ident]
        for ident, element in new.elements.items()
    }
    return Picture(new.facts, kept)


def _changed(old: Element | None, new: Element) -> bool:
    return old is not new and old != new


def snapshot(picture: Picture, number: int, now: float) -> dict[str, object]:
    """The whole picture; `now` is Unix time, by which a reader tells ages."""
    elements = list(picture.elements.values())
    return {"version": VERSION, "number": number, "now": now, "facts": picture.facts, "elements": elements}


def patch(change: Difference, after: int, number: int, now: float) -> dict[str, object]:
    """What makes picture `number` of picture `after`."""
    told = {"put": change.put, "drop": change.drop, "facts": change.facts}
    return {"version": VERSION, "after": after, "number": number, "now": now, **told}


def text(message: Mapping[str, object]) -> str:
    """JSON on one line."""
    return json.dumps(message, default=vars, separators=(",", ":"))


def event(name: str, message: Mapping[str, object]) -> bytes:
    """A server-sent event."""
    return f"event: {name}\ndata: {text(message)}\n\n".encode()
